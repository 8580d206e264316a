//! Comments, and reactions to them.

use serde::Deserialize;
use serde_json::json;

use super::{At, CallError, Client, call::Call};

const NEEDS: &str = "pull_requests: write";

#[derive(Deserialize)]
struct Made {
    id: u64,
}

/// A comment, as far as it matters whose it is.
#[derive(Deserialize)]
struct Seen {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    user: Option<Author>,
    #[serde(default)]
    performed_via_github_app: Option<Made>,
}

#[derive(Deserialize)]
struct Author {
    #[serde(rename = "type")]
    kind: String,
}

impl Seen {
    /// An App writes as a bot. A person may act through an App too, and a server may leave out
    /// through which App it was written.
    fn is_by(&self, app_id: u64) -> bool {
        self.user.as_ref().is_some_and(|user| user.kind == "Bot")
            && self.performed_via_github_app.as_ref().is_none_or(|app| app.id == app_id)
    }

    fn begins_with(&self, marker: &str) -> bool {
        self.body.as_ref().is_some_and(|body| body.trim_start().starts_with(marker))
    }
}

impl Client {
    /// Comments on a pull request, and says the comment's id.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_comment(&self, at: &At, number: u64, body: &str) -> Result<u64, CallError> {
        let path = at.path(&["issues", &number.to_string(), "comments"]);
        let call =
            Call::post(at, path, json!({ "body": body }), NEEDS, format!("pull request {number}"));
        Ok(self.ask::<Made>(&call).await?.id)
    }

    /// Replaces the text of a comment.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn update_comment(&self, at: &At, id: u64, body: &str) -> Result<(), CallError> {
        // PATCH as documented: GitHub takes POST too, other servers do not.
        let path = at.path(&["issues", "comments", &id.to_string()]);
        self.call(&Call::patch(at, path, json!({ "body": body }), NEEDS, format!("comment {id}")))
            .await?;
        Ok(())
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
        let path = at.path(&["issues", &number.to_string(), "comments"]);
        let what = format!("pull request {number}");
        let mut pages = self.pages(Call::get(at, path, "pull_requests: read", what));
        while let Some(comments) = pages.next::<Vec<Seen>>().await? {
            let ours =
                |comment: &&Seen| comment.begins_with(marker) && comment.is_by(self.0.key.app_id());
            if let Some(comment) = comments.iter().find(ours) {
                return Ok(Some(comment.id));
            }
        }
        Ok(None)
    }

    /// Reacts to a comment; a second time changes nothing. `content` is spelt as in GitHub's API:
    /// `eyes`, `rocket`, `confused`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn react(&self, at: &At, comment: u64, content: &str) -> Result<(), CallError> {
        let path = at.path(&["issues", "comments", &comment.to_string(), "reactions"]);
        let body = json!({ "content": content });
        self.call(&Call::post(at, path, body, NEEDS, format!("comment {comment}"))).await?;
        Ok(())
    }
}
