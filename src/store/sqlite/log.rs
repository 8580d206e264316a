//! The write-ahead log: copied into the database beside those who write, never by one of them.
//! Copying syncs the disk for a while, and a delivery has to be answered soon.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::sync::mpsc;

use super::{open, value::Fault};

/// The log is copied whenever it grew by so much.
const COPY_AT: usize = 4 * 1024 * 1024;

/// What a transaction adds to the log that stores no delivery, roughly.
pub(super) const SMALL: usize = 16 * 1024;

/// Knows how much the log grew, and has it copied.
#[derive(Debug)]
pub(super) struct Log {
    grown: AtomicUsize,
    wake: mpsc::Sender<()>,
}

impl Log {
    /// Starts the task that copies; it ends when this is dropped.
    pub(super) fn of(path: &Path) -> Self {
        let (wake, woken) = mpsc::channel(1);
        tokio::spawn(copy(path.to_owned(), woken));
        Self { grown: AtomicUsize::new(0), wake }
    }

    /// A transaction was committed that added about so many bytes.
    pub(super) fn grew(&self, bytes: usize) {
        if self.grown.fetch_add(bytes, Ordering::Relaxed) + bytes >= COPY_AT {
            self.grown.store(0, Ordering::Relaxed);
            // One that is awake already copies this too, or the next one will.
            let _ = self.wake.try_send(());
        }
    }
}

async fn copy(path: PathBuf, mut woken: mpsc::Receiver<()>) {
    let mut connection = None;
    while woken.recv().await.is_some() {
        // What is not copied now stays in the log, and is copied another time.
        if let Err(fault) = copy_once(&path, &mut connection).await {
            tracing::warn!("cannot copy the log of {}: {fault}", path.display());
        }
    }
}

async fn copy_once(
    path: &Path,
    connection: &mut Option<sqlx::SqliteConnection>,
) -> Result<(), Fault> {
    let connection = match connection {
        Some(connection) => connection,
        none => none.insert(open::writer(path).await?),
    };
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(connection).await?;
    Ok(())
}
