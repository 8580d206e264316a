//! What every step of a run is given.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::PathBuf,
    sync::Arc,
};

use super::progress::Progress;
use crate::sandbox::{Cancel, Job, Sandbox};

/// What every step of a run is given. The environment is read once, in `cli`.
#[derive(Clone, Debug)]
pub struct Context {
    /// Folder of ours that outlives a run: tools, databases, builds.
    pub cache: PathBuf,
    /// What child processes may see of our own environment: `PATH`, `HOME`, `CARGO_HOME`,
    /// `RUSTUP_HOME`, `TMPDIR`, proxies and certificates. Measured code sees less.
    pub env: BTreeMap<OsString, OsString>,
    /// Where everything runs that may run code of a change.
    pub sandbox: Arc<Sandbox>,
    /// Heard by everything that runs.
    pub cancel: Cancel,
    /// Where events go.
    pub progress: Progress,
}

impl Context {
    /// One variable of [`Context::env`].
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.env.get(OsStr::new(name)).map(AsRef::as_ref)
    }

    /// The programs of this name in the folders of our `PATH`.
    pub fn in_path(&self, name: &str) -> Vec<PathBuf> {
        let folders = self.variable("PATH").into_iter().flat_map(std::env::split_paths);
        folders.map(|folder| folder.join(name)).filter(|program| program.is_file()).collect()
    }

    /// A job of a program that is trusted, with our child environment.
    pub fn job(&self, program: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Job {
        Job::new(program, dir).envs(&self.env)
    }
}
