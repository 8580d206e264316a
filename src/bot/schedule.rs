//! Repeats the steps of the bot for as long as the server runs.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinSet};

use super::Bot;
use crate::sandbox::Cancel;

/// How often each step is taken when nobody rings.
const TICK: Duration = Duration::from_secs(1);
const REAP: Duration = Duration::from_secs(10);
const AUDIT: Duration = Duration::from_secs(300);
const PRUNE: Duration = Duration::from_secs(3600);
/// After the database failed.
const PAUSE: Duration = Duration::from_secs(5);

/// The running steps of a bot. Each ends between two steps once `stop` was called.
#[derive(Debug)]
pub struct Loops {
    tasks: JoinSet<()>,
}

impl Loops {
    /// Starts them. What a runner of the name `embedded` had before this start is taken back at
    /// once: it ran in the process that is gone.
    pub fn start(bot: &Bot, stop: &Cancel) -> Self {
        let mut tasks = JoinSet::new();
        let every = |period, bell: Option<&Arc<Notify>>| Beat {
            stop: stop.clone(),
            period,
            bell: bell.cloned(),
        };
        let (inbox, outbox) = (bot.clone(), bot.clone());
        tasks.spawn(every(TICK, Some(&bot.bells.inbox)).repeat("inbox", move || {
            let bot = inbox.clone();
            async move { bot.step_inbox().await.map(|done| done > 0) }
        }));
        tasks.spawn(every(TICK, Some(&bot.bells.outbox)).repeat("outbox", move || {
            let bot = outbox.clone();
            async move { bot.step_outbox().await.map(|done| done > 0) }
        }));
        let (reaper, auditor, pruner) = (bot.clone(), bot.clone(), bot.clone());
        tasks.spawn(every(REAP, None).repeat("reaper", move || {
            let bot = reaper.clone();
            async move { bot.step_reaper(None).await.map(|_| false) }
        }));
        tasks.spawn(every(AUDIT, None).repeat("audit", move || {
            let bot = auditor.clone();
            async move { bot.step_audit().await.map(|_| false) }
        }));
        tasks.spawn(every(PRUNE, None).repeat("prune", move || {
            let bot = pruner.clone();
            async move { bot.step_prune().await.map(|_| false) }
        }));
        Self { tasks }
    }

    /// Waits until every loop has ended.
    pub async fn ended(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// When a step is taken.
struct Beat {
    stop: Cancel,
    period: Duration,
    bell: Option<Arc<Notify>>,
}

impl Beat {
    /// Takes a step, and the next one at once as long as there was something to do. A step that
    /// panics ends no loop: a server that takes deliveries and never acts on them looks well.
    async fn repeat<F, E>(self, name: &'static str, step: impl Fn() -> F + Send)
    where
        F: Future<Output = Result<bool, E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        while !self.stop.stopped() {
            let mut taken = JoinSet::new();
            taken.spawn(step());
            let failed = match taken.join_next().await {
                Some(Ok(Ok(true))) => continue,
                Some(Ok(Ok(false))) | None => None,
                Some(Ok(Err(error))) => Some(error.to_string()),
                Some(Err(panic)) => Some(panic.to_string()),
            };
            let wait = failed.map_or(self.period, |error| {
                tracing::error!(step = name, error, "a step failed; it is tried again");
                self.period.max(PAUSE)
            });
            let rung = async {
                match &self.bell {
                    Some(bell) => bell.notified().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.stop.wait() => {}
                () = rung => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}
