//! The server's side of the runner's interface: hands out jobs, and takes their results.

use std::{fs, io::Write as _, path::Path};

use async_trait::async_trait;
use jiff::SignedDuration;
use secrecy::SecretString;

use super::{Bot, at, lane};
use crate::{
    github::client::CallError,
    queue::{
        Coordinator, CoordinatorError, Ended, Finish, Heard, Job, JobState, Progress, StoreError,
        Subject, Target, Trust, Waiting, Work,
    },
};

/// So many jobs, at most, are told that the queue moved.
const TOLD: u32 = 50;
/// The largest file of a run that is taken.
const FILE_LIMIT: usize = 256 << 20;

fn unable(what: &'static str) -> impl Fn(StoreError) -> CoordinatorError {
    move |error| CoordinatorError { what, why: error.to_string() }
}

/// Whether a leased job can be begun.
enum Ready {
    Work(Box<Work>),
    /// It must not be run after all.
    Over(Ended, String),
    /// It is not the code that it was taken for, and waits for this.
    Held(Trust, Waiting),
}

#[async_trait]
impl Coordinator for Bot {
    async fn lease(&self, runner: &str) -> Result<Option<Work>, CoordinatorError> {
        let mut aside = Vec::new();
        let taken = self.first_ready(runner, &mut aside).await;
        let now = self.clock.now();
        for (job, lease) in &aside {
            let back = self.store.hand_back(job, lease, now).await;
            back.map_err(unable("hand out a job"))?;
        }
        if !aside.is_empty() || matches!(taken, Ok(Some(_))) {
            self.bells.outbox.notify_one();
        }
        taken
    }

    async fn heartbeat(
        &self,
        work: &Work,
        progress: Option<Progress>,
    ) -> Result<Heard, CoordinatorError> {
        let (id, now) = (&work.job.job.id, self.clock.now());
        let failed = unable("hear a runner");
        let heard = self.store.heartbeat(id, &work.lease, progress, self.until(), now).await;
        let heard = heard.map_err(&failed)?;
        if heard != Heard::Continue || !self.overdue(work) {
            return Ok(heard);
        }
        let note = "it took longer than `runner.longest` of this server allows";
        self.store.end(id, Ended::TimedOut, note, now).await.map_err(failed)?;
        self.bells.ring_all();
        Ok(Heard::Stop(note.to_owned()))
    }

    async fn token(&self, work: &Work) -> Result<Option<SecretString>, CoordinatorError> {
        let what = "hand out a token";
        let refused = |why: String| CoordinatorError { what, why };
        let job = self.store.job(&work.job.job.id).await.map_err(unable(what))?;
        let Some(job) = job.filter(|job| job.lease.as_deref() == Some(&work.lease)) else {
            return Err(refused("this runner no longer has the job".to_owned()));
        };
        let token = self.github.contents_token(&at(&job.job)).await;
        token.map(Some).map_err(|error| refused(error.to_string()))
    }

    async fn upload(
        &self,
        work: &Work,
        run: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<(), CoordinatorError> {
        let refused = |why: String| CoordinatorError { what: "take a file", why };
        if !plain_id(run) || !plain_name(name) {
            return Err(refused(format!("{name:?} of run {run:?} is no plain name")));
        }
        if bytes.len() > FILE_LIMIT {
            return Err(refused(format!(
                "{name} has {} bytes; the limit is {FILE_LIMIT}",
                bytes.len()
            )));
        }
        let job = self.store.job(&work.job.job.id).await.map_err(unable("take a file"))?;
        if job.is_none_or(|job| job.lease.as_deref() != Some(&work.lease)) {
            return Err(refused("this runner no longer has the job".to_owned()));
        }
        if self.store.run(run).await.map_err(unable("take a file"))?.is_some() {
            return Err(refused("the run is over, and its files stay as they are".to_owned()));
        }
        let (folder, name) = (self.runs.join(run), name.to_owned());
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(refused(error.to_string())),
            Err(error) => Err(refused(error.to_string())),
        }
    }

    async fn finish(&self, work: &Work, finish: Finish) -> Result<bool, CoordinatorError> {
        let failed = unable("end a job");
        if let Finish::Judged(run) = &finish
            && (!plain_id(&run.id) || run.job != work.job.job.id)
        {
            let why = format!("run {:?} is not of this job", run.id);
            return Err(CoordinatorError { what: "end a job", why });
        }
        let (id, now) = (&work.job.job.id, self.clock.now());
        let counted = self.store.finish(id, &work.lease, finish, now).await.map_err(failed)?;
        if let Err(error) = self.queue_moved().await {
            tracing::warn!(%error, "who waits does not hear that the queue moved");
        }
        self.bells.ring_all();
        Ok(counted)
    }

    async fn hand_back(&self, work: &Work) -> Result<(), CoordinatorError> {
        let (id, now) = (&work.job.job.id, self.clock.now());
        let back = self.store.hand_back(id, &work.lease, now).await;
        back.map_err(unable("take a job back"))
    }
}

/// A job that was leased and cannot be begun now, and its lease.
type Aside = (String, String);

