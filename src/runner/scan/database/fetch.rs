//! A copy of the database in the cache, refreshed twice a day.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::git;
use crate::{
    receipt::digest,
    runner::{Context, hold::hold, scan::ScanError},
    sandbox::{Ended, Finished, Job, SandboxError},
};

/// A copy that was refreshed within this time is not refreshed again.
const FRESH: Duration = Duration::from_secs(12 * 3600);
/// Its time of change is when the copy was last refreshed; a fetch that fails touches git's own.
const STAMP: &str = ".git/t5-fetched";

/// A copy of the database.
pub(super) struct Copy {
    pub(super) folder: PathBuf,
    /// Why it could not be refreshed, if it should have been.
    pub(super) stale: Option<String>,
}

/// The copy of `url` in the cache, made or refreshed as needed; or why there is none.
pub(super) async fn fetch(
    ctx: &Context,
    url: &str,
    offline: bool,
) -> Result<Result<Copy, String>, ScanError> {
    let home = ctx.cache.join("advisory-db");
    let folder = home.join(name(url));
    let failed = |reason: String| ScanError::Cache { path: home.clone(), reason };
    let held = hold(ctx, &home.join("lock"), "the advisory database").await;
    let Some(_held) = held.map_err(|error| failed(error.to_string()))? else {
        return Err(ScanError::Cancelled);
    };
    let copied = folder.join(".git").is_dir();
    if copied && (offline || fresh(&folder)) {
        return Ok(Ok(Copy { folder, stale: None }));
    }
    if offline {
        return Ok(Err("this run is offline and no copy was ever fetched".to_owned()));
    }
    ctx.progress.step(format!("fetching the advisory database from {url}"));
    if copied {
        let stale = refresh(ctx, &folder).await?.err();
        return Ok(Ok(Copy { folder, stale }));
    }
    let made = clone(ctx, url, &home, &folder).await?;
    Ok(made.map(|()| Copy { folder, stale: None }))
}

/// A folder for each place that somebody fetches from.
fn name(url: &str) -> String {
    digest(url.as_bytes()).chars().take(16).collect()
}

fn fresh(folder: &Path) -> bool {
    let at = fs::metadata(folder.join(STAMP)).and_then(|file| file.modified());
    at.ok().and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|age| age < FRESH)
}

async fn clone(
    ctx: &Context,
    url: &str,
    home: &Path,
    folder: &Path,
) -> Result<Result<(), String>, ScanError> {
    let failed = |error: std::io::Error| ScanError::Cache {
        path: home.to_path_buf(),
        reason: error.to_string(),
    };
    let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(home).map_err(failed)?;
    let init: [&[&str]; 2] = [&["init", "--quiet"], &["remote", "add", "origin", url]];
    let made = match steps(ctx, fresh.path(), &init).await? {
        Ok(()) => steps(ctx, fresh.path(), &UPDATE).await?,
        failed => failed,
    };
    if let Err(reason) = made {
        return Ok(Err(format!("{url} could not be fetched: {reason}")));
    }
    fs::write(fresh.path().join(STAMP), "").map_err(failed)?;
    fs::rename(fresh.path(), folder).map_err(failed)?;
    Ok(Ok(()))
}

async fn refresh(ctx: &Context, folder: &Path) -> Result<Result<(), String>, ScanError> {
    if let Err(reason) = steps(ctx, folder, &UPDATE).await? {
        return Ok(Err(format!("the copy in the cache could not be refreshed: {reason}")));
    }
    fs::write(folder.join(STAMP), "").map_err(|error| ScanError::Cache {
        path: folder.to_path_buf(),
        reason: error.to_string(),
    })?;
    Ok(Ok(()))
}

/// The newest commit, without history.
const UPDATE: [&[&str]; 2] = [
    &["fetch", "--quiet", "--depth=1", "origin", "HEAD"],
    &["reset", "--quiet", "--hard", "FETCH_HEAD"],
];

/// Calls of git one after the other, until one fails.
async fn steps(
    ctx: &Context,
    folder: &Path,
    steps: &[&[&str]],
) -> Result<Result<(), String>, ScanError> {
    for step in steps {
        if let Err(reason) = run(ctx, git(ctx, folder).args(*step)).await? {
            return Ok(Err(reason));
        }
    }
    Ok(Ok(()))
}

async fn run(ctx: &Context, job: Job) -> Result<Result<(), String>, ScanError> {
    match job.run(&ctx.cancel).await {
        Ok(done) if done.success() => Ok(Ok(())),
        Ok(Finished { ended: Ended::Cancelled, .. }) => Err(ScanError::Cancelled),
        Ok(Finished { ended: Ended::WallTime, .. }) => {
            Ok(Err(format!("it took more than {} s", job.wall.as_secs())))
        }
        Ok(done) => Ok(Err(done.stderr_tail(1))),
        Err(SandboxError::Start { .. }) => Ok(Err("git is not installed".to_owned())),
        Err(error) => Err(error.into()),
    }
}
