//! Puts a commit's files into a folder of ours, without touching the user's repository.
//!
//! A tree is a repository of our own that borrows the user's objects (git's
//! alternates). It has no remote, no hooks and no filters; moving it to another
//! commit rewrites only the files that differ, so that cargo rebuilds only those.

mod size;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use self::size::{Limits, TooLarge, measure};
use super::{
    Context,
    git::{Git, GitError},
};

/// What a folder of ours keeps when it is emptied.
const DOT_GIT: &str = ".git";

/// A commit could not be checked out.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Not the full name of a commit.
    #[error("«{0}» is not the full name of a commit (40 or 64 hexadecimal digits)")]
    NoCommitName(String),
    /// It is more than is checked out.
    #[error("commit {sha} is not checked out: {source}")]
    TooLarge {
        /// Which commit.
        sha: String,
        /// Of what it has too much, and what to do.
        source: TooLarge,
    },
    /// The folder could not be written.
    #[error("cannot write {path}: {source}; free some space, or point T5_CACHE at another disk")]
    Write {
        /// Which path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Over the attributes of any commit: its bytes are checked out as they are. Git would else make files
/// larger than they were measured.
const AS_COMMITTED: &str = "* -text -ident -working-tree-encoding -filter\n";

/// A folder that can hold any commit of one repository.
#[derive(Clone, Debug)]
pub struct Tree<'a> {
    ctx: &'a Context,
    dir: PathBuf,
}

impl<'a> Tree<'a> {
    /// Opens or makes the tree at `dir`, borrowing the objects of the repository that `user` is in.
    ///
    /// # Errors
    ///
    /// If git fails or the folder cannot be written.
    pub async fn open(ctx: &'a Context, user: &Git<'_>, dir: &Path) -> Result<Self, CheckoutError> {
        let path = |name: &'static str| ["rev-parse", "--path-format=absolute", "--git-path", name];
        let objects = user.text(path("objects")).await?;
        let shallow = PathBuf::from(user.text(path("shallow")).await?);
        let format = user.text(["rev-parse", "--show-object-format"]).await?;

        make_dir(dir)?;
        let own = Git::own(ctx, dir);
        let dot_git = dir.join(DOT_GIT);
        if !dot_git.join("HEAD").exists() {
            let format = format!("--object-format={format}");
            own.bytes(["init", "--quiet", "--template=", "--initial-branch=t5", &format]).await?;
        }
        // A run that was killed in the middle of a checkout leaves its lock behind.
        let _ = fs::remove_file(dot_git.join("index.lock"));
        make_dir(&dot_git.join("objects/info"))?;
        write(&dot_git.join("objects/info/alternates"), format!("{objects}\n").as_bytes())?;
        make_dir(&dot_git.join("info"))?;
        write(&dot_git.join("info/attributes"), AS_COMMITTED.as_bytes())?;
        let boundary = dot_git.join("shallow");
        match fs::read(&shallow) {
            Ok(bytes) => write(&boundary, &bytes)?,
            Err(_) => drop(fs::remove_file(&boundary)),
        }
        Ok(Self { ctx, dir: dir.to_owned() })
    }

    /// Where the files are.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Git in this tree.
    pub fn git(&self) -> Git<'a> {
        Git::own(self.ctx, &self.dir)
    }

    /// Makes the folder hold exactly the files of `sha`; what else lies in it is removed. The commit
    /// is measured first: one that is too large leaves the folder as it is. Where git fails half way,
    /// the folder is emptied, so that it takes no space and holds any commit again.
    ///
    /// # Errors
    ///
    /// If the commit is too large, git fails, or the folder cannot be written.
    pub async fn put(&self, sha: &str) -> Result<(), CheckoutError> {
        // Anything else could be read as an option, or as the name of a file.
        if !matches!(sha.len(), 40 | 64) || !sha.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err(CheckoutError::NoCommitName(sha.to_owned()));
        }
        let git = self.git();
        let needed = self.measured(&git, sha).await?;
        let too_large = |source| CheckoutError::TooLarge { sha: sha.to_owned(), source };
        needed.and_then(|needed| size::has_room(&self.dir, needed)).map_err(too_large)?;
        let put = replace(&git, sha).await;
        if put.is_err() {
            self.empty();
        }
        Ok(put?)
    }

    /// What a commit takes on the disk, in bytes.
    async fn measured(
        &self,
        git: &Git<'_>,
        sha: &str,
    ) -> Result<Result<u64, TooLarge>, CheckoutError> {
        // Folders are listed too: a commit can have many of them and no file at all.
        let list = ["ls-tree", "-r", "-t", "-l", "-z", "--full-tree", sha];
        Ok(match git.bytes_within(list, size::LISTING).await? {
            Some(listing) => measure(&listing, Limits::default()),
            None => Err(TooLarge::Entries { limit: Limits::ENTRIES }),
        })
    }

    /// Removes everything but git's own folder. What cannot be removed, the next checkout meets.
    fn empty(&self) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            if entry.file_name() == DOT_GIT {
                continue;
            }
            let folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let path = entry.path();
            let _ = if folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
        for name in ["index", "index.lock"] {
            let _ = fs::remove_file(self.dir.join(DOT_GIT).join(name));
        }
    }
}

async fn replace(git: &Git<'_>, sha: &str) -> Result<(), GitError> {
    git.bytes(["checkout", "--quiet", "--force", "--detach", sha, "--"]).await?;
    git.bytes(["clean", "--quiet", "-ffdx"]).await?;
    Ok(())
}

fn make_dir(path: &Path) -> Result<(), CheckoutError> {
    fs::create_dir_all(path).map_err(|source| CheckoutError::Write { path: path.into(), source })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CheckoutError> {
    fs::write(path, bytes).map_err(|source| CheckoutError::Write { path: path.into(), source })
}