impl Bot {
    /// Leases jobs until one can be begun. One that GitHub cannot be asked about now is set aside,
    /// so that it does not hold up the others; one that never can be begun ends.
    async fn first_ready(
        &self,
        runner: &str,
        aside: &mut Vec<Aside>,
    ) -> Result<Option<Work>, CoordinatorError> {
        let failed = unable("hand out a job");
        let mut trouble = None;
        loop {
            let now = self.clock.now();
            let leased = self.store.lease(runner, now, self.until()).await.map_err(&failed)?;
            let Some((job, lease)) = leased.and_then(|job| job.lease.clone().map(|l| (job, l)))
            else {
                return trouble.map_or(Ok(None), Err);
            };
            let id = job.job.id.clone();
            let (ended, note) = match self.ready(job, lease.clone()).await {
                Ok(Ready::Work(work)) => return Ok(Some(*work)),
                Ok(Ready::Over(ended, note)) => (ended, note),
                Ok(Ready::Held(trust, waiting)) => {
                    tracing::warn!(job = id, ?waiting, "whose code it is was asked again");
                    self.store.hold(&id, &lease, trust, waiting, now).await.map_err(&failed)?;
                    self.queue_moved().await.map_err(&failed)?;
                    self.bells.ring_all();
                    continue;
                }
                Err(error) if error.is_for_good() => (Ended::Error, error.to_string()),
                Err(error) => {
                    let why = error.to_string();
                    trouble = Some(CoordinatorError { what: "hand out a job", why });
                    aside.push((id, lease));
                    continue;
                }
            };
            self.store.end(&id, ended, &note, now).await.map_err(&failed)?;
            self.queue_moved().await.map_err(&failed)?;
            self.bells.ring_all();
        }
    }

    async fn ready(&self, job: Job, lease: String) -> Result<Ready, CallError> {
        Ok(match self.outdated(&job).await? {
            Some(not) => not,
            None => Ready::Work(Box::new(self.work(job, lease).await?)),
        })
    }

    /// Who waits has moved up, and what they read says how many come first.
    async fn queue_moved(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        for job in self.store.jobs(TOLD).await? {
            if job.state == JobState::Queued {
                let lane = lane(&at(&job.job), &job.job.subject);
                let check = Target::Check { job: job.job.id.clone() };
                self.store.post(lane.clone(), check, now).await?;
                if let Subject::Pull(pull) = job.job.subject {
                    self.store.post(lane, Target::Sticky { pull }, now).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether a job has had its time, waiting for other runs on its host included.
    fn overdue(&self, work: &Work) -> bool {
        let longest = SignedDuration::try_from(self.config.runner.longest);
        let since = work.job.started.unwrap_or(work.job.created);
        longest.is_ok_and(|longest| self.clock.now().duration_since(since) > longest)
    }

    fn until(&self) -> jiff::Timestamp {
        let lease = SignedDuration::try_from(self.config.runner.lease).unwrap_or_default();
        self.clock.now().saturating_add(lease).unwrap_or(jiff::Timestamp::MAX)
    }

    /// Why a job must not be run after all: the world may have moved while it waited.
    async fn outdated(&self, job: &Job) -> Result<Option<Ready>, CallError> {
        let trust = &job.job.trust;
        let waiting = trust.waits_for(&job.job.subject, self.sandboxed());
        if waiting != Waiting::Nothing {
            return Ok(Some(Ready::Held(trust.clone(), waiting)));
        }
        let Subject::Pull(number) = job.job.subject else { return Ok(None) };
        let over = |ended, note: String| Ok(Some(Ready::Over(ended, note)));
        match self.github.pull(&at(&job.job), number).await? {
            None => over(Ended::Cancelled, "the pull request is gone".to_owned()),
            Some(pull) if !pull.open => {
                over(Ended::Cancelled, "the pull request was closed".to_owned())
            }
            Some(pull) if pull.head != job.job.head => {
                over(Ended::Superseded, format!("the head is {} now", pull.head))
            }
            Some(pull) if pull.base_ref != job.job.base_ref => {
                over(Ended::Superseded, format!("it is for {} now", pull.base_ref))
            }
            Some(pull) => {
                let now = self.distrusted(job, &pull).await?;
                Ok(now.map(|(trust, waiting)| Ready::Held(trust, waiting)))
            }
        }
    }

    async fn work(&self, job: Job, lease: String) -> Result<Work, CallError> {
        let at = at(&job.job);
        let token = self.github.contents_token(&at).await?;
        let (owner, name) = (&at.owner, &at.name);
        let clone_url = format!("{}/{owner}/{name}.git", self.config.github.web_url);
        Ok(Work { job, lease, clone_url, token: Some(token) })
    }
}

/// A run's id is the name of its folder, and can name no other place.
pub(super) fn plain_id(id: &str) -> bool {
    (16..=64).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=100).contains(&name.len()) && !name.starts_with('.') && name.chars().all(plain)
}

/// Writes a file whole or not at all, and not before it is on the disk.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let half = folder.join(format!(".{name}.part"));
    let mut file = fs::File::create(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&half, folder.join(name))?;
    fs::File::open(folder)?.sync_all()
}
