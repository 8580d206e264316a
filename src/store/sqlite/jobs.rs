//! Jobs: stored, ended, and found again.

use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    tell,
    value::{Fault, id, micros, some_time, time, variant, word},
};
use crate::queue::{Ended, Job, JobState, NewJob, Subject, Trust, Waiting};

/// A job from a row with all of its columns.
pub(super) fn from_row(row: &SqliteRow) -> Result<Job, Fault> {
    let doc: String = row.try_get("doc")?;
    let ended: Option<String> = row.try_get("ended")?;
    let progress: Option<String> = row.try_get("progress")?;
    Ok(Job {
        job: serde_json::from_str(&doc)?,
        state: variant(row.try_get("state")?)?,
        ended: ended.map(variant).transpose()?,
        note: row.try_get("note")?,
        attempts: row.try_get("attempts")?,
        created: time(row.try_get("created")?)?,
        started: some_time(row.try_get("started")?)?,
        finished: some_time(row.try_get("finished")?)?,
        runner: row.try_get("runner")?,
        lease: row.try_get("lease")?,
        lease_until: some_time(row.try_get("lease_until")?)?,
        progress: progress.map(|text| serde_json::from_str(&text)).transpose()?,
    })
}

fn some(row: Option<&SqliteRow>) -> Result<Option<Job>, Fault> {
    row.map(from_row).transpose()
}

fn all(rows: &[SqliteRow]) -> Result<Vec<Job>, Fault> {
    rows.iter().map(from_row).collect()
}

/// Where a job stands that no runner has.
fn state_of(waiting: Waiting) -> JobState {
    match waiting {
        Waiting::Nothing => JobState::Queued,
        Waiting::Approval | Waiting::Sandbox => JobState::Held,
    }
}

/// Stores a job, and has GitHub told of it.
pub(super) async fn insert(
    conn: &mut SqliteConnection,
    new: &NewJob,
    now: Timestamp,
) -> Result<(), Fault> {
    let state = state_of(new.waiting);
    let row = sqlx::query(
        "INSERT INTO jobs (id, installation, repo, subject, head, base, priority, state, created,
             told, doc)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10) RETURNING *",
    )
    .bind(&new.id)
    .bind(id(new.installation)?)
    .bind(id(new.repo.id)?)
    .bind(new.subject.to_string())
    .bind(&new.head)
    .bind(&new.base)
    .bind(new.priority)
    .bind(word(&state)?)
    .bind(micros(now))
    .bind(serde_json::to_string(new)?)
    .fetch_one(&mut *conn)
    .await?;
    tell::changed(conn, &from_row(&row)?, now).await
}

/// Ends a live job, has GitHub told of it, and answers the comment that asked for it. None if it
/// was over already; else the job as it was.
pub(super) async fn end(
    conn: &mut SqliteConnection,
    job: &str,
    ended: Ended,
    note: Option<&str>,
    now: Timestamp,
) -> Result<Option<Job>, Fault> {
    let Some(before) = one(conn, job).await?.filter(|job| job.state != JobState::Over) else {
        return Ok(None);
    };
    let row = sqlx::query(
        "UPDATE jobs SET state = 'over', ended = ?2, note = ?3, finished = ?4, runner = NULL,
             lease = NULL, lease_until = NULL
         WHERE id = ?1 RETURNING *",
    )
    .bind(job)
    .bind(word(&ended)?)
    .bind(note)
    .bind(micros(now))
    .fetch_one(&mut *conn)
    .await?;
    let over = from_row(&row)?;
    tell::changed(conn, &over, now).await?;
    tell::react(conn, &over, now).await?;
    Ok(Some(before))
}

/// Lets a held job of this head go, or has it wait for something else; its id if there is one.
pub(super) async fn approve(
    conn: &mut SqliteConnection,
    (repo, subject): (u64, &Subject),
    (head, by): (&str, &str),
    then: Waiting,
    now: Timestamp,
) -> Result<Option<String>, Fault> {
    let held = live(conn, repo, subject).await?.filter(|job| job.state == JobState::Held);
    let Some(mut job) = held.filter(|job| job.job.head == head) else { return Ok(None) };
    if let Trust::Stranger { approved_by, .. } = &mut job.job.trust {
        *approved_by = Some(by.to_owned());
    }
    wait_for(conn, &mut job, then, now).await?;
    Ok(Some(job.job.id))
}

