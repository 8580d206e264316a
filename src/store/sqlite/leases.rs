//! Leases: which runner has a job, and for how long.

use jiff::{SignedDuration, Timestamp};
use sqlx::{Row as _, SqliteConnection};

use super::{
    jobs, runs, tell,
    value::{Fault, micros, random},
};
use crate::queue::{Ended, Finish, Heard, Job, JobState, Progress, Reaped, Trust, Waiting};

/// Progress within a phase is told so often at most.
const TELL_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// Gives the job that comes first to a runner.
pub(super) async fn lease(
    conn: &mut SqliteConnection,
    runner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Job>, Fault> {
    let row = sqlx::query(
        "UPDATE jobs SET state = 'leased', runner = ?1, lease = ?2, lease_until = ?3, started = ?4,
             attempts = attempts + 1, progress = NULL
         WHERE id = (SELECT id FROM jobs WHERE state = 'queued' ORDER BY priority DESC, seq LIMIT 1)
         RETURNING *",
    )
    .bind(runner)
    .bind(random())
    .bind(micros(until))
    .bind(micros(now))
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let job = jobs::from_row(&row)?;
    tell::changed(conn, &job, now).await?;
    Ok(Some(job))
}

/// Renews a lease that counts, even one that ran out, as long as nobody took it back.
pub(super) async fn heartbeat(
    conn: &mut SqliteConnection,
    (job, lease): (&str, &str),
    progress: Option<Progress>,
    until: Timestamp,
    now: Timestamp,
) -> Result<Heard, Fault> {
    let mut held = match held(conn, job, lease).await? {
        Ok(held) => held,
        Err(why) => return Ok(Heard::Stop(why)),
    };
    sqlx::query("UPDATE jobs SET lease_until = ?2 WHERE id = ?1")
        .bind(job)
        .bind(micros(until))
        .execute(&mut *conn)
        .await?;
    if let Some(progress) = progress.filter(|new| held.progress.as_ref() != Some(new)) {
        let phase = held.progress.as_ref().map(|old| old.phase);
        let another = phase != Some(progress.phase);
        sqlx::query("UPDATE jobs SET progress = ?2 WHERE id = ?1")
            .bind(job)
            .bind(serde_json::to_string(&progress)?)
            .execute(&mut *conn)
            .await?;
        if another || micros(now) - told(conn, job).await? >= micros_of(TELL_EVERY) {
            held.progress = Some(progress);
            tell::changed(conn, &held, now).await?;
        }
    }
    Ok(Heard::Continue)
}

fn micros_of(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// When GitHub had last to be told of a job, in microseconds.
async fn told(conn: &mut SqliteConnection, job: &str) -> Result<i64, Fault> {
    let told = sqlx::query_scalar("SELECT told FROM jobs WHERE id = ?1").bind(job);
    Ok(told.fetch_one(conn).await?)
}

/// Ends a job whose lease counts; false if it does not.
pub(super) async fn finish(
    conn: &mut SqliteConnection,
    (job, lease): (&str, &str),
    finish: Finish,
    now: Timestamp,
) -> Result<bool, Fault> {
    if held(conn, job, lease).await?.is_err() {
        return Ok(false);
    }
    let (ended, note) = match finish {
        Finish::Judged(run) if run.job != job => {
            return Err(format!("run {} is not one of job {job}", run.id).into());
        }
        Finish::Judged(run) => {
            runs::insert(conn, &run).await?;
            (Ended::Judged, None)
        }
        Finish::Error(why) => (Ended::Error, Some(why)),
    };
    Ok(jobs::end(conn, job, ended, note.as_deref(), now).await?.is_some())
}

/// Takes a job back as if it had never been leased, if the lease counts.
pub(super) async fn hand_back(
    conn: &mut SqliteConnection,
    (job, lease): (&str, &str),
    now: Timestamp,
) -> Result<(), Fault> {
    if held(conn, job, lease).await?.is_err() {
        return Ok(());
    }
    requeue(conn, job, 1, now).await
}

/// Has a job wait whose code is of this trust after all, as if it had never been leased; false if
/// the lease does not count.
pub(super) async fn hold(
    conn: &mut SqliteConnection,
    (job, lease): (&str, &str),
    held_for: (Trust, Waiting),
    now: Timestamp,
) -> Result<bool, Fault> {
    if held(conn, job, lease).await?.is_err() {
        return Ok(false);
    }
    let back = taken_back(conn, job, 1).await?;
    jobs::hold(conn, back, held_for, now).await?;
    Ok(true)
}

/// Takes back what ran out by now, and what a runner held that started anew.
pub(super) async fn reap(
    conn: &mut SqliteConnection,
    now: Timestamp,
    restarted: Option<&str>,
    cap: u32,
) -> Result<Vec<Reaped>, Fault> {
    let silent = sqlx::query(
        "SELECT id, attempts FROM jobs
         WHERE state = 'leased' AND (lease_until <= ?1 OR runner = ?2) ORDER BY seq",
    )
    .bind(micros(now))
    .bind(restarted)
    .fetch_all(&mut *conn)
    .await?;
    let mut reaped = Vec::with_capacity(silent.len());
    for row in silent {
        let (job, attempts): (String, u32) = (row.try_get("id")?, row.try_get("attempts")?);
        if attempts >= cap {
            let note = gave_up(attempts);
            jobs::end(conn, &job, Ended::TimedOut, Some(&note), now).await?;
            reaped.push(Reaped::TimedOut(job));
        } else {
            requeue(conn, &job, 0, now).await?;
            reaped.push(Reaped::Requeued(job));
        }
    }
    Ok(reaped)
}

fn gave_up(attempts: u32) -> String {
    match attempts {
        1 => "Its runner went silent.".to_owned(),
        times => format!("Its runner went silent {times} times."),
    }
}

/// Puts a job back where it stood in the queue; `undone` attempts do not count.
async fn requeue(
    conn: &mut SqliteConnection,
    job: &str,
    undone: u32,
    now: Timestamp,
) -> Result<(), Fault> {
    let back = taken_back(conn, job, undone).await?;
    tell::changed(conn, &back, now).await
}

async fn taken_back(conn: &mut SqliteConnection, job: &str, undone: u32) -> Result<Job, Fault> {
    let row = sqlx::query(
        "UPDATE jobs SET state = 'queued', runner = NULL, lease = NULL, lease_until = NULL,
             started = NULL, progress = NULL, attempts = attempts - ?2
         WHERE id = ?1 RETURNING *",
    )
    .bind(job)
    .bind(undone)
    .fetch_one(&mut *conn)
    .await?;
    jobs::from_row(&row)
}

/// The job that a lease is for, or why it no longer counts.
async fn held(
    conn: &mut SqliteConnection,
    job: &str,
    lease: &str,
) -> Result<Result<Job, String>, Fault> {
    let Some(job) = jobs::one(conn, job).await? else {
        return Ok(Err("there is no such job".to_owned()));
    };
    Ok(match (job.state, job.ended) {
        (JobState::Leased, _) if job.lease.as_deref() == Some(lease) => Ok(job),
        (JobState::Leased, _) => Err("another lease of the job counts now".to_owned()),
        (JobState::Over, Some(Ended::Superseded)) => Err("a newer job took its place".to_owned()),
        (JobState::Over, Some(Ended::Cancelled)) => Err("the job was cancelled".to_owned()),
        (JobState::Over, _) => Err("the job is over".to_owned()),
        (JobState::Held | JobState::Queued, _) => Err("the lease was taken back".to_owned()),
    })
}
