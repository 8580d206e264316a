//! One call of cargo-deny on one side.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    ScanError, Silence,
    ndjson::{self, Output, Summary},
    rules::{DATABASE_FOLDER, DenyRules, RuleFile},
};
use crate::{
    runner::{Context, rooms::Rooms},
    sandbox::{Ended, Job},
};

/// A package of ours, so that cargo-deny finds no manifest, and no exceptions, of the checkout.
const STAND_IN: &str =
    "[package]\nname = \"stand-in\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";

/// What one call needs.
pub(super) struct DenyCall<'a> {
    /// The program.
    pub(super) deny: &'a Path,
    /// What it is granted, with a scratch folder of this call's own.
    pub(super) rooms: &'a Rooms<'a>,
    /// The repository's root: licence texts of its own packages lie there.
    pub(super) repository: &'a Path,
    /// A folder for this call alone.
    pub(super) scratch: PathBuf,
    /// Where the raw output is kept.
    pub(super) artifact: PathBuf,
    /// A prepared database. Nothing writes to it: cargo-deny is offline, and has its own lock.
    pub(super) database: &'a Path,
    /// The rules as they are read, and as they stand.
    pub(super) rules: &'a DenyRules,
    pub(super) file: &'a RuleFile,
    /// Licence exceptions of the rules commit.
    pub(super) exceptions: Option<&'a RuleFile>,
    /// The answer of `cargo metadata`.
    pub(super) metadata: &'a Path,
}

/// What cargo-deny said, if it came to its end.
pub(super) struct Said {
    pub(super) output: Output,
    pub(super) summary: Summary,
}

impl DenyCall<'_> {
    pub(super) async fn run(&self, ctx: &Context) -> Result<Result<Said, Silence>, ScanError> {
        let databases = self.scratch.join("databases");
        let config = match self.rules.over(&databases) {
            Ok(config) => config,
            Err(broken) => return Ok(Err(Silence::rules(&broken))),
        };
        self.lay_out(&databases, &config).map_err(ScanError::file(&self.scratch))?;
        ctx.sandbox.give(&self.scratch).map_err(ScanError::file(&self.scratch))?;
        let read = [self.deny, self.repository, self.database];
        let grant = self.rooms.scanning(read, &self.scratch);
        let done = ctx.sandbox.run(&self.job(), &grant, &ctx.cancel).await?;
        fs::write(&self.artifact, &done.stderr).map_err(ScanError::file(&self.artifact))?;
        let output = ndjson::read(&done.stderr);
        let ended = match done.ended {
            Ended::Cancelled => return Err(ScanError::Cancelled),
            Ended::Exited(code) => format!("it exited with {code}"),
            Ended::Signaled(signal) => format!("it was killed by signal {signal}"),
            Ended::WallTime => "it took too long".to_owned(),
            Ended::Output => "it printed too much".to_owned(),
            Ended::Memory => "it took too much memory".to_owned(),
            Ended::Disk => "it filled the disk".to_owned(),
        };
        Ok(match (output.summary, done.ended) {
            (Some(summary), Ended::Exited(_)) => Ok(Said { output, summary }),
            _ => Err(Silence::deny(&output, self.file, &ended)),
        })
    }

    fn lay_out(&self, databases: &Path, config: &str) -> io::Result<()> {
        let here = |name: &str| self.scratch.join(name);
        fs::create_dir_all(here("src"))?;
        fs::create_dir_all(databases)?;
        fs::write(here("src/lib.rs"), "")?;
        fs::write(here("Cargo.toml"), STAND_IN)?;
        fs::write(here("deny.toml"), config)?;
        // A copy, so that it stays, and cannot be changed, while cargo-deny reads it.
        fs::copy(self.metadata, here("metadata.json"))?;
        // Always there, or cargo-deny would look for one in the folders above.
        let exceptions = self.exceptions.map_or("exceptions = []\n", |file| file.text.as_str());
        fs::write(here("deny.exceptions.toml"), exceptions)?;
        let link = databases.join(DATABASE_FOLDER);
        if fs::symlink_metadata(&link).is_ok() {
            fs::remove_file(&link)?;
        }
        symlink(self.database, link)
    }

    fn job(&self) -> Job {
        let here = |name: &str| self.scratch.join(name).into_os_string();
        let mut job = Job::new(self.deny, &self.scratch)
            .envs(&self.rooms.environment(&[]))
            .env("CARGO", &self.rooms.toolchain().cargo)
            // Without the flag, members beside a package at the root would go unseen.
            .args(["--offline", "--workspace", "--format", "json"])
            .args(["--manifest-path".into(), here("Cargo.toml")])
            .args(["--metadata-path".into(), here("metadata.json")])
            .args(["--config".into(), here("deny.toml")])
            .args(["check", "licenses", "sources", "bans", "advisories"]);
        job.wall = Duration::from_secs(600);
        job.output = 512 << 20;
        job
    }
}
