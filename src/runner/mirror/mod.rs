//! A bare copy of each repository that jobs are about, fetched into and never cloned again.
//!
//! Only what a job names is fetched, refs under names of our own below `refs/t5`, with the whole
//! history: the merge base may lie anywhere, and a partial clone would need the token later, when
//! the change's code runs. Nothing is ever pruned here: a commit that no ref reaches any more, or
//! never did (a merge group's), lies in the packs until somebody runs `git gc` in the mirror. No
//! job does that yet.

mod address;
mod error;
mod fetch;
mod mend;
mod refs;

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{Context, git::Git, hold::hold};
use crate::queue::{Subject, Work};

use address::Address;
pub use error::MirrorError;
use fetch::Fetch;

/// What a job needs of a repository.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The repository's address, without a token in it.
    pub clone_url: String,
    /// Reads the repository; none for a server that asks for none.
    pub token: Option<SecretString>,
    /// The repository's id: its mirror keeps its place when the repository is renamed.
    pub repo: u64,
    /// What the job is about: a pull request, a merge group, a branch.
    pub subject: Subject,
    /// The commit to gate.
    pub head: String,
    /// The commit that rules come from; none where there is nothing to compare with.
    pub base: Option<String>,
    /// The name of the branch that it stands on.
    pub base_ref: String,
}

impl Wanted {
    /// What this job needs.
    pub fn of(work: &Work) -> Self {
        let job = &work.job.job;
        // A branch that is new has no commit before: GitHub writes zeros.
        let base = Some(&job.base).filter(|sha| sha.bytes().any(|digit| digit != b'0'));
        Self {
            clone_url: work.clone_url.clone(),
            token: work.token.clone(),
            repo: job.repo.id,
            subject: job.subject.clone(),
            head: job.head.clone(),
            base: base.cloned(),
            base_ref: job.base_ref.clone(),
        }
    }
}

/// A bare repository of ours that holds what was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    dir: PathBuf,
}

impl Mirror {
    /// Brings the mirror of the repository up to date, and makes it first if there is none.
    ///
    /// The token is seen by git alone, in its environment, and git has ended when this returns.
    /// Waits for as long as another process holds the mirror.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, if a commit is no longer there, or if the
    /// folder cannot be written.
    pub async fn fetch(ctx: &Context, wanted: &Wanted) -> Result<Self, MirrorError> {
        let address = Address::parse(&wanted.clone_url)?;
        refs::check(ctx, wanted).await?;
        let home = ctx.cache.join("mirrors");
        let dir = home.join(format!("{}.git", wanted.repo));
        let lock = home.join(format!("{}.lock", wanted.repo));
        let held = hold(ctx, &lock, "the mirror of this repository").await;
        let held = held.map_err(|source| MirrorError::Folder { path: lock, source })?;
        let Some(_held) = held else { return Err(MirrorError::Cancelled) };

        open(ctx, &dir, wanted).await?;
        let fetch = Fetch { ctx, dir: &dir, address: &address, wanted };
        match fetch.persistently().await {
            Err(error) if error.may_be_the_mirrors() && mend::broken(ctx, &dir).await? => {
                ctx.progress.note(format!("the mirror was broken, and is made anew: {error}"));
                mend::remove(&dir)?;
                open(ctx, &dir, wanted).await?;
                fetch.persistently().await?;
            }
            fetched => fetched?,
        }
        Ok(Self { dir })
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Makes the mirror, unless it is there; what a killed process left in it is removed.
async fn open(ctx: &Context, dir: &Path, wanted: &Wanted) -> Result<(), MirrorError> {
    mend::unlock(dir);
    if dir.exists() {
        let bare = Git::bare(ctx, dir).optional(["rev-parse", "--is-bare-repository"]).await?;
        if bare.as_deref() == Some("true") {
            return Ok(());
        }
        mend::remove(dir)?;
    }
    let failed = |source| MirrorError::Folder { path: dir.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(failed)?;
    // The length of an object's name tells which digest the repository uses.
    let format = if wanted.head.len() == 64 { "sha256" } else { "sha1" };
    let format = format!("--object-format={format}");
    let init = ["init", "--bare", "--quiet", "--template=", "--initial-branch=t5", &format, "."];
    Git::own(ctx, dir).bytes(init).await?;
    Ok(())
}
