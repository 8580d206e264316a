//! Labels of a pull request, and the status of a commit.

use super::{At, CallError, Client, not_yet};

/// How a commit status stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusState {
    /// `pending`
    Pending,
    /// `success`
    Success,
    /// `failure`
    Failure,
    /// `error`
    Error,
}

impl StatusState {
    /// As GitHub spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Error => "error",
        }
    }
}

/// A commit status.
#[derive(Clone, Copy, Debug)]
pub struct CommitStatus<'a> {
    /// What it is called; the newest of a name counts.
    pub context: &'a str,
    /// How it stands.
    pub state: StatusState,
    /// At most 140 characters; what is longer is cut.
    pub description: &'a str,
    /// The job's page.
    pub target_url: &'a str,
}

impl Client {
    /// The labels of a pull request.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn labels(&self, at: &At, number: u64) -> Result<Vec<String>, CallError> {
        let _ = (at, number);
        not_yet()
    }

    /// Gives a pull request a label, which GitHub makes where the repository has none of that
    /// name; a second time changes nothing.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn add_label(&self, at: &At, number: u64, label: &str) -> Result<(), CallError> {
        let _ = (at, number, label);
        not_yet()
    }

    /// Takes a label from a pull request; no error if it had none of that name.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn remove_label(&self, at: &At, number: u64, label: &str) -> Result<(), CallError> {
        let _ = (at, number, label);
        not_yet()
    }

    /// Sets the status of a commit.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_status(
        &self,
        at: &At,
        sha: &str,
        status: CommitStatus<'_>,
    ) -> Result<(), CallError> {
        let _ = (at, sha, status);
        not_yet()
    }
}
