//! What a runner knows of the server: the same for the embedded one and for one far away.

use async_trait::async_trait;
use secrecy::SecretString;

use super::{Finish, Heard, Job, Progress};

/// A job that a runner has, and what it needs to do it. No key of the App is among it.
#[derive(Clone, Debug)]
pub struct Work {
    /// The job.
    pub job: Job,
    /// Proves that this runner is the one that has it.
    pub lease: String,
    /// The repository's address, without a token in it.
    pub clone_url: String,
    /// Reads this one repository's contents, for an hour at most. None for a server that asks
    /// for none.
    pub token: Option<SecretString>,
}

/// The server could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
#[error("the server cannot {what}: {why}")]
pub struct CoordinatorError {
    /// What was asked of it.
    pub what: &'static str,
    /// What it said.
    pub why: String,
}

/// Hands out jobs, and takes their results.
#[async_trait]
pub trait Coordinator: Send + Sync {
    /// The next job for this runner, if there is one.
    async fn lease(&self, runner: &str) -> Result<Option<Work>, CoordinatorError>;
    /// Still there; and what the run is doing.
    async fn heartbeat(
        &self,
        work: &Work,
        progress: Option<Progress>,
    ) -> Result<Heard, CoordinatorError>;
    /// A token for the fetch that is about to begin: the one that came with the job may have ended
    /// while the runner waited for its host.
    async fn token(&self, work: &Work) -> Result<Option<SecretString>, CoordinatorError> {
        Ok(work.token.clone())
    }
    /// Stores one file of a run. `name` is a plain file name.
    async fn upload(
        &self,
        work: &Work,
        run: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<(), CoordinatorError>;
    /// The job is over. False if the lease no longer counted: then nobody needs the result.
    async fn finish(&self, work: &Work, finish: Finish) -> Result<bool, CoordinatorError>;
    /// Gives the job back as if it had never been taken.
    async fn hand_back(&self, work: &Work) -> Result<(), CoordinatorError>;
}
