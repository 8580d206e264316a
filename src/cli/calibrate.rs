//! `t5 calibrate`.

use super::{
    Exit,
    args::{CalibrateArgs, FormatArg},
    environment, fail, print,
    run::exit_of,
    screen::terminal_width,
    started::{Started, Wanted},
};
use crate::{
    config::duration,
    report::{Screen, calibration_human, calibration_markdown},
    runner::{
        calibrate::Stored,
        pipeline::{CalibrationRequest, Request, calibrate as measure},
        repeat::command,
        rules::Overrides,
        scan::{DatabaseChoice, Strictness},
        select::{Source, Wish},
    },
    verdict::PartName,
};

/// Calibrates this host and prints what it resolves.
pub(super) fn calibrate(args: &CalibrateArgs) -> Exit {
    let request = match request(args) {
        Ok(request) => request,
        Err(message) => return fail(&message, Exit::Usage),
    };
    let (offline, isolation) = (args.offline, args.isolation);
    let started = match Started::new(&Wanted { offline, isolation, memory_limit: None }) {
        Ok(started) => started,
        Err(exit) => return exit,
    };
    let stored = started.to_its_end(async |ctx| measure(ctx, &request).await);
    match stored {
        _ if started.ctx.cancel.stopped() => fail(&"stopped; nothing was kept", Exit::Stopped),
        Ok(stored) => show(&stored, args.format),
        Err(error) => fail(&error, exit_of(&error)),
    }
}

fn request(args: &CalibrateArgs) -> Result<CalibrationRequest, String> {
    let budget = duration::parse(&args.budget)
        .map_err(|error| format!("--budget {}: {error}", args.budget))?;
    let wish = Wish { repo: args.repo.clone(), base: None, head: args.rev.clone() };
    let run = Request {
        source: Source::Local(wish),
        config: args.config.clone(),
        overrides: Overrides {
            budget_seconds: None,
            toolchain: args.toolchain.clone(),
            filter: args.filter.clone(),
        },
        only: Some(PartName::Perf),
        out: None,
        database: DatabaseChoice::rustsec(),
        offline: args.offline,
        strictness: Strictness::AsPolicy,
        seed: args.seed.unwrap_or_else(|| fastrand::u64(..)),
        lock: environment::lock(),
        command: command(std::env::args().skip(1)),
        signer: None,
    };
    let (repo, rev, decisions) = (args.repo.clone(), args.rev.clone(), args.decisions);
    Ok(CalibrationRequest { run, repo, rev, decisions, budget })
}

fn show(stored: &Stored, format: FormatArg) -> Exit {
    let calibration = &stored.calibration;
    let text = match format {
        FormatArg::Human => {
            let (width, folder) = (terminal_width(), stored.folder.display().to_string());
            let screen = Screen { width, colour: false, folder: Some(&folder) };
            calibration_human(calibration, &screen)
        }
        FormatArg::Markdown => calibration_markdown(calibration),
        FormatArg::Json => match serde_json::to_string_pretty(calibration) {
            Ok(text) => text + "\n",
            Err(error) => return fail(&error, Exit::CouldNotRun),
        },
    };
    print(&text);
    Exit::Good
}
