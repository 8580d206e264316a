//! A job: gate this head against this base. A run is one attempt at it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{github::event::Repo, verdict::Outcome};

/// What a job is about. One live job a subject and repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A pull request, by its number.
    Pull(u64),
    /// A group of the merge queue, by its head.
    MergeGroup(String),
    /// A branch, by its name.
    Branch(String),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pull(number) => write!(f, "pull/{number}"),
            Self::MergeGroup(head) => write!(f, "merge-group/{head}"),
            Self::Branch(name) => write!(f, "branch/{name}"),
        }
    }
}

/// How much of the gate a job runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Policy and benchmarks.
    #[default]
    All,
    /// Licences, sources, bans and advisories.
    Policy,
    /// Benchmarks whose id contains one of these; all of them if none is named.
    Bench(Vec<String>),
}

impl Scope {
    /// Enough of the gate for both.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        if self == *other { self } else { Self::All }
    }
}

/// Whose code it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// The author may write to the repository, and the head lies in it.
    Member,
    /// Anybody else: an author without write permission, or a head in another repository.
    Stranger {
        /// What would run and what is risky about it, a line each.
        risks: Vec<String>,
        /// Who approved this very head. An approval never goes on to a job of another head.
        approved_by: Option<String>,
    },
}

impl Trust {
    /// What code of this trust waits for before a runner may have it. `sandboxed` says whether
    /// this host can hold strangers' code. A merge group needs no approval of its own: somebody
    /// who may write put it into the queue.
    pub fn waits_for(&self, subject: &Subject, sandboxed: bool) -> Waiting {
        match self {
            Self::Member => Waiting::Nothing,
            Self::Stranger { .. } if !sandboxed => Waiting::Sandbox,
            Self::Stranger { approved_by: None, .. } if matches!(subject, Subject::Pull(_)) => {
                Waiting::Approval
            }
            Self::Stranger { .. } => Waiting::Nothing,
        }
    }
}

/// Who asked for a job, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// A login.
    pub by: String,
    /// For a person: «opened», «pushed», «/rerun-t5 policy», «Re-run».
    pub how: String,
    /// The comment that holds the command, to be reacted to at the end.
    pub comment: Option<u64>,
}

/// A job that is to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewJob {
    /// Random, chosen by whoever makes the job; also the address of its page.
    pub id: String,
    /// Which installation of the App.
    pub installation: u64,
    /// Which repository.
    pub repo: Repo,
    /// What it is about.
    pub subject: Subject,
    /// The commit to gate.
    pub head: String,
    /// The commit that rules come from: the tip of the target branch. Findings and measurements
    /// compare with its merge base with the head.
    pub base: String,
    /// The name of that branch.
    pub base_ref: String,
    /// How much of the gate.
    pub scope: Scope,
    /// Whose code it is.
    pub trust: Trust,
    /// It waits for this before it may be leased; [`Waiting::Nothing`] if it need not.
    pub waiting: Waiting,
    /// Greater runs first; equal ones in the order they came.
    pub priority: i64,
    /// Who asked.
    pub asked: Asked,
    /// A finished or live job of the same subject and head is no reason to leave this one out.
    pub again: bool,
}

/// What a job waits for before a runner may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waiting {
    /// A runner.
    Nothing,
    /// Somebody with write permission has to approve the head.
    Approval,
    /// A host whose sandbox can hold strangers' code.
    Sandbox,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Waits for an approval, or for a sandbox ([`Job::waiting`] says which). Live, but it may
    /// stay so for good, and its check run is completed as `action_required`.
    Held,
    /// Waits for a runner.
    Queued,
    /// A runner has it.
    Leased,
    /// Over; [`Job::ended`] says how.
    Over,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// A run came to a receipt; [`Run::outcome`] is its outcome.
    Judged,
    /// No receipt: it could not be found out.
    Error,
    /// A newer head, or a newer job for the same one, took its place.
    Superseded,
    /// Somebody asked to stop, the pull request was closed, or the App was removed.
    Cancelled,
    /// Its runner went silent too often, or it took too long.
    TimedOut,
}

/// The steps of a run, as its progress names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Fetching commits and putting them into folders.
    Checkout,
    /// Policy, and the build of both sides beside it.
    Build,
    /// The benchmarks.
    Measure,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// For a person.
    pub what: String,
    /// How many of [`Progress::total`] are done; figures without samples never stand here.
    pub done: u64,
    /// 0 where nobody knows.
    pub total: u64,
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What was asked for. Superseding and approval change [`NewJob::waiting`] and
    /// [`NewJob::trust`] here.
    #[serde(flatten)]
    pub job: NewJob,
    /// Where it stands.
    pub state: JobState,
    /// How it ended, where it is over.
    pub ended: Option<Ended>,
    /// Why, in one sentence for a person, where that needs saying.
    pub note: Option<String>,
    /// How often a runner began.
    pub attempts: u32,
    /// When it was stored.
    pub created: Timestamp,
    /// When a runner last took it.
    pub started: Option<Timestamp>,
    /// When it was over.
    pub finished: Option<Timestamp>,
    /// The runner that has it.
    pub runner: Option<String>,
    /// Proves that a runner is the one that has it; changes with each lease.
    pub lease: Option<String>,
    /// Until when the lease counts.
    pub lease_until: Option<Timestamp>,
    /// How far the run is.
    pub progress: Option<Progress>,
}

impl Job {
    /// What a job waits for.
    pub fn waiting(&self) -> Waiting {
        self.job.waiting
    }
}

/// One attempt that came to a receipt. Its files lie in the folder of its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Random; also the address of its page and the name of its folder.
    pub id: String,
    /// The job.
    pub job: String,
    /// Which repository.
    pub repo: u64,
    /// What it was about.
    pub subject: Subject,
    /// The commit that was gated.
    pub head: String,
    /// The merge base that it was compared with; none for a first commit.
    pub base: Option<String>,
    /// Digest of the rules in force, to tell whether two runs can be put together.
    pub rules: String,
    /// How much of the gate.
    pub scope: Scope,
    /// The outcome of this run's own verdict.
    pub outcome: Outcome,
    /// When it began.
    pub started: Timestamp,
    /// When its receipt was written.
    pub finished: Timestamp,
}

/// What a runner gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The files of this run lie in its folder.
    Judged(Run),
    /// It could not be found out, and why.
    Error(String),
}

/// What a runner hears when it says that it is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Go on.
    Continue,
    /// Kill what runs; the reason is for the log.
    Stop(String),
}

/// What became of a lease that was not renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaped {
    /// Another runner may try.
    Requeued(String),
    /// It was tried often enough: over as [`Ended::TimedOut`].
    TimedOut(String),
}
