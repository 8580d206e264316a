//! What GitHub has to be told of a job.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::{
    outbox,
    value::{Fault, micros},
};
use crate::queue::{Ended, Job, JobState, Lane, Subject, Target};

/// Makes due what shows a job.
pub(super) async fn changed(
    conn: &mut SqliteConnection,
    job: &Job,
    now: Timestamp,
) -> Result<(), Fault> {
    let lane = lane(job);
    for target in targets(job) {
        outbox::post(conn, &lane, &target, now).await?;
    }
    sqlx::query("UPDATE jobs SET told = ?2 WHERE id = ?1")
        .bind(&job.job.id)
        .bind(micros(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes the reaction due to the comment that asked for a job that is over. One that was stopped
/// or replaced gets none: nothing was found out, and nothing went wrong.
pub(super) async fn react(
    conn: &mut SqliteConnection,
    job: &Job,
    now: Timestamp,
) -> Result<(), Fault> {
    let content = match job.ended {
        Some(Ended::Judged) => "rocket",
        Some(Ended::Error | Ended::TimedOut) => "confused",
        Some(Ended::Superseded | Ended::Cancelled) | None => return Ok(()),
    };
    let Some(comment) = job.job.asked.comment else { return Ok(()) };
    let target = Target::Reaction { comment, content: content.to_owned() };
    outbox::post(conn, &lane(job), &target, now).await
}

fn lane(job: &Job) -> Lane {
    Lane {
        installation: job.job.installation,
        repo: job.job.repo.id,
        owner: job.job.repo.owner.clone(),
        name: job.job.repo.name.clone(),
        subject: job.job.subject.to_string(),
    }
}

fn targets(job: &Job) -> Vec<Target> {
    let id = &job.job.id;
    let mut targets = vec![Target::Check { job: id.clone() }];
    if let Subject::Pull(pull) = job.job.subject {
        targets.push(Target::Sticky { pull });
        if job.state == JobState::Over {
            targets.push(Target::Label { pull });
        }
    }
    targets.push(Target::Status { job: id.clone() });
    if job.ended == Some(Ended::Judged) {
        targets.push(Target::Sarif { job: id.clone() });
    }
    targets
}