/// Has a job that no runner has wait for this, and GitHub told of it.
async fn wait_for(
    conn: &mut SqliteConnection,
    job: &mut Job,
    waiting: Waiting,
    now: Timestamp,
) -> Result<(), Fault> {
    job.job.waiting = waiting;
    job.state = state_of(waiting);
    sqlx::query("UPDATE jobs SET state = ?2, doc = ?3 WHERE id = ?1")
        .bind(&job.job.id)
        .bind(word(&job.state)?)
        .bind(serde_json::to_string(&job.job)?)
        .execute(&mut *conn)
        .await?;
    tell::changed(conn, job, now).await
}

/// Has strangers' jobs wait for what this host makes due; ids of those for which it changed.
pub(super) async fn sort_strangers(
    conn: &mut SqliteConnection,
    sandboxed: bool,
    now: Timestamp,
) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query("SELECT * FROM jobs WHERE state IN ('held', 'queued') ORDER BY seq")
        .fetch_all(&mut *conn)
        .await?;
    let mut sorted = Vec::new();
    for mut job in all(&rows)? {
        let due = job.job.trust.waits_for(&job.job.subject, sandboxed);
        if job.job.waiting != due {
            wait_for(conn, &mut job, due, now).await?;
            sorted.push(job.job.id);
        }
    }
    Ok(sorted)
}

/// Has a job wait for this that is of this trust after all; it is nobody's any more.
pub(super) async fn hold(
    conn: &mut SqliteConnection,
    mut job: Job,
    (trust, waiting): (Trust, Waiting),
    now: Timestamp,
) -> Result<(), Fault> {
    job.job.trust = trust;
    wait_for(conn, &mut job, waiting, now).await
}

/// One job.
pub(super) async fn one(conn: &mut SqliteConnection, job: &str) -> Result<Option<Job>, Fault> {
    let row = sqlx::query("SELECT * FROM jobs WHERE id = ?1").bind(job);
    some(row.fetch_optional(conn).await?.as_ref())
}

/// The live job of a subject.
pub(super) async fn live(
    conn: &mut SqliteConnection,
    repo: u64,
    subject: &Subject,
) -> Result<Option<Job>, Fault> {
    let row =
        sqlx::query("SELECT * FROM jobs WHERE repo = ?1 AND subject = ?2 AND state <> 'over'")
            .bind(id(repo)?)
            .bind(subject.to_string())
            .fetch_optional(conn)
            .await?;
    some(row.as_ref())
}

/// All live jobs of an installation.
pub(super) async fn live_of_installation(
    conn: &mut SqliteConnection,
    installation: u64,
) -> Result<Vec<Job>, Fault> {
    let rows =
        sqlx::query("SELECT * FROM jobs WHERE installation = ?1 AND state <> 'over' ORDER BY seq")
            .bind(id(installation)?)
            .fetch_all(conn)
            .await?;
    all(&rows)
}

/// Whether this head was gated against this base: one that was cancelled or superseded was not.
/// What came before a job for another head does not count: whoever pushes back to an older commit
/// wants its report to stand again, not the other one's.
pub(super) async fn finished_before(
    conn: &mut SqliteConnection,
    new: &NewJob,
) -> Result<bool, Fault> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM jobs WHERE repo = ?1 AND subject = ?2 AND head = ?3 AND base = ?4
             AND ended IN ('judged', 'error', 'timed-out')
             AND seq > COALESCE((SELECT MAX(seq) FROM jobs WHERE repo = ?1 AND subject = ?2
                 AND head <> ?3), 0)",
    )
    .bind(id(new.repo.id)?)
    .bind(new.subject.to_string())
    .bind(&new.head)
    .bind(&new.base)
    .fetch_one(conn)
    .await?;
    Ok(count > 0)
}

/// The live job of a subject, else the newest.
pub(super) async fn newest(
    conn: &mut SqliteConnection,
    repo: u64,
    subject: &Subject,
) -> Result<Option<Job>, Fault> {
    let row = sqlx::query(
        "SELECT * FROM jobs WHERE repo = ?1 AND subject = ?2
         ORDER BY state = 'over', seq DESC LIMIT 1",
    )
    .bind(id(repo)?)
    .bind(subject.to_string())
    .fetch_optional(conn)
    .await?;
    some(row.as_ref())
}

