//! Findings for GitHub's code scanning.

use super::{At, CallError, Client, not_yet};

impl Client {
    /// Hands a SARIF document to code scanning. `git_ref` is whole: `refs/pull/7/head`,
    /// `refs/heads/main`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload_sarif(
        &self,
        at: &At,
        commit: &str,
        git_ref: &str,
        sarif: &serde_json::Value,
    ) -> Result<(), CallError> {
        let _ = (at, commit, git_ref, sarif);
        not_yet()
    }
}
