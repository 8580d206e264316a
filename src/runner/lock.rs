//! One measurement at a time on a host.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Context,
    hold::{Hold, hold},
};

/// Held for the length of a run.
#[derive(Debug)]
pub struct HostLock {
    _hold: Hold,
}

/// The lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The file cannot be opened or locked.
    #[error("cannot lock {path}: {source}; set T5_LOCK to a file that you may write")]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl HostLock {
    /// Takes the lock, waiting for as long as another run on this host holds it.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or somebody asked to stop.
    pub async fn take(ctx: &Context, path: &Path) -> Result<Self, LockError> {
        let held = hold(ctx, path, "this host for a run of its own").await;
        match held.map_err(|source| LockError::Open { path: path.to_owned(), source })? {
            Some(hold) => Ok(Self { _hold: hold }),
            None => Err(LockError::Cancelled),
        }
    }
}
