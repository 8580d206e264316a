//! The target folder of a build, and what is kept of it for the next.
//!
//! What a build script writes there, the next build links. So only builds of commits that the
//! target branch already holds leave something behind; a change builds in a copy of that, which
//! is thrown away. Both builds see the folder at one path, or identical code would give executables
//! that differ.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::policy::Side;

/// The folder that cargo writes to, and the one that outlives a run.
#[derive(Clone, Debug)]
pub struct Target {
    path: PathBuf,
    kept: PathBuf,
}

impl Target {
    /// Those of a repository whose folder of ours is `home`.
    pub fn of(home: &Path) -> Self {
        Self { path: home.join("target"), kept: home.join("target-of-bases") }
    }

    /// Where cargo writes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder ready for a build of this side.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn open(&self, side: Side) -> io::Result<()> {
        // Whatever is still there is of a run that did not come to its end: nobody knows whose.
        clear(&self.path)?;
        match side {
            Side::Base if self.kept.is_dir() => fs::rename(&self.kept, &self.path),
            Side::Head if self.kept.is_dir() => copy(&self.kept, &self.path),
            _ => fs::create_dir_all(&self.path),
        }
    }

    /// Keeps what a build of the base left, and throws away what one of the head did.
    ///
    /// # Errors
    ///
    /// If it cannot be moved or removed.
    pub fn close(&self, side: Side) -> io::Result<()> {
        match side {
            Side::Base => {
                clear(&self.kept)?;
                fs::rename(&self.path, &self.kept)
            }
            Side::Head => clear(&self.path),
        }
    }
}

fn clear(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(folder),
        Ok(_) => fs::remove_file(folder),
        Err(_) => Ok(()),
    }
}

/// Copies a folder with the times of its files, by which cargo tells what is fresh.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let about = entry.metadata()?;
        if about.is_dir() {
            copy(&from, &to)?;
        } else if about.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
        } else if about.is_file() {
            fs::copy(&from, &to)?;
            let file = fs::File::options().write(true).open(&to);
            // A file that may not be written cannot be given a time; it then looks newer.
            if let (Ok(file), Ok(modified)) = (file, about.modified()) {
                file.set_modified(modified)?;
            }
        }
    }
    Ok(())
}
