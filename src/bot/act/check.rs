//! Buttons: «Re-run», ours and GitHub's, «Cancel» and «Approve». Each checks the sender's
//! permission exactly as a command does.

use super::{
    Decision, Scene, Trouble,
    approve::Approval,
    pull::{Wanted, priority},
};
use crate::{
    bot::{Bot, random_id},
    github::event::{Clicked, Pull},
    queue::{Asked, Effect, Ended, Job, JobState, NewJob, Scope, StoreError, Subject},
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
            (Some(_), Some(job)) => self.rerun_job(&job).await,
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
        if self.is_live(&Subject::Pull(number), &pull.head).await? {
            return Ok(Decision::nothing(format!("{} is being gated already", pull.head)));
        }
        let job = self.job_of_pull(&pull, wanted).await?;
        let note = format!("gates pull request {number} again at {}", pull.head);
        Ok(Decision::new(note, vec![Effect::Enqueue(Box::new(job))]))
    }

    /// Whether a job of this head waits for a runner or has one: whoever pressed «Re-run» looked
    /// at a page that is no longer true, or GitHub told of one click in two ways.
    async fn is_live(&self, subject: &Subject, head: &str) -> Result<bool, Trouble> {
        let live = self.bot.live_job(self.repo.id, subject).await?;
        Ok(live.is_some_and(|job| job.state != JobState::Held && job.job.head == head))
    }

    async fn rerun_job(&self, job: &Job) -> Result<Decision, Trouble> {
        if let Some(live) = self.bot.live_job(self.repo.id, &job.job.subject).await? {
            let note = format!("{} is being gated already", live.job.head);
            return Ok(Decision::nothing(note));
        }
        let again = NewJob {
            id: random_id()?,
            // As they are now: the App may have been installed anew, the repository renamed.
            installation: self.event.installation,
            repo: self.repo.clone(),
            asked: self.clicked(),
            again: true,
            // The host may have gained or lost its sandbox since.
            waiting: job.job.trust.waits_for(&job.job.subject, self.bot.sandboxed()),
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
            Approval::InPart => Decision::nothing("the button names no whole commit"),
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
        Ok(self.bot.job_behind(self.repo.id, clicked).await?)
    }

    fn clicked(&self) -> Asked {
        Asked { by: self.event.sender.clone(), how: "Re-run".to_owned(), comment: None }
    }
}

impl Bot {
    /// What somebody clicked on is about, as far as it is known here.
    pub(super) async fn subject_behind(
        &self,
        repo: u64,
        clicked: &Clicked,
    ) -> Result<Option<Subject>, StoreError> {
        let job = self.job_behind(repo, clicked).await?;
        let listed = || clicked.pulls.first().map(|number| Subject::Pull(*number));
        Ok(job.map(|job| job.job.subject).or_else(listed))
    }

    /// The job that a check run is about; for a suite, the newest of its head.
    pub(super) async fn job_behind(
        &self,
        repo: u64,
        clicked: &Clicked,
    ) -> Result<Option<Job>, StoreError> {
        let named = match clicked.external_id.as_str() {
            "" => None,
            id => self.store.job(id).await?.filter(|job| job.job.repo.id == repo),
        };
        match named {
            Some(job) => Ok(Some(job)),
            None => self.store.job_of_head(repo, &clicked.head).await,
        }
    }
}
