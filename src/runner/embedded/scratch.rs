//! Where a run's files lie until the server has them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder of one run, which is gone with this: given back, stopped or failed, nobody needs it
/// here any more.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A folder that a run is about to make.
    pub(super) fn of(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // One that stays costs space until the next start, and nothing else.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes what a runner left here that was killed.
pub(super) fn clear(scratch: &Path) {
    for entry in fs::read_dir(scratch).into_iter().flatten().flatten() {
        drop(Scratch(entry.path()));
    }
}
