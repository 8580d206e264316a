//! Builds the bench executables of one commit, and keeps them for the next run.
//!
//! Both sides are built with the same flags, at the same path, one after the
//! other: then identical code gives identical executables.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{
    Context,
    benches::{BenchTarget, BenchesError, bench_targets},
    beneath::{Beneath, BeneathError},
    cargo_config::CargoConfig,
    checkout::{CheckoutError, Tree},
    dep_info,
    rooms::Rooms,
    scan::admission::{self, Admission, named_sources},
    select::Lineage,
    target::Target,
};
use crate::{
    config::BenchRules,
    perf::BuildState,
    policy::Side,
    receipt::digest,
    sandbox::{Ended, Finished, Grant, Job, SandboxError},
};

/// Raised whenever kept executables of an older version must not be used again.
const KEPT_FORMAT: &str = "3";
/// The largest executables that are kept, all of a commit together, in bytes: debug builds of the
/// largest programs have less.
const EXECUTABLES_LIMIT: u64 = 4 << 30;
/// The longest line of cargo's messages that is read, in bytes, and the most lines: a message about
/// one artifact has some hundred, and a build of a thousand packages some thousand messages.
const MESSAGE_LIMIT: usize = 1 << 20;
const MESSAGES: usize = 100_000;
/// The most that is quoted of a compiler's errors, in bytes.
const ERRORS_LIMIT: usize = 16 << 10;
/// How many commits' executables are kept.
const KEPT_COMMITS: usize = 16;

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
    /// Sources of the bench crates as the compiler lists them, relative to the checkout's root.
    pub sources: BTreeSet<String>,
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

#[derive(Serialize, Deserialize)]
struct Kept {
    targets: Vec<KeptTarget>,
    executables: Vec<Executable>,
    sources: BTreeSet<String>,
    seconds: f64,
}

