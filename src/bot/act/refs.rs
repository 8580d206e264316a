//! The merge queue and the default branch. What lies there was put there by somebody who may
//! write to the repository.

use super::{
    Decision, Scene, Trouble,
    pull::{priority, stale},
};
use crate::{
    bot::random_id,
    github::event::{MergeGroup, Push},
    queue::{Asked, Effect, Ended, NewJob, Scope, Subject, Trust, Waiting},
};

impl Scene<'_> {
    pub(super) fn merge_group(&self, group: &MergeGroup) -> Result<Decision, Trouble> {
        let subject = Subject::MergeGroup(group.head.clone());
        let ends = (group.head.as_str(), group.base.as_str());
        let mut job = self.job(subject, ends, &group.base_ref, "merge queue")?;
        job.priority = priority::MERGE_GROUP;
        let note = format!("gates the merge group {}", group.head);
        let effects = vec![self.once(&group.head), Effect::Enqueue(Box::new(job))];
        Ok(Decision::new(note, effects))
    }

    /// A group is asked about once. Where its end is heard of first, there is nothing to gate.
    fn once(&self, head: &str) -> Effect {
        Effect::Once(format!("merge-group/{}/{head}", self.repo.id))
    }

    pub(super) fn merge_group_gone(&self, head: &str) -> Decision {
        let effect = Effect::Cancel {
            repo: self.repo.id,
            subject: Subject::MergeGroup(head.to_owned()),
            ended: Ended::Cancelled,
            note: "the merge group is gone".to_owned(),
        };
        Decision::new(format!("the merge group {head} is gone"), vec![effect, self.once(head)])
    }

    pub(super) async fn push(&self, push: &Push) -> Result<Decision, Trouble> {
        let Some(before) = &push.before else {
            return Ok(Decision::nothing("a new branch has nothing to be compared with"));
        };
        let tip = self.bot.github.branch_tip(&self.at, &push.branch).await?;
        if tip.as_ref() == Some(before) && before != &push.after {
            return Err(stale(&push.branch));
        }
        if tip.as_ref() != Some(&push.after) {
            // A late delivery would have the badge tell of an old commit.
            let note = format!("{} has moved on from {}", push.branch, push.after);
            return Ok(Decision::nothing(note));
        }
        let subject = Subject::Branch(push.branch.clone());
        let ends = (push.after.as_str(), before.as_str());
        let job = self.job(subject, ends, &push.branch, "pushed")?;
        let note = format!("gates {} at {}", push.branch, push.after);
        Ok(Decision::new(note, vec![Effect::Enqueue(Box::new(job))]))
    }

    fn job(
        &self,
        subject: Subject,
        (head, base): (&str, &str),
        base_ref: &str,
        how: &str,
    ) -> Result<NewJob, Trouble> {
        Ok(NewJob {
            id: random_id()?,
            installation: self.event.installation,
            repo: self.repo.clone(),
            subject,
            head: head.to_owned(),
            base: base.to_owned(),
            base_ref: base_ref.to_owned(),
            scope: Scope::All,
            trust: Trust::Member,
            waiting: Waiting::Nothing,
            priority: priority::PUSH,
            asked: Asked { by: self.event.sender.clone(), how: how.to_owned(), comment: None },
            again: false,
        })
    }
}
