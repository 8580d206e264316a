//! The calls of git that bring commits into a mirror.

use std::{ffi::OsString, path::Path, time::Duration};

use secrecy::ExposeSecret as _;

use super::{
    MirrorError, Wanted,
    address::{Address, TOKEN},
    refs,
};
use crate::{
    runner::{
        Context,
        git::{Git, GitError},
    },
    sandbox::Ended,
};

/// A first fetch of a large repository takes its time.
const LIMIT: Duration = Duration::from_secs(3600);
/// How long to wait before fetching again: a server that restarts, a network that blinks.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// Every object that comes in is checked, so that nothing malformed is kept that a later git
/// could stumble over. What old and honest histories are full of is let through: names, addresses
/// and dates that today's git would not write, and modes with a leading zero.
const OLD_SINS: [&str; 12] = [
    "badDate",
    "badDateOverflow",
    "badEmail",
    "badName",
    "badTimezone",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "multipleAuthors",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
];

/// One job's fetch into one mirror.
pub(super) struct Fetch<'a> {
    pub(super) ctx: &'a Context,
    pub(super) dir: &'a Path,
    pub(super) address: &'a Address,
    pub(super) wanted: &'a Wanted,
}

/// How one call of `git fetch` ended, where it did not simply work.
enum Refused {
    /// The server has no such ref or commit.
    Missing(String),
    Error(MirrorError),
}

impl Fetch<'_> {
    /// Fetches, and again after a pause where the network or the server failed.
    pub(super) async fn persistently(&self) -> Result<(), MirrorError> {
        for pause in PAUSES {
            match self.all().await {
                Err(error @ MirrorError::Fetch { .. }) => {
                    self.ctx.progress.note(format!("fetching again in a moment: {error}"));
                }
                fetched => return fetched,
            }
            tokio::select! {
                () = self.ctx.cancel.wait() => return Err(MirrorError::Cancelled),
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.all().await
    }

    /// Fetches the refs of the job, and then looks whether its commits are there.
    async fn all(&self) -> Result<(), MirrorError> {
        let repository = self.address.url();
        self.ctx.progress.step(format!("fetching {} from {repository}", self.wanted.subject));
        let refspecs = refs::refspecs(self.wanted);
        match self.fetch(&refspecs).await {
            // One that is gone keeps git from fetching the others.
            Err(Refused::Missing(_)) => {
                for one in refspecs {
                    match self.fetch(&[one]).await {
                        Err(Refused::Error(error)) => return Err(error),
                        Ok(()) | Err(Refused::Missing(_)) => {}
                    }
                }
            }
            Err(Refused::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        self.ensure("head", &self.wanted.head).await?;
        match &self.wanted.base {
            Some(base) => self.ensure("base", base).await,
            None => Ok(()),
        }
    }

    /// The ref may have moved on since the job was made: then this very commit is asked for.
    async fn ensure(&self, what: &'static str, sha: &str) -> Result<(), MirrorError> {
        if self.complete(sha).await? {
            return Ok(());
        }
        match self.fetch(&[sha.to_owned()]).await {
            Ok(()) => Ok(()),
            Err(Refused::Missing(said)) => {
                Err(MirrorError::Gone { what, sha: sha.to_owned(), said })
            }
            Err(Refused::Error(error)) => Err(error),
        }
    }

    /// Whether a commit is there with all that it reaches. What our refs reach is there: git
    /// moves a ref only after it has looked.
    async fn complete(&self, sha: &str) -> Result<bool, GitError> {
        let git = Git::bare(self.ctx, self.dir);
        let commit = format!("{sha}^{{commit}}");
        if git.optional(["cat-file", "-e", &commit]).await?.is_none() {
            return Ok(false);
        }
        let walk = ["rev-list", "--quiet", "--objects", sha, "--not", "--glob=refs/t5/*"];
        Ok(git.optional(walk).await?.is_some())
    }

    async fn fetch(&self, refspecs: &[String]) -> Result<(), Refused> {
        let mut args: Vec<OsString> = Vec::new();
        for setting in self.settings() {
            args.extend(["-c".into(), setting.into()]);
        }
        args.extend(
            [
                "fetch",
                "--quiet",
                "--force",
                "--no-tags",
                "--no-auto-maintenance",
                "--no-write-fetch-head",
                "--no-recurse-submodules",
                "--no-show-forced-updates",
                "--end-of-options",
                self.address.url(),
            ]
            .map(OsString::from),
        );
        args.extend(refspecs.iter().map(OsString::from));
        // A home without a .netrc: no credential counts but the job's own.
        let mut job = Git::bare(self.ctx, self.dir).job(args).env("HOME", self.dir);
        if let Some(token) = &self.wanted.token {
            job = job.env(TOKEN, token.expose_secret());
        }
        job.wall = LIMIT;
        let finished = job.run(&self.ctx.cancel).await.map_err(GitError::Start);
        let finished = finished.map_err(|error| Refused::Error(error.into()))?;
        match finished.ended {
            Ended::Exited(0) => Ok(()),
            Ended::Cancelled => Err(Refused::Error(MirrorError::Cancelled)),
            Ended::WallTime => {
                Err(self.refused(&format!("it took more than {} s", LIMIT.as_secs())))
            }
            _ => Err(self.refused(&finished.stderr_tail(4))),
        }
    }

    fn settings(&self) -> Vec<String> {
        let mut settings = self.address.settings(self.wanted.token.is_some());
        // Always as a pack: it appears whole or not at all.
        settings.extend(["fetch.unpackLimit=1", "fetch.fsckObjects=true"].map(str::to_owned));
        settings.extend(OLD_SINS.iter().map(|sin| format!("fetch.fsck.{sin}=ignore")));
        settings
    }

    fn refused(&self, said: &str) -> Refused {
        let url = self.address.url().to_owned();
        let said = self.without_token(said);
        let has = |sign: &str| said.contains(sign);
        if has("couldn't find remote ref") || has("not our ref") || has("unadvertised object") {
            return Refused::Missing(said);
        }
        let error = if has("could not read Username") || has("could not read Password") {
            MirrorError::NoToken { url }
        } else if has("Authentication failed") || has("error: 401") || has("error: 403") {
            MirrorError::TokenRefused { url, said }
        } else if has("not found") && has("repository") {
            MirrorError::NoRepository { url }
        } else {
            MirrorError::Fetch { url, said }
        };
        Refused::Error(error)
    }

    /// Git does not repeat a token; a server's own words might.
    fn without_token(&self, said: &str) -> String {
        match &self.wanted.token {
            Some(token) if !token.expose_secret().is_empty() => {
                said.replace(token.expose_secret(), "<token>")
            }
            _ => said.to_owned(),
        }
    }
}
