//! What acting on a delivery changes.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::{deliveries, jobs, notes, outbox, value::Fault};
use crate::queue::{Effect, Ended, Job, JobState, NewJob, Settled, Subject};

/// Why a job ends when the App goes.
const FORGOTTEN: &str = "The App was removed from this repository.";

/// Marks a delivery settled and carries its effects out; nothing at all if it was settled or dead.
pub(super) async fn settle(
    conn: &mut SqliteConnection,
    guid: &str,
    note: &str,
    effects: Vec<Effect>,
    now: Timestamp,
) -> Result<Settled, Fault> {
    if deliveries::settle(conn, guid, note, now).await? {
        carry_out(conn, effects, now).await
    } else {
        Ok(Settled { repeated: true, ..Settled::default() })
    }
}

async fn carry_out(
    conn: &mut SqliteConnection,
    effects: Vec<Effect>,
    now: Timestamp,
) -> Result<Settled, Fault> {
    let mut settled = Settled::default();
    for effect in effects {
        match effect {
            Effect::Once(key) => {
                if !notes::first_time(conn, &key, now).await? {
                    settled.repeated = true;
                    break;
                }
            }
            Effect::Enqueue(new) => enqueue(conn, &new, now, &mut settled).await?,
            Effect::Cancel { repo, subject, ended, note } => {
                if let Some(live) = jobs::live(conn, repo, &subject).await? {
                    stop(conn, &live, ended, &note, now, &mut settled).await?;
                }
            }
            Effect::Forget { installation, repositories } => {
                forget(conn, installation, &repositories, now, &mut settled).await?;
            }
            Effect::Approve { repo, pull, head, by, then } => {
                let subject = Subject::Pull(pull);
                let job = jobs::approve(conn, (repo, &subject), (&head, &by), then, now).await?;
                settled.approved.extend(job);
            }
            Effect::TryAgain { installation } => outbox::try_again(conn, installation, now).await?,
            Effect::Post(lane, target) => outbox::post(conn, &lane, &target, now).await?,
        }
    }
    Ok(settled)
}

async fn enqueue(
    conn: &mut SqliteConnection,
    new: &NewJob,
    now: Timestamp,
    settled: &mut Settled,
) -> Result<(), Fault> {
    let live = jobs::live(conn, new.repo.id, &new.subject).await?;
    let of = |job: &NewJob| (job.head.clone(), job.base.clone(), job.base_ref.clone());
    let same = |live: &Job| of(&live.job) == of(new);
    if !new.again && (live.as_ref().is_some_and(same) || jobs::finished_before(conn, new).await?) {
        return Ok(());
    }
    if let Some(live) = live {
        let note = taken_by(&live.job, new);
        stop(conn, &live, Ended::Superseded, note, now, settled).await?;
    }
    jobs::insert(conn, new, now).await?;
    settled.enqueued.push(new.id.clone());
    Ok(())
}

fn taken_by(old: &NewJob, new: &NewJob) -> &'static str {
    if old.head != new.head {
        "A newer commit took its place."
    } else if old.base != new.base {
        "A job against a newer base took its place."
    } else {
        "A newer job for the same commit took its place."
    }
}

async fn forget(
    conn: &mut SqliteConnection,
    installation: u64,
    repositories: &[u64],
    now: Timestamp,
    settled: &mut Settled,
) -> Result<(), Fault> {
    for live in jobs::live_of_installation(conn, installation).await? {
        if repositories.is_empty() || repositories.contains(&live.job.repo.id) {
            stop(conn, &live, Ended::Cancelled, FORGOTTEN, now, settled).await?;
        }
    }
    Ok(())
}

/// Ends a live job, and notes it if a runner has it.
async fn stop(
    conn: &mut SqliteConnection,
    live: &Job,
    ended: Ended,
    note: &str,
    now: Timestamp,
    settled: &mut Settled,
) -> Result<(), Fault> {
    jobs::end(conn, &live.job.id, ended, Some(note), now).await?;
    if live.state == JobState::Leased {
        settled.stopped.push(live.job.id.clone());
    }
    Ok(())
}
