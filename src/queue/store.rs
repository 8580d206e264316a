//! The one trait behind which a database stands.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Due, Ended, Finish, Heard, Job, Lane, NewJob, Progress, Published, Reaped, Run, Subject,
    Target, Trust, Waiting,
};
use crate::github::{event::Repo, webhook::Verified};

/// The database could not answer.
#[derive(Debug, thiserror::Error)]
#[error("the database cannot {what}: {source}")]
pub struct StoreError {
    /// What was asked of it.
    pub what: &'static str,
    /// What it said.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is on disk.
    Stored,
    /// It was there already, with the same body.
    Known,
    /// Another body stands under its guid; nothing was changed.
    Conflict,
}

/// A delivery that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What was stored.
    pub verified: Verified,
    /// How often it failed.
    pub attempts: u32,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It has still to be acted on.
    Waiting,
    /// It was acted on, or there was nothing to do.
    Settled,
    /// It failed too often; `t5 deliveries replay` gives it another chance.
    Dead,
}

/// A delivery without its body, for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliverySummary {
    /// `X-GitHub-Delivery`.
    pub guid: String,
    /// `X-GitHub-Event`.
    pub event: String,
    /// When it came.
    pub received: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it failed.
    pub attempts: u32,
    /// What was made of it, or what went wrong last.
    pub note: String,
}

/// What acting on a delivery changes. All effects of one delivery happen together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// If this key was seen before, this effect and all that follow are left out; else it is
    /// remembered.
    Once(String),
    /// Stores a job, and the targets that it makes due: its check run; for a pull request the
    /// sticky comment; its status. A live job of the same subject ends as superseded, unless it
    /// has the same head and base and [`NewJob::again`] is false: then nothing is stored. A
    /// finished job of the same subject, head and base keeps a job without `again` out too, unless
    /// one for another head came after it.
    Enqueue(Box<NewJob>),
    /// Ends the live job of a subject, if there is one.
    Cancel {
        /// Which repository, by its id.
        repo: u64,
        /// Which subject.
        subject: Subject,
        /// [`Ended::Cancelled`] or [`Ended::Superseded`].
        ended: Ended,
        /// Why, for a person.
        note: String,
    },
    /// Ends every live job of these repositories (of the whole installation, if none is named).
    Forget {
        /// Which installation.
        installation: u64,
        /// Which repositories, by id.
        repositories: Vec<u64>,
    },
    /// Lets the held job of a pull request go, if it is about this very head: its trust names
    /// who approved, and it waits as `then` says.
    Approve {
        /// Which repository, by its id.
        repo: u64,
        /// Which pull request.
        pull: u64,
        /// Which head; all of it.
        head: String,
        /// Who.
        by: String,
        /// [`Waiting::Nothing`], or [`Waiting::Sandbox`] where strangers' code cannot be run.
        then: Waiting,
    },
    /// Makes a target due.
    Post(Lane, Target),
    /// Makes what GitHub refused for good due once more, for an installation: what stood in the
    /// way may be gone.
    TryAgain {
        /// Which installation.
        installation: u64,
    },
}

/// What became of the effects of one delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// It had been acted on before: an [`Effect::Once`] cut the rest off, or the delivery no longer
    /// waited and nothing was done at all.
    pub repeated: bool,
    /// Ids of jobs that were stored.
    pub enqueued: Vec<String>,
    /// Ids of jobs that a runner has, and that ended: their runs have to be killed.
    pub stopped: Vec<String>,
    /// Jobs whose head an approval was about; they were let go if it said [`Waiting::Nothing`].
    pub approved: Vec<String>,
}

/// What the bot knows of a database.
///
/// Wherever a job changes in a way that GitHub has to be told (stored, leased, progressed to
/// another phase, approved, ended), the same transaction makes its targets due.
#[async_trait]
pub trait Store: std::fmt::Debug + Send + Sync {
    // Deliveries.

