//! Reads files of a folder that somebody else wrote.
//!
//! Whoever wrote it chose every name in it: a file may be a link to a secret of this machine, a
//! pipe that never ends, or larger than the disk. So a path is followed step by step from the
//! folder, through no link and never out of it, and only a plain file of a bounded size is read.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2},
    io::Errno,
};

/// How often a lookup is tried again that somebody disturbed by renaming.
const TRIES: usize = 16;

/// A file below a folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BeneathError {
    /// There is none.
    #[error("{} is not there", .0.display())]
    Missing(PathBuf),
    /// It, or a folder on the way to it, is a symbolic link.
    #[error("{} is, or lies behind, a symbolic link, which is not followed; commit a plain file instead", .0.display())]
    Link(PathBuf),
    /// Its path leads out of the folder.
    #[error("{} does not lie in the folder that it is looked for in", .0.display())]
    Outside(PathBuf),
    /// It is a folder, a pipe, a socket or a device.
    #[error("{} is no plain file", .0.display())]
    NotAFile(PathBuf),
    /// It is larger than anything that is expected there.
    #[error("{} is larger than {limit} bytes, the most that is read", .path.display())]
    TooLarge {
        /// Relative to the folder.
        path: PathBuf,
        /// In bytes.
        limit: u64,
    },
    /// It is not UTF-8.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// The system refused.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// Relative to the folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The copy could not be written.
    #[error("cannot write {}: {source}; free some space, or make it writable", .path.display())]
    Write {
        /// Of the copy.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A folder that somebody else wrote.
#[derive(Debug)]
pub struct Beneath {
    folder: OwnedFd,
}

impl Beneath {
    /// Opens the folder. Its own path is ours to name, so links in it are followed.
    ///
    /// # Errors
    ///
    /// If it is no folder, or may not be entered.
    pub fn new(folder: &Path) -> Result<Self, BeneathError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = openat(CWD, folder, flags, Mode::empty());
        Ok(Self { folder: opened.map_err(|errno| refused(folder, errno))? })
    }

    /// Opens a plain file for reading, and tells its size in bytes as it is now.
    ///
    /// Never waits: a pipe or a device is refused.
    ///
    /// # Errors
    ///
    /// If there is no plain file at this path below the folder.
    pub fn open(&self, relative: &Path) -> Result<(File, u64), BeneathError> {
        let file = File::from(self.lookup(relative)?);
        let found = file.metadata();
        let found = found.map_err(|source| BeneathError::Io { path: relative.into(), source })?;
        if !found.is_file() {
            return Err(BeneathError::NotAFile(relative.into()));
        }
        Ok((file, found.size()))
    }

    /// Whether there is a plain file at this path below the folder.
    pub fn has(&self, relative: &Path) -> bool {
        self.open(relative).is_ok()
    }

    /// The bytes of a plain file of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// If there is none, or it is larger.
    pub fn read(&self, relative: &Path, limit: u64) -> Result<Vec<u8>, BeneathError> {
        let file = self.opened_within(relative, limit)?;
        let mut bytes = Vec::new();
        // It may grow while it is read.
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
        let read = read.map_err(|source| BeneathError::Io { path: relative.into(), source })?;
        within(relative, read as u64, limit)?;
        Ok(bytes)
    }

    /// The text of a plain file of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// If there is none, it is larger, or it is not UTF-8.
    pub fn read_to_string(&self, relative: &Path, limit: u64) -> Result<String, BeneathError> {
        let bytes = self.read(relative, limit)?;
        String::from_utf8(bytes).map_err(|_| BeneathError::NotText(relative.into()))
    }

    /// Copies a plain file of at most `limit` bytes to `to`, where there must be nothing yet. The
    /// copy can be read, and run where the file could be, but not written. Returns its size in
    /// bytes.
    ///
    /// # Errors
    ///
    /// If there is no such file, it is larger, or the copy cannot be written; then none is left.
    pub fn copy_to(&self, relative: &Path, to: &Path, limit: u64) -> Result<u64, BeneathError> {
        let file = self.opened_within(relative, limit)?;
        let unreadable = |source| BeneathError::Io { path: relative.into(), source };
        let mode = file.metadata().map_err(unreadable)?.mode() & 0o555;
        let failed = |source| BeneathError::Write { path: to.into(), source };
        let create = || OpenOptions::new().write(true).create_new(true).mode(mode | 0o400).open(to);
        let mut copy = create().map_err(failed)?;
        let copied = io::copy(&mut file.take(limit.saturating_add(1)), &mut copy);
        let copied =
            copied.map_err(failed).and_then(|size| within(relative, size, limit).map(|()| size));
        if copied.is_err() {
            let _ = std::fs::remove_file(to);
        }
        copied
    }

    fn opened_within(&self, relative: &Path, limit: u64) -> Result<File, BeneathError> {
        let (file, size) = self.open(relative)?;
        within(relative, size, limit)?;
        Ok(file)
    }

    fn lookup(&self, relative: &Path) -> Result<OwnedFd, BeneathError> {
        let steps = steps(relative)?;
        match self.at_once(&steps.iter().collect::<PathBuf>()) {
            // Before Linux 5.6, or where a filter denies the call.
            Err(Errno::NOSYS | Errno::PERM) => self.step_by_step(&steps),
            opened => opened,
        }
        .map_err(|errno| refused(relative, errno))
    }

    fn at_once(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        for _ in 1..TRIES {
            match openat2(&self.folder, path, reading(), Mode::empty(), how) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                opened => return opened,
            }
        }
        openat2(&self.folder, path, reading(), Mode::empty(), how)
    }

    /// Each step is opened on its own, from the folder that the step before opened.
    fn step_by_step(&self, steps: &[&std::ffi::OsStr]) -> Result<OwnedFd, Errno> {
        let Some((last, above)) = steps.split_last() else { return Err(Errno::NOENT) };
        let mut folder: Option<OwnedFd> = None;
        for step in above {
            let from = folder.as_ref().map_or(self.folder.as_fd(), |folder| folder.as_fd());
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            folder = Some(openat(from, *step, flags, Mode::empty())?);
        }
        let from = folder.as_ref().map_or(self.folder.as_fd(), |folder| folder.as_fd());
        openat(from, *last, reading(), Mode::empty())
    }
}

