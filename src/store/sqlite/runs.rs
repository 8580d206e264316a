//! Runs: attempts that came to a receipt.

use sqlx::SqliteConnection;

use super::value::{Fault, id};
use crate::queue::{Run, Subject};

/// Stores one.
pub(super) async fn insert(conn: &mut SqliteConnection, run: &Run) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO runs (id, job, repo, subject, head, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(&run.id)
    .bind(&run.job)
    .bind(id(run.repo)?)
    .bind(run.subject.to_string())
    .bind(&run.head)
    .bind(serde_json::to_string(run)?)
    .execute(conn)
    .await?;
    Ok(())
}

/// One run.
pub(super) async fn one(conn: &mut SqliteConnection, run: &str) -> Result<Option<Run>, Fault> {
    let doc: Option<String> = sqlx::query_scalar("SELECT doc FROM runs WHERE id = ?1")
        .bind(run)
        .fetch_optional(conn)
        .await?;
    doc.map(|doc| Ok(serde_json::from_str(&doc)?)).transpose()
}

/// The runs of a job, the oldest first.
pub(super) async fn of_job(conn: &mut SqliteConnection, job: &str) -> Result<Vec<Run>, Fault> {
    let docs = sqlx::query_scalar("SELECT doc FROM runs WHERE job = ?1 ORDER BY seq").bind(job);
    read(&docs.fetch_all(conn).await?)
}

/// The runs of a subject's head, the oldest first.
pub(super) async fn of_head(
    conn: &mut SqliteConnection,
    repo: u64,
    subject: &Subject,
    head: &str,
) -> Result<Vec<Run>, Fault> {
    let docs = sqlx::query_scalar(
        "SELECT doc FROM runs WHERE repo = ?1 AND subject = ?2 AND head = ?3 ORDER BY seq",
    )
    .bind(id(repo)?)
    .bind(subject.to_string())
    .bind(head)
    .fetch_all(conn)
    .await?;
    read(&docs)
}

fn read(docs: &[String]) -> Result<Vec<Run>, Fault> {
    docs.iter().map(|doc| Ok(serde_json::from_str(doc)?)).collect()
}
