//! Takes jobs back from runners that went silent, so that no check run stays open for ever.

use std::{fs, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{Bot, desk::plain_id};
use crate::queue::{Reaped, StoreError};

impl Bot {
    /// Takes leases back that ran out, and those of a runner that has just started anew.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn step_reaper(&self, restarted: Option<&str>) -> Result<Vec<Reaped>, StoreError> {
        let cap = self.config.runner.attempts;
        let reaped = self.store.reap(self.clock.now(), restarted, cap).await?;
        for one in &reaped {
            tracing::warn!(?one, "a runner went silent");
        }
        if !reaped.is_empty() {
            self.bells.ring_all();
        }
        Ok(reaped)
    }

    /// Forgets what was settled longer ago than the operator wants it kept, and removes the files
    /// of older runs, and of runs that never were.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn step_prune(&self) -> Result<u64, StoreError> {
        self.remove_leftovers().await?;
        let (keep, records) = (self.config.keep, self.config.keep_records);
        let mut gone = 0;
        if let Some(before) = self.ago(keep) {
            self.prune_runs(before).await?;
            gone += self.store.prune(before).await?;
        }
        // No record goes before what it is about.
        if let Some(before) = self.ago(records.max(keep)) {
            gone += self.store.forget(before).await?;
        }
        Ok(gone)
    }

    fn ago(&self, age: Duration) -> Option<Timestamp> {
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        self.clock.now().checked_sub(age).ok()
    }

    /// Removes the files of runs that are older: a run itself stays, with its outcome.
    async fn prune_runs(&self, before: Timestamp) -> Result<(), StoreError> {
        for id in folders(&self.runs) {
            if self.store.run(&id).await?.is_some_and(|run| run.finished < before) {
                let folder = self.runs.join(&id);
                if let Err(error) = fs::remove_dir_all(&folder) {
                    tracing::warn!(folder = %folder.display(), %error, "cannot be removed");
                }
            }
        }
        Ok(())
    }
}

/// The folders of runs, by name.
fn folders(runs: &Path) -> Vec<String> {
    let entries = fs::read_dir(runs).into_iter().flatten().flatten();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().ok();
    entries.filter_map(name).filter(|name| plain_id(name)).collect()
}
