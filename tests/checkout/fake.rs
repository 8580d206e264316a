//! A server that hands out one job, and remembers what it is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use t5_gate::{
    github::event::Repo,
    queue::{
        Asked, Coordinator, CoordinatorError, Finish, Heard, Job, JobState, NewJob, Progress, Run,
        Scope, Subject, Trust, Waiting, Work,
    },
    receipt::Signer,
    runner::{embedded::Embedded, scan::DatabaseChoice},
};

use super::place::{NAME, Place, environment};

type OnBeat = Box<dyn Fn() -> Result<Heard, CoordinatorError> + Send + Sync>;

/// What the server was told.
#[derive(Default)]
pub(super) struct Told {
    pub(super) progress: Vec<Progress>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) runs: Vec<String>,
    pub(super) finished: Vec<Finish>,
    pub(super) handed_back: u32,
}

pub(super) struct Fake {
    pub(super) next: Mutex<Option<Work>>,
    pub(super) told: Mutex<Told>,
    on_beat: OnBeat,
    /// A token that is given out when one is asked for.
    pub(super) fresh: Mutex<Option<SecretString>>,
    /// How many uploads fail before one works.
    pub(super) stumble: Mutex<u32>,
}

impl Fake {
    pub(super) fn with(work: Option<Work>) -> Arc<Self> {
        Self::hearing(work, || Ok(Heard::Continue))
    }

    /// A server that answers heartbeats as it is told.
    pub(super) fn hearing(
        work: Option<Work>,
        on_beat: impl Fn() -> Result<Heard, CoordinatorError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            next: Mutex::new(work),
            told: Mutex::default(),
            on_beat: Box::new(on_beat),
            fresh: Mutex::default(),
            stumble: Mutex::new(0),
        })
    }

    /// The one result.
    #[track_caller]
    pub(super) fn finish(&self) -> Finish {
        let told = self.told.lock().unwrap();
        let [finish] = told.finished.as_slice() else { panic!("{:?}", told.finished) };
        finish.clone()
    }

    #[track_caller]
    pub(super) fn run(&self) -> Run {
        match self.finish() {
            Finish::Judged(run) => run,
            Finish::Error(said) => panic!("{said}"),
        }
    }

    #[track_caller]
    pub(super) fn error(&self) -> String {
        match self.finish() {
            Finish::Error(said) => said,
            Finish::Judged(run) => panic!("{run:?}"),
        }
    }

    pub(super) fn text(&self, name: &str) -> String {
        let told = self.told.lock().unwrap();
        let bytes = told.files.get(name).unwrap_or_else(|| panic!("{name} was not uploaded"));
        String::from_utf8(bytes.clone()).unwrap()
    }
}

#[async_trait]
impl Coordinator for Fake {
    async fn lease(&self, runner: &str) -> Result<Option<Work>, CoordinatorError> {
        assert_eq!(runner, "embedded");
        Ok(self.next.lock().unwrap().take())
    }

    async fn heartbeat(
        &self,
        work: &Work,
        progress: Option<Progress>,
    ) -> Result<Heard, CoordinatorError> {
        assert_eq!(work.lease, "the lease");
        self.told.lock().unwrap().progress.extend(progress);
        (self.on_beat)()
    }

    async fn token(&self, work: &Work) -> Result<Option<SecretString>, CoordinatorError> {
        Ok(self.fresh.lock().unwrap().clone().or_else(|| work.token.clone()))
    }

    async fn upload(
        &self,
        _: &Work,
        run: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<(), CoordinatorError> {
        let mut stumble = self.stumble.lock().unwrap();
        if *stumble > 0 {
            *stumble -= 1;
            return Err(CoordinatorError { what: "store a file", why: "busy".to_owned() });
        }
        let mut told = self.told.lock().unwrap();
        assert!(told.finished.is_empty(), "a file after the end");
        assert!(!name.contains('/'), "{name}");
        told.runs.push(run.to_owned());
        told.files.insert(name.to_owned(), bytes);
        Ok(())
    }

    async fn finish(&self, _: &Work, finish: Finish) -> Result<bool, CoordinatorError> {
        self.told.lock().unwrap().finished.push(finish);
        Ok(true)
    }

    async fn hand_back(&self, _: &Work) -> Result<(), CoordinatorError> {
        self.told.lock().unwrap().handed_back += 1;
        Ok(())
    }
}

/// The job of pull request 12.
pub(super) fn work(place: &Place, head: &str, base: &str) -> Work {
    let now: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
    let (owner, name) = NAME.split_once('/').unwrap();
    let job = NewJob {
        id: "job-1".to_owned(),
        installation: 1,
        repo: Repo {
            id: 7,
            owner: owner.to_owned(),
            name: name.to_owned(),
            private: false,
            default_branch: "main".to_owned(),
        },
        subject: Subject::Pull(12),
        head: head.to_owned(),
        base: base.to_owned(),
        base_ref: "main".to_owned(),
        scope: Scope::All,
        trust: Trust::Member,
        waiting: Waiting::Nothing,
        priority: 0,
        asked: Asked { by: "ada".to_owned(), how: "opened".to_owned(), comment: None },
        again: false,
    };
    let job = Job {
        job,
        state: JobState::Leased,
        ended: None,
        note: None,
        attempts: 1,
        created: now,
        started: Some(now),
        finished: None,
        runner: Some("embedded".to_owned()),
        lease: Some("the lease".to_owned()),
        lease_until: Some(now),
        progress: None,
    };
    Work {
        job,
        lease: "the lease".to_owned(),
        clone_url: place.server.url(NAME),
        token: Some(SecretString::from(place.token.clone())),
    }
}

/// What the runner signs with.
pub(super) fn signer() -> Signer {
    Signer::from_seed(&[7; 32])
}

/// A runner that beats often, and fetches nothing but the change.
pub(super) fn runner(place: &Place, server: &Arc<Fake>) -> Embedded {
    let mut env = environment();
    env.insert("CARGO_NET_OFFLINE".into(), "true".into());
    Embedded {
        coordinator: Arc::<Fake>::clone(server),
        name: "embedded".to_owned(),
        cache: place.cache(),
        scratch: place.scratch(),
        env,
        lock: place.repository.beside("lock"),
        database: DatabaseChoice::rustsec(),
        offline: true,
        heartbeat: Duration::from_millis(5),
        lease: Duration::from_secs(600),
        poll: Duration::from_secs(3600),
        sandbox: crate::support::tool::unwalled(),
        signer: Some(signer()),
    }
}
