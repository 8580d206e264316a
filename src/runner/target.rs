//! The target folder of a build, and what is kept of it for the next.
//!
//! What a build script writes there, the next build links. So only builds of commits that the
//! target branch already holds leave something behind, for builds against that branch; a change
//! builds in a copy of it, which is thrown away. Both builds see the folder at one path, or
//! identical code would give executables that differ.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use super::{oldest::forget_oldest, select::Lineage};
use crate::{policy::Side, receipt::digest, sandbox::clear};

/// Where the folders of bases are kept, and for how many target branches.
const KEPT: &str = "targets-of-bases";
const LINEAGES: usize = 4;

/// The folder that cargo writes to, and the one that outlives a run.
#[derive(Clone, Debug)]
pub struct Target {
    path: PathBuf,
    kept: PathBuf,
    keeps: bool,
}

impl Target {
    /// Those of a repository whose folder of ours is `home`, for builds of this lineage.
    pub fn of(home: &Path, lineage: &Lineage) -> Self {
        let name: String = digest(lineage.target.as_bytes()).chars().take(16).collect();
        let kept = home.join(KEPT).join(name);
        Self { path: home.join("target"), kept, keeps: lineage.keeps }
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
            _ if !self.kept.is_dir() => fs::create_dir_all(&self.path),
            Side::Base if self.keeps => fs::rename(&self.kept, &self.path),
            Side::Base | Side::Head => copy(&self.kept, &self.path),
        }
    }

    /// Keeps what a build of the base left, and throws away what one of the head did.
    ///
    /// # Errors
    ///
    /// If it cannot be moved or removed.
    pub fn close(&self, side: Side) -> io::Result<()> {
        if side == Side::Head || !self.keeps {
            return clear(&self.path);
        }
        clear(&self.kept)?;
        if let Some(all) = self.kept.parent() {
            fs::create_dir_all(all)?;
            // Room for this one.
            forget_oldest(all, LINEAGES - 1);
        }
        fs::rename(&self.path, &self.kept)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn built(target: &Target, side: Side, leaves: &str) -> Vec<String> {
        target.open(side).unwrap();
        let found = fs::read_dir(target.path()).unwrap().flatten();
        let mut found: Vec<String> =
            found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        found.sort();
        fs::write(target.path().join(leaves), "").unwrap();
        target.close(side).unwrap();
        found
    }

    #[test]
    fn only_a_base_that_its_branch_holds_leaves_something_and_only_for_that_branch() {
        let home = tempfile::tempdir().unwrap();
        let of = |target: &str, keeps| {
            Target::of(home.path(), &Lineage { target: target.to_owned(), keeps })
        };
        let (main, other, group) = (of("main", true), of("other", true), of("main", false));
        assert!(built(&main, Side::Head, "a change").is_empty());
        assert!(built(&main, Side::Base, "a base").is_empty());
        assert_eq!(built(&main, Side::Head, "another change"), ["a base"]);
        assert_eq!(built(&group, Side::Base, "a group"), ["a base"]);
        assert!(built(&other, Side::Base, "another base").is_empty());
        assert_eq!(built(&main, Side::Base, "the next base"), ["a base"]);
        assert_eq!(built(&main, Side::Head, "a change"), ["a base", "the next base"]);
    }

    #[test]
    fn what_a_run_left_in_the_middle_is_not_built_upon() {
        let home = tempfile::tempdir().unwrap();
        let target = Target::of(home.path(), &Lineage { target: "main".to_owned(), keeps: true });
        target.open(Side::Head).unwrap();
        fs::write(target.path().join("poison"), "").unwrap();
        assert!(built(&target, Side::Base, "a base").is_empty());
    }
}
