//! What GitHub has still to be told.
//!
//! The outbox holds no texts but one-line answers: a target says *what* has to be brought up to
//! date, and whoever publishes renders it from what is stored at that moment. So two changes in
//! a row cost one request, and telling twice changes nothing.

use serde::{Deserialize, Serialize};

/// Something on GitHub that this gate keeps up to date.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The check run of a job.
    Check {
        /// The job's id.
        job: String,
    },
    /// The one comment of a pull request.
    Sticky {
        /// The pull request.
        pull: u64,
    },
    /// The label of a pull request's route.
    Label {
        /// The pull request.
        pull: u64,
    },
    /// The commit status of a job, where the operator wants one.
    Status {
        /// The job's id.
        job: String,
    },
    /// The findings of a run for code scanning, where the operator wants them.
    Sarif {
        /// The job's id.
        job: String,
    },
    /// A reaction to a comment.
    Reaction {
        /// The comment.
        comment: u64,
        /// As GitHub's API spells it: `eyes`, `rocket`, `confused`.
        content: String,
    },
    /// An answer to a comment.
    Reply {
        /// The comment that is answered.
        comment: u64,
        /// The pull request.
        pull: u64,
        /// Markdown, ready to be posted.
        text: String,
    },
}

impl Target {
    /// One target, one key: what is already waiting is not added again.
    pub fn key(&self) -> String {
        match self {
            Self::Check { job } => format!("check/{job}"),
            Self::Sticky { pull } => format!("sticky/{pull}"),
            Self::Label { pull } => format!("label/{pull}"),
            Self::Status { job } => format!("status/{job}"),
            Self::Sarif { job } => format!("sarif/{job}"),
            Self::Reaction { comment, content } => format!("reaction/{comment}/{content}"),
            Self::Reply { comment, .. } => format!("reply/{comment}"),
        }
    }
}

/// Targets of one lane are brought up to date one after the other, in the order in which they
/// first became due.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lane {
    /// Which installation of the App.
    pub installation: u64,
    /// Which repository, by its id.
    pub repo: u64,
    /// `owner`.
    pub owner: String,
    /// `name`.
    pub name: String,
    /// [`super::Subject`] as text.
    pub subject: String,
}

/// A target that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Where.
    pub lane: Lane,
    /// What.
    pub target: Target,
    /// Which of its changes; given back when it is published, so that a change in between is
    /// not lost.
    pub version: u64,
    /// How often publishing this version failed.
    pub attempts: u32,
    /// GitHub's id of it, once it is known.
    pub remote: Option<u64>,
    /// A request to make it was sent once, and nobody knows whether it arrived: look before
    /// making another.
    pub began: bool,
    /// Digest of what was last published.
    pub digest: Option<String>,
}

/// How publishing went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// GitHub has it.
    Done {
        /// Its id there.
        remote: Option<u64>,
        /// Digest of what was sent.
        digest: String,
    },
    /// Not now.
    Later {
        /// Why, for the log and for `t5 deliveries`.
        why: String,
        /// When to try again.
        at: jiff::Timestamp,
    },
    /// Never: what it belongs to is gone, or GitHub refuses it for good.
    GivenUp {
        /// Why.
        why: String,
    },
}
