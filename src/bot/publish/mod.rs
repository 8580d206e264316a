//! Brings GitHub up to date with what is stored.
//!
//! A target of the outbox says only *what* has changed. What it should look like is rendered
//! here, at the moment of telling, and sent only if it differs from what was sent last.

mod check;
mod facts;
mod label;
mod sticky;
mod talk;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::{Bot, at_lane, back_off};
use crate::{
    github::client::CallError,
    queue::{Due, Job, Published, StoreError, Subject, Target},
    receipt::digest,
    report::Contradictions,
};

/// How many lanes are brought up to date at the same time.
const LANES: u32 = 16;
/// How long a target waits after GitHub failed, at first and at most.
const WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(600));

/// What nobody needs in order to merge is given up after so many failures, an hour or so.
const TRIES: u32 = 14;

/// Why a target could not be brought up to date.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Contradictions(#[from] Contradictions),
}

/// What GitHub has now.
enum Told {
    /// This, under this id.
    Sent { remote: Option<u64>, digest: String },
    /// The same as before; nothing was sent.
    Same,
    /// It does not want telling: switched off, or there is nothing to say.
    Nothing,
}

impl Bot {
    /// Brings the targets that are due up to date; gives how many there were.
    ///
    /// # Errors
    ///
    /// If the database fails. What goes wrong with one target is noted with it.
    pub async fn step_outbox(&self) -> Result<usize, StoreError> {
        let due = self.store.due_targets(self.clock.now(), LANES).await?;
        let count = due.len();
        let mut running = JoinSet::new();
        for one in due {
            let bot = self.clone();
            running.spawn(async move { bot.publish(&one).await });
        }
        // One that fails keeps no other from its end. A task that panicked has noted nothing: its
        // target is still due, and is tried again after the pause that an error brings.
        let mut all = Ok(count);
        while let Some(ended) = running.join_next().await {
            match ended.map_err(|panic| StoreError { what: "publish", source: Box::new(panic) }) {
                Ok(Ok(())) => {}
                Ok(Err(error)) | Err(error) => all = Err(error),
            }
        }
        all
    }

    async fn publish(&self, due: &Due) -> Result<(), StoreError> {
        let now = self.clock.now();
        let how = match self.tell(due).await {
            Ok(told) => done(due, told),
            Err(Trouble::Store(error)) => return Err(error),
            Err(Trouble::Contradictions(error)) => Published::GivenUp { why: error.to_string() },
            Err(Trouble::Call(error)) => put_off(due, &error, now),
        };
        log(due, &how);
        self.store.published(&due.lane, &due.target, due.version, how, now).await
    }

    async fn tell(&self, due: &Due) -> Result<Told, Trouble> {
        let wanted = self.config.publish;
        match &due.target {
            Target::Status { .. } if !wanted.status => Ok(Told::Nothing),
            Target::Sarif { .. } if !wanted.sarif => Ok(Told::Nothing),
            Target::Label { .. } if !wanted.labels => Ok(Told::Nothing),
            Target::Check { job } | Target::Status { job } | Target::Sarif { job } => {
                match self.store.job(job).await? {
                    Some(job) => self.tell_of_job(due, job).await,
                    None => Ok(Told::Nothing),
                }
            }
            Target::Sticky { pull } | Target::Label { pull } => {
                match self.job_of_pull(due, *pull).await? {
                    Some(job) => self.tell_of_pull(due, *pull, job).await,
                    None => Ok(Told::Nothing),
                }
            }
            Target::Reaction { comment, content } => {
                self.github.react(&at_lane(&due.lane), *comment, content).await?;
                Ok(Told::Sent { remote: None, digest: content.clone() })
            }
            Target::Reply { comment, pull, text } => {
                self.tell_reply(due, *comment, *pull, text).await
            }
        }
    }

    async fn tell_of_job(&self, due: &Due, job: Job) -> Result<Told, Trouble> {
        match &due.target {
            Target::Status { .. } => self.tell_status(due, job).await,
            Target::Sarif { .. } => self.tell_sarif(due, job).await,
            _ => self.tell_check(due, job).await,
        }
    }

    async fn tell_of_pull(&self, due: &Due, pull: u64, job: Job) -> Result<Told, Trouble> {
        match &due.target {
            Target::Label { .. } => self.tell_label(due, pull, job).await,
            _ => self.tell_sticky(due, pull, job).await,
        }
    }

    async fn job_of_pull(&self, due: &Due, pull: u64) -> Result<Option<Job>, StoreError> {
        self.store.newest_job(due.lane.repo, &Subject::Pull(pull)).await
    }
}

fn done(due: &Due, told: Told) -> Published {
    match told {
        Told::Sent { remote, digest } => {
            tracing::info!(target = due.target.key(), "published");
            Published::Done { remote, digest }
        }
        Told::Same | Told::Nothing => {
            Published::Done { remote: due.remote, digest: due.digest.clone().unwrap_or_default() }
        }
    }
}

fn log(due: &Due, how: &Published) {
    let target = due.target.key();
    match how {
        Published::Done { .. } => {}
        Published::Later { why, at } => tracing::warn!(target, why, %at, "not published yet"),
        Published::GivenUp { why } => tracing::error!(target, why, "will not be published"),
    }
}

/// Whether a pull request may be stuck without it. The others must not hold up a check run for ever
/// that stands behind them.
fn matters(target: &Target) -> bool {
    matches!(target, Target::Check { .. } | Target::Status { .. } | Target::Sticky { .. })
}

/// What becomes of a target that GitHub would not take. As long as it may yet be taken, nobody
/// gives up: a check run that is never completed blocks a pull request for ever.
fn put_off(due: &Due, error: &CallError, now: Timestamp) -> Published {
    let why = error.to_string();
    let wait = || {
        let wait = back_off(WAIT.0, due.attempts, WAIT.1);
        now.saturating_add(SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(now)
    };
    match error {
        CallError::Limited { until, .. } => Published::Later { why, at: *until },
        error if error.is_for_good() => Published::GivenUp { why },
        _ if due.attempts >= TRIES && !matters(&due.target) => Published::GivenUp { why },
        _ => Published::Later { why, at: wait() },
    }
}

/// Tells one state of a target from another.
fn digest_of(content: &impl std::fmt::Debug) -> String {
    digest(format!("{content:?}").as_bytes())
}