    /// Stores a delivery; once this returns `Stored` it survives a crash of the machine.
    async fn accept(&self, delivery: Verified, now: Timestamp) -> Result<Accepted, StoreError>;
    /// Deliveries that are due, the oldest first, at most `limit`.
    async fn due_deliveries(&self, now: Timestamp, limit: u32)
    -> Result<Vec<Delivery>, StoreError>;
    /// Carries the effects of a delivery out and marks it settled, all in one transaction.
    async fn settle(
        &self,
        guid: &str,
        note: &str,
        effects: Vec<Effect>,
        now: Timestamp,
    ) -> Result<Settled, StoreError>;
    /// A delivery could not be acted on: it is due again at `again`, or dead if that is none.
    async fn postpone(
        &self,
        guid: &str,
        note: &str,
        again: Option<Timestamp>,
    ) -> Result<(), StoreError>;
    /// A delivery was not acted on because GitHub asked to wait: it is due again at `again`, and
    /// that is no failure of it.
    async fn put_off(&self, guid: &str, note: &str, again: Timestamp) -> Result<(), StoreError>;
    /// Deliveries in one state, the newest first.
    async fn deliveries(
        &self,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<Vec<DeliverySummary>, StoreError>;
    /// Makes a dead or settled delivery due again; false if there is none of that guid, or its
    /// body is no longer kept.
    async fn replay(&self, guid: &str, now: Timestamp) -> Result<bool, StoreError>;
    /// Which of these guids are not stored.
    async fn unknown_guids(&self, guids: &[String]) -> Result<Vec<String>, StoreError>;

    // Jobs.

    /// Gives the job of highest priority to a runner until `until`.
    async fn lease(
        &self,
        runner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Job>, StoreError>;
    /// Renews a lease, with what the run is doing.
    async fn heartbeat(
        &self,
        job: &str,
        lease: &str,
        progress: Option<Progress>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Heard, StoreError>;
    /// Ends a leased job; false if the lease no longer counts, and then nothing is changed.
    /// Reacts to the comment that asked for it (`rocket` if judged, `confused` if not).
    async fn finish(
        &self,
        job: &str,
        lease: &str,
        finish: Finish,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Has a leased job wait, as if it had never been leased: whose code it is was asked again,
    /// and it is this. False if the lease no longer counts, and then nothing is changed.
    async fn hold(
        &self,
        job: &str,
        lease: &str,
        trust: Trust,
        waiting: Waiting,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Has strangers' jobs that no runner has wait for what they have to wait for on this host
    /// ([`Trust::waits_for`]); ids of those for which that changed.
    async fn sort_strangers(
        &self,
        sandboxed: bool,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError>;
    /// Gives a job back as if it had never been leased (a shutdown).
    async fn hand_back(&self, job: &str, lease: &str, now: Timestamp) -> Result<(), StoreError>;
    /// Ends one live job, whoever has it; true if it was live.
    async fn end(
        &self,
        job: &str,
        ended: Ended,
        note: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Takes leases back that ran out, or that a runner of this name held before it started
    /// anew (`restarted`). A job that was leased `cap` times ends as timed out.
    async fn reap(
        &self,
        now: Timestamp,
        restarted: Option<&str>,
        cap: u32,
    ) -> Result<Vec<Reaped>, StoreError>;
    /// One job.
    async fn job(&self, id: &str) -> Result<Option<Job>, StoreError>;
    /// The live job of a subject, else the newest.
    async fn newest_job(&self, repo: u64, subject: &Subject) -> Result<Option<Job>, StoreError>;
    /// The newest job whose head is this one (a fork's pull request is found so).
    async fn job_of_head(&self, repo: u64, head: &str) -> Result<Option<Job>, StoreError>;
    /// The newest judged job of each subject whose head is this one, at most twenty.
    async fn judged_at(&self, repo: u64, head: &str) -> Result<Vec<Job>, StoreError>;
    /// Jobs that are live, or became so last, the newest first.
    async fn jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError>;
    /// A repository by its name, letter case aside, as the newest job describes it: a renamed
    /// one is found under its newest name alone.
    async fn repo_named(&self, owner: &str, name: &str) -> Result<Option<Repo>, StoreError>;
    /// How many jobs a runner will take before this one, those that are leased among them.
    async fn ahead_of(&self, job: &str) -> Result<u32, StoreError>;
    /// How long the last runs took, of the repository where it has some, in seconds.
    async fn durations(&self, repo: u64, limit: u32) -> Result<Vec<f64>, StoreError>;

    // Runs.

    /// One run.
    async fn run(&self, id: &str) -> Result<Option<Run>, StoreError>;
    /// The runs of a job, the oldest first.
    async fn runs_of_job(&self, job: &str) -> Result<Vec<Run>, StoreError>;
    /// The runs of a subject's head, the oldest first.
    async fn runs_of_head(
        &self,
        repo: u64,
        subject: &Subject,
        head: &str,
    ) -> Result<Vec<Run>, StoreError>;

    // Publishing.

    /// Makes a target due.
    async fn post(&self, lane: Lane, target: Target, now: Timestamp) -> Result<(), StoreError>;
    /// For each lane the first target that is due, if nothing before it in the lane waits for
    /// another try; at most `limit`.
    async fn due_targets(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError>;
    /// A request to make a target is about to be sent.
    async fn begin(&self, lane: &Lane, target: &Target) -> Result<(), StoreError>;
    /// Notes how publishing one version of a target went.
    async fn published(
        &self,
        lane: &Lane,
        target: &Target,
        version: u64,
        how: Published,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// GitHub's id of a target, once it was published.
    async fn remote(&self, lane: &Lane, target: &Target) -> Result<Option<u64>, StoreError>;

    // Odds and ends.

    /// A value that outlives a restart (the audit's cursor, for example).
    async fn note(&self, key: &str) -> Result<Option<String>, StoreError>;
    /// Remembers such a value.
    async fn set_note(&self, key: &str, value: &str) -> Result<(), StoreError>;
    /// Drops bodies of deliveries that were settled before, keys and targets nobody needs.
    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError>;
    /// Drops the records of deliveries, jobs and runs that were over before; a branch keeps its
    /// newest job.
    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError>;
}
