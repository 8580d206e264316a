//! The trait, method by method: what each does, in one transaction.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection as _, SqliteConnection};

use super::{
    Sqlite, deliveries,
    deliveries::DueRow,
    effects, jobs, leases,
    log::SMALL,
    notes, outbox, repos, runs,
    value::{Fault, cannot},
};
use crate::{
    github::{event::Repo, webhook::Verified},
    queue::{
        Accepted, Delivery, DeliveryState, DeliverySummary, Due, Effect, Ended, Finish, Heard, Job,
        Lane, Progress, Published, Reaped, Run, Settled, Store, StoreError, Subject, Target, Trust,
        Waiting,
    },
};

/// Bodies that are handed out together come to so many bytes at most, or are one.
const HANDED_OUT: usize = 64 * 1024 * 1024;

/// A body that could not be read is tried again after this.
const READ_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// Runs one transaction that writes; `$tx` is its connection.
macro_rules! writing {
    ($store:expr, $what:literal, |$tx:ident| $work:expr) => {{
        let done: Result<_, Fault> = async {
            let mut connection = $store.write.lock().await;
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            let $tx: &mut SqliteConnection = &mut transaction;
            let value = $work.await?;
            transaction.commit().await?;
            $store.log.grew(SMALL);
            Ok(value)
        }
        .await;
        done.map_err(cannot($what))
    }};
}

/// Runs one statement that reads; `$conn` is its connection.
macro_rules! reading {
    ($store:expr, $what:literal, |$conn:ident| $work:expr) => {{
        let done: Result<_, Fault> = async {
            let mut connection = $store.read.acquire().await?;
            let $conn: &mut SqliteConnection = &mut connection;
            $work.await
        }
        .await;
        done.map_err(cannot($what))
    }};
}

#[async_trait]
impl Store for Sqlite {
    async fn accept(&self, delivery: Verified, now: Timestamp) -> Result<Accepted, StoreError> {
        self.arrive(delivery, now).await.map_err(cannot("store a delivery"))
    }

    async fn due_deliveries(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows = reading!(self, "list what is due", |conn| deliveries::due(conn, now, limit))?;
        let mut due = Vec::with_capacity(rows.len());
        let mut bytes = 0;
        for row in rows {
            let Some(body) = self.body_of(&row, now).await? else { continue };
            bytes += body.len();
            if bytes > HANDED_OUT && !due.is_empty() {
                break;
            }
            let verified = Verified::kept(row.guid, row.event, body);
            due.push(Delivery { verified, attempts: row.attempts });
        }
        Ok(due)
    }

    async fn settle(
        &self,
        guid: &str,
        note: &str,
        effects: Vec<Effect>,
        now: Timestamp,
    ) -> Result<Settled, StoreError> {
        writing!(self, "settle a delivery", |tx| effects::settle(tx, guid, note, effects, now))
    }

    async fn postpone(
        &self,
        guid: &str,
        note: &str,
        again: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        writing!(self, "postpone a delivery", |tx| deliveries::postpone(tx, guid, note, again))
    }

    async fn put_off(&self, guid: &str, note: &str, again: Timestamp) -> Result<(), StoreError> {
        writing!(self, "put a delivery off", |tx| deliveries::put_off(tx, guid, note, again))
    }

