//! Comments, and reactions to them.

use super::{At, CallError, Client, not_yet};

impl Client {
    /// Comments on a pull request, and says the comment's id.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_comment(&self, at: &At, number: u64, body: &str) -> Result<u64, CallError> {
        let _ = (at, number, body);
        not_yet()
    }

    /// Replaces the text of a comment.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn update_comment(&self, at: &At, id: u64, body: &str) -> Result<(), CallError> {
        let _ = (at, id, body);
        not_yet()
    }

    /// The first comment on a pull request that begins with `marker` and was written by this App;
    /// somebody's quote of it is none.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn find_comment(
        &self,
        at: &At,
        number: u64,
        marker: &str,
    ) -> Result<Option<u64>, CallError> {
        let _ = (at, number, marker);
        not_yet()
    }

    /// Reacts to a comment; a second time changes nothing. `content` is spelt as in GitHub's API:
    /// `eyes`, `rocket`, `confused`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn react(&self, at: &At, comment: u64, content: &str) -> Result<(), CallError> {
        let _ = (at, comment, content);
        not_yet()
    }
}
