//! Buttons: «Re-run», ours and GitHub's, «Cancel» and «Approve». Each checks the sender's
//! permission exactly as a command does.

use super::{
    Decision, Scene, Trouble,
    approve::Approval,
    pull::{Wanted, priority},
};
use crate::{
    bot::random_id,
    github::event::{Clicked, Pull},
    queue::{Asked, Effect, Ended, Job, JobState, NewJob, Scope, Subject},
    report::posted::{APPROVE, CANCEL, RERUN},
};

impl Scene<'_> {
    pub(super) async fn button(
        &self,
        identifier: &str,
        check: &Clicked,
    ) -> Result<Decision, Trouble> {
        match identifier {
            RERUN => self.rerun(check).await,
            CANCEL => self.cancel_by_button(check).await,
            APPROVE => self.approve_by_button(check).await,
            other => Ok(Decision::nothing(format!("no button of ours: {other}"))),
        }
    }

    /// «Re-run»: everything that the job behind the button ran, on the head as it is now.
    pub(super) async fn rerun(&self, clicked: &Clicked) -> Result<Decision, Trouble> {
        if let Some(refused) = self.refused().await? {
            return Ok(refused);
        }
        let job = self.job_behind(clicked).await?;
        let scope = job.as_ref().map_or(Scope::All, |job| job.job.scope.clone());
        let subject = match (&job, clicked.pulls.first()) {
            (Some(job), _) => Some(job.job.subject.clone()),
            (None, Some(number)) => Some(Subject::Pull(*number)),
            // GitHub names no pull request of a fork: find it by its head.
            (None, None) => {
                let pulls = self.bot.github.open_pulls_of_head(&self.at, &clicked.head).await?;
                pulls.first().map(|number| Subject::Pull(*number))
            }
        };
        match (subject, job) {
            (Some(Subject::Pull(number)), _) => self.rerun_pull(number, scope).await,
            (Some(_), Some(job)) => self.rerun_job(&job),
            _ => Ok(Decision::nothing(format!("no job and no pull request at {}", clicked.head))),
        }
    }

    async fn rerun_pull(&self, number: u64, scope: Scope) -> Result<Decision, Trouble> {
        let pull = match self.open_pull(number).await? {
            Ok(pull) => pull,
            Err(nothing) => return Ok(nothing),
        };
        let wanted =
            Wanted { scope, asked: self.clicked(), priority: priority::COMMAND, again: true };
        let job = self.job_of_pull(&pull, wanted).await?;
        let note = format!("gates pull request {number} again at {}", pull.head);
        Ok(Decision::new(note, vec![Effect::Enqueue(Box::new(job))]))
    }

    fn rerun_job(&self, job: &Job) -> Result<Decision, Trouble> {
        let again = NewJob {
            id: random_id()?,
            // As they are now: the App may have been installed anew, the repository renamed.
            installation: self.event.installation,
            repo: self.repo.clone(),
            asked: self.clicked(),
            again: true,
            ..job.job.clone()
        };
        let note = format!("gates {} again at {}", again.subject, again.head);
        Ok(Decision::new(note, vec![Effect::Enqueue(Box::new(again))]))
    }

    async fn cancel_by_button(&self, check: &Clicked) -> Result<Decision, Trouble> {
        if let Some(refused) = self.refused().await? {
            return Ok(refused);
        }
        let behind = self.job_behind(check).await?;
        // The button of a job that is over must not stop the one that took its place.
        let Some(job) = behind.filter(|job| job.state != JobState::Over) else {
            return Ok(Decision::nothing("no live job behind this button"));
        };
        let effect = Effect::Cancel {
            repo: self.repo.id,
            subject: job.job.subject,
            ended: Ended::Cancelled,
            note: format!("{} asked for it", self.event.sender),
        };
        Ok(Decision::new("cancelled by a button", vec![effect]))
    }

    async fn approve_by_button(&self, check: &Clicked) -> Result<Decision, Trouble> {
        if let Some(refused) = self.refused().await? {
            return Ok(refused);
        }
        let Some(Subject::Pull(number)) = self.job_behind(check).await?.map(|j| j.job.subject)
        else {
            return Ok(Decision::nothing("no pull request behind this button"));
        };
        let pull = match self.open_pull(number).await? {
            Ok(pull) => pull,
            Err(nothing) => return Ok(nothing),
        };
        let sender = &self.event.sender;
        Ok(match self.approve(&pull, &check.head, sender).await? {
            Approval::NotTheHead => Decision::nothing("the head has moved since"),
            Approval::Nothing => Decision::nothing("nothing waits for an approval"),
            Approval::Given(effect) | Approval::InVain(effect) => {
                Decision::new(format!("{sender} approves {}", check.head), vec![effect])
            }
        })
    }

    /// Nobody is answered where there is no comment to answer; the note says it.
    async fn refused(&self) -> Result<Option<Decision>, Trouble> {
        let sender = &self.event.sender;
        if self.may_write(sender).await? {
            return Ok(None);
        }
        Ok(Some(Decision::nothing(format!("{sender} may not write here"))))
    }

    async fn open_pull(&self, number: u64) -> Result<Result<Pull, Decision>, Trouble> {
        let pull = self.bot.github.pull(&self.at, number).await?;
        Ok(pull
            .filter(|pull| pull.open)
            .ok_or_else(|| Decision::nothing(format!("pull request {number} is not open"))))
    }

    async fn job_behind(&self, clicked: &Clicked) -> Result<Option<Job>, Trouble> {
        let store = &self.bot.store;
        let named = match clicked.external_id.as_str() {
            "" => None,
            id => store.job(id).await?.filter(|job| job.job.repo.id == self.repo.id),
        };
        match named {
            Some(job) => Ok(Some(job)),
            None => Ok(store.job_of_head(self.repo.id, &clicked.head).await?),
        }
    }

    fn clicked(&self) -> Asked {
        Asked { by: self.event.sender.clone(), how: "Re-run".to_owned(), comment: None }
    }
}
