//! Acts on deliveries: asks GitHub what is true, decides, and stores what follows in one
//! transaction.

mod approve;
mod check;
mod comment;
mod pull;
mod refs;

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::task::{JoinError, JoinSet};

use super::{Bot, back_off};
use crate::{
    github::{
        client::{At, CallError},
        event::{Event, Parsed, Repo, What},
        webhook,
    },
    queue::{Delivery, Effect, StoreError, Subject},
};

/// How many deliveries are looked at in one step.
const BATCH: u32 = 64;
/// A delivery that fails so often is dead.
const TRIES: u32 = 10;
/// How long a delivery that failed waits, at first and at most.
const WAIT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(900));

/// What is to be done about an event.
#[derive(Debug)]
struct Decision {
    /// For the list of deliveries.
    note: String,
    effects: Vec<Effect>,
}

impl Decision {
    fn nothing(note: impl Into<String>) -> Self {
        Self { note: note.into(), effects: Vec::new() }
    }

    fn new(note: impl Into<String>, effects: Vec<Effect>) -> Self {
        Self { note: note.into(), effects }
    }
}

/// Why nothing could be decided.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a mistake of this program; its log says more: {0}")]
    Broken(#[from] JoinError),
}

/// An event of a repository, with everything that its handlers ask for.
struct Scene<'a> {
    bot: &'a Bot,
    event: &'a Event,
    repo: &'a Repo,
    at: At,
}

impl Bot {
    /// Acts on the deliveries that are due; gives how many there were. What belongs to one pull
    /// request is acted on in order, different ones side by side.
    ///
    /// # Errors
    ///
    /// If the database fails. What goes wrong with one delivery is noted with it.
    pub async fn step_inbox(&self) -> Result<usize, StoreError> {
        let due = self.store.due_deliveries(self.clock.now(), BATCH).await?;
        let count = due.len();
        let mut queues: BTreeMap<String, Vec<(Delivery, Parsed)>> = BTreeMap::new();
        for delivery in due {
            let parsed = webhook::parse(&delivery.verified, self.app_id);
            let order = self.order(&parsed).await?;
            queues.entry(order).or_default().push((delivery, parsed));
        }
        let mut running = JoinSet::new();
        for queue in queues.into_values() {
            let bot = self.clone();
            running.spawn(async move {
                for (delivery, parsed) in queue {
                    bot.act(&delivery, parsed).await?;
                }
                Ok::<_, StoreError>(())
            });
        }
        // One that fails keeps no other from its end.
        let mut all = Ok(count);
        while let Some(ended) = running.join_next().await {
            match ended.map_err(|panic| StoreError { what: "act", source: Box::new(panic) }) {
                Ok(Ok(())) => {}
                Ok(Err(error)) | Err(error) => all = Err(error),
            }
        }
        all
    }

    async fn act(&self, delivery: &Delivery, parsed: Parsed) -> Result<(), StoreError> {
        let guid = delivery.verified.guid();
        let now = self.clock.now();
        let event = match parsed {
            Parsed::Ignored(why) => {
                self.store.settle(guid, &why, Vec::new(), now).await?;
                return Ok(());
            }
            Parsed::Event(event) => event,
        };
        match self.decided(&event).await {
            Ok(decision) => {
                let settled =
                    self.store.settle(guid, &decision.note, decision.effects, now).await?;
                tracing::info!(
                    guid,
                    note = decision.note,
                    repeated = settled.repeated,
                    enqueued = ?settled.enqueued,
                    stopped = ?settled.stopped,
                    "delivery settled"
                );
                self.bells.ring_all();
                Ok(())
            }
            Err(Trouble::Store(error)) => Err(error),
            Err(Trouble::Call(error)) => self.not_settled(delivery, &error, now).await,
            Err(Trouble::Broken(error)) => {
                let again = later(delivery.attempts, now);
                self.postpone(delivery, &error, again).await
            }
        }
    }

    /// GitHub did not play along. That it asks to wait is no fault of the delivery.
    async fn not_settled(
        &self,
        delivery: &Delivery,
        error: &CallError,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let CallError::Limited { until, .. } = error else {
            return self.postpone(delivery, error, again(error, delivery.attempts, now)).await;
        };
        let guid = delivery.verified.guid();
        tracing::warn!(guid, %until, %error, "delivery put off");
        self.store.put_off(guid, &error.to_string(), *until).await
    }

