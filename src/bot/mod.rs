//! The bot: what it makes of deliveries, and what it tells GitHub.
//!
//! A delivery is only a hint that something changed. What is true is asked of GitHub when it is
//! acted on, so deliveries that are late, doubled, out of order or lost do no harm. Each step
//! ends in one transaction of [`Store`], and each step can be repeated: whoever kills this
//! process at any point finds, after the next start, nothing lost and nothing done twice.
//!
//! The steps are separate on purpose. [`Bot::step_inbox`], [`Bot::step_outbox`],
//! [`Bot::step_reaper`] and [`Bot::step_audit`] each do what is due and return; `schedule`
//! repeats them in a server, and a test calls them one by one.

mod act;
mod audit;
mod desk;
mod leftovers;
mod publish;
mod reaper;
pub mod risk;
mod schedule;
mod standing;
mod trust;
mod words;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::Notify;

pub use schedule::Loops;
pub use standing::{Standing, standing};

use crate::{
    config::server::Server,
    github::client::{At, Client},
    host::Clock,
    queue::{Lane, NewJob, Store, StoreError, Subject},
    sandbox::Isolation,
};

/// Everything that the steps of the bot have in common.
#[derive(Clone, Debug)]
pub struct Bot {
    /// The database.
    pub store: Arc<dyn Store>,
    /// GitHub.
    pub github: Client,
    /// The App's id: deliveries about other Apps' check runs are not ours.
    pub app_id: u64,
    /// The server's configuration.
    pub config: Arc<Server>,
    /// Folder with one folder a run.
    pub runs: PathBuf,
    /// What time it is.
    pub clock: Clock,
    /// How far this host keeps the code of changes apart. Strangers' runs at [`Isolation::Full`]
    /// alone.
    pub isolation: Isolation,
    /// Rung when there is something to do.
    pub bells: Bells,
}

/// Wakes the loops before their next tick. Ringing too often costs a look into the database.
#[derive(Clone, Debug, Default)]
pub struct Bells {
    /// A delivery was stored.
    pub inbox: Arc<Notify>,
    /// Something has to be published.
    pub outbox: Arc<Notify>,
    /// A job was enqueued.
    pub runner: Arc<Notify>,
}

impl Bells {
    /// Something changed that may concern anybody.
    fn ring_all(&self) {
        self.outbox.notify_one();
        self.runner.notify_one();
    }
}

/// Doubles `first` with each attempt, up to `most`.
fn back_off(first: Duration, attempts: u32, most: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(attempts.min(30))).min(most)
}

/// A random name that nobody can guess: 32 hexadecimal digits.
///
/// # Errors
///
/// If the operating system gives no randomness.
fn random_id() -> Result<String, StoreError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|source| StoreError { what: "draw a random name", source: Box::new(source) })?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

/// Where the calls about a job go.
fn at(job: &NewJob) -> At {
    At {
        installation: job.installation,
        repo: job.repo.id,
        owner: job.repo.owner.clone(),
        name: job.repo.name.clone(),
    }
}

/// Where the calls about a lane go.
fn at_lane(lane: &Lane) -> At {
    At {
        installation: lane.installation,
        repo: lane.repo,
        owner: lane.owner.clone(),
        name: lane.name.clone(),
    }
}

/// The lane of a subject.
fn lane(at: &At, subject: &Subject) -> Lane {
    Lane {
        installation: at.installation,
        repo: at.repo,
        owner: at.owner.clone(),
        name: at.name.clone(),
        subject: subject.to_string(),
    }
}
