//! Keys that were seen, and values that outlive a restart.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::value::{Fault, micros};

/// Remembers a key; false if it was seen before.
pub(super) async fn first_time(
    conn: &mut SqliteConnection,
    key: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let new =
        sqlx::query("INSERT INTO seen (key, at) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING")
            .bind(key)
            .bind(micros(now))
            .execute(conn)
            .await?;
    Ok(new.rows_affected() == 1)
}

/// Forgets keys that were seen before a time.
pub(super) async fn forget(conn: &mut SqliteConnection, before: Timestamp) -> Result<u64, Fault> {
    let gone = sqlx::query("DELETE FROM seen WHERE at < ?1").bind(micros(before)).execute(conn);
    Ok(gone.await?.rows_affected())
}

/// A value.
pub(super) async fn get(conn: &mut SqliteConnection, key: &str) -> Result<Option<String>, Fault> {
    let value = sqlx::query_scalar("SELECT value FROM notes WHERE key = ?1").bind(key);
    Ok(value.fetch_optional(conn).await?)
}

/// Remembers a value.
pub(super) async fn set(conn: &mut SqliteConnection, key: &str, value: &str) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO notes (key, value) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(key)
    .bind(value)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets how often lost deliveries were asked for, where that was last done before a time: the
/// second word of such a note is when.
pub(super) async fn forget_tries(
    conn: &mut SqliteConnection,
    before: Timestamp,
) -> Result<u64, Fault> {
    let gone = sqlx::query(
        "DELETE FROM notes WHERE key LIKE 'audit/%'
             AND CAST(substr(value, instr(value, ' ') + 1) AS INTEGER) < ?1",
    )
    .bind(micros(before))
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
