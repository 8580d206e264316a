//! Targets: what is due on GitHub, lane by lane, and how publishing it went.

use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::value::{Fault, id, micros};
use crate::queue::{Due, Lane, Published, Target};

/// Makes a target due. One that is due already keeps its place in the lane, and the time of its
/// next try: GitHub asked for that pause, or it would fail again.
pub(super) async fn post(
    conn: &mut SqliteConnection,
    lane: &Lane,
    target: &Target,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO outbox (repo, key, installation, owner, name, subject, doc,
             version, state, due_seq, next_at, changed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,
             1, 'due', (SELECT COALESCE(MAX(due_seq), 0) + 1 FROM outbox), ?8, ?8)
         ON CONFLICT (repo, key) DO UPDATE SET
             installation = excluded.installation, owner = excluded.owner, name = excluded.name,
             subject = excluded.subject, doc = excluded.doc, version = outbox.version + 1,
             due_seq = CASE outbox.state WHEN 'due' THEN outbox.due_seq ELSE excluded.due_seq END,
             next_at = CASE outbox.state WHEN 'due' THEN outbox.next_at ELSE excluded.next_at END,
             state = 'due', attempts = 0, changed = excluded.changed",
    )
    .bind(id(lane.repo)?)
    .bind(target.key())
    .bind(id(lane.installation)?)
    .bind(&lane.owner)
    .bind(&lane.name)
    .bind(&lane.subject)
    .bind(serde_json::to_string(target)?)
    .bind(micros(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// The first target of each lane, where it may be tried now.
pub(super) async fn due(
    conn: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Due>, Fault> {
    let rows = sqlx::query(
        "SELECT * FROM outbox AS target WHERE state = 'due' AND next_at <= ?1 AND NOT EXISTS (
             SELECT 1 FROM outbox AS earlier
             WHERE earlier.state = 'due' AND earlier.installation = target.installation
                 AND earlier.repo = target.repo AND earlier.subject = target.subject
                 AND earlier.due_seq < target.due_seq)
         ORDER BY due_seq LIMIT ?2",
    )
    .bind(micros(now))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter().map(due_row).collect()
}

fn due_row(row: &SqliteRow) -> Result<Due, Fault> {
    let doc: String = row.try_get("doc")?;
    Ok(Due {
        lane: Lane {
            installation: row.try_get("installation")?,
            repo: row.try_get("repo")?,
            owner: row.try_get("owner")?,
            name: row.try_get("name")?,
            subject: row.try_get("subject")?,
        },
        target: serde_json::from_str(&doc)?,
        version: row.try_get("version")?,
        attempts: row.try_get("attempts")?,
        remote: row.try_get("remote")?,
        began: row.try_get("began")?,
        digest: row.try_get("digest")?,
    })
}

/// A request to make it is about to be sent.
pub(super) async fn begin(
    conn: &mut SqliteConnection,
    lane: &Lane,
    target: &Target,
) -> Result<(), Fault> {
    sqlx::query("UPDATE outbox SET began = 1 WHERE repo = ?1 AND key = ?2")
        .bind(id(lane.repo)?)
        .bind(target.key())
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes how publishing one version went. What changed in between stays due.
pub(super) async fn published(
    conn: &mut SqliteConnection,
    lane: &Lane,
    target: &Target,
    version: u64,
    how: &Published,
    now: Timestamp,
) -> Result<(), Fault> {
    let query = match how {
        Published::Done { remote, digest } => sqlx::query(
            "UPDATE outbox SET state = CASE version WHEN ?3 THEN 'done' ELSE state END,
                 published = MAX(published, ?3), attempts = 0, began = 0, why = NULL,
                 remote = COALESCE(?5, remote), digest = ?6, changed = ?4
             WHERE repo = ?1 AND key = ?2",
        )
        .bind(id(lane.repo)?)
        .bind(target.key())
        .bind(id(version)?)
        .bind(micros(now))
        .bind(remote.map(id).transpose()?)
        .bind(digest),
        Published::Later { why, at } => sqlx::query(
            "UPDATE outbox SET attempts = attempts + (version = ?3), next_at = ?5, why = ?6,
                 changed = ?4
             WHERE repo = ?1 AND key = ?2 AND state = 'due'",
        )
        .bind(id(lane.repo)?)
        .bind(target.key())
        .bind(id(version)?)
        .bind(micros(now))
        .bind(micros(*at))
        .bind(why),
        Published::GivenUp { why } => sqlx::query(
            "UPDATE outbox SET state = 'given-up', why = ?5, changed = ?4
             WHERE repo = ?1 AND key = ?2 AND version = ?3 AND state = 'due'",
        )
        .bind(id(lane.repo)?)
        .bind(target.key())
        .bind(id(version)?)
        .bind(micros(now))
        .bind(why),
    };
    query.execute(conn).await?;
    Ok(())
}

/// Makes what was given up due once more. Each keeps its place among those of its lane.
pub(super) async fn try_again(
    conn: &mut SqliteConnection,
    installation: u64,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE outbox SET state = 'due', version = version + 1, attempts = 0, next_at = ?2,
             changed = ?2, due_seq = due_seq + (SELECT COALESCE(MAX(due_seq), 0) FROM outbox)
         WHERE installation = ?1 AND state = 'given-up'",
    )
    .bind(id(installation)?)
    .bind(micros(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// GitHub's id of a target.
pub(super) async fn remote(
    conn: &mut SqliteConnection,
    lane: &Lane,
    target: &Target,
) -> Result<Option<u64>, Fault> {
    let remote = sqlx::query_scalar("SELECT remote FROM outbox WHERE repo = ?1 AND key = ?2")
        .bind(id(lane.repo)?)
        .bind(target.key())
        .fetch_optional(conn)
        .await?;
    Ok(remote.flatten())
}

/// Forgets targets that did not change since a time and cannot become due again. A pull request's
/// comment and label are kept: without its id the comment would be made a second time.
pub(super) async fn forget(conn: &mut SqliteConnection, before: Timestamp) -> Result<u64, Fault> {
    let gone = sqlx::query(
        "DELETE FROM outbox WHERE state <> 'due' AND changed < ?1
             AND key NOT LIKE 'sticky/%' AND key NOT LIKE 'label/%'
             AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.repo = outbox.repo
                 AND jobs.subject = outbox.subject AND jobs.state <> 'over')",
    )
    .bind(micros(before))
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
