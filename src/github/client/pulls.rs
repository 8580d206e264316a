//! What the bot asks about: pull requests, branches, and who may do what.

use super::{At, CallError, Client, not_yet};
use crate::github::event::Pull;

/// What somebody may do in a repository. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing, or no more than anybody.
    None,
    /// Reads; GitHub's `triage` too.
    Read,
    /// Pushes; GitHub's `maintain` too.
    Write,
    /// Everything.
    Admin,
}

/// A file that a pull request changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullFile {
    /// Relative to the repository's root.
    pub path: String,
    /// Where it lay before, if it was moved.
    pub previous: Option<String>,
    /// `added`, `removed`, `modified`, `renamed`, `copied`, `changed` or `unchanged`.
    pub status: String,
    /// The change; none where it is binary or too large.
    pub patch: Option<String>,
}

impl Client {
    /// What somebody may do in a repository; `None` too if nobody has that login.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn permission(&self, at: &At, login: &str) -> Result<Permission, CallError> {
        let _ = (at, login);
        not_yet()
    }

    /// A pull request as it is now.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn pull(&self, at: &At, number: u64) -> Result<Option<Pull>, CallError> {
        let _ = (at, number);
        not_yet()
    }

    /// The files that a pull request changes, of which GitHub lists 3,000 at most.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn pull_files(&self, at: &At, number: u64) -> Result<Vec<PullFile>, CallError> {
        let _ = (at, number);
        not_yet()
    }

    /// The open pull requests whose head is this very commit, those from forks too.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn open_pulls_of_head(&self, at: &At, head: &str) -> Result<Vec<u64>, CallError> {
        let _ = (at, head);
        not_yet()
    }

    /// The commit at the tip of a branch; none if there is no such branch.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn branch_tip(&self, at: &At, branch: &str) -> Result<Option<String>, CallError> {
        let _ = (at, branch);
        not_yet()
    }
}
