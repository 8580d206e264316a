//! Pull requests: what opening, pushing and closing them starts and ends.

use super::{Decision, Scene, Trouble};
use crate::{
    bot::{lane, random_id},
    github::{
        client::CallError,
        event::{Pull, PullAction},
    },
    queue::{Asked, Effect, Ended, NewJob, Scope, Subject, Target, Trust},
};

/// Whoever waits is served before whoever does not, and what is quick before what is not.
pub(super) mod priority {
    /// A person asked.
    pub(in crate::bot::act) const COMMAND: i64 = 300;
    /// The merge queue waits, and everybody in it.
    pub(in crate::bot::act) const MERGE_GROUP: i64 = 200;
    /// A pull request.
    pub(in crate::bot::act) const PULL: i64 = 100;
    /// A branch that moved: nobody waits.
    pub(in crate::bot::act) const PUSH: i64 = 0;
    /// On top, for policy alone: seconds instead of minutes.
    pub(in crate::bot::act) const POLICY_ALONE: i64 = 30;
    /// On top, for so many changed files at most.
    pub(in crate::bot::act) const SMALL: [(u64, i64); 2] = [(10, 20), (100, 10)];
}

/// What a job is made for.
pub(super) struct Wanted {
    pub(super) scope: Scope,
    pub(super) asked: Asked,
    pub(super) priority: i64,
    /// The same head may be gated again.
    pub(super) again: bool,
}

/// GitHub's answer is older than the delivery: acting on it would lose what the delivery tells.
pub(super) fn stale(what: &str) -> Trouble {
    let why = format!("its answer about {what} is older than the delivery");
    Trouble::Call(CallError::Unsure { why })
}

impl Scene<'_> {
    pub(super) async fn pull(&self, action: PullAction, told: &Pull) -> Result<Decision, Trouble> {
        let (repo, number) = (self.repo.id, told.number);
        let Some(pull) = self.bot.github.pull(&self.at, number).await? else {
            return Ok(Decision::nothing(format!("pull request {number} is gone")));
        };
        if pull.head != told.head && pull.updated < told.updated {
            return Err(stale(&format!("pull request {number}")));
        }
        let key = format!("pull/{repo}/{number}/{action:?}/{}/{}", told.head, told.updated);
        let mut effects = vec![Effect::Once(key)];
        if !pull.open {
            effects.push(self.closed(number));
            return Ok(Decision::new(format!("pull request {number} is closed"), effects));
        }
        if pull.draft {
            return self.draft(&pull, effects).await;
        }
        let how = match action {
            PullAction::Opened => "opened",
            PullAction::Synchronize => "pushed",
            PullAction::Reopened => "reopened",
            PullAction::ReadyForReview => "ready for review",
            PullAction::Retargeted => "another base",
            PullAction::Closed => "closed and opened again",
        };
        let asked = Asked { by: self.event.sender.clone(), how: how.to_owned(), comment: None };
        let wanted = Wanted { scope: Scope::All, asked, priority: priority::PULL, again: false };
        let job = self.job_of_pull(&pull, wanted).await?;
        effects.push(Effect::Enqueue(Box::new(job)));
        // What stood on an earlier head does not stand on this one.
        let label = Target::Label { pull: number };
        effects.push(Effect::Post(lane(&self.at, &Subject::Pull(number)), label));
        Ok(Decision::new(format!("gates pull request {number} at {}", pull.head), effects))
    }

    /// A draft is gated when it is ready. What somebody had asked for on an earlier head of it is
    /// no longer needed.
    async fn draft(&self, pull: &Pull, mut effects: Vec<Effect>) -> Result<Decision, Trouble> {
        let (number, subject) = (pull.number, Subject::Pull(pull.number));
        let live = self.bot.live_job(self.repo.id, &subject).await?;
        if live.is_some_and(|job| job.job.head != pull.head) {
            effects.push(Effect::Cancel {
                repo: self.repo.id,
                subject,
                ended: Ended::Cancelled,
                note: format!("the head of the draft is {} now", pull.head),
            });
        }
        let note = "is a draft; it is gated when it is ready, or on /rerun-t5";
        Ok(Decision::new(format!("pull request {number} {note}"), effects))
    }

    pub(super) fn closed(&self, number: u64) -> Effect {
        Effect::Cancel {
            repo: self.repo.id,
            subject: Subject::Pull(number),
            ended: Ended::Cancelled,
            note: "the pull request was closed".to_owned(),
        }
    }

    /// A job for a pull request as it stands now.
    pub(super) async fn job_of_pull(&self, pull: &Pull, wanted: Wanted) -> Result<NewJob, Trouble> {
        let tip = self.bot.github.branch_tip(&self.at, &pull.base_ref).await?;
        let trust = self.trust(pull).await?;
        let subject = Subject::Pull(pull.number);
        let waiting = trust.waits_for(&subject, self.bot.sandboxed());
        let size = pull.changed_files.unwrap_or(u64::MAX);
        let small = priority::SMALL.iter().find(|(files, _)| size <= *files);
        let policy = if wanted.scope == Scope::Policy { priority::POLICY_ALONE } else { 0 };
        Ok(NewJob {
            id: random_id()?,
            installation: self.event.installation,
            repo: self.repo.clone(),
            subject,
            head: pull.head.clone(),
            base: tip.unwrap_or_else(|| pull.base.clone()),
            base_ref: pull.base_ref.clone(),
            scope: wanted.scope,
            trust,
            waiting,
            priority: wanted.priority + policy + small.map_or(0, |(_, more)| *more),
            asked: wanted.asked,
            again: wanted.again,
        })
    }

    /// Whose code the head is. An approval of this very head goes on to count.
    async fn trust(&self, pull: &Pull) -> Result<Trust, Trouble> {
        if self.bot.is_members(&self.at, pull).await? {
            return Ok(Trust::Member);
        }
        let subject = Subject::Pull(pull.number);
        let newest = self.bot.store.newest_job(self.repo.id, &subject).await?;
        if let Some(job) = newest
            && job.job.head == pull.head
            && let Trust::Stranger { .. } = job.job.trust
        {
            return Ok(job.job.trust);
        }
        Ok(self.bot.unapproved(&self.at, pull.number).await?)
    }

    /// Whether this account may write to the repository, as GitHub says now.
    pub(super) async fn may_write(&self, login: &str) -> Result<bool, CallError> {
        self.bot.may_write(&self.at, login).await
    }
}
