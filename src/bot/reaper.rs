//! Takes jobs back from runners that went silent, so that no check run stays open for ever.

use std::{fs, io, path::Path, time::SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::Bot;
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

    /// Forgets what was settled longer ago than the operator wants it kept, and the files of runs
    /// that are as old.
    ///
    /// # Errors
    ///
    /// If the database fails. Files that cannot be removed are noted in the log.
    pub async fn step_prune(&self) -> Result<u64, StoreError> {
        let keep = SignedDuration::try_from(self.config.keep).unwrap_or(SignedDuration::MAX);
        let Ok(before) = self.clock.now().checked_sub(keep) else { return Ok(0) };
        let runs = self.runs.clone();
        let removed = tokio::task::spawn_blocking(move || remove_runs(&runs, before)).await;
        note(removed.unwrap_or_else(|error| Err(io::Error::other(error))));
        self.store.prune(before).await
    }
}

fn note(removed: io::Result<u64>) {
    match removed {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed the files of old runs"),
        Err(error) => tracing::warn!(%error, "cannot remove the files of old runs"),
    }
}

/// Removes the folders of runs that nothing was written into since: how many.
fn remove_runs(runs: &Path, before: Timestamp) -> io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(runs)? {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_dir() && about.modified()? < SystemTime::from(before) {
            fs::remove_dir_all(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}