    /// Decides in a task of its own: a delivery over which this program panics is tried again
    /// later, and dead after so many times, like any other that fails.
    async fn decided(&self, event: &Event) -> Result<Decision, Trouble> {
        let (bot, event) = (self.clone(), event.clone());
        let mut alone = JoinSet::new();
        alone.spawn(async move { bot.decide(&event).await });
        match alone.join_next().await {
            Some(decided) => decided?,
            None => Ok(Decision::nothing("nothing was decided")),
        }
    }

    async fn postpone(
        &self,
        delivery: &Delivery,
        error: &(dyn std::fmt::Display + Sync),
        again: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (guid, attempts, dead) = (delivery.verified.guid(), delivery.attempts, again.is_none());
        tracing::warn!(guid, attempts, dead, %error, "delivery not settled");
        self.store.postpone(guid, &error.to_string(), again).await
    }

    /// What has to be acted on one after the other: all that is about one subject. Two decisions
    /// side by side could have the older one stop what the newer one began.
    async fn order(&self, parsed: &Parsed) -> Result<String, StoreError> {
        let Parsed::Event(event) = parsed else { return Ok("nothing to do".to_owned()) };
        let repo = event.repo.as_ref().map_or(0, |repo| repo.id);
        let subject = match &event.what {
            What::Pull(_, pull) => Some(Subject::Pull(pull.number)),
            What::Comment(comment) => Some(Subject::Pull(comment.pull)),
            What::Rerun(clicked)
            | What::RerunSuite(clicked)
            | What::Button { check: clicked, .. } => self.subject_behind(repo, clicked).await?,
            What::MergeGroup(group) => Some(Subject::MergeGroup(group.head.clone())),
            What::MergeGroupGone { head } => Some(Subject::MergeGroup(head.clone())),
            What::Push(push) => Some(Subject::Branch(push.branch.clone())),
            What::Uninstalled { .. } | What::Restored => None,
        };
        Ok(subject.map_or_else(|| repo.to_string(), |subject| format!("{repo}/{subject}")))
    }

    async fn decide(&self, event: &Event) -> Result<Decision, Trouble> {
        let Some(repo) = &event.repo else {
            return Ok(match &event.what {
                What::Uninstalled { repositories } => forget(event, repositories),
                What::Restored => restored(event),
                _ => Decision::nothing("names no repository"),
            });
        };
        let at = At {
            installation: event.installation,
            repo: repo.id,
            owner: repo.owner.clone(),
            name: repo.name.clone(),
        };
        let scene = Scene { bot: self, event, repo, at };
        match &event.what {
            What::Pull(action, pull) => scene.pull(*action, pull).await,
            What::Comment(comment) => scene.comment(comment).await,
            What::Rerun(clicked) => scene.rerun(clicked).await,
            What::RerunSuite(clicked) => scene.rerun(clicked).await,
            What::Button { identifier, check } => scene.button(identifier, check).await,
            What::MergeGroup(group) => scene.merge_group(group).await,
            What::MergeGroupGone { head } => Ok(scene.merge_group_gone(head)),
            What::Push(push) => scene.push(push).await,
            What::Uninstalled { repositories } => Ok(forget(event, repositories)),
            What::Restored => Ok(restored(event)),
        }
    }
}

/// When a delivery is tried again after this error; none if never.
fn again(error: &CallError, attempts: u32, now: Timestamp) -> Option<Timestamp> {
    if error.is_for_good() { None } else { later(attempts, now) }
}

/// When a delivery is tried again that failed once more than so often; none if it is dead.
fn later(attempts: u32, now: Timestamp) -> Option<Timestamp> {
    if attempts + 1 >= TRIES {
        return None;
    }
    let wait = SignedDuration::try_from(back_off(WAIT.0, attempts, WAIT.1)).unwrap_or_default();
    now.saturating_add(wait).ok()
}

/// What was refused for want of a permission, or while the App was suspended, may be taken now.
fn restored(event: &Event) -> Decision {
    let effect = Effect::TryAgain { installation: event.installation };
    Decision::new("the App may do more now: what GitHub refused is tried again", vec![effect])
}

fn forget(event: &Event, repositories: &[u64]) -> Decision {
    let effect =
        Effect::Forget { installation: event.installation, repositories: repositories.to_vec() };
    Decision::new("the App was removed", vec![effect])
}
