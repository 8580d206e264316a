//! Deliveries: stored once, acted on once, kept until nobody needs them.

use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    arrivals::{Arrival, Body},
    value::{Fault, micros, time},
};
use crate::queue::{Accepted, DeliveryState, DeliverySummary};

/// A delivery that is due, before a body that lies in a file is read.
#[derive(Debug)]
pub(super) struct DueRow {
    pub(super) guid: String,
    pub(super) event: String,
    pub(super) attempts: u32,
    pub(super) body: Option<Body>,
}

/// Stores one, unless its guid is known.
pub(super) async fn insert(
    conn: &mut SqliteConnection,
    arrival: &Arrival,
) -> Result<Accepted, Fault> {
    let (body, file) = match &arrival.body {
        Body::Row(bytes) => (Some(bytes.as_slice()), None),
        Body::File(name) => (None, Some(name.as_str())),
    };
    let stored = sqlx::query(
        "INSERT INTO deliveries (guid, event, sha256, received, state, next_at, body_file, body)
         VALUES (?1, ?2, ?3, ?4, 'waiting', ?4, ?5, ?6) ON CONFLICT (guid) DO NOTHING",
    )
    .bind(&arrival.guid)
    .bind(&arrival.event)
    .bind(&arrival.sha256)
    .bind(arrival.received)
    .bind(file)
    .bind(body)
    .execute(&mut *conn)
    .await?;
    if stored.rows_affected() == 1 {
        return Ok(Accepted::Stored);
    }
    let known: String = sqlx::query_scalar("SELECT sha256 FROM deliveries WHERE guid = ?1")
        .bind(&arrival.guid)
        .fetch_one(conn)
        .await?;
    Ok(if known == arrival.sha256 { Accepted::Known } else { Accepted::Conflict })
}

/// Those that are due, the oldest first.
pub(super) async fn due(
    conn: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<DueRow>, Fault> {
    let rows = sqlx::query(
        "SELECT guid, event, attempts, body_file, body FROM deliveries
         WHERE state = 'waiting' AND next_at <= ?1 ORDER BY seq LIMIT ?2",
    )
    .bind(micros(now))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter().map(due_row).collect()
}

fn due_row(row: &SqliteRow) -> Result<DueRow, Fault> {
    let file: Option<String> = row.try_get("body_file")?;
    let bytes: Option<Vec<u8>> = row.try_get("body")?;
    Ok(DueRow {
        guid: row.try_get("guid")?,
        event: row.try_get("event")?,
        attempts: row.try_get("attempts")?,
        body: file.map(Body::File).or(bytes.map(Body::Row)),
    })
}

/// Marks a waiting delivery settled; false if it did not wait.
pub(super) async fn settle(
    conn: &mut SqliteConnection,
    guid: &str,
    note: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let settled = sqlx::query(
        "UPDATE deliveries SET state = 'settled', settled = ?3, note = ?2
         WHERE guid = ?1 AND state = 'waiting'",
    )
    .bind(guid)
    .bind(note)
    .bind(micros(now))
    .execute(&mut *conn)
    .await?;
    if settled.rows_affected() == 0 && unknown(conn, guid).await? {
        return Err(format!("there is no delivery {guid}").into());
    }
    Ok(settled.rows_affected() == 1)
}

/// Counts a failure: due again later, or dead.
pub(super) async fn postpone(
    conn: &mut SqliteConnection,
    guid: &str,
    note: &str,
    again: Option<Timestamp>,
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE deliveries SET attempts = attempts + 1, note = ?2, next_at = COALESCE(?3, next_at),
         state = CASE WHEN ?3 IS NULL THEN 'dead' ELSE 'waiting' END
         WHERE guid = ?1 AND state = 'waiting'",
    )
    .bind(guid)
    .bind(note)
    .bind(again.map(micros))
    .execute(conn)
    .await?;
    Ok(())
}

/// Due again later; counts nothing.
pub(super) async fn put_off(
    conn: &mut SqliteConnection,
    guid: &str,
    note: &str,
    again: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE deliveries SET note = ?2, next_at = ?3 WHERE guid = ?1 AND state = 'waiting'",
    )
    .bind(guid)
    .bind(note)
    .bind(micros(again))
    .execute(conn)
    .await?;
    Ok(())
}

