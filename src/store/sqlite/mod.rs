//! The database as one SQLite file, and a folder of big bodies beside it.
//!
//! SQLite has one writer at a time, so there is one connection that writes; reads go through a
//! few others and never wait for it. A file a subject; this one puts each into a transaction.

mod arrivals;
mod deliveries;
mod effects;
mod inbox;
mod jobs;
mod leases;
mod log;
mod notes;
mod open;
mod outbox;
mod repos;
mod runs;
mod store;
mod tell;
mod value;

use std::{fs::File, io, path::Path, sync::Arc};

use jiff::Timestamp;
use sqlx::{Connection as _, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;

use self::{
    arrivals::{Arrival, Body, Door},
    inbox::{Inbox, ROW_BYTES, on_disk},
    log::Log,
    value::{Fault, cannot, micros},
};
use crate::{
    github::webhook::Verified,
    queue::{Accepted, StoreError},
    receipt::digest,
};

/// A database in one file.
#[derive(Debug)]
pub struct Sqlite {
    write: Arc<Mutex<SqliteConnection>>,
    read: SqlitePool,
    door: Door,
    inbox: Inbox,
    log: Arc<Log>,
    /// The operating system lets go of it when this is dropped, or we die.
    _lock: Option<File>,
}

impl Sqlite {
    /// Opens the database of a server, makes it if there is none, and brings it up to date. Takes
    /// away files of bodies that a crash left without a row.
    ///
    /// # Errors
    ///
    /// If another server has it open, a newer version of this program wrote it, or it cannot be
    /// read and written.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let opened: Result<Self, Fault> = async {
            let lock = open::take(path).await?;
            let mut write = open::writer(path).await?;
            open::migrate(&mut write, path).await?;
            let store = Self::with(path, write, Some(lock));
            store.inbox.make()?;
            store.sweep().await?;
            Ok(store)
        }
        .await;
        opened.map_err(cannot("be opened"))
    }

    /// Opens a database beside the server that may have it open.
    ///
    /// # Errors
    ///
    /// If there is none, a server of another version left it, or it cannot be read and written.
    pub async fn open_beside(path: &Path) -> Result<Self, StoreError> {
        let opened: Result<Self, Fault> = async {
            open::exists(path)?;
            let mut write = open::writer(path).await?;
            open::compare(&mut write, path).await?;
            Ok(Self::with(path, write, None))
        }
        .await;
        opened.map_err(cannot("be opened"))
    }

    fn with(path: &Path, write: SqliteConnection, lock: Option<File>) -> Self {
        let (write, log) = (Arc::new(Mutex::new(write)), Arc::new(Log::of(path)));
        Self {
            door: Door::open(Arc::clone(&write), Arc::clone(&log)),
            log,
            write,
            read: open::readers(path),
            inbox: Inbox::beside(path),
            _lock: lock,
        }
    }

    /// Files are listed before rows: a row that comes in between names a file that is kept.
    async fn sweep(&self) -> Result<(), Fault> {
        let names = self.inbox.names()?;
        if names.is_empty() {
            return Ok(());
        }
        let mut write = self.write.lock().await;
        let mut tx = write.begin_with("BEGIN IMMEDIATE").await?;
        let rows = deliveries::files(&mut tx).await?;
        tx.commit().await?;
        self.inbox.remove(&inbox::orphans(names, &rows));
        Ok(())
    }

    /// Puts a big body into a file first. One that turns out not to be needed is taken away.
    async fn arrive(&self, delivery: Verified, now: Timestamp) -> Result<Accepted, Fault> {
        let (guid, event) = (delivery.guid().to_owned(), delivery.event().to_owned());
        let received = micros(now);
        if delivery.body().len() <= ROW_BYTES {
            let sha256 = digest(delivery.body());
            let body = Body::Row(delivery.body().to_owned());
            return self.door.enter(Arrival { guid, event, sha256, body, received }).await;
        }
        let inbox = self.inbox.clone();
        let write = move || Ok((digest(delivery.body()), inbox.write(delivery.body())?));
        let (sha256, name) = on_disk(write).await?;
        let body = Body::File(name.clone());
        let accepted = self.door.enter(Arrival { guid, event, sha256, body, received }).await?;
        if accepted != Accepted::Stored {
            self.remove(vec![name]).await?;
        }
        Ok(accepted)
    }

    async fn remove(&self, names: Vec<String>) -> Result<(), Fault> {
        let inbox = self.inbox.clone();
        let remove = move || {
            inbox.remove(&names);
            Ok(())
        };
        on_disk(remove).await
    }

    /// The body of a delivery; none if it is gone.
    async fn body(&self, body: &Option<Body>) -> Result<Option<Vec<u8>>, Fault> {
        match body {
            Some(Body::Row(bytes)) => Ok(Some(bytes.clone())),
            Some(Body::File(name)) => {
                let (inbox, name) = (self.inbox.clone(), name.clone());
                on_disk(move || match inbox.read(&name) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    read => read.map(Some),
                })
                .await
            }
            None => Ok(None),
        }
    }
}
