//! `t5 run`.

use super::{
    Exit,
    args::{FormatArg, OnlyArg, RunArgs},
    environment, fail, keys, print,
    render::rendered,
    started::{Started, Wanted},
};
use crate::{
    config::duration,
    receipt::{ENVELOPE_FILE, Signer},
    runner::{
        pipeline::{Gated, PipelineError, Request, run as gate},
        place::PlaceError,
        repeat::command,
        rules::Overrides,
        scan::{DatabaseChoice, Strictness},
        select::{Source, Wish},
    },
    verdict::PartName,
};

/// Gates a change and prints what came of it.
pub(super) fn run(args: &RunArgs) -> Exit {
    let request = match request(args) {
        Ok(request) => request,
        Err(message) => return fail(&message, Exit::Usage),
    };
    let wanted = Wanted {
        offline: args.offline,
        isolation: args.isolation,
        memory_limit: args.memory_limit,
    };
    let started = match Started::new(&wanted) {
        Ok(started) => started,
        Err(exit) => return exit,
    };
    let gated = started.to_its_end(async |ctx| gate(ctx, &request).await);
    match gated {
        _ if started.ctx.cancel.stopped() => fail(&"stopped; nothing was judged", Exit::Stopped),
        Ok(gated) => show(&gated, args.format, request.signer.as_ref()),
        Err(error) => fail(&error, exit_of(&error)),
    }
}

pub(super) fn exit_of(error: &PipelineError) -> Exit {
    match error {
        PipelineError::Select(_)
        | PipelineError::Place(PlaceError::Workspace(_))
        | PipelineError::Rules(_) => Exit::Usage,
        _ => Exit::CouldNotRun,
    }
}

fn request(args: &RunArgs) -> Result<Request, String> {
    let budget_seconds = match &args.budget {
        Some(text) => Some(
            duration::parse(text).map_err(|error| format!("--budget {text}: {error}"))?.as_secs(),
        ),
        None => None,
    };
    let database = match &args.advisory_db {
        Some(dir) if dir.is_dir() => DatabaseChoice::Directory(dir.clone()),
        Some(dir) => {
            return Err(format!(
                "--advisory-db {}: no such folder; name a checkout of the RustSec database",
                dir.display()
            ));
        }
        None => DatabaseChoice::rustsec(),
    };
    let signer = match &args.sign {
        Some(path) => Some(keys::secret(path).map_err(|error| error.to_string())?),
        None => None,
    };
    Ok(Request {
        source: Source::Local(Wish {
            repo: args.repo.clone(),
            base: args.base.clone(),
            head: args.head.clone(),
        }),
        config: args.config.clone(),
        overrides: Overrides {
            budget_seconds,
            toolchain: args.toolchain.clone(),
            filter: args.filter.clone(),
        },
        only: args.only.map(|only| match only {
            OnlyArg::Policy => PartName::Policy,
            OnlyArg::Bench => PartName::Perf,
        }),
        out: args.out.clone(),
        database,
        offline: args.offline,
        strictness: Strictness::AsPolicy,
        seed: args.seed.unwrap_or_else(|| fastrand::u64(..)),
        lock: environment::lock(),
        // Who repeats it has no use for the path of our key.
        command: command(without_key(std::env::args().skip(1))),
        signer,
    })
}

/// The arguments but `--sign FILE`.
fn without_key(args: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let mut file = false;
    args.filter(move |arg| {
        if file {
            file = false;
            return false;
        }
        file = arg == "--sign";
        !file && !arg.starts_with("--sign=")
    })
}

fn show(gated: &Gated, format: FormatArg, signer: Option<&Signer>) -> Exit {
    match rendered(&gated.receipt, &gated.verdict, format, &gated.folder) {
        Ok(text) => {
            print(&text);
            // The other formats hold what follows from the receipt, and nothing else.
            if let (FormatArg::Human, Some(signer)) = (format, signer) {
                let id = signer.public().id();
                print(&format!("{ENVELOPE_FILE}: signed by key {id}\n"));
            }
            gated.verdict.outcome.into()
        }
        Err(contradictions) => fail(&contradictions, Exit::CouldNotRun),
    }
}
