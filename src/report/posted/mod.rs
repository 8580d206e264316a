//! What is shown on GitHub: a function of facts that the bot hands in, within GitHub's limits.

mod actions;
mod annotations;
pub mod answers;
mod badge;
mod budget;
mod check;
mod headline;
mod judged;
mod label;
mod route_file;
mod sarif;
mod sections;
mod status;
mod sticky;

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    receipt::Receipt,
    verdict::{Outcome, PartName, Verdict},
};

pub use annotations::ANNOTATIONS;
pub use badge::{Badge, badge};
pub use budget::{CHECK_LIMIT, COMMENT_LIMIT, STATUS_LIMIT, TITLE_LIMIT};
pub use check::check_run;
pub use judged::routes;
pub use label::{LABELS, label};
pub use route_file::{ROUTE_SCHEMA, encode_route, route_file};
pub use sarif::sarif;
pub use status::status;
pub use sticky::{STICKY_MARKER, sticky};

/// Everything that a posted text may speak of.
#[derive(Clone, Debug)]
pub struct Posted<'a> {
    /// The name of the check run (and what the sticky comment calls itself).
    pub gate: &'a str,
    /// The commit that is gated.
    pub head: &'a str,
    /// Who asked, and how: («octocat», «/rerun-t5 policy»).
    pub asked: (&'a str, &'a str),
    /// What the job runs, in words: «everything», «policy», «benchmarks with `gemv`».
    pub scope: &'a str,
    /// Addresses of this job's pages.
    pub links: Links<'a>,
    /// Where the job stands.
    pub stage: Stage<'a>,
    /// Runs of the same head that came before this one, the oldest first.
    pub earlier: &'a [Earlier],
    /// The other gates, as the head's check runs tell.
    pub gates: &'a [GateState],
    /// How outcomes become conclusions.
    pub conclusions: Conclusions,
    /// Another open pull request in which this very commit fails. A check run belongs to the
    /// commit, so a good one here would be a good one there.
    pub fails_in: Option<FailsIn<'a>>,
}

/// Another pull request with the same head, where it fails.
#[derive(Clone, Copy, Debug)]
pub struct FailsIn<'a> {
    /// Its number.
    pub pull: u64,
    /// The page of the run that failed.
    pub page: &'a str,
}

/// Addresses of a job's pages.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    /// The job's page: status, report, artifacts.
    pub page: &'a str,
    /// The whole report, where there is one.
    pub report: Option<&'a str>,
}

/// Where a job stands.
#[derive(Clone, Debug)]
pub enum Stage<'a> {
    /// Waits for a runner.
    Queued {
        /// Jobs that come first.
        ahead: u32,
        /// How long until it starts and ends, where earlier runs tell.
        estimate: Option<Duration>,
    },
    /// A runner has it.
    Running {
        /// One word: checkout, build, measure.
        phase: &'a str,
        /// What it is doing.
        what: &'a str,
        /// How many of `total` are done.
        done: u64,
        /// 0 where nobody knows.
        total: u64,
        /// When it began.
        started: Timestamp,
        /// Counted from 1.
        attempt: u32,
    },
    /// A stranger's change waits for an approval.
    AwaitsApproval {
        /// What would run, and what is risky about it.
        risks: &'a [String],
    },
    /// A stranger's change that this server cannot hold, whatever anyone approves.
    AwaitsSandbox {
        /// What would run, and what is risky about it.
        risks: &'a [String],
        /// Who approved it.
        approved_by: Option<&'a str>,
    },
    /// A run came to a receipt.
    Judged {
        /// Its facts.
        receipt: &'a Receipt,
        /// Its own verdict.
        verdict: &'a Verdict,
        /// The verdict on the head: parts that this run repeated are its own, the others those
        /// of earlier runs of the same head, base and rules.
        standing: &'a Verdict,
        /// Which parts of `standing` come from an earlier run, and from which.
        kept: &'a [(PartName, String)],
    },
    /// It ended without a receipt.
    Ended {
        /// How.
        how: EndedWithout,
        /// Why, in one sentence.
        note: Option<&'a str>,
    },
}

/// How a job ended without a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedWithout {
    /// It could not be found out.
    Error,
    /// A newer job took its place.
    Superseded,
    /// Somebody asked to stop, or there is nothing left to gate.
    Cancelled,
    /// Its runner went silent too often, or it took too long.
    TimedOut,
}

/// An earlier run of the same head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Address of its page.
    pub page: String,
    /// When its receipt was written.
    pub finished: Timestamp,
    /// Who asked, and how.
    pub asked: (String, String),
    /// What it ran, in words.
    pub scope: String,
    /// The outcome of its own verdict.
    pub outcome: Outcome,
}

/// Another gate of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateState {
    /// `T1` … `T7`, without this gate's own.
    pub gate: String,
    /// What it looks at.
    pub what: String,
    /// The check run's name that it is read from.
    pub check: String,
    /// Its conclusion or status as GitHub spells it (`success`, `in_progress`); none where the
    /// head has no such check run.
    pub state: Option<String>,
}

/// How outcomes that are neither good nor bad appear on GitHub. `neutral` and `skipped` would
/// satisfy a required check, so neither is a choice by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conclusions {
    /// For «inconclusive».
    pub inconclusive: Conclusion,
    /// For «could not run».
    pub could_not_run: Conclusion,
}

impl Default for Conclusions {
    fn default() -> Self {
        Self { inconclusive: Conclusion::ActionRequired, could_not_run: Conclusion::ActionRequired }
    }
}

/// How a check run ends, as GitHub spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// `success`
    Success,
    /// `failure`
    Failure,
    /// `neutral`
    Neutral,
    /// `cancelled`
    Cancelled,
    /// `timed_out`
    TimedOut,
    /// `action_required`
    ActionRequired,
}

impl Conclusion {
    /// As GitHub spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Neutral => "neutral",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::ActionRequired => "action_required",
        }
    }
}

/// A check run, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRun {
    /// Queued, in progress, or completed with a conclusion.
    pub status: CheckStatus,
    /// One line.
    pub title: String,
    /// Markdown, at most 65,535 characters.
    pub summary: String,
    /// Markdown, at most 65,535 characters; the whole report where it fits.
    pub text: Option<String>,
    /// Sent in parts of at most 50.
    pub annotations: Vec<Annotation>,
    /// At most three.
    pub actions: Vec<Action>,
}

/// Where a check run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// `queued`
    Queued,
    /// `in_progress`
    InProgress,
    /// `completed`, and how.
    Completed(Conclusion),
}

/// A remark at a line of a file of the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Relative to the repository's root.
    pub path: String,
    /// Counted from 1.
    pub line: u32,
    /// How grave it is.
    pub level: AnnotationLevel,
    /// At most 255 characters.
    pub title: String,
    /// At most 64 KB.
    pub message: String,
}

/// How grave a remark is, as GitHub spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationLevel {
    /// `notice`
    Notice,
    /// `warning`
    Warning,
    /// `failure`
    Failure,
}

/// A button on a check run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// At most 20 characters.
    pub label: &'static str,
    /// At most 40 characters.
    pub description: &'static str,
    /// At most 20 characters; comes back when it is pressed.
    pub identifier: &'static str,
}

/// Runs the gate again.
pub const RERUN: &str = "t5-rerun";
/// Stops it.
pub const CANCEL: &str = "t5-cancel";
/// Lets a stranger's head run.
pub const APPROVE: &str = "t5-approve";
