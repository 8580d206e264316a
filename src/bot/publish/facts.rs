//! Gathers what a posted text speaks of.

use std::{fs, path::Path, time::Duration};

use super::Trouble;
use crate::{
    bot::{Bot, Standing, at, standing, words},
    config::server::Unproved,
    queue::{Ended, Job, JobState, Phase, Run, StoreError, Subject, Trust, Waiting},
    receipt::{self, RECEIPT_FILE, RECEIPT_LIMIT, Receipt},
    report::posted::{
        Conclusion, Conclusions, Earlier, EndedWithout, FailsIn, GateState, Links, Posted, Stage,
        answers,
    },
    verdict::{Outcome, PartName, Verdict},
};

/// Everything that a text about one job may speak of.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) job: Job,
    gate: String,
    scope: String,
    page: String,
    report: Option<String>,
    ahead: u32,
    estimate: Option<Duration>,
    earlier: Vec<Earlier>,
    gates: Vec<GateState>,
    pub(super) judged: Option<Judged>,
    /// Parts that stand from an earlier run, and the address of its page.
    kept: Vec<(PartName, String)>,
    conclusions: Conclusions,
    fails_in: Option<(u64, String)>,
}

/// A run that came to a receipt.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) receipt: Receipt,
    pub(super) verdict: Verdict,
    pub(super) standing: Standing,
}

impl Bot {
    /// Gathers the facts about a job. The other gates are asked of GitHub only for a text that
    /// will stand for long.
    pub(super) async fn facts(&self, job: Job) -> Result<Facts, Trouble> {
        let facts = self.own_facts(job).await?;
        let over = facts.job.state == JobState::Over;
        let gates = if over { self.gates(&facts.job).await? } else { Vec::new() };
        let fails_in = match &facts.judged {
            Some(_) => self.fails_in(&facts.job).await?,
            None => None,
        };
        Ok(Facts { gates, fails_in, ..facts })
    }

    /// Another open pull request in which this commit fails, and the page of that run.
    async fn fails_in(&self, job: &Job) -> Result<Option<(u64, String)>, Trouble> {
        let (at, head) = (at(&job.job), &job.job.head);
        for other in self.store.judged_at(at.repo, head).await? {
            let Subject::Pull(number) = other.job.subject else { continue };
            let run = self.store.runs_of_job(&other.job.id).await?.pop();
            let failed = run.filter(|run| run.outcome == Outcome::Fail);
            let (false, Some(run)) = (other.job.subject == job.job.subject, failed) else {
                continue;
            };
            let pull = self.github.pull(&at, number).await?;
            if pull.is_some_and(|pull| pull.open && pull.head == *head) {
                let page = format!("{}/runs/{}", self.config.public_url, run.id);
                return Ok(Some((number, page)));
            }
        }
        Ok(None)
    }

    /// What is known of a job without asking anybody.
    async fn own_facts(&self, job: Job) -> Result<Facts, StoreError> {
        let url = &self.config.public_url;
        let repo = job.job.repo.id;
        let (mut ahead, mut estimate) = (0, None);
        if job.state == JobState::Queued {
            ahead = self.store.ahead_of(&job.job.id).await?;
            let mut seconds = self.store.durations(repo, 20).await?;
            seconds.sort_by(f64::total_cmp);
            let median = seconds.get(seconds.len() / 2).copied();
            estimate = median.map(|one| Duration::from_secs_f64(one * f64::from(ahead + 1)));
        }
        let own = self.store.runs_of_job(&job.job.id).await?.pop();
        let runs = self.store.runs_of_head(repo, &job.job.subject, &job.job.head).await?;
        let before: Vec<Run> = match &own {
            Some(own) => runs.into_iter().take_while(|run| run.id != own.id).collect(),
            None => runs,
        };
        let mut earlier = Vec::new();
        for run in &before {
            earlier.push(self.earlier(run).await?);
        }
        let judged = match &own {
            Some(run) => self.judged(run, &before).await,
            None => None,
        };
        let kept = judged.iter().flat_map(|judged| &judged.standing.kept);
        let kept = kept.map(|(part, run)| (*part, format!("{url}/runs/{run}"))).collect();
        Ok(Facts {
            gate: self.config.check.name.clone(),
            scope: words::scope(&job.job.scope),
            page: format!("{url}/jobs/{}", job.job.id),
            report: own.as_ref().map(|run| format!("{url}/runs/{}", run.id)),
            ahead,
            estimate,
            earlier,
            gates: Vec::new(),
            judged,
            kept,
            fails_in: None,
            conclusions: Conclusions {
                inconclusive: conclusion(self.config.check.inconclusive),
                could_not_run: conclusion(self.config.check.could_not_run),
            },
            job,
        })
    }

    async fn earlier(&self, run: &Run) -> Result<Earlier, StoreError> {
        let asked = match self.store.job(&run.job).await? {
            Some(job) => (job.job.asked.by, job.job.asked.how),
            None => (String::new(), String::new()),
        };
        Ok(Earlier {
            page: format!("{}/runs/{}", self.config.public_url, run.id),
            finished: run.finished,
            asked,
            scope: words::scope(&run.scope),
            outcome: run.outcome,
        })
    }

    /// The run's facts and what they come to; none if its receipt cannot be read any more.
    async fn judged(&self, run: &Run, before: &[Run]) -> Option<Judged> {
        let (run, before, runs) = (run.clone(), before.to_vec(), self.runs.clone());
        let read = move || {
            let receipt = receipt_of(&runs, &run)?;
            let earlier: Vec<(Run, Receipt)> = before
                .into_iter()
                .filter_map(|run| Some((run.clone(), receipt_of(&runs, &run)?)))
                .collect();
            let verdict = receipt::judge(&receipt);
            let standing = standing(&earlier, &run, &receipt);
            Some(Judged { receipt, verdict, standing })
        };
        tokio::task::spawn_blocking(read).await.ok().flatten()
    }