#[derive(Serialize, Deserialize)]
struct KeptTarget {
    package: String,
    name: String,
    folder: PathBuf,
    lacks: Vec<String>,
    source: Option<PathBuf>,
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
        if let Some(kept) = Self::kept(&folder) {
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
        if wanted.is_empty() {
            let state =
                BuildState::Built { seconds: started.elapsed().as_secs_f64(), reused: false };
            return Ok(Built::nothing(state, targets));
        }
        match self.compile(target, &grant, &wanted).await? {
            Err(state) => Ok(Built::nothing(state, targets)),
            Ok(executables) => {
                let seconds = started.elapsed().as_secs_f64();
                // A path is what the build said; only one in its own folder is looked at.
                let inside = |one: &&Executable| beneath(&one.path, target.path());
                let of = |one: &Executable| dep_info::sources(&one.path, &self.dir(), tree);
                let sources = executables.iter().filter(inside).flat_map(of).collect();
                let kept = Kept::of(&targets, executables, sources, seconds);
                match keep(folder, target.path(), kept) {
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
            "{KEPT_FORMAT}\n{}\n{}\n{:?}\n{}\n{}\n{:?}\n{:?}\n{}",
            self.lineage.target,
            self.ctx.sandbox.level().word(),
            self.cargo_config,
            self.rooms.toolchain().verbose,
            self.command(),
            rules.targets,
            rules.exclude,
            self.workspace.display()
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

    async fn compile(
        &self,
        target: &Target,
        grant: &Grant,
        wanted: &[&BenchTarget],
    ) -> Result<Result<Vec<Executable>, BuildState>, BuildError> {
        let progress = self.ctx.progress.clone();
        let job = self
            .offline(target)
            .args(["bench", "--no-run", "--locked", "--offline"])
            .args(["--message-format=json-render-diagnostics"])
            .args(self.selection())
            .args(wanted.iter().map(|target| format!("--bench={}", target.name)))
            .on_line(move |line| {
                if line.trim_start().starts_with("Compiling") {
                    progress.step(line.trim().to_owned());
                }
            });
        let finished = match self.run(job, grant).await {
            Err(BuildError::Sandbox(SandboxError::Supervise { source, .. })) => {
                let next = "look at its build scripts and procedural macros".to_owned();
                let reason = format!("the build ended its own sandbox: {source}");
                return Ok(Err(BuildState::CouldNotRun { reason, next }));
            }
            done => done?,
        };
        match finished.ended {
            Ended::Exited(0) => Ok(Ok(executables(&finished.stdout, wanted))),
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

    fn kept(folder: &Path) -> Option<Built> {
        let kept: Kept = serde_json::from_slice(&fs::read(folder.join("kept.json")).ok()?).ok()?;
        let all_there = kept.executables.iter().all(|executable| executable.path.exists());
        if !all_there {
            return None;
        }
        // Used now: a base that many heads are compared with must not be the oldest that is kept,
        // else the build of this run's head would take it away.
        let touched = fs::File::open(folder).and_then(|it| it.set_modified(SystemTime::now()));
        if let Err(error) = touched {
            tracing::warn!(%error, folder = %folder.display(), "cannot note that a build is used");
        }
        Some(kept.built(true))
    }
}

impl Kept {
    fn of(
        targets: &[BenchTarget],
        executables: Vec<Executable>,
        sources: BTreeSet<String>,
        seconds: f64,
    ) -> Self {
        let targets = targets.iter().map(KeptTarget::from).collect();
        Self { targets, executables, sources, seconds }
    }

    fn built(self, reused: bool) -> Built {
        Built {
            state: BuildState::Built { seconds: self.seconds, reused },
            targets: self.targets.into_iter().map(BenchTarget::from).collect(),
            executables: self.executables,
            sources: self.sources,
        }
    }
}

impl Built {
    /// A side of which nothing was built.
    pub fn nothing(state: BuildState, targets: Vec<BenchTarget>) -> Self {
        Self { state, targets, executables: Vec::new(), sources: BTreeSet::new() }
    }
}

impl From<KeptTarget> for BenchTarget {
    fn from(kept: KeptTarget) -> Self {
        let KeptTarget { package, name, folder, lacks, source } = kept;
        Self { package, name, folder, lacks, source }
    }
}

impl From<&BenchTarget> for KeptTarget {
    fn from(target: &BenchTarget) -> Self {
        let BenchTarget { package, name, folder, lacks, source } = target.clone();
        Self { package, name, folder, lacks, source }
    }
}

/// Why executables were not kept.
enum KeepError {
    /// What the build says it made is nothing that is taken over.
    Taken(String),
    /// They could not be written.
    Write { path: PathBuf, source: io::Error },
}

/// Moves the executables out of cargo's reach, read-only, and remembers them.
fn keep(folder: &Path, target: &Path, mut kept: Kept) -> Result<Built, KeepError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| KeepError::Write { path, source }
    };
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut left = EXECUTABLES_LIMIT;
    for (index, executable) in kept.executables.iter_mut().enumerate() {
        let to = folder.join(format!("{index}-{}", executable.target));
        // The path is what the build said: it may say anything.
        left -= take(executable, target, &to, left)?;
        executable.path = to;
    }
    let list = folder.join("kept.json");
    let json =
        serde_json::to_vec_pretty(&kept).map_err(|error| failed(&list)(io::Error::other(error)))?;
    fs::write(&list, json).map_err(failed(&list))?;
    if let Some(all) = folder.parent() {
        forget_oldest(all);
    }
    Ok(kept.built(false))
}

/// Whether a path leads to a plain file below a folder, through no link.
fn beneath(path: &Path, folder: &Path) -> bool {
    let relative = path.strip_prefix(folder);
    let opened = relative.ok().zip(Beneath::new(folder).ok());
    opened.is_some_and(|(relative, folder)| folder.has(relative))
}

/// Moves an executable of at most `limit` bytes out of the target folder, read-only, and nothing
/// that lies elsewhere. What is kept of the folder for other builds holds none that could be handed
/// in as their own. Returns its size in bytes.
fn take(made: &Executable, target: &Path, to: &Path, limit: u64) -> Result<u64, KeepError> {
    let refused = |why: String| {
        KeepError::Taken(format!("what was built as bench «{}» is not taken: {why}", made.target))
    };
    let elsewhere = || refused("it lies outside of the target folder".to_owned());
    let relative = made.path.strip_prefix(target).map_err(|_| elsewhere())?;
    let beneath = Beneath::new(target).map_err(|error| refused(error.to_string()))?;
    let bytes = beneath.copy_to(relative, to, limit).map_err(|error| match error {
        BeneathError::Write { path, source } => KeepError::Write { path, source },
        error => refused(error.to_string()),
    })?;
    fs::remove_file(&made.path)
        .map_err(|source| KeepError::Write { path: made.path.clone(), source })?;
    Ok(bytes)
}

/// Frees the disk of commits that were built long ago. Failing to is no reason to fail a run.
fn forget_oldest(all: &Path) {
    let Ok(entries) = fs::read_dir(all) else { return };
    let mut folders: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    folders.sort();
    let surplus = folders.len().saturating_sub(KEPT_COMMITS);
    for (_, folder) in folders.into_iter().take(surplus) {
        let _ = fs::remove_dir_all(folder);
    }
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<MessageTarget>,
    executable: Option<PathBuf>,
    #[serde(default)]
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct MessageTarget {
    name: String,
    kind: Vec<String>,
}

/// The bench executables of the `wanted` targets among cargo's messages, one JSON value a line. What
/// is no such message is passed over; a path is what the message says, wherever it leads.
pub fn executables(messages: &[u8], wanted: &[&BenchTarget]) -> Vec<Executable> {
    let parsed = messages
        .split(|byte| *byte == b'\n')
        .take(MESSAGES)
        .filter(|line| line.len() <= MESSAGE_LIMIT)
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-artifact");
    let mut found: Vec<Executable> = parsed
        .filter_map(|message| {
            let made = message.target.filter(|target| target.kind.iter().any(|k| k == "bench"))?;
            let target = wanted.iter().find(|target| {
                target.name == made.name
                    && message
                        .manifest_path
                        .parent()
                        .is_some_and(|dir| dir.ends_with(&target.folder))
            })?;
            Some(Executable {
                package: target.package.clone(),
                target: target.name.clone(),
                folder: target.folder.clone(),
                path: message.executable?,
            })
        })
        .collect();
    found.sort_by(|one, other| (&one.package, &one.target).cmp(&(&other.package, &other.target)));
    // Cargo says everything once; a build script that writes to its output may repeat itself.
    found.dedup_by(|one, other| (&one.package, &one.target) == (&other.package, &other.target));
    found
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
