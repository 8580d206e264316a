//! Check runs.

use jiff::Timestamp;

use super::{At, CallError, Client, not_yet};
use crate::report::posted::CheckRun;

/// A check run as it is to stand on GitHub.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// The commit that it is about.
    pub head: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Our own id of the job.
    pub external_id: &'a str,
    /// The job's page.
    pub details_url: &'a str,
    /// When the job began; none while it waits.
    pub started: Option<Timestamp>,
    /// When it ended; none before.
    pub completed: Option<Timestamp>,
    /// What it says.
    pub run: &'a CheckRun,
}

/// A check run, anybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSeen {
    /// Its name.
    pub name: String,
    /// `queued`, `in_progress`, `completed` …
    pub status: String,
    /// `success`, `failure` …; none before it completed.
    pub conclusion: Option<String>,
    /// Whose it is.
    pub app_id: Option<u64>,
}

impl Client {
    /// Makes a check run, and says its id. Annotations are sent with a completed one only.
    ///
    /// # Errors
    /// See [`CallError`]. If annotations beyond the first 50 fail, the check run exists:
    /// [`Client::find_check`] finds it, and an update adds what is missing.
    pub async fn create_check(&self, at: &At, check: Check<'_>) -> Result<u64, CallError> {
        let _ = (at, check);
        not_yet()
    }

    /// Brings a check run up to date. GitHub adds annotations and never replaces them, so they
    /// are sent with a completed one only, and only those that GitHub does not count yet: the
    /// same update sent twice changes nothing.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn update_check(&self, at: &At, id: u64, check: Check<'_>) -> Result<(), CallError> {
        let _ = (at, id, check);
        not_yet()
    }

    /// Our own check run of that name and `external_id`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn find_check(
        &self,
        at: &At,
        head: &str,
        name: &str,
        external_id: &str,
    ) -> Result<Option<u64>, CallError> {
        let _ = (at, head, name, external_id);
        not_yet()
    }

    /// The newest check run of each name and App at a commit.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn checks_of(&self, at: &At, head: &str) -> Result<Vec<CheckSeen>, CallError> {
        let _ = (at, head);
        not_yet()
    }
}
