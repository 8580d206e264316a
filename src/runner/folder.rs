//! The folder of a run: receipt, samples, report, and what tools wrote.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::receipt::{Artifact, digest};

/// A file of the run's folder could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {path}: {source}{}", hint(.source))]
pub struct FolderError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space, or name another folder with --out"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; name a folder that you may write to with --out"
        }
        _ => "",
    }
}

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct Folder {
    dir: PathBuf,
}

impl Folder {
    /// Makes the folder.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn make(dir: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError { what: "make the folder", path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(failed)?;
        let dir = dir.canonicalize().map_err(failed)?;
        Ok(Self { dir })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a file whole or not at all.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.dir.join(name);
        let half = self.dir.join(format!(".{name}.part"));
        let written = fs::write(&half, bytes).and_then(|()| fs::rename(&half, &path));
        written.map_err(|source| {
            // What is half written says nothing, and takes the space that is lacking.
            let _ = fs::remove_file(&half);
            FolderError { what: "write", path, source }
        })
    }

    /// Removes what an earlier run left under this name, if anything.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), FolderError> {
        let path = self.dir.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(FolderError { what: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    /// Describes a file that was written, for the receipt.
    ///
    /// # Errors
    ///
    /// If it cannot be read back.
    pub fn artifact(&self, name: &str, what: &str) -> Result<Artifact, FolderError> {
        let path = self.dir.join(name);
        let bytes = fs::read(&path).map_err(|source| FolderError { what: "read", path, source })?;
        Ok(Artifact {
            path: name.to_owned(),
            what: what.to_owned(),
            sha256: digest(&bytes),
            bytes: bytes.len() as u64,
        })
    }
}
