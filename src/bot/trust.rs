//! Whose code a job runs, as GitHub says now, and what it has to wait for.
//!
//! It is asked when a job is made and again when a runner takes it: in between a collaborator may
//! have been removed, a head may have moved, and whoever approved may no longer write.

use super::{Bot, at, risk};
use crate::{
    github::{
        client::{At, CallError, Permission},
        event::Pull,
    },
    queue::{Job, StoreError, Trust, Waiting},
    sandbox::Isolation,
};

impl Bot {
    /// Whether this host can hold strangers' code: only the full sandbox can.
    pub(super) fn sandboxed(&self) -> bool {
        self.isolation == Isolation::Full
    }

    /// Has jobs that were held by an earlier start wait for what this host makes due: those that
    /// only lacked a sandbox go on, or wait for their approval; gives their ids.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn step_strangers(&self) -> Result<Vec<String>, StoreError> {
        let sorted = self.store.sort_strangers(self.sandboxed(), self.clock.now()).await?;
        if !sorted.is_empty() {
            let isolation = self.isolation.word();
            tracing::info!(isolation, jobs = ?sorted, "strangers' jobs wait for something else now");
            self.bells.ring_all();
        }
        Ok(sorted)
    }

    /// Whether this account may write to the repository.
    pub(super) async fn may_write(&self, at: &At, login: &str) -> Result<bool, CallError> {
        Ok(self.github.permission(at, login).await? >= Permission::Write)
    }

    /// Whether the head of a pull request is code of a member: its author may write, and it lies
    /// in the repository itself.
    pub(super) async fn is_members(&self, at: &At, pull: &Pull) -> Result<bool, CallError> {
        Ok(pull.head_repo == Some(at.repo) && self.may_write(at, &pull.author).await?)
    }

    /// Code that nobody has approved yet.
    pub(super) async fn unapproved(&self, at: &At, pull: u64) -> Result<Trust, CallError> {
        let files = self.github.pull_files(at, pull).await?;
        Ok(Trust::Stranger { risks: risk::risks(&files), approved_by: None })
    }

    /// Whose code a pull request's job is now, where that is not what it was stored as.
    pub(super) async fn distrusted(
        &self,
        job: &Job,
        pull: &Pull,
    ) -> Result<Option<(Trust, Waiting)>, CallError> {
        let at = at(&job.job);
        let trust = match &job.job.trust {
            Trust::Member if self.is_members(&at, pull).await? => return Ok(None),
            Trust::Member => self.unapproved(&at, pull.number).await?,
            Trust::Stranger { approved_by: Some(by), .. } if self.may_write(&at, by).await? => {
                return Ok(None);
            }
            Trust::Stranger { risks, .. } => {
                Trust::Stranger { risks: risks.clone(), approved_by: None }
            }
        };
        let waiting = trust.waits_for(&job.job.subject, self.sandboxed());
        Ok(Some((trust, waiting)))
    }
}