/// Those in one state, or all of them, the newest first.
pub(super) async fn list(
    conn: &mut SqliteConnection,
    state: Option<DeliveryState>,
    limit: u32,
) -> Result<Vec<DeliverySummary>, Fault> {
    let rows = sqlx::query(
        "SELECT guid, event, received, state, attempts, note FROM deliveries
         WHERE ?1 IS NULL OR state = ?1 ORDER BY seq DESC LIMIT ?2",
    )
    .bind(state.map(state_word))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter().map(summary).collect()
}

fn summary(row: &SqliteRow) -> Result<DeliverySummary, Fault> {
    Ok(DeliverySummary {
        guid: row.try_get("guid")?,
        event: row.try_get("event")?,
        received: time(row.try_get("received")?)?,
        state: state(row.try_get("state")?)?,
        attempts: row.try_get("attempts")?,
        note: row.try_get("note")?,
    })
}

fn state_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::Settled => "settled",
        DeliveryState::Dead => "dead",
    }
}

fn state(word: &str) -> Result<DeliveryState, Fault> {
    match word {
        "waiting" => Ok(DeliveryState::Waiting),
        "settled" => Ok(DeliveryState::Settled),
        "dead" => Ok(DeliveryState::Dead),
        other => Err(format!("no delivery is «{other}»").into()),
    }
}

/// Makes one due at once, with all its tries before it; false if its body is no longer kept.
pub(super) async fn replay(
    conn: &mut SqliteConnection,
    guid: &str,
    now: Timestamp,
) -> Result<bool, Fault> {
    let due = sqlx::query(
        "UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = ?2, settled = NULL
         WHERE guid = ?1 AND (body IS NOT NULL OR body_file IS NOT NULL)",
    )
    .bind(guid)
    .bind(micros(now))
    .execute(conn)
    .await?;
    Ok(due.rows_affected() == 1)
}

/// Those of the guids that are not stored.
pub(super) async fn unknown_among(
    conn: &mut SqliteConnection,
    guids: &[String],
) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    for guid in guids {
        if unknown(conn, guid).await? {
            found.push(guid.clone());
        }
    }
    Ok(found)
}

async fn unknown(conn: &mut SqliteConnection, guid: &str) -> Result<bool, Fault> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM deliveries WHERE guid = ?1")
        .bind(guid)
        .fetch_one(conn)
        .await?;
    Ok(count == 0)
}

/// The names of all files that hold a body.
pub(super) async fn files(conn: &mut SqliteConnection) -> Result<Vec<String>, Fault> {
    let names = "SELECT body_file FROM deliveries WHERE body_file IS NOT NULL";
    Ok(sqlx::query_scalar(names).fetch_all(conn).await?)
}

/// Drops the bodies of deliveries that were settled before: how many, and the files that held
/// some of them.
pub(super) async fn drop_bodies(
    conn: &mut SqliteConnection,
    before: Timestamp,
) -> Result<(u64, Vec<String>), Fault> {
    let files = sqlx::query_scalar(
        "SELECT body_file FROM deliveries
         WHERE state = 'settled' AND settled < ?1 AND body_file IS NOT NULL",
    )
    .bind(micros(before))
    .fetch_all(&mut *conn)
    .await?;
    let dropped = sqlx::query(
        "UPDATE deliveries SET body = NULL, body_file = NULL
         WHERE state = 'settled' AND settled < ?1 AND (body IS NOT NULL OR body_file IS NOT NULL)",
    )
    .bind(micros(before))
    .execute(conn)
    .await?;
    Ok((dropped.rows_affected(), files))
}

/// Forgets deliveries that were settled before, and whose body is dropped already.
pub(super) async fn forget(conn: &mut SqliteConnection, before: Timestamp) -> Result<u64, Fault> {
    let gone = sqlx::query(
        "DELETE FROM deliveries WHERE state = 'settled' AND settled < ?1
             AND body IS NULL AND body_file IS NULL",
    )
    .bind(micros(before))
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
