//! Repositories, as the jobs about them tell.

use sqlx::SqliteConnection;

use super::value::Fault;
use crate::{github::event::Repo, queue::NewJob};

/// The repository of a name: as its newest job has it, if that still calls it so.
pub(super) async fn named(
    conn: &mut SqliteConnection,
    owner: &str,
    name: &str,
) -> Result<Option<Repo>, Fault> {
    // A name may have gone from one repository to another: the newest job under it says whose
    // it is, and the newest job of that one says what it is called now.
    let doc: Option<String> = sqlx::query_scalar(
        "SELECT doc FROM jobs WHERE seq = (
             SELECT MAX(seq) FROM jobs WHERE repo = (
                 SELECT repo FROM jobs
                 WHERE lower(doc ->> '$.repo.owner') = lower(?1)
                   AND lower(doc ->> '$.repo.name') = lower(?2)
                 ORDER BY seq DESC LIMIT 1))",
    )
    .bind(owner)
    .bind(name)
    .fetch_optional(conn)
    .await?;
    let Some(doc) = doc else { return Ok(None) };
    let repo = serde_json::from_str::<NewJob>(&doc)?.repo;
    let called = |known: &str, asked: &str| known.eq_ignore_ascii_case(asked);
    Ok(Some(repo).filter(|repo| called(&repo.owner, owner) && called(&repo.name, name)))
}