fn reading() -> OFlags {
    OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC
}

/// The steps of a path that goes nowhere but down.
fn steps(relative: &Path) -> Result<Vec<&std::ffi::OsStr>, BeneathError> {
    let step = |component| match component {
        Component::Normal(step) => Some(Some(step)),
        Component::CurDir => Some(None),
        Component::ParentDir | Component::RootDir | Component::Prefix(_) => None,
    };
    let steps: Option<Vec<_>> = relative.components().map(step).collect();
    let steps: Vec<_> = steps.into_iter().flatten().flatten().collect();
    match steps.is_empty() {
        true => Err(BeneathError::Outside(relative.into())),
        false => Ok(steps),
    }
}

fn within(path: &Path, size: u64, limit: u64) -> Result<(), BeneathError> {
    match size > limit {
        true => Err(BeneathError::TooLarge { path: path.into(), limit }),
        false => Ok(()),
    }
}

fn refused(path: &Path, errno: Errno) -> BeneathError {
    let path = path.to_owned();
    match errno {
        Errno::NOENT => BeneathError::Missing(path),
        Errno::LOOP => BeneathError::Link(path),
        Errno::XDEV => BeneathError::Outside(path),
        // A socket, or a device that nothing drives.
        Errno::NXIO | Errno::NODEV | Errno::ISDIR => BeneathError::NotAFile(path),
        errno => BeneathError::Io { path, source: errno.into() },
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_kernel_without_the_call_is_served_step_by_step() {
        let keep = TempDir::new().unwrap();
        let here = |name: &str| keep.path().join(name);
        fs::create_dir_all(here("in/a")).unwrap();
        fs::write(here("in/a/file"), "text").unwrap();
        fs::write(here("secret"), "secret").unwrap();
        symlink(here("secret"), here("in/a/link")).unwrap();
        symlink("a", here("in/b")).unwrap();
        let folder = Beneath::new(&here("in")).unwrap();
        let open = |path: &str| folder.step_by_step(&steps(Path::new(path)).unwrap());

        assert!(open("a/file").is_ok());
        assert_eq!(open("a/link").unwrap_err(), Errno::LOOP);
        assert_eq!(open("b/file").unwrap_err(), Errno::NOTDIR);
        assert_eq!(open("a/none").unwrap_err(), Errno::NOENT);
    }
}
