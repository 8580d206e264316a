//! Builds the bench executables of one commit, and keeps them for the next run.
//!
//! Both sides are built with the same flags, at the same path, one after the
//! other: then identical code gives identical executables.

mod kept;
mod messages;
mod programs;
mod relink;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use self::kept::{KeepError, Kept};
pub use self::{
    messages::executables,
    programs::{BuiltProgram, ProgramState},
    relink::Relinker,
};
use super::{
    Context,
    benches::{BenchTarget, BenchesError, bench_targets},
    cargo_config::CargoConfig,
    checkout::{CheckoutError, Tree},
    dep_info,
    gate::patch::Patch,
    rooms::Rooms,
    scan::admission::{self, Admission, named_sources},
    select::Lineage,
    target::Target,
};
use crate::{
    config::{BenchRules, Workload},
    perf::BuildState,
    policy::Side,
    receipt::digest,
    sandbox::{Ended, Finished, Grant, Job, SandboxError},
};

/// Raised whenever kept executables of an older version must not be used again.
const KEPT_FORMAT: &str = "4";
/// The most that is quoted of a compiler's errors, in bytes.
const ERRORS_LIMIT: usize = 16 << 10;
/// The place and the rules that both sides share.
#[derive(Debug)]
pub struct Builder<'a> {
    /// What every step is given.
    pub ctx: &'a Context,
    /// What each phase is granted.
    pub rooms: &'a Rooms<'a>,
    /// What may be fetched; why that is not known, where the rules are broken.
    pub admission: &'a Result<Admission, String>,
    /// The configuration of cargo that both sides are built with.
    pub cargo_config: &'a CargoConfig,
    /// What to build.
    pub rules: &'a BenchRules,
    /// Whose programs to build besides.
    pub workloads: &'a [Workload],
    /// The one checkout that both sides are built in.
    pub tree: Tree<'a>,
    /// Where in the tree the workspace lies.
    pub workspace: &'a Path,
    /// Folder of ours for this repository.
    pub home: &'a Path,
    /// Whose builds these may stand on.
    pub lineage: &'a Lineage,
}

/// What a build gave.
#[derive(Clone, Debug)]
pub struct Built {
    /// How it ended.
    pub state: BuildState,
    /// Every bench target of this side, also those that were not built.
    pub targets: Vec<BenchTarget>,
    /// One for each bench target that was built.
    pub executables: Vec<Executable>,
    /// One for each program that workloads name.
    pub programs: Vec<BuiltProgram>,
    /// Sources of the bench crates as the compiler lists them, relative to the checkout's root.
    pub sources: BTreeSet<String>,
    /// Whether they were built against our copy of criterion, and can be asked for slices.
    pub slices: bool,
}

/// A bench executable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Executable {
    /// The package that holds the target.
    pub package: String,
    /// The bench target.
    pub target: String,
    /// The package's folder, relative to the workspace.
    pub folder: PathBuf,
    /// Where the executable lies.
    pub path: PathBuf,
}

