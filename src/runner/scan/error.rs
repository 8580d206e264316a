//! Why a scan could not even begin. What goes wrong on one side is a fact, not an error.

use std::path::PathBuf;

use crate::{policy::Side, sandbox::SandboxError};

/// A scan could not begin, or was stopped.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// There is nothing to scan.
    #[error(
        "the {} has no lock file at {}. Next: run `cargo generate-lockfile` there and commit the result",
        side_name(*.side), .path.display()
    )]
    NoLockFile {
        /// Which side.
        side: Side,
        /// Where it should be.
        path: PathBuf,
    },
    /// The advisory database that was named cannot be used.
    #[error(
        "the advisory database at {} cannot be used: {reason}. Next: name a directory that holds \
         the RustSec database, or leave it out to have it fetched",
        .path.display()
    )]
    Database {
        /// Where it is.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Our own folder of databases is not as it should be.
    #[error("the cache at {} cannot be used: {reason}. Next: make it writable, or remove it", .path.display())]
    Cache {
        /// Where it is.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of ours could not be read or written.
    #[error("cannot use {}: {source}. Next: check its permissions and the free space", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody asked us to stop.
    #[error("the scan was stopped")]
    Cancelled,
    /// A command could not be watched.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

impl ScanError {
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

pub(super) fn side_name(side: Side) -> &'static str {
    match side {
        Side::Base => "base",
        Side::Head => "head",
    }
}
