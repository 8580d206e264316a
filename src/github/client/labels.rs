//! Labels of a pull request, and the status of a commit.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{
    At, CallError, Client,
    call::{Call, Who},
};

const NEEDS: &str = "pull_requests: write";
/// GitHub refuses a longer description of a status, in characters.
const DESCRIPTION: usize = 140;

#[derive(Deserialize)]
struct Label {
    name: String,
}

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
        let path = at.path(&["issues", &number.to_string(), "labels"]);
        let what = format!("pull request {number}");
        let mut pages = self.pages(Call::get(at, path, "pull_requests: read", what));
        let mut names = Vec::new();
        while let Some(labels) = pages.next::<Vec<Label>>().await? {
            names.extend(labels.into_iter().map(|label| label.name));
        }
        Ok(names)
    }

    /// Gives a pull request a label, which GitHub makes where the repository has none of that
    /// name; a second time changes nothing.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn add_label(&self, at: &At, number: u64, label: &str) -> Result<(), CallError> {
        let path = at.path(&["issues", &number.to_string(), "labels"]);
        let body = json!({ "labels": [label] });
        self.call(&Call::post(at, path, body, NEEDS, format!("pull request {number}"))).await?;
        Ok(())
    }

    /// Takes a label from a pull request; no error if it had none of that name.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn remove_label(&self, at: &At, number: u64, label: &str) -> Result<(), CallError> {
        let path = at.path(&["issues", &number.to_string(), "labels", label]);
        let (who, what) = (Who::Installation(at.installation), format!("label {label}"));
        match self.call(&Call::new(who, Method::DELETE, path, NEEDS, what)).await {
            Ok(_) | Err(CallError::Gone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
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
        let description: String = status.description.chars().take(DESCRIPTION).collect();
        let body = json!({
            "state": status.state.as_str(),
            "context": status.context,
            "description": description,
            "target_url": status.target_url,
        });
        let path = at.path(&["statuses", sha]);
        self.call(&Call::post(at, path, body, "statuses: write", format!("commit {sha}"))).await?;
        Ok(())
    }
}
