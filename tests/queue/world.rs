//! A database in a folder that goes away, and deliveries, jobs and times to try it with.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use t5_gate::{
    github::{event::Repo, webhook::Verified},
    queue::{
        Accepted, Asked, Due, Effect, Finish, Job, Lane, NewJob, Published, Run, Scope, Settled,
        Store as _, Subject, Target, Trust, Waiting,
    },
    store::Sqlite,
    verdict::Outcome,
};
use tempfile::TempDir;

pub const INSTALLATION: u64 = 7;
pub const REPO: u64 = 42;

/// So many seconds after the tests' beginning of time.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

/// Opens a database for what a test does behind the store's back.
pub async fn raw(path: &std::path::Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

/// Makes deliveries that count as verified, the way the store itself does: out of rows.
pub struct Mint {
    _folder: TempDir,
    store: Sqlite,
    raw: SqliteConnection,
}

impl Mint {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("mint.db");
        let store = Sqlite::open(&path).await.unwrap();
        Self { store, raw: raw(&path).await, _folder: folder }
    }

    pub async fn delivery(&mut self, guid: &str, body: &[u8]) -> Verified {
        sqlx::query(
            "INSERT INTO deliveries (guid, event, sha256, received, state, next_at, body)
             VALUES (?1, 'pull_request', '', 0, 'waiting', 0, ?2)",
        )
        .bind(guid)
        .bind(body)
        .execute(&mut self.raw)
        .await
        .unwrap();
        let made = self.store.due_deliveries(at(0), 1).await.unwrap().remove(0);
        sqlx::query("DELETE FROM deliveries").execute(&mut self.raw).await.unwrap();
        made.verified
    }
}

/// A server's database.
pub struct World {
    pub store: Sqlite,
    mint: Option<Mint>,
    folder: TempDir,
}

impl World {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = Sqlite::open(&folder.path().join("t5.db")).await.unwrap();
        Self { store, mint: None, folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("t5.db")
    }

    /// The names of files with big bodies.
    pub fn inbox(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path().join("inbox")).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The server stops, and starts again.
    pub async fn reopened(self) -> Self {
        let Self { store, mint, folder } = self;
        drop(store);
        let store = Sqlite::open(&folder.path().join("t5.db")).await.unwrap();
        Self { store, mint, folder }
    }

    pub async fn delivery(&mut self, guid: &str, body: &[u8]) -> Verified {
        if self.mint.is_none() {
            self.mint = Some(Mint::new().await);
        }
        self.mint.as_mut().expect("it was just made").delivery(guid, body).await
    }

    pub async fn accept(&mut self, guid: &str, body: &[u8], seconds: i64) -> Accepted {
        let delivery = self.delivery(guid, body).await;
        self.store.accept(delivery, at(seconds)).await.unwrap()
    }

    /// A delivery comes, and is acted on.
    pub async fn deliver(&mut self, guid: &str, effects: Vec<Effect>, seconds: i64) -> Settled {
        assert_eq!(self.accept(guid, guid.as_bytes(), seconds).await, Accepted::Stored);
        self.store.settle(guid, "acted on", effects, at(seconds)).await.unwrap()
    }

    pub async fn enqueue(&mut self, job: NewJob, seconds: i64) -> Settled {
        let guid = format!("for {}", job.id);
        self.deliver(&guid, vec![Effect::Enqueue(Box::new(job))], seconds).await
    }

    /// A runner takes the next job for a minute.
    pub async fn lease(&self, runner: &str, seconds: i64) -> Option<(Job, String)> {
        let job = self.store.lease(runner, at(seconds), at(seconds + 60)).await.unwrap()?;
        let lease = job.lease.clone().expect("a leased job has a lease");
        Some((job, lease))
    }

    pub async fn job(&self, id: &str) -> Job {
        self.store.job(id).await.unwrap().expect("the job is stored")
    }

    pub async fn due(&self, seconds: i64) -> Vec<Due> {
        self.store.due_targets(at(seconds), 100).await.unwrap()
    }

    /// Publishes all that is due, as often as something is; their keys in that order.
    pub async fn publish_all(&self, seconds: i64) -> Vec<String> {
        let mut keys = Vec::new();
        loop {
            let due = self.due(seconds).await;
            if due.is_empty() {
                return keys;
            }
            for due in due {
                self.publish(&due, done(None), seconds).await;
                keys.push(due.target.key());
            }
        }
    }

    pub async fn publish(&self, due: &Due, how: Published, seconds: i64) {
        let (lane, target) = (&due.lane, &due.target);
        self.store.published(lane, target, due.version, how, at(seconds)).await.unwrap();
    }
}

pub fn done(remote: Option<u64>) -> Published {
    Published::Done { remote, digest: "sent".to_owned() }
}

/// A job for a pull request of a member.
pub fn pull(id: &str, number: u64, head: &str) -> NewJob {
    NewJob {
        id: id.to_owned(),
        installation: INSTALLATION,
        repo: Repo {
            id: REPO,
            owner: "octo".to_owned(),
            name: "kernels".to_owned(),
            private: false,
            default_branch: "main".to_owned(),
        },
        subject: Subject::Pull(number),
        head: head.to_owned(),
        base: "base".to_owned(),
        base_ref: "main".to_owned(),
        scope: Scope::All,
        trust: Trust::Member,
        waiting: Waiting::Nothing,
        priority: 0,
        asked: Asked { by: "octocat".to_owned(), how: "pushed".to_owned(), comment: None },
        again: false,
    }
}

/// The same, asked for by a comment.
pub fn rerun(id: &str, number: u64, head: &str, comment: u64) -> NewJob {
    let mut job = pull(id, number, head);
    job.asked.comment = Some(comment);
    job.again = true;
    job
}

/// The same, of a stranger.
pub fn stranger(id: &str, number: u64, head: &str) -> NewJob {
    let mut job = pull(id, number, head);
    job.trust = Trust::Stranger { risks: vec!["build.rs runs".to_owned()], approved_by: None };
    job.waiting = Waiting::Approval;
    job
}

pub fn judged(id: &str, job: &Job, started: i64, finished: i64) -> Finish {
    Finish::Judged(Run {
        id: id.to_owned(),
        job: job.job.id.clone(),
        repo: job.job.repo.id,
        subject: job.job.subject.clone(),
        head: job.job.head.clone(),
        base: Some("merge-base".to_owned()),
        rules: "rules".to_owned(),
        scope: job.job.scope.clone(),
        outcome: Outcome::Pass,
        started: at(started),
        finished: at(finished),
    })
}

/// The lane of a pull request.
pub fn lane(number: u64) -> Lane {
    Lane {
        installation: INSTALLATION,
        repo: REPO,
        owner: "octo".to_owned(),
        name: "kernels".to_owned(),
        subject: Subject::Pull(number).to_string(),
    }
}

pub fn reply(comment: u64) -> Target {
    Target::Reply { comment, pull: 1, text: "That is no command.".to_owned() }
}