    async fn deliveries(
        &self,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<Vec<DeliverySummary>, StoreError> {
        reading!(self, "list deliveries", |conn| deliveries::list(conn, state, limit))
    }

    async fn replay(&self, guid: &str, now: Timestamp) -> Result<bool, StoreError> {
        writing!(self, "replay a delivery", |tx| deliveries::replay(tx, guid, now))
    }

    async fn unknown_guids(&self, guids: &[String]) -> Result<Vec<String>, StoreError> {
        reading!(self, "look for deliveries", |conn| deliveries::unknown_among(conn, guids))
    }

    async fn lease(
        &self,
        runner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Job>, StoreError> {
        writing!(self, "lease a job", |tx| leases::lease(tx, runner, now, until))
    }

    async fn heartbeat(
        &self,
        job: &str,
        lease: &str,
        progress: Option<Progress>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Heard, StoreError> {
        let lease = (job, lease);
        writing!(self, "renew a lease", |tx| leases::heartbeat(tx, lease, progress, until, now))
    }

    async fn finish(
        &self,
        job: &str,
        lease: &str,
        finish: Finish,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        writing!(self, "finish a job", |tx| leases::finish(tx, (job, lease), finish, now))
    }

    async fn hold(
        &self,
        job: &str,
        lease: &str,
        trust: Trust,
        waiting: Waiting,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let held = (trust, waiting);
        writing!(self, "hold a job", |tx| leases::hold(tx, (job, lease), held, now))
    }

    async fn sort_strangers(
        &self,
        sandboxed: bool,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        writing!(self, "sort strangers' jobs", |tx| jobs::sort_strangers(tx, sandboxed, now))
    }

    async fn hand_back(&self, job: &str, lease: &str, now: Timestamp) -> Result<(), StoreError> {
        writing!(self, "take a job back", |tx| leases::hand_back(tx, (job, lease), now))
    }

    async fn end(
        &self,
        job: &str,
        ended: Ended,
        note: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let before = writing!(self, "end a job", |tx| jobs::end(tx, job, ended, Some(note), now))?;
        Ok(before.is_some())
    }

    async fn reap(
        &self,
        now: Timestamp,
        restarted: Option<&str>,
        cap: u32,
    ) -> Result<Vec<Reaped>, StoreError> {
        writing!(self, "take leases back", |tx| leases::reap(tx, now, restarted, cap))
    }

    async fn job(&self, id: &str) -> Result<Option<Job>, StoreError> {
        reading!(self, "find a job", |conn| jobs::one(conn, id))
    }

    async fn newest_job(&self, repo: u64, subject: &Subject) -> Result<Option<Job>, StoreError> {
        reading!(self, "find a subject's job", |conn| jobs::newest(conn, repo, subject))
    }

    async fn job_of_head(&self, repo: u64, head: &str) -> Result<Option<Job>, StoreError> {
        reading!(self, "find a head's job", |conn| jobs::of_head(conn, repo, head))
    }

    async fn judged_at(&self, repo: u64, head: &str) -> Result<Vec<Job>, StoreError> {
        reading!(self, "find a head's jobs", |conn| jobs::judged_at(conn, repo, head))
    }

    async fn jobs(&self, limit: u32) -> Result<Vec<Job>, StoreError> {
        reading!(self, "list jobs", |conn| jobs::list(conn, limit))
    }

    async fn repo_named(&self, owner: &str, name: &str) -> Result<Option<Repo>, StoreError> {
        reading!(self, "find a repository", |conn| repos::named(conn, owner, name))
    }

    async fn ahead_of(&self, job: &str) -> Result<u32, StoreError> {
        reading!(self, "count jobs", |conn| jobs::ahead_of(conn, job))
    }

    async fn durations(&self, repo: u64, limit: u32) -> Result<Vec<f64>, StoreError> {
        reading!(self, "list durations", |conn| jobs::durations(conn, repo, limit))
    }

    async fn run(&self, id: &str) -> Result<Option<Run>, StoreError> {
        reading!(self, "find a run", |conn| runs::one(conn, id))
    }

    async fn runs_of_job(&self, job: &str) -> Result<Vec<Run>, StoreError> {
        reading!(self, "list a job's runs", |conn| runs::of_job(conn, job))
    }

    async fn runs_of_head(
        &self,
        repo: u64,
        subject: &Subject,
        head: &str,
    ) -> Result<Vec<Run>, StoreError> {
        reading!(self, "list a head's runs", |conn| runs::of_head(conn, repo, subject, head))
    }

    async fn post(&self, lane: Lane, target: Target, now: Timestamp) -> Result<(), StoreError> {
        writing!(self, "make a target due", |tx| outbox::post(tx, &lane, &target, now))
    }

    async fn due_targets(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError> {
        reading!(self, "list due targets", |conn| outbox::due(conn, now, limit))
    }

    async fn begin(&self, lane: &Lane, target: &Target) -> Result<(), StoreError> {
        writing!(self, "note a request", |tx| outbox::begin(tx, lane, target))
    }

    async fn published(
        &self,
        lane: &Lane,
        target: &Target,
        version: u64,
        how: Published,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        writing!(self, "note what was published", |tx| outbox::published(
            tx, lane, target, version, &how, now
        ))
    }

    async fn remote(&self, lane: &Lane, target: &Target) -> Result<Option<u64>, StoreError> {
        reading!(self, "find a target", |conn| outbox::remote(conn, lane, target))
    }

    async fn note(&self, key: &str) -> Result<Option<String>, StoreError> {
        reading!(self, "read a note", |conn| notes::get(conn, key))
    }

    async fn set_note(&self, key: &str, value: &str) -> Result<(), StoreError> {
        writing!(self, "keep a note", |tx| notes::set(tx, key, value))
    }

    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        let (count, files) = writing!(self, "forget what is old", |tx| forget(tx, before))?;
        // A crash before this leaves files without a row, which the next start takes away.
        self.remove(files).await.map_err(cannot("remove bodies of deliveries"))?;
        Ok(count)
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        writing!(self, "forget old records", |tx| records(tx, before))
    }
}

impl Sqlite {
    /// The body of a delivery. One that cannot be read holds up its own delivery and no other:
    /// tried again later, or dead if it is gone.
    async fn body_of(&self, row: &DueRow, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let fault = match self.body(&row.body).await {
            Ok(Some(body)) => return Ok(Some(body)),
            Ok(None) => {
                self.postpone(&row.guid, "its body is gone", None).await?;
                return Ok(None);
            }
            Err(fault) => fault,
        };
        let again = now.saturating_add(READ_AGAIN).unwrap_or(now);
        self.postpone(&row.guid, &format!("its body cannot be read: {fault}"), Some(again)).await?;
        Ok(None)
    }
}

/// Forgets what is old: how much, and files that nobody needs any more.
async fn forget(tx: &mut SqliteConnection, before: Timestamp) -> Result<(u64, Vec<String>), Fault> {
    let (bodies, files) = deliveries::drop_bodies(tx, before).await?;
    let keys = notes::forget(tx, before).await?;
    let targets = outbox::forget(tx, before).await?;
    Ok((bodies + keys + targets, files))
}

/// Forgets records of what was over before.
async fn records(tx: &mut SqliteConnection, before: Timestamp) -> Result<u64, Fault> {
    let deliveries = deliveries::forget(tx, before).await?;
    let runs_and_jobs = jobs::forget(tx, before).await?;
    let tries = notes::forget_tries(tx, before).await?;
    Ok(deliveries + runs_and_jobs + tries)
}
