//! Where a run's files lie until the server has them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder of one run, which is gone with this: given back, stopped or failed, nobody needs it
/// here any more.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    keep: bool,
}

impl Scratch {
    /// A folder that a run is about to make.
    pub(super) fn of(folder: PathBuf) -> Self {
        Self { path: folder, keep: false }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it there for a person to look at, until the next start.
    pub(super) fn keep(&mut self) {
        self.keep = true;
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep {
            // One that stays costs space until the next start, and nothing else.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes what a runner left here that was killed.
pub(super) fn clear(scratch: &Path) {
    for entry in fs::read_dir(scratch).into_iter().flatten().flatten() {
        drop(Scratch::of(entry.path()));
    }
}