/// Something of ours failed, not the code.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The commit could not be checked out.
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
    /// A program could not be started.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Executables could not be kept.
    #[error("cannot write {path}: {source}; free some space, or point T5_CACHE at another disk")]
    Write {
        /// Which path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl Builder<'_> {
    /// The build command, as a person would type it.
    pub fn command(&self) -> String {
        let mut words = vec!["cargo bench --no-run --locked".to_owned()];
        words.extend(self.selection());
        words.join(" ")
    }

    /// Builds `sha` for a side, or takes over what an earlier run built of it under the same rules.
    ///
    /// # Errors
    ///
    /// If something of ours fails. Code that does not compile is a [`BuildState::Failed`].
    pub async fn build(&self, side: Side, sha: &str) -> Result<Built, BuildError> {
        let folder = self.home.join("kept").join(format!("{sha}-{}", self.key()));
        if let Some(kept) = kept::read(&folder) {
            return Ok(kept);
        }
        self.tree.put(sha).await?;
        let target = Target::of(self.home, self.lineage);
        let unwritten = |source| BuildError::Write { path: target.path().to_owned(), source };
        target.open(side).map_err(unwritten)?;
        self.ctx.sandbox.give(target.path()).map_err(unwritten)?;
        let built = self.build_here(&target, &folder).await;
        target.close(side).map_err(unwritten)?;
        built
    }

    async fn build_here(&self, target: &Target, folder: &Path) -> Result<Built, BuildError> {
        let started = Instant::now();
        let tree = self.tree.dir();
        let unwritten = |source| BuildError::Write { path: tree.to_owned(), source };
        if let Err(state) = self.admitted() {
            return Ok(Built::nothing(state, Vec::new()));
        }
        self.cargo_config.put_sources(tree).map_err(unwritten)?;
        if let Some(state) = self.fetch(target).await? {
            return Ok(Built::nothing(state, Vec::new()));
        }
        self.cargo_config.put(tree).map_err(unwritten)?;
        let grant = self.rooms.building(tree, target.path(), self.rules.build_seconds);
        let targets = match bench_targets(self.ctx, self.offline(target), &grant, self.rules).await
        {
            Ok(targets) => targets,
            Err(BenchesError::Cancelled) => return Err(BuildError::Cancelled),
            Err(BenchesError::Sandbox(error)) => return Err(error.into()),
            Err(error) => {
                let state = BuildState::Failed { reason: error.to_string() };
                return Ok(Built::nothing(state, Vec::new()));
            }
        };
        let wanted: Vec<&BenchTarget> =
            targets.iter().filter(|target| self.selects(target)).collect();
        if wanted.is_empty() && self.workloads.is_empty() {
            let state =
                BuildState::Built { seconds: started.elapsed().as_secs_f64(), reused: false };
            return Ok(Built::nothing(state, targets));
        }
        let compiled = match wanted.as_slice() {
            [] => Ok((Vec::new(), false)),
            wanted => self.compile_either(target, &grant, wanted).await?,
        };
        match compiled {
            Err(state) => Ok(Built::nothing(state, targets)),
            Ok((executables, slices)) => {
                let programs = self.programs(target, &grant).await?;
                let seconds = started.elapsed().as_secs_f64();
                // A path is what the build said; only one in its own folder is looked at.
                let inside = |one: &&Executable| kept::lies_beneath(&one.path, target.path());
                let of = |one: &Executable| dep_info::sources(&one.path, &self.dir(), tree);
                let sources = executables.iter().filter(inside).flat_map(of).collect();
                let targets_too = targets.clone();
                let kept =
                    Kept { targets: targets_too, executables, programs, sources, seconds, slices };
                match kept::keep(folder, target.path(), kept) {
                    Err(KeepError::Taken(reason)) => {
                        Ok(Built::nothing(BuildState::Failed { reason }, targets))
                    }
                    Err(KeepError::Write { path, source }) => {
                        Err(BuildError::Write { path, source })
                    }
                    Ok(built) => Ok(built),
                }
            }
        }
    }

    /// Whether the rules want this target measured.
    pub fn selects(&self, target: &BenchTarget) -> bool {
        target.lacks.is_empty() && self.rules.selects_target(&target.name)
    }

    fn dir(&self) -> PathBuf {
        self.tree.dir().join(self.workspace)
    }

    fn key(&self) -> String {
        let rules = self.rules;
        let what = format!(
            "{KEPT_FORMAT}\n{}\n{}\n{:?}\n{}\n{}\n{:?}\n{:?}\n{}\n{:?}",
            self.lineage.target,
            self.ctx.sandbox.level().word(),
            self.cargo_config,
            self.rooms.toolchain().verbose,
            self.command(),
            rules.targets,
            rules.exclude,
            self.workspace.display(),
            self.workloads
                .iter()
                .map(|workload| (&workload.package, &workload.program))
                .collect::<BTreeSet<_>>()
        );
        digest(what.as_bytes()).chars().take(16).collect()
    }

    fn selection(&self) -> Vec<String> {
        let mut args = self.rules.cargo_args();
        if self.rules.profile != "bench" {
            args.push(format!("--profile={}", self.rules.profile));
        }
        args
    }

    fn offline(&self, target: &Target) -> Job {
        self.limited(self.rooms.cargo_offline(&self.dir()), target)
    }

    fn limited(&self, job: Job, target: &Target) -> Job {
        let mut job = job.env("CARGO_TARGET_DIR", target.path()).env("CARGO_INCREMENTAL", "0");
        job.wall = Duration::from_secs(self.rules.build_seconds);
        job
    }

    async fn run(&self, job: Job, grant: &Grant) -> Result<Finished, BuildError> {
        Ok(self.ctx.sandbox.run(&job, grant, &self.ctx.cancel).await?)
    }

    /// Whether everything that the tree names may be fetched. Before anything is.
    fn admitted(&self) -> Result<(), BuildState> {
        let refused = |reason, next| BuildState::CouldNotRun { reason, next };
        let admission = self.admission.as_ref().map_err(|broken| {
            let reason = format!("nothing was fetched: the rules cannot be read: {broken}");
            refused(reason, "mend them on the target branch".to_owned())
        })?;
        let workspace = self.workspace.to_string_lossy();
        let named = named_sources(self.tree.dir(), &workspace).map_err(|error| {
            let next = "make it a plain file".to_owned();
            refused(format!("nothing was fetched: {error}"), next)
        })?;
        let admitted = admission.admitted(&named);
        admitted.map_err(|sources| refused(admission::reason(&sources), admission::next(&sources)))
    }

    /// Downloads what the lock file names, so that a missing network is not taken for bad code.
    async fn fetch(&self, target: &Target) -> Result<Option<BuildState>, BuildError> {
        let progress = self.ctx.progress.clone();
        let job = self
            .limited(self.rooms.cargo_fetching(&self.dir()), target)
            .args(["fetch", "--locked"])
            .on_line(move |line| progress.step(line.trim().to_owned()));
        let finished = self.run(job, &self.rooms.fetching(self.tree.dir())).await?;
        let said = finished.stderr_tail(12);
        match finished.ended {
            Ended::Exited(0) => Ok(None),
            Ended::Cancelled => Err(BuildError::Cancelled),
            Ended::Exited(_) if !is_network(&said) => Ok(Some(BuildState::Failed { reason: said })),
            _ => Ok(Some(BuildState::CouldNotRun {
                reason: format!("cargo fetch failed: {said}"),
                next: "run again with a network, or once without --offline".to_owned(),
            })),
        }
    }

    /// Compiles against our copy of criterion; where that is not to be had or does not compile,
    /// as it stands. Says which.
    async fn compile_either(
        &self,
        target: &Target,
        grant: &Grant,
        wanted: &[&BenchTarget],
    ) -> Result<Result<(Vec<Executable>, bool), BuildState>, BuildError> {
        let dir = self.dir();
        let unwritten = |source| BuildError::Write { path: dir.clone(), source };
        let unpacked = |version: &str| self.rooms.unpacked("criterion", version);
        if let Some(patch) = Patch::prepare(&dir, &self.home.join("gate"), unpacked) {
            patch.put(&dir).map_err(unwritten)?;
            let grant = grant.clone().reading(patch.copies());
            let compiled = self.compile(target, &grant, wanted, patch.args()).await;
            patch.take_back(&dir).map_err(unwritten)?;
            match compiled? {
                Err(BuildState::Failed { reason }) => {
                    tracing::info!(%reason, "does not compile with our copy of criterion");
                }
                compiled => return Ok(compiled.map(|executables| (executables, true))),
            }
        }
        let compiled = self.compile(target, grant, wanted, &[]).await?;
        Ok(compiled.map(|executables| (executables, false)))
    }

    async fn compile(
        &self,
        target: &Target,
        grant: &Grant,
        wanted: &[&BenchTarget],
        patch: &[String],
    ) -> Result<Result<Vec<Executable>, BuildState>, BuildError> {
        let progress = self.ctx.progress.clone();
        let job = self
            .offline(target)
            .args(["bench", "--no-run", "--locked", "--offline"])
            .args(["--message-format=json-render-diagnostics"])
            .args(patch)
            .args(self.selection())
            .args(wanted.iter().map(|target| format!("--bench={}", target.name)))
            .on_line(move |line| {
                if line.trim_start().starts_with("Compiling") {
                    progress.step(line.trim().to_owned());
                }
            });
        let compiled = self.compiled(job, grant).await?;
        Ok(compiled.map(|messages| executables(&messages, wanted)))
    }

    /// What cargo said on its standard output, or why there is nothing to take from it.
    async fn compiled(
        &self,
        job: Job,
        grant: &Grant,
    ) -> Result<Result<Vec<u8>, BuildState>, BuildError> {
        let finished = match self.run(job, grant).await {
            Err(BuildError::Sandbox(SandboxError::Supervise { source, .. })) => {
                let next = "look at its build scripts and procedural macros".to_owned();
                let reason = format!("the build ended its own sandbox: {source}");
                return Ok(Err(BuildState::CouldNotRun { reason, next }));
            }
            done => done?,
        };
        match finished.ended {
            Ended::Exited(0) => Ok(Ok(finished.stdout)),
            Ended::Cancelled => Err(BuildError::Cancelled),
            Ended::WallTime => Ok(Err(BuildState::CouldNotRun {
                reason: format!("the build took longer than {} s", self.rules.build_seconds),
                next: "raise bench.build-limit in t5.yml, or build fewer packages".to_owned(),
            })),
            Ended::Output => Ok(Err(BuildState::CouldNotRun {
                reason: "the build printed more than 64 MiB".to_owned(),
                next: "look at its build scripts".to_owned(),
            })),
            Ended::Memory => Ok(Err(BuildState::CouldNotRun {
                reason: "the build took more memory than a job may".to_owned(),
                next: "build fewer packages, or on a machine with more memory".to_owned(),
            })),
            Ended::Disk => Ok(Err(BuildState::CouldNotRun {
                reason: "the build filled the disk, or 1 GiB of it is all that is left".to_owned(),
                next: "look at its build scripts, or free some space".to_owned(),
            })),
            Ended::Exited(_) | Ended::Signaled(_) => {
                Ok(Err(BuildState::Failed { reason: first_errors(&finished.stderr_text()) }))
            }
        }
    }
}

impl Built {
    /// A side of which nothing was built.
    pub fn nothing(state: BuildState, targets: Vec<BenchTarget>) -> Self {
        let (executables, programs) = (Vec::new(), Vec::new());
        let sources = BTreeSet::new();
        Self { state, targets, executables, programs, sources, slices: false }
    }
}

fn is_network(said: &str) -> bool {
    [
        "offline",
        "download",
        "network",
        "Could not resolve",
        "timed out",
        "spurious",
        "registry index",
    ]
    .iter()
    .any(|sign| said.contains(sign))
}

/// From the first error on, some forty lines: what a person has to see.
fn first_errors(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("error")).unwrap_or(0);
    let shown = lines.get(first..).unwrap_or_default();
    let mut shown = shown.get(..shown.len().min(40)).unwrap_or_default().join("\n");
    shown.truncate(shown.floor_char_boundary(ERRORS_LIMIT));
    shown
}
