//! Which toolchain builds both sides.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use super::Context;
use crate::sandbox::{Ended, Job, SandboxError};

/// The toolchain of a run: the same for both sides, whatever their trees say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// What `RUSTUP_TOOLCHAIN` is set to; absent where rustup is not in use.
    pub channel: Option<String>,
    /// What `rustc --version --verbose` says.
    pub verbose: String,
    /// The folder that holds all of it.
    pub sysroot: PathBuf,
    /// Its own cargo: not rustup's stand-in, which obeys files of the tree it is called in.
    pub cargo: PathBuf,
}

/// The toolchain is not there.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// It is named, and not installed.
    #[error("toolchain {channel} is not installed: {said}")]
    Missing {
        /// Its name.
        channel: String,
        /// What rustup said.
        said: String,
    },
    /// There is no Rust at all.
    #[error("rustc does not answer: {0}")]
    NoRust(String),
    /// A program could not be started.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl ToolchainError {
    /// What a person can do.
    pub fn next(&self) -> String {
        match self {
            Self::Missing { channel, .. } => format!(
                "run `rustup toolchain install {channel}`, or choose another for both sides with --toolchain"
            ),
            _ => "install Rust, then run again".to_owned(),
        }
    }
}

impl Toolchain {
    /// Finds `wanted`, or where nothing is wanted the one in use outside of any repository.
    ///
    /// # Errors
    ///
    /// If it is not installed. Nothing is ever installed here.
    pub async fn find(ctx: &Context, wanted: Option<&str>) -> Result<Self, ToolchainError> {
        let channel = match wanted {
            Some(channel) => Some(channel.to_owned()),
            None => active(ctx).await?,
        };
        let ask = |about: &[&str]| {
            let job = ctx.job("rustc", Path::new("/")).args(about.iter().copied());
            Self::pin(job, channel.as_deref())
        };
        let finished = ask(&["--version", "--verbose"]).run(&ctx.cancel).await?;
        let sysroot = ask(&["--print", "sysroot"]).run(&ctx.cancel).await?;
        match (finished.ended, channel) {
            (Ended::Exited(0), channel) => {
                let sysroot = PathBuf::from(sysroot.stdout_text().trim());
                let verbose = finished.stdout_text().trim().to_owned();
                let cargo = cargo_of(ctx, &sysroot);
                Ok(Self { channel, verbose, sysroot, cargo })
            }
            (Ended::Cancelled, _) => Err(ToolchainError::Cancelled),
            (_, Some(channel)) => {
                Err(ToolchainError::Missing { channel, said: finished.stderr_tail(1) })
            }
            (_, None) => Err(ToolchainError::NoRust(finished.stderr_tail(2))),
        }
    }

    /// `rustc 1.95.0 (…)`, the first line.
    pub fn version(&self) -> &str {
        self.verbose.lines().next().unwrap_or_default()
    }

    /// Makes a job use this toolchain, whatever file its folder holds.
    #[must_use]
    pub fn apply(&self, job: Job) -> Job {
        Self::pin(job, self.channel.as_deref())
    }

    fn pin(job: Job, channel: Option<&str>) -> Job {
        // A missing toolchain is said, never fetched behind somebody's back.
        let job = job.env("RUSTUP_AUTO_INSTALL", "0");
        match channel {
            Some(channel) => job.env("RUSTUP_TOOLCHAIN", OsString::from(channel)),
            None => job,
        }
    }
}

/// The cargo of a toolchain; where it has none of its own, the one in `PATH`.
fn cargo_of(ctx: &Context, sysroot: &Path) -> PathBuf {
    let own = sysroot.join("bin/cargo");
    if own.is_file() {
        return own;
    }
    let found = ctx.in_path("cargo").into_iter().next();
    found.unwrap_or_else(|| PathBuf::from("cargo"))
}

/// The toolchain that rustup uses outside of any repository, so that a tree cannot change it.
async fn active(ctx: &Context) -> Result<Option<String>, ToolchainError> {
    let mut job = ctx.job("rustup", Path::new("/")).args(["show", "active-toolchain"]);
    job.wall = Duration::from_secs(60);
    // Without rustup there is but one toolchain, and nothing to choose.
    let Ok(finished) = job.run(&ctx.cancel).await else { return Ok(None) };
    if finished.ended == Ended::Cancelled {
        return Err(ToolchainError::Cancelled);
    }
    let name = finished.stdout_text();
    Ok(name.split_whitespace().next().filter(|_| finished.success()).map(str::to_owned))
}
