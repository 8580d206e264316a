//! The advisory database: chosen, dated, and made such that both tools can open it.

mod advisory;
mod fetch;
mod prepare;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;

pub(in crate::runner::scan) use self::{
    advisory::Fact,
    prepare::{Prepared, facts, from_snapshot},
};
use super::{ScanError, snapshot};
use crate::{
    policy::{DatabaseFact, DatabaseOrigin},
    runner::Context,
    sandbox::Job,
};

/// Where the advisories are to come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseChoice {
    /// Fetched with git into the cache, and refreshed when it is older than twelve hours. Without
    /// network the copy of last time serves, or else the snapshot, and the reason is recorded.
    Auto {
        /// Where from.
        url: String,
    },
    /// A directory that the operator named: a checkout of a database, with or without git data.
    Directory(PathBuf),
    /// The snapshot that this program carries.
    Snapshot,
}

impl DatabaseChoice {
    /// The RustSec database, fetched.
    pub fn rustsec() -> Self {
        Self::Auto { url: "https://github.com/RustSec/advisory-db".to_owned() }
    }
}

/// A database that both tools can open, and what the receipt says about it.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pub(super) folder: PathBuf,
    pub(super) fact: DatabaseFact,
}

/// Chooses the database and prepares it.
pub(super) async fn open(
    ctx: &Context,
    choice: &DatabaseChoice,
    offline: bool,
) -> Result<Database, ScanError> {
    match choice {
        DatabaseChoice::Directory(path) => {
            directory(ctx, path, DatabaseOrigin::Directory, None).await
        }
        DatabaseChoice::Snapshot => carried(ctx, None).await,
        DatabaseChoice::Auto { url } => match fetch::fetch(ctx, url, offline).await? {
            Ok(fetch::Copy { folder, stale }) => {
                let origin = DatabaseOrigin::Fetched { url: url.clone() };
                directory(ctx, &folder, origin, stale).await
            }
            Err(reason) => carried(ctx, Some(reason)).await,
        },
    }
}

async fn directory(
    ctx: &Context,
    path: &Path,
    origin: DatabaseOrigin,
    fallback: Option<String>,
) -> Result<Database, ScanError> {
    let head = dated(ctx, path).await;
    let (from, cache) = (path.to_path_buf(), ctx.cache.clone());
    let prepared = blocking(move || prepare::from_directory(&from, &cache)).await;
    let unusable = |reason: String| ScanError::Database { path: path.to_path_buf(), reason };
    let prepared = prepared.map_err(|error| unusable(error.to_string()))?;
    if prepared.advisories == 0 {
        return Err(unusable("it holds no advisory that can be read".to_owned()));
    }
    let (commit, committed) = head.unzip();
    Ok(database(prepared, origin, commit, committed, fallback))
}

async fn carried(ctx: &Context, fallback: Option<String>) -> Result<Database, ScanError> {
    let cache = ctx.cache.clone();
    let unusable = |reason| ScanError::Database { path: "config/advisories.jsonl".into(), reason };
    let header =
        snapshot::header(snapshot::EMBEDDED).map_err(|error| unusable(error.to_string()))?;
    let prepared = blocking(move || snapshot::expand(snapshot::EMBEDDED, &cache))
        .await
        .map_err(|error| unusable(error.to_string()))?;
    let (commit, committed) = (Some(header.commit), Some(header.committed));
    Ok(database(prepared, DatabaseOrigin::Snapshot, commit, committed, fallback))
}

fn database(
    prepared: Prepared,
    origin: DatabaseOrigin,
    commit: Option<String>,
    committed: Option<Timestamp>,
    fallback: Option<String>,
) -> Database {
    let Prepared { folder, advisories, refused } = prepared;
    let fact = DatabaseFact { origin, commit, committed, advisories, refused, fallback };
    Database { folder, fact }
}

/// The commit of a checkout and its date. A directory without git data of its own has none, even
/// if it lies somewhere inside a repository.
async fn dated(ctx: &Context, folder: &Path) -> Option<(String, Timestamp)> {
    fs::symlink_metadata(folder.join(".git")).ok()?;
    let log =
        git(ctx, folder).args(["log", "-1", "--format=%H %cI"]).run(&ctx.cancel).await.ok()?;
    let text = log.success().then(|| log.stdout_text())?;
    let (commit, committed) = text.trim().split_once(' ')?;
    Some((commit.to_owned(), committed.parse().ok()?))
}

/// Git on a folder that is not ours: nothing that its configuration names is run.
fn git(ctx: &Context, folder: &Path) -> Job {
    let mut job = ctx
        .job("git", folder)
        .args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"])
        .args(["-c", "safe.directory=*", "-c", "log.showSignature=false"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder));
    job.wall = Duration::from_secs(300);
    job
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
