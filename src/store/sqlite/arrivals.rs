//! Deliveries on their way in. One sync of the disk serves all that wait at that moment.

use std::sync::Arc;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{
    deliveries,
    log::{Log, SMALL},
    value::Fault,
};
use crate::queue::Accepted;

/// How many share one transaction at most.
const TOGETHER: usize = 256;

/// A delivery that waits to be stored.
#[derive(Debug)]
pub(super) struct Arrival {
    /// `X-GitHub-Delivery`.
    pub(super) guid: String,
    /// `X-GitHub-Event`.
    pub(super) event: String,
    /// Of the body.
    pub(super) sha256: String,
    /// The body itself, or where it lies.
    pub(super) body: Body,
    /// When it came, in microseconds.
    pub(super) received: i64,
}

/// Where a body stands.
#[derive(Debug)]
pub(super) enum Body {
    /// In the row.
    Row(Vec<u8>),
    /// In a file of the inbox.
    File(String),
}

type Waiter = (Arrival, oneshot::Sender<Result<Accepted, Fault>>);

/// Hands deliveries to the one task that stores them.
#[derive(Clone, Debug)]
pub(super) struct Door(mpsc::Sender<Waiter>);

impl Door {
    /// Starts the task; it ends when the last door is dropped.
    pub(super) fn open(write: Arc<Mutex<SqliteConnection>>, log: Arc<Log>) -> Self {
        let (door, arriving) = mpsc::channel(TOGETHER);
        tokio::spawn(store_all(write, log, arriving));
        Self(door)
    }

    /// Returns once the delivery is on disk, or why it is not.
    pub(super) async fn enter(&self, arrival: Arrival) -> Result<Accepted, Fault> {
        let (answer, answered) = oneshot::channel();
        self.0.send((arrival, answer)).await.map_err(|_| "it is being closed")?;
        answered.await.map_err(|_| "it is being closed")?
    }
}

async fn store_all(
    write: Arc<Mutex<SqliteConnection>>,
    log: Arc<Log>,
    mut arriving: mpsc::Receiver<Waiter>,
) {
    let mut batch = Vec::with_capacity(TOGETHER);
    while arriving.recv_many(&mut batch, TOGETHER).await > 0 {
        let mut connection = write.lock().await;
        // More may have come while another transaction went on.
        while batch.len() < TOGETHER {
            let Ok(waiter) = arriving.try_recv() else { break };
            batch.push(waiter);
        }
        // Nobody was promised anything who no longer waits for an answer.
        batch.retain(|(_, answer)| !answer.is_closed());
        let outcome = commit(&mut connection, &batch).await;
        drop(connection);
        log.grew(bytes(&batch));
        answer(&mut batch, outcome);
    }
}

/// What a batch adds to the log.
fn bytes(batch: &[Waiter]) -> usize {
    let bodies = batch.iter().map(|(arrival, _)| match &arrival.body {
        Body::Row(bytes) => bytes.len(),
        Body::File(_) => 0,
    });
    bodies.sum::<usize>() + SMALL
}

/// Stores them in one transaction.
async fn commit(
    connection: &mut SqliteConnection,
    batch: &[Waiter],
) -> Result<Vec<Accepted>, Fault> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut accepted = Vec::with_capacity(batch.len());
    for (arrival, _) in batch {
        accepted.push(deliveries::insert(&mut tx, arrival).await?);
    }
    tx.commit().await?;
    Ok(accepted)
}

fn answer(batch: &mut Vec<Waiter>, outcome: Result<Vec<Accepted>, Fault>) {
    // Who no longer waits does not hear it: what is stored stays stored.
    match outcome {
        Ok(accepted) => {
            for ((_, answer), accepted) in batch.drain(..).zip(accepted) {
                let _ = answer.send(Ok(accepted));
            }
        }
        Err(fault) => {
            for (_, answer) in batch.drain(..) {
                let _ = answer.send(Err(fault.to_string().into()));
            }
        }
    }
}