    async fn gates(&self, job: &Job) -> Result<Vec<GateState>, Trouble> {
        let seen = self.github.checks_of(&at(&job.job), &job.job.head).await?;
        let state = |check: &str| {
            let of_name = seen.iter().rfind(|seen| seen.name == check)?;
            Some(of_name.conclusion.clone().unwrap_or_else(|| of_name.status.clone()))
        };
        Ok(self
            .config
            .gates
            .iter()
            .map(|gate| GateState {
                gate: gate.name.clone(),
                what: gate.what.clone(),
                check: gate.check.clone(),
                state: state(&gate.check),
            })
            .collect())
    }

    /// The live job of a subject.
    pub(in crate::bot) async fn live_job(
        &self,
        repo: u64,
        subject: &Subject,
    ) -> Result<Option<Job>, StoreError> {
        let newest = self.store.newest_job(repo, subject).await?;
        Ok(newest.filter(|job| job.state != JobState::Over))
    }

    /// Where the newest job of a pull request stands, for a person who asked in a comment.
    pub(in crate::bot) async fn status_of(
        &self,
        repo: u64,
        pull: u64,
        comment: u64,
    ) -> Result<String, StoreError> {
        let Some(job) = self.store.newest_job(repo, &Subject::Pull(pull)).await? else {
            return Ok(answers::no_job(comment));
        };
        let isolation = self.isolation.word();
        Ok(answers::status(comment, &self.own_facts(job).await?.posted(), isolation))
    }
}

impl Facts {
    /// Whether any run of this head came to a receipt.
    pub(super) fn ever_judged(&self) -> bool {
        self.report.is_some() || !self.earlier.is_empty()
    }

    pub(super) fn posted(&self) -> Posted<'_> {
        let asked = &self.job.job.asked;
        Posted {
            gate: &self.gate,
            head: &self.job.job.head,
            asked: (&asked.by, &asked.how),
            scope: &self.scope,
            links: Links { page: &self.page, report: self.report.as_deref() },
            stage: self.stage(),
            earlier: &self.earlier,
            gates: &self.gates,
            conclusions: self.conclusions,
            fails_in: self.fails_in.as_ref().map(|(pull, page)| FailsIn { pull: *pull, page }),
        }
    }

    fn stage(&self) -> Stage<'_> {
        match (self.job.state, self.job.ended) {
            (JobState::Held, _) => self.held(),
            (JobState::Queued, _) => Stage::Queued { ahead: self.ahead, estimate: self.estimate },
            (JobState::Leased, _) => self.running(),
            (JobState::Over, Some(Ended::Judged)) => match &self.judged {
                Some(judged) => Stage::Judged {
                    receipt: &judged.receipt,
                    verdict: &judged.verdict,
                    standing: &judged.standing.verdict,
                    kept: &self.kept,
                },
                None => Stage::Ended {
                    how: EndedWithout::Error,
                    note: Some("the run's receipt can no longer be read on the server"),
                },
            },
            (JobState::Over, ended) => Stage::Ended {
                how: match ended {
                    Some(Ended::Superseded) => EndedWithout::Superseded,
                    Some(Ended::Cancelled) => EndedWithout::Cancelled,
                    Some(Ended::TimedOut) => EndedWithout::TimedOut,
                    Some(Ended::Error | Ended::Judged) | None => EndedWithout::Error,
                },
                note: self.job.note.as_deref(),
            },
        }
    }

    fn held(&self) -> Stage<'_> {
        let (risks, approved_by) = match &self.job.job.trust {
            Trust::Stranger { risks, approved_by } => (risks.as_slice(), approved_by.as_deref()),
            Trust::Member => (&[] as &[String], None),
        };
        match self.job.job.waiting {
            Waiting::Approval => Stage::AwaitsApproval { risks },
            _ => Stage::AwaitsSandbox { risks, approved_by },
        }
    }

    fn running(&self) -> Stage<'_> {
        let progress = self.job.progress.as_ref();
        let phase = match progress.map(|progress| progress.phase) {
            None | Some(Phase::Checkout) => "checkout",
            Some(Phase::Build) => "build",
            Some(Phase::Measure) => "measure",
        };
        Stage::Running {
            phase,
            what: progress.map_or("", |progress| &progress.what),
            done: progress.map_or(0, |progress| progress.done),
            total: progress.map_or(0, |progress| progress.total),
            started: self.job.started.unwrap_or(self.job.created),
            attempt: self.job.attempts,
        }
    }
}

fn receipt_of(runs: &Path, run: &Run) -> Option<Receipt> {
    let path = runs.join(&run.id).join(RECEIPT_FILE);
    let small = fs::metadata(&path).is_ok_and(|about| about.len() <= RECEIPT_LIMIT);
    let receipt = if small { receipt::decode(&fs::read(&path).ok()?).ok() } else { None };
    if receipt.is_none() {
        tracing::error!(path = %path.display(), "a receipt cannot be read");
    }
    receipt
}

fn conclusion(unproved: Unproved) -> Conclusion {
    match unproved {
        Unproved::ActionRequired => Conclusion::ActionRequired,
        Unproved::Failure => Conclusion::Failure,
        Unproved::Neutral => Conclusion::Neutral,
    }
}
