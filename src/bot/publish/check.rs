//! The check run of a job, and its commit status.

use super::{Told, Trouble, digest_of};
use crate::{
    bot::{Bot, at},
    github::client::{Check, CommitStatus, StatusState},
    queue::{Due, Job, Subject},
    report::posted,
};

impl Bot {
    pub(super) async fn tell_check(&self, due: &Due, job: Job) -> Result<Told, Trouble> {
        let facts = self.facts(job).await?;
        let check = posted::check_run(&facts.posted())?;
        let digest = digest_of(&check);
        if due.digest.as_ref() == Some(&digest) {
            return Ok(Told::Same);
        }
        let job = &facts.job;
        let at = at(&job.job);
        let page = format!("{}/jobs/{}", self.config.public_url, job.job.id);
        let call = Check {
            head: &job.job.head,
            name: &self.config.check.name,
            external_id: &job.job.id,
            details_url: &page,
            run: &check,
            started: job.started,
            completed: job.finished,
        };
        let known = match due.remote {
            None if due.began => {
                self.github.find_check(&at, call.head, call.name, call.external_id).await?
            }
            known => known,
        };
        let remote = match known {
            Some(id) => {
                self.github.update_check(&at, id, call).await?;
                id
            }
            None => {
                self.store.begin(&due.lane, &due.target).await?;
                self.github.create_check(&at, call).await?
            }
        };
        Ok(Told::Sent { remote: Some(remote), digest })
    }

    pub(super) async fn tell_status(&self, due: &Due, job: Job) -> Result<Told, Trouble> {
        let facts = self.facts(job).await?;
        let status = posted::status(&facts.posted());
        let digest = digest_of(&status);
        if due.digest.as_ref() == Some(&digest) {
            return Ok(Told::Same);
        }
        let job = &facts.job.job;
        let page = format!("{}/jobs/{}", self.config.public_url, job.id);
        let (state, description) = &status;
        let status = CommitStatus {
            context: &self.config.check.name,
            state: match *state {
                "success" => StatusState::Success,
                "failure" => StatusState::Failure,
                "pending" => StatusState::Pending,
                _ => StatusState::Error,
            },
            description,
            target_url: &page,
        };
        self.github.set_status(&at(job), &job.head, status).await?;
        Ok(Told::Sent { remote: None, digest })
    }

    pub(super) async fn tell_sarif(&self, due: &Due, job: Job) -> Result<Told, Trouble> {
        let facts = self.facts(job).await?;
        let Some(judged) = &facts.judged else { return Ok(Told::Nothing) };
        let sarif = posted::sarif(&judged.receipt, &judged.verdict)?;
        let digest = digest_of(&sarif);
        if due.digest.as_ref() == Some(&digest) {
            return Ok(Told::Same);
        }
        let job = &facts.job.job;
        let git_ref = match &job.subject {
            Subject::Pull(number) => format!("refs/pull/{number}/head"),
            Subject::Branch(name) => format!("refs/heads/{name}"),
            // Code scanning knows no merge groups.
            Subject::MergeGroup(_) => return Ok(Told::Nothing),
        };
        self.github.upload_sarif(&at(job), &job.head, &git_ref, &sarif).await?;
        Ok(Told::Sent { remote: None, digest })
    }
}