/// The newest job of a head.
pub(super) async fn of_head(
    conn: &mut SqliteConnection,
    repo: u64,
    head: &str,
) -> Result<Option<Job>, Fault> {
    let row =
        sqlx::query("SELECT * FROM jobs WHERE repo = ?1 AND head = ?2 ORDER BY seq DESC LIMIT 1")
            .bind(id(repo)?)
            .bind(head)
            .fetch_optional(conn)
            .await?;
    some(row.as_ref())
}

/// The newest judged job of each subject of a head.
pub(super) async fn judged_at(
    conn: &mut SqliteConnection,
    repo: u64,
    head: &str,
) -> Result<Vec<Job>, Fault> {
    let rows = sqlx::query(
        "SELECT * FROM jobs WHERE seq IN (SELECT MAX(seq) FROM jobs
             WHERE repo = ?1 AND head = ?2 AND ended = 'judged' GROUP BY subject)
         ORDER BY seq DESC LIMIT 20",
    )
    .bind(id(repo)?)
    .bind(head)
    .fetch_all(conn)
    .await?;
    all(&rows)
}

/// Live jobs, and those that were stored last, the newest first.
pub(super) async fn list(conn: &mut SqliteConnection, limit: u32) -> Result<Vec<Job>, Fault> {
    let rows = sqlx::query(
        "SELECT * FROM (SELECT * FROM jobs ORDER BY state = 'over', seq DESC LIMIT ?1)
         ORDER BY seq DESC",
    )
    .bind(limit)
    .fetch_all(conn)
    .await?;
    all(&rows)
}

/// How many a runner has or will take before this one; 0 for one that no runner waits for.
pub(super) async fn ahead_of(conn: &mut SqliteConnection, job: &str) -> Result<u32, Fault> {
    let count = sqlx::query_scalar(
        "SELECT COUNT(*) FROM jobs AS this JOIN jobs AS other ON other.id <> this.id
         WHERE this.id = ?1 AND this.state IN ('held', 'queued') AND (other.state = 'leased'
             OR other.state = 'queued' AND (other.priority > this.priority
                 OR other.priority = this.priority AND other.seq < this.seq))",
    )
    .bind(job)
    .fetch_one(conn)
    .await?;
    Ok(count)
}

/// How long the last judged jobs took, in seconds, the newest first: of one repository, or of
/// all where it has none.
pub(super) async fn durations(
    conn: &mut SqliteConnection,
    repo: u64,
    limit: u32,
) -> Result<Vec<f64>, Fault> {
    let of_repo = took(conn, Some(repo), limit).await?;
    if of_repo.is_empty() { took(conn, None, limit).await } else { Ok(of_repo) }
}

async fn took(
    conn: &mut SqliteConnection,
    repo: Option<u64>,
    limit: u32,
) -> Result<Vec<f64>, Fault> {
    let seconds = sqlx::query_scalar(
        "SELECT (finished - started) / 1000000.0 FROM jobs
         WHERE ended = 'judged' AND started IS NOT NULL AND (?1 IS NULL OR repo = ?1)
         ORDER BY finished DESC LIMIT ?2",
    )
    .bind(repo.map(id).transpose()?)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(seconds)
}

/// Forgets jobs that were over before, and their runs. The newest job of a branch stays: its badge
/// tells of it however long nothing moves.
pub(super) async fn forget(conn: &mut SqliteConnection, before: Timestamp) -> Result<u64, Fault> {
    const OLD: &str = "state = 'over' AND finished < ?1 AND (subject NOT LIKE 'branch/%'
        OR seq < (SELECT MAX(seq) FROM jobs AS newer
            WHERE newer.repo = jobs.repo AND newer.subject = jobs.subject))";
    let mut gone = 0;
    for delete in [
        format!("DELETE FROM runs WHERE job IN (SELECT id FROM jobs WHERE {OLD})"),
        format!("DELETE FROM jobs WHERE {OLD}"),
    ] {
        let done = sqlx::query(sqlx::AssertSqlSafe(delete)).bind(micros(before));
        gone += done.execute(&mut *conn).await?.rows_affected();
    }
    Ok(gone)
}
