//! The merge queue and the default branch.
//!
//! What lies there was put there by somebody who may write to the repository, so nobody has to
//! approve it once more. A merge group all the same holds code that is not merged yet: where the
//! host cannot hold strangers' code, a group that is known to hold some waits.

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
    pub(super) async fn merge_group(&self, group: &MergeGroup) -> Result<Decision, Trouble> {
        let subject = Subject::MergeGroup(group.head.clone());
        let ends = (group.head.as_str(), group.base.as_str());
        let mut job = self.job(subject, ends, &group.base_ref, "merge queue")?;
        job.trust = self.trust_of_group(group).await?;
        job.waiting = job.trust.waits_for(&job.subject, self.bot.sandboxed());
        job.priority = priority::MERGE_GROUP;
        let note = format!("gates the merge group {}", group.head);
        let effects = vec![self.once(&group.head), Effect::Enqueue(Box::new(job))];
        Ok(Decision::new(note, effects))
    }

    /// Whose code a merge group is. GitHub names the pull request that a group adds in the name of
    /// its branch; what it stands on is the target branch, or a group that was asked about before.
    /// A group that adds several pull requests at once names the last of them alone.
    async fn trust_of_group(&self, group: &MergeGroup) -> Result<Trust, Trouble> {
        let below = Subject::MergeGroup(group.base.clone());
        let below = self.bot.store.newest_job(self.repo.id, &below).await?;
        if let Some(job) = below
            && let Trust::Stranger { .. } = job.job.trust
        {
            return Ok(job.job.trust);
        }
        let Some(number) = pull_of(&group.head_ref) else { return Ok(Trust::Member) };
        match self.bot.github.pull(&self.at, number).await? {
            Some(pull) if !self.bot.is_members(&self.at, &pull).await? => {
                Ok(self.bot.unapproved(&self.at, number).await?)
            }
            _ => Ok(Trust::Member),
        }
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

/// The pull request that the branch of a merge group names:
/// `gh-readonly-queue/main/pr-104-<sha>`.
fn pull_of(branch: &str) -> Option<u64> {
    let (_, last) = branch.strip_prefix("gh-readonly-queue/")?.rsplit_once('/')?;
    let (number, _) = last.strip_prefix("pr-")?.split_once('-')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_of_a_merge_group_names_its_pull_request() {
        assert_eq!(pull_of("gh-readonly-queue/main/pr-104-0123abc"), Some(104));
        assert_eq!(pull_of("gh-readonly-queue/release/1.0/pr-7-0123abc"), Some(7));
        for other in ["main", "gh-readonly-queue/main", "gh-readonly-queue/main/pr-x-1", "pr-1-2"] {
            assert_eq!(pull_of(other), None, "{other}");
        }
    }
}
