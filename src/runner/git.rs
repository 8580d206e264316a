//! Runs git, and says clearly what it said.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use super::Context;
use crate::sandbox::{Ended, Finished, SandboxError};

/// The largest file of a commit that is read into memory, in bytes: rules, lock files and the
/// sources of benchmarks are all far smaller.
pub const FILE_LIMIT: usize = 16 << 20;

/// What any command may write, in bytes.
const OUTPUT: usize = 512 << 20;

/// Settings of every call in a repository of ours. What is checked out was written by strangers,
/// so that nothing but the bytes of the commit may decide what becomes of it: no hook, no filter,
/// no file of attributes beside the tree's own, no submodule, no transport, no name that another
/// file system takes for `.git`.
const OURS: [&str; 10] = [
    "core.hooksPath=/dev/null",
    "core.autocrlf=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.symlinks=true",
    "submodule.recurse=false",
    "protocol.allow=never",
    "gc.auto=0",
];

/// Git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program could not be started.
    #[error("{0}; git has to be installed and in PATH")]
    Start(#[from] SandboxError),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A file of a commit is larger than anything that is read.
    #[error("{path} of {sha} is larger than {} MiB, the most that is read; commit a smaller one", FILE_LIMIT >> 20)]
    TooLarge {
        /// The commit.
        sha: String,
        /// Relative to the repository's root.
        path: String,
    },
    /// It refused.
    #[error("`git {command}` in {dir} failed: {said}")]
    Refused {
        /// Its arguments.
        command: String,
        /// Where it ran.
        dir: PathBuf,
        /// The end of what it wrote to standard error.
        said: String,
    },
}

/// One repository, as git sees it from a folder.
#[derive(Clone, Debug)]
pub struct Git<'a> {
    ctx: &'a Context,
    dir: PathBuf,
    whose: Whose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    User,
    Own,
    Bare,
}

impl<'a> Git<'a> {
    /// The user's repository: read only, with the user's configuration.
    pub fn of_user(ctx: &'a Context, dir: &Path) -> Self {
        Self { ctx, dir: dir.to_owned(), whose: Whose::User }
    }

    /// A repository of ours: no configuration but its own, so no hooks and no filters.
    pub fn own(ctx: &'a Context, dir: &Path) -> Self {
        Self { ctx, dir: dir.to_owned(), whose: Whose::Own }
    }

    /// A bare repository of ours. Git does not look for one in the folders above if this one is
    /// broken.
    pub fn bare(ctx: &'a Context, dir: &Path) -> Self {
        Self { ctx, dir: dir.to_owned(), whose: Whose::Bare }
    }

    /// Where it runs.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Standard output of a git command that succeeds.
    ///
    /// # Errors
    ///
    /// If git cannot be started, fails, or was cancelled.
    pub async fn bytes<I, A>(&self, args: I) -> Result<Vec<u8>, GitError>
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        let (finished, command) = self.finished(args, OUTPUT).await?;
        match finished.ended {
            Ended::Exited(0) => Ok(finished.stdout),
            _ => Err(self.refused(command, &finished)),
        }
    }

    /// Like [`Git::bytes`]; none if it writes more than `limit` bytes.
    ///
    /// # Errors
    ///
    /// As [`Git::bytes`].
    pub async fn bytes_within<I, A>(
        &self,
        args: I,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, GitError>
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        let (finished, command) = self.finished(args, limit).await?;
        match finished.ended {
            Ended::Exited(0) => Ok(Some(finished.stdout)),
            Ended::Output => Ok(None),
            _ => Err(self.refused(command, &finished)),
        }
    }

    /// A command that was not cancelled, and its arguments as text.
    async fn finished<I, A>(&self, args: I, limit: usize) -> Result<(Finished, String), GitError>
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
        let command = args.iter().map(|a| a.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let mut job = self.job(args);
        job.output = limit;
        let finished = job.run(&self.ctx.cancel).await?;
        match finished.ended {
            Ended::Cancelled => Err(GitError::Cancelled),
            _ => Ok((finished, command)),
        }
    }

    fn refused(&self, command: String, finished: &Finished) -> GitError {
        GitError::Refused { command, dir: self.dir.clone(), said: finished.stderr_tail(4) }
    }

    /// Standard output as text, without the last line break.
    ///
    /// # Errors
    ///
    /// As [`Git::bytes`].
    pub async fn text<I, A>(&self, args: I) -> Result<String, GitError>
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        let bytes = self.bytes(args).await?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
    }

    /// Like [`Git::text`], where a refusal means «there is none».
    ///
    /// # Errors
    ///
    /// If git cannot be started, or was cancelled.
    pub async fn optional<I, A>(&self, args: I) -> Result<Option<String>, GitError>
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        match self.text(args).await {
            Ok(text) => Ok(Some(text)),
            Err(GitError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The bytes of a file in a commit, or none if the commit has no such file. Of a symbolic link
    /// these are the bytes that it consists of: it is not followed.
    ///
    /// # Errors
    ///
    /// If git cannot be started, was cancelled, or if the file is larger than [`FILE_LIMIT`].
    pub async fn file(&self, sha: &str, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let mut job =
            self.job(vec!["cat-file".into(), "blob".into(), format!("{sha}:{path}").into()]);
        job.output = FILE_LIMIT;
        let finished = job.run(&self.ctx.cancel).await?;
        match finished.ended {
            Ended::Exited(0) => Ok(Some(finished.stdout)),
            Ended::Cancelled => Err(GitError::Cancelled),
            Ended::Output => Err(GitError::TooLarge { sha: sha.to_owned(), path: path.to_owned() }),
            _ => Ok(None),
        }
    }

    /// The job that runs git with these arguments.
    pub(super) fn job(&self, args: Vec<OsString>) -> crate::sandbox::Job {
        let mut job = self
            .ctx
            .job("git", &self.dir)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("LC_ALL", "C")
            .args(["-c", "core.quotePath=false", "-c", "core.fsmonitor=false"]);
        if self.whose != Whose::User {
            job = job
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_ATTR_NOSYSTEM", "1")
                .env("GIT_NO_REPLACE_OBJECTS", "1")
                .args(OURS.iter().flat_map(|setting| ["-c", setting]));
        }
        if self.whose == Whose::Bare {
            job = job.args(["--git-dir=."]);
        }
        job.wall = Duration::from_secs(900);
        job.output = OUTPUT;
        job.args(args)
    }
}
