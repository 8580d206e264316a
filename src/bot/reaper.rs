//! Takes jobs back from runners that went silent, so that no check run stays open for ever.

use jiff::SignedDuration;

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

    /// Forgets what was settled longer ago than the operator wants it kept, and removes files of
    /// runs that never were.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn step_prune(&self) -> Result<u64, StoreError> {
        self.remove_leftovers().await?;
        let keep = SignedDuration::try_from(self.config.keep).unwrap_or(SignedDuration::MAX);
        match self.clock.now().checked_sub(keep) {
            Ok(before) => self.store.prune(before).await,
            Err(_) => Ok(0),
        }
    }
}
