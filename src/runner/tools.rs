//! Programs that the gate needs and installs itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Context, hold::hold};
use crate::sandbox::{Ended, Job, SandboxError};

/// The release of cargo-deny that is installed.
pub const CARGO_DENY: &str = "0.20.2";
/// How many packages cargo compiles for it, about.
const PACKAGES: u64 = 140;
/// Releases that serve: those of the same minor version print the same things.
const SERVES: &str = "0.20.";

/// A program could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The install came to no good end.
    #[error(
        "cargo-deny {CARGO_DENY} could not be installed: {reason}. Next: run `{by_hand}` and try again"
    )]
    Install {
        /// What happened.
        reason: String,
        /// The command to run by hand.
        by_hand: String,
    },
    /// Our own folder of tools is not as it should be.
    #[error("cannot use {}: {source}. Next: check its permissions and the free space", .path.display())]
    Folder {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody asked us to stop.
    #[error("the install was stopped")]
    Cancelled,
    /// A command could not be watched.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// A cargo-deny that serves: the one in `PATH`, or the one in our cache, which is installed first
/// if need be. Several processes at once install it once.
///
/// # Errors
///
/// If it has to be installed and that fails, with the command to run by hand.
pub async fn cargo_deny(ctx: &Context) -> Result<PathBuf, ToolError> {
    let tools = ctx.cache.join("tools");
    let folder = |source| ToolError::Folder { path: tools.clone(), source };
    fs::create_dir_all(&tools).map_err(folder)?;
    if let Some(program) = installed_cargo_deny(ctx).await {
        return Ok(program);
    }
    let root = tools.join(format!("cargo-deny-{CARGO_DENY}"));
    let program = own(ctx);
    let held = hold(ctx, &tools.join("lock"), "the install of cargo-deny").await;
    let Some(_held) = held.map_err(folder)? else { return Err(ToolError::Cancelled) };
    // Whoever held it before us may have installed it.
    if serves(ctx, &program).await {
        return Ok(program);
    }
    let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(&tools).map_err(folder)?;
    install(ctx, fresh.path()).await?;
    if root.exists() {
        fs::remove_dir_all(&root).map_err(folder)?;
    }
    fs::rename(fresh.path(), &root).map_err(folder)?;
    ctx.progress.note(format!("installed cargo-deny {CARGO_DENY} in {}", root.display()));
    Ok(program)
}

/// A cargo-deny that serves and is there already.
pub async fn installed_cargo_deny(ctx: &Context) -> Option<PathBuf> {
    for candidate in ctx.in_path("cargo-deny").into_iter().chain([own(ctx)]) {
        if serves(ctx, &candidate).await {
            return Some(candidate);
        }
    }
    None
}

/// Where the one in our cache lies, if there is one.
fn own(ctx: &Context) -> PathBuf {
    ctx.cache.join("tools").join(format!("cargo-deny-{CARGO_DENY}")).join("bin/cargo-deny")
}

async fn serves(ctx: &Context, program: &Path) -> bool {
    if !program.is_file() {
        return false;
    }
    let mut job = Job::new(program, &ctx.cache).envs(&ctx.env).args(["--version"]);
    job.wall = Duration::from_secs(30);
    // A program that cannot be started does not serve; the install then says what is wrong.
    let Ok(done) = job.run(&ctx.cancel).await else { return false };
    let said = done.stdout_text();
    done.success() && said.split_whitespace().any(|word| word.starts_with(SERVES))
}

/// Shows how far cargo is, until somebody stops watching.
async fn watch(ctx: &Context, root: &Path) -> std::convert::Infallible {
    loop {
        // Cargo makes a folder here for each package that it begins to compile.
        let begun =
            fs::read_dir(root.join("build/release/.fingerprint")).map_or(0, Iterator::count);
        let begun = u64::try_from(begun).unwrap_or(u64::MAX).min(PACKAGES);
        ctx.progress.counted(format!("installing cargo-deny {CARGO_DENY}"), begun, PACKAGES, None);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn install(ctx: &Context, root: &Path) -> Result<(), ToolError> {
    let spec = format!("cargo-deny@{CARGO_DENY}");
    let by_hand = format!("cargo install --locked {spec}");
    ctx.progress.note(format!(
        "cargo-deny {SERVES}x is not installed: building {CARGO_DENY} once, which takes some minutes"
    ));
    let mut job = ctx
        .job("cargo", root)
        .args(["install", "--locked", "--color", "never"])
        .args([spec.as_str(), "--root"])
        .args([root.as_os_str(), "--target-dir".as_ref(), root.join("build").as_os_str()]);
    job.wall = Duration::from_secs(3600);
    let failed = |reason: String| ToolError::Install { reason, by_hand: by_hand.clone() };
    let done = tokio::select! {
        done = job.run(&ctx.cancel) => done,
        never = watch(ctx, root) => match never {},
    };
    let done = match done {
        Err(SandboxError::Start { source, .. }) => {
            return Err(failed(format!("cargo cannot be started: {source}")));
        }
        done => done?,
    };
    // What was compiled on the way is not needed any more.
    let _ = fs::remove_dir_all(root.join("build"));
    match done.ended {
        Ended::Exited(0) => Ok(()),
        Ended::Cancelled => Err(ToolError::Cancelled),
        Ended::WallTime => Err(failed("it took more than an hour".to_owned())),
        _ => Err(failed(done.stderr_tail(5))),
    }
}
