//! Tells the server that this runner is still there.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

use super::Newest;
use crate::queue::{Coordinator, Heard, Work};

/// The heartbeats of one job.
pub(super) struct Beats {
    pub(super) coordinator: Arc<dyn Coordinator>,
    pub(super) work: Work,
    pub(super) newest: Newest,
    pub(super) period: Duration,
    pub(super) lease: Duration,
}

impl Beats {
    /// Returns only once the run has to end, with the reason: the server said so, or it was not
    /// reached for as long as a lease lasts, and so the job may be another's by now.
    pub(super) async fn until_stopped(self) -> String {
        let mut ticks = interval(self.period.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut until = Instant::now() + self.lease;
        let lost = || format!("the server was not reached for {} s", self.lease.as_secs());
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = sleep_until(until) => return lost(),
            }
            // Counted from before the question: the server renews no earlier.
            let asked = Instant::now();
            let heard = self.coordinator.heartbeat(&self.work, self.newest.get());
            match timeout_at(until, heard).await {
                Ok(Ok(Heard::Continue)) => until = asked + self.lease,
                Ok(Ok(Heard::Stop(why))) => return why,
                Ok(Err(error)) => tracing::warn!(%error, "a heartbeat was not heard"),
                Err(_) => return lost(),
            }
        }
    }
}
