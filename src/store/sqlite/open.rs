//! Opening the file: who may read it, who else has it, and how old it is.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions as _, Connection as _, SqlStr, SqliteConnection, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::value::Fault;

/// How long a statement waits for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

/// How long to wait for a lock that somebody holds, and how often to look.
const HELD: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

/// Reads at once.
const READERS: u32 = 4;

/// With so many pages in the write-ahead log a commit copies them itself. It does not come to that
/// as long as `log` keeps up.
const LOG_PAGES: &str = "65536";

/// The schema, one step after the other. A step that was released is never changed.
const STEPS: [(&str, &str); 1] = [("queue", include_str!("migrations/0001-queue.sql"))];

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error(
        "{path} was written by a newer t5 (schema {found}, this one knows {known}); install that \
         version again, or restore the copy that was made before it ran"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "{path} is of an older t5 (schema {found}, this one needs {known}); start t5 serve of this \
         version once, which brings it up to date"
    )]
    Older { path: PathBuf, found: i64, known: i64 },
    #[error("another t5 serves from {path}; stop that one first, or set `data` to another folder")]
    Held { path: PathBuf },
    #[error("there is no {path}; start t5 serve first, or set `data` to the folder it uses")]
    Missing { path: PathBuf },
    #[error("{path}: {source}; t5 has to be able to read and write it")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: {source}; if it is not a database of t5, set `data` to another folder")]
    Sql { path: PathBuf, source: Fault },
}

/// Makes the folder and the file, for this user alone, and takes the lock beside the file.
///
/// A server that was killed may still hold it for a moment: a child that it was about to start
/// has a copy of the file until it becomes another program.
pub(super) async fn take(path: &Path) -> Result<File, Fault> {
    let folder = folder(path);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(at(&folder))?;
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let lock = private(&name).map_err(at(&name))?;
    let patience = Instant::now() + HELD;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < patience => {
                tokio::time::sleep(LOOK).await;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Held { path: path.to_owned() }.into());
            }
            Err(TryLockError::Error(error)) => return Err(at(&name)(error).into()),
        }
    }
    if !path.exists() {
        // SQLite would make it for everybody to read; its other files follow suit.
        private(path).map_err(at(path))?;
        sync_folder(&folder).map_err(at(&folder))?;
    }
    Ok(lock)
}

/// Fails if there is nothing to share.
pub(super) fn exists(path: &Path) -> Result<(), Fault> {
    match fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(OpenError::Missing { path: path.to_owned() }.into())
        }
        Err(error) => Err(at(path)(error).into()),
    }
}

/// The one connection that writes.
pub(super) async fn writer(path: &Path) -> Result<SqliteConnection, Fault> {
    let options = options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("wal_autocheckpoint", LOG_PAGES);
    Ok(options.connect().await.map_err(sql(path))?)
}

/// Connections that only read; made when they are needed.
pub(super) fn readers(path: &Path) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_lazy_with(options(path).pragma("query_only", "ON"))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(BUSY)
}

/// Takes the steps that the database lacks.
pub(super) async fn migrate(conn: &mut SqliteConnection, path: &Path) -> Result<(), Fault> {
    let found = schema(conn).await.map_err(|error| sql(path)(error))?;
    let known = known();
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known }.into());
    }
    if found == known {
        return Ok(migrator().run(conn).await.map_err(sql(path))?);
    }
    // A step that a crash undoes is taken again, so it has not to wait for the disk.
    let options = options(path).synchronous(SqliteSynchronous::Normal);
    let mut quick = options.connect().await.map_err(sql(path))?;
    migrator().run(&mut quick).await.map_err(sql(path))?;
    Ok(quick.close().await.map_err(sql(path))?)
}

/// Fails unless the database is of this very schema: a server of another version may have it.
pub(super) async fn compare(conn: &mut SqliteConnection, path: &Path) -> Result<(), Fault> {
    let found = schema(conn).await.map_err(|error| sql(path)(error))?;
    let (known, path) = (known(), path.to_owned());
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(OpenError::Older { path, found, known }.into()),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(OpenError::Newer { path, found, known }.into()),
    }
}

fn known() -> i64 {
    migrator().iter().map(|step| step.version).max().unwrap_or_default()
}

/// The last step that was taken; 0 for an empty file.
async fn schema(conn: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let table = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    if sqlx::query_scalar::<_, i64>(table).fetch_one(&mut *conn).await? == 0 {
        return Ok(0);
    }
    let last = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";
    sqlx::query_scalar(last).fetch_one(conn).await
}

fn migrator() -> Migrator {
    let step = |(version, (name, text)): (i64, &(&'static str, &'static str))| {
        let text = SqlStr::from_static(text);
        Migration::new(version, (*name).into(), MigrationType::Simple, text, false)
    };
    Migrator::with_migrations((1..).zip(&STEPS).map(step).collect())
}

/// The folder that a file lies in.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A file for this user alone.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Names of files in a folder outlive a crash of the machine only if the folder is synced too.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Io { path: path.to_owned(), source }
}

fn sql<E: Into<Fault>>(path: &Path) -> impl FnOnce(E) -> OpenError {
    move |source| OpenError::Sql { path: path.to_owned(), source: source.into() }
}
