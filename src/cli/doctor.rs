//! `t5 doctor`: what this host has, and what to do about what it lacks.

use std::path::Path;

use super::{Exit, environment, fail, isolation, print, progress::shown, screen::terminal_width};
use crate::{
    host,
    receipt::Beside,
    report::advice_human,
    runner::{Context, toolchain::Toolchain, tools},
    sandbox::{Cancel, Isolation, Job, Sandbox, Wish},
};

/// One line of the answer.
struct Line {
    name: &'static str,
    /// What is there.
    found: Result<String, Missing>,
}

/// What is not there.
struct Missing {
    reason: String,
    next: String,
    /// Whether `t5 run` cannot do its work without it.
    needed: bool,
}

/// Says what this host has.
pub(super) fn doctor() -> Exit {
    let cache = match environment::cache() {
        Ok(cache) => cache,
        Err(message) => return fail(&message, Exit::Usage),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, Exit::CouldNotRun),
    };
    let helper = match isolation::own_executable() {
        Ok(helper) => helper,
        Err(message) => return fail(&message, Exit::CouldNotRun),
    };
    let (progress, _bar) = shown();
    let sandbox = Sandbox::none(&helper).into();
    let env = environment::passed_on();
    let ctx = Context { cache, env, sandbox, cancel: Cancel::default(), progress };
    let (levels, programs) = runtime.block_on(async {
        (
            levels(&ctx, &helper).await,
            vec![git(&ctx).await, rust(&ctx).await, cargo_deny(&ctx).await],
        )
    });
    let full = levels.iter().any(|line| line.name == Isolation::Full.word() && line.found.is_ok());
    print(&answer(&levels, &programs, full));
    // Since this machine was started: nothing has been measured yet.
    let stolen = host::Ticks::now().and_then(|so_far| so_far.stolen(host::Ticks::default()));
    let advice = host::advice(&Beside { load: host::load(), stolen });
    print(&format!("\nMeasuring:\n{}", advice_human(&advice, terminal_width())));
    let lacks = |line: &Line| matches!(&line.found, Err(missing) if missing.needed);
    if programs.iter().any(lacks) { Exit::CouldNotRun } else { Exit::Good }
}

async fn levels(ctx: &Context, helper: &Path) -> Vec<Line> {
    let path = ctx.variable("PATH");
    let mut lines = Vec::new();
    for level in Isolation::ALL.into_iter().rev() {
        let found = Sandbox::find(Wish::Only(level), helper, path).await;
        let found = found.map(|sandbox| sandbox.layers().join("; ")).map_err(|lacking| Missing {
            reason: lacking.reason,
            next: lacking.next,
            needed: false,
        });
        lines.push(Line { name: level.word(), found });
    }
    lines
}

async fn git(ctx: &Context) -> Line {
    let done = ctx.job("git", "/").args(["--version"]).run(&ctx.cancel).await;
    let found = said(done.ok(), "it does not answer", "install git");
    Line { name: "git", found }
}

async fn rust(ctx: &Context) -> Line {
    let found = Toolchain::find(ctx, None).await;
    let found = found.map(|toolchain| toolchain.version().to_owned()).map_err(|error| Missing {
        reason: error.to_string(),
        next: error.next(),
        needed: true,
    });
    Line { name: "rust", found }
}

async fn cargo_deny(ctx: &Context) -> Line {
    let found = match tools::installed_cargo_deny(ctx).await {
        Some(program) => {
            let asked = Job::new(&program, "/").envs(&ctx.env).args(["--version"]);
            said(asked.run(&ctx.cancel).await.ok(), "it does not answer", "install it again")
        }
        None => Err(Missing {
            reason: "not installed".to_owned(),
            next: format!(
                "nothing: the first run that needs it builds {} once, some minutes (or `cargo \
                 install --locked cargo-deny@{}`)",
                tools::CARGO_DENY,
                tools::CARGO_DENY
            ),
            needed: false,
        }),
    };
    Line { name: "cargo-deny", found }
}

fn said(
    done: Option<crate::sandbox::Finished>,
    reason: &str,
    next: &str,
) -> Result<String, Missing> {
    match done.filter(crate::sandbox::Finished::success) {
        Some(done) => Ok(done.stdout_text().trim().to_owned()),
        None => Err(Missing { reason: reason.to_owned(), next: next.to_owned(), needed: true }),
    }
}

fn answer(levels: &[Line], programs: &[Line], full: bool) -> String {
    let mut text = String::from("Isolation of a change's own code:\n");
    for line in levels {
        text.push_str(&described(line));
    }
    text.push_str(if full {
        "  Strangers' pull requests can be gated here.\n"
    } else {
        "  Strangers' pull requests are refused here: they need «full».\n"
    });
    text.push_str("\nPrograms:\n");
    for line in programs {
        text.push_str(&described(line));
    }
    text
}

fn described(line: &Line) -> String {
    let name = line.name;
    match &line.found {
        Ok(found) if found.is_empty() => format!("  ✓ {name}\n"),
        Ok(found) => format!("  ✓ {name}: {found}\n"),
        Err(missing) => format!("  ✗ {name}: {}\n      next: {}\n", missing.reason, missing.next),
    }
}
