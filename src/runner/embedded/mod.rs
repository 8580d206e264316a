//! The runner inside `t5 serve`: leases a job, gates it, gives the result back.
//!
//! It knows the server through [`Coordinator`] alone, as a runner on another machine does, and
//! holds no key of the App; the key that receipts are signed with is another.

mod attempt;
mod beat;
mod deliver;
mod newest;
mod scratch;

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinSet};
use tracing::Instrument as _;

use super::scan::DatabaseChoice;
use crate::{
    queue::{Coordinator, CoordinatorError, Work},
    receipt::Signer,
    sandbox::{Cancel, Sandbox},
};

use newest::Newest;

/// A runner and all that it needs.
#[derive(Clone)]
pub struct Embedded {
    /// Hands out jobs, and takes their results.
    pub coordinator: Arc<dyn Coordinator>,
    /// The name that leases are held under.
    pub name: String,
    /// Folder of ours that outlives a run: mirrors, tools, databases, builds.
    pub cache: PathBuf,
    /// Folder of this runner alone, where a run's files lie until the server has them.
    pub scratch: PathBuf,
    /// What child processes may see of our own environment. No secret is in it.
    pub env: BTreeMap<OsString, OsString>,
    /// The file that keeps runs on this host apart.
    pub lock: PathBuf,
    /// Where advisories come from.
    pub database: DatabaseChoice,
    /// Nothing may be fetched for the scan; the change itself is fetched all the same.
    pub offline: bool,
    /// How often the server hears that this runner is still there.
    pub heartbeat: Duration,
    /// A runner that was not heard for so long has lost its job, and stops by itself.
    pub lease: Duration,
    /// How often to ask for a job when nobody says that there is one.
    pub poll: Duration,
    /// Where code that is not ours runs.
    pub sandbox: Arc<Sandbox>,
    /// Signs every receipt, if there is a key.
    pub signer: Option<Signer>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What became of asking for a job. The text is the job's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worked {
    /// There was none.
    Idle,
    /// It is over, with a receipt or with an error.
    Finished(String),
    /// The server wanted it stopped, or the lease was lost: nothing was given back.
    Stopped(String),
    /// It was given back as if it had never been taken, for a shutdown.
    HandedBack(String),
}

enum Interrupted {
    Stop(String),
    Shutdown,
}

impl Embedded {
    /// Does one job after the other until `shutdown`, and returns when nothing of the last one
    /// runs any more. `wake` says that there may be a job.
    pub async fn serve(self, shutdown: Cancel, wake: Arc<Notify>) {
        scratch::clear(&self.scratch);
        while !shutdown.stopped() {
            if self.had_one(&shutdown).await {
                continue;
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = wake.notified() => {}
                () = tokio::time::sleep(self.poll) => {}
            }
        }
    }

    /// Whether there was a job, and so may be another.
    async fn had_one(&self, shutdown: &Cancel) -> bool {
        match self.work_once(shutdown).await {
            Ok(Worked::Idle) => return false,
            Ok(worked) => tracing::info!(?worked, "a job is out of this runner's hands"),
            Err(error) => {
                tracing::warn!(%error, "the runner asks again later");
                return false;
            }
        }
        true
    }

    /// Does one job, if there is one. On `shutdown` its processes are killed and it is handed
    /// back. Dropping the future kills them too, and leaves the job to the end of its lease.
    ///
    /// # Errors
    ///
    /// If the server cannot be asked, or does not take the result. A gate that could not be
    /// carried through is no error here: the server is told.
    pub async fn work_once(&self, shutdown: &Cancel) -> Result<Worked, CoordinatorError> {
        if shutdown.stopped() {
            return Ok(Worked::Idle);
        }
        let Some(work) = self.coordinator.lease(&self.name).await? else {
            return Ok(Worked::Idle);
        };
        let job = &work.job.job;
        let span = tracing::info_span!(
            "job", job = %job.id, repo = %job.repo.full_name(), head = %job.head
        );
        self.work(&work, shutdown).instrument(span).await
    }

    async fn work(&self, work: &Work, shutdown: &Cancel) -> Result<Worked, CoordinatorError> {
        let id = work.job.job.id.clone();
        let cancel = Cancel::default();
        let _guard = StopOnDrop(cancel.clone());
        let newest = Newest::default();
        let mut beats = JoinSet::new();
        beats.spawn(self.beats(work, &newest).in_current_span());

        let doing = self.gate_and_deliver(work, &cancel, &newest);
        tokio::pin!(doing);
        let interrupted = tokio::select! {
            done = &mut doing => return done,
            stop = beats.join_next() => Interrupted::Stop(match stop {
                Some(Ok(why)) => why,
                _ => "the heartbeat ended by itself".to_owned(),
            }),
            () = shutdown.wait() => Interrupted::Shutdown,
        };
        cancel.stop();
        // Until the last process is dead. What was over already by then stays over.
        if let Worked::Finished(id) = doing.await? {
            return Ok(Worked::Finished(id));
        }
        match interrupted {
            Interrupted::Stop(why) => {
                tracing::info!(why, "stopped");
                Ok(Worked::Stopped(id))
            }
            Interrupted::Shutdown => {
                self.coordinator.hand_back(work).await?;
                Ok(Worked::HandedBack(id))
            }
        }
    }

    fn beats(&self, work: &Work, newest: &Newest) -> impl Future<Output = String> + use<> {
        beat::Beats {
            coordinator: Arc::clone(&self.coordinator),
            work: work.clone(),
            newest: newest.clone(),
            period: self.heartbeat,
            lease: self.lease,
        }
        .until_stopped()
    }
}

/// A run goes on by itself on a thread of its own; it must not outlive whoever waits for it.
struct StopOnDrop(Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
