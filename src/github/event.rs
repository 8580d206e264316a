//! What a delivery says, as far as this gate cares.

use serde::{Deserialize, Serialize};

/// A repository, as GitHub names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Repo {
    /// Stays the same when the repository is renamed.
    pub id: u64,
    /// The account that it belongs to.
    pub owner: String,
    /// Its name below that account.
    pub name: String,
    /// Not everybody may read it.
    pub private: bool,
    /// Its default branch.
    pub default_branch: String,
}

impl Repo {
    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// A pull request, as a delivery or the API describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// Its number in the base repository.
    pub number: u64,
    /// The commit to gate.
    pub head: String,
    /// The repository that the head lies in; none if that one was deleted.
    pub head_repo: Option<u64>,
    /// The branch that it wants to be merged into.
    pub base_ref: String,
    /// The tip of that branch when the delivery was made.
    pub base: String,
    /// Who opened it.
    pub author: String,
    /// Neither closed nor merged.
    pub open: bool,
    /// Not ready for review yet.
    pub draft: bool,
    /// How many files it changes; none where GitHub did not say.
    pub changed_files: Option<u64>,
    /// When it last changed, as GitHub writes it. Tells two events apart that look alike.
    pub updated: String,
}

/// What happened to a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullAction {
    /// It was opened.
    Opened,
    /// Its head moved.
    Synchronize,
    /// It was opened again.
    Reopened,
    /// It is no longer a draft.
    ReadyForReview,
    /// It wants to be merged into another branch, whose rules may be other ones.
    Retargeted,
    /// It was closed or merged.
    Closed,
}

/// A comment on a pull request that was just created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// GitHub's id of it.
    pub id: u64,
    /// The pull request.
    pub pull: u64,
    /// Who wrote it.
    pub author: String,
    /// Markdown.
    pub body: String,
    /// When it last changed.
    pub updated: String,
}

/// A check run of ours that somebody clicked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clicked {
    /// GitHub's id of the check run or suite.
    pub id: u64,
    /// The commit that it is about.
    pub head: String,
    /// Our own id of the job; empty for a check suite.
    pub external_id: String,
    /// The pull requests that GitHub lists; always empty for a fork's.
    pub pulls: Vec<u64>,
}

/// A group of the merge queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeGroup {
    /// The commit to gate and to report on.
    pub head: String,
    /// The temporary branch, without `refs/heads/`.
    pub head_ref: String,
    /// The commit to compare with.
    pub base: String,
    /// The branch that it wants to be merged into.
    pub base_ref: String,
}

/// A branch that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// Its tip before; none for a new branch.
    pub before: Option<String>,
    /// Its tip now.
    pub after: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A pull request changed.
    Pull(PullAction, Pull),
    /// Somebody commented on a pull request.
    Comment(Comment),
    /// Somebody pressed «Re-run» on our check run.
    Rerun(Clicked),
    /// Somebody pressed «Re-run all checks» on our check suite.
    RerunSuite(Clicked),
    /// Somebody pressed one of our own buttons.
    Button {
        /// The button's identifier, as we gave it.
        identifier: String,
        /// The check run that it stands on.
        check: Clicked,
    },
    /// The merge queue asks for checks.
    MergeGroup(MergeGroup),
    /// The merge queue no longer asks: the group was merged, or taken apart.
    MergeGroupGone {
        /// The commit that was asked about.
        head: String,
    },
    /// The default branch moved.
    Push(Push),
    /// The App was removed from these repositories (all of the installation's, if none is named).
    Uninstalled {
        /// Ids of repositories.
        repositories: Vec<u64>,
    },
    /// An installation is no longer suspended, or its owner accepted new permissions.
    Restored,
}

/// An event of one installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Which installation of the App.
    pub installation: u64,
    /// Which repository; none where the event is about the installation.
    pub repo: Option<Repo>,
    /// Who did it, a login.
    pub sender: String,
    /// What happened.
    pub what: What,
}

/// What a delivery comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parsed {
    /// Something to act on.
    Event(Box<Event>),
    /// Nothing to do, and why.
    Ignored(String),
}
