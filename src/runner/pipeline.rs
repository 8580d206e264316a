//! One run, from two commits to a receipt, a verdict and a report.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{
    Context,
    bench_part::{BenchPartError, Builds, build_both, measure_built, nothing_built, short},
    build::{BuildError, Builder, Built},
    cargo_config::CargoConfig,
    changes::ChangedFile,
    folder::{Folder, FolderError},
    git::GitError,
    guard::EnvGuard,
    lock::{HostLock, LockError},
    measuring,
    pairing::Surroundings,
    place::{Place, PlaceError},
    policy_part::{self, PolicyPartError},
    rooms::Rooms,
    rules::{InForce, Overrides, RulesError},
    scan::{DatabaseChoice, Strictness, admission::Admission},
    select::{Lineage, SelectError, Selected, Source, select},
    sources,
    toolchain::{Toolchain, ToolchainError},
};
use crate::{
    host, perf, policy,
    receipt::{
        self, Changes, DIGEST_FILE, ENVELOPE_FILE, RECEIPT_FILE, REPORT_FILE, ROUTE_FILE, Receipt,
        ReceiptError, Rules, Run, SAMPLES_FILE, SCHEMA, Signer, Subject, Tool, VERDICT_FILE,
    },
    report,
    sandbox::Grant,
    verdict::{PartName, Verdict},
};

/// What a person asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which repository and commits.
    pub source: Source,
    /// Rules from a file instead of the repository's own.
    pub config: Option<PathBuf>,
    /// Over the rules.
    pub overrides: Overrides,
    /// One part alone.
    pub only: Option<PartName>,
    /// Where the receipt goes; a folder of ours if absent.
    pub out: Option<PathBuf>,
    /// Where advisories come from.
    pub database: DatabaseChoice,
    /// Nothing may be fetched for the scan.
    pub offline: bool,
    /// Which sources may be fetched from: for a stranger's change only those that the rules name.
    pub strictness: Strictness,
    /// Orders and bootstraps are drawn from it.
    pub seed: u64,
    /// The file that keeps runs on this host apart.
    pub lock: PathBuf,
    /// The command that repeats this run.
    pub command: String,
    /// Signs the receipt, if somebody gave a key.
    pub signer: Option<Signer>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Gated {
    /// The facts.
    pub receipt: Receipt,
    /// The judgement.
    pub verdict: Verdict,
    /// The rules before [`Request::overrides`]: what runs must share to be put together.
    pub given: Rules,
    /// Where everything lies.
    pub folder: PathBuf,
}

/// A run could not come to a receipt.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// Waiting for another run.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Choosing commits.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// Making the folders ready.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Reading the rules.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// Asking git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Building.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Measuring.
    #[error(transparent)]
    Bench(#[from] BenchPartError),
    /// Scanning.
    #[error(transparent)]
    Policy(#[from] PolicyPartError),
    /// Writing.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A figure that no receipt can hold.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// Scratch space.
    #[error("cannot use {path}: {source}; free some space, or point T5_CACHE at another disk")]
    Scratch {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The facts contradict each other: a mistake of this program.
    #[error(
        "the report would contradict itself, so it is not written; the facts are in {folder}: {said}"
    )]
    Contradiction {
        /// Where the receipt is.
        folder: PathBuf,
        /// What contradicts what.
        said: String,
    },
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Gates one change, once no other run on this host goes on.
///
/// # Errors
///
/// If it could not be found out; a failed gate is not an error.
pub async fn run(ctx: &Context, request: &Request) -> Result<Gated, PipelineError> {
    let lock = HostLock::take(ctx, &request.lock).await?;
    run_holding(&lock, ctx, request).await
}

/// The same for whoever holds the host already: [`Request::lock`] is not looked at.
///
/// # Errors
///
/// As [`run`].
pub async fn run_holding(
    _lock: &HostLock,
    ctx: &Context,
    request: &Request,
) -> Result<Gated, PipelineError> {
    let started = Timestamp::now();
    ctx.progress.phase("checkout", request.source.what());
    let selected = select(ctx, &request.source).await?;
    let place = Place::prepare(ctx, &selected).await?;
    let folder = Folder::make(&out_folder(ctx, request, started, &selected.subject))?;
    let mut rules = place.rules(&selected.subject, request.config.as_deref()).await?;
    let given = rules.rules.clone();
    request.overrides.apply(&mut rules.rules);
    let changed = place.changed(&selected.subject).await?;
    let changes = place.changes(&selected.subject, &changed).await?;

    let job = RunJob {
        ctx,
        request,
        place: &place,
        folder: &folder,
        rules: &rules,
        changed: &changed,
        lineage: selected.lineage.clone(),
    };
    let (policy, perf) = job.parts(&selected.subject, &changes).await?;
    if ctx.cancel.stopped() {
        return Err(PipelineError::Cancelled);
    }
    let facts = Gathered { selected, rules, changes, policy, perf, started };
    finish(ctx, request, &folder, facts, given)
}

/// Where the receipt goes: where the person wants it, or a new folder of ours.
fn out_folder(ctx: &Context, request: &Request, started: Timestamp, subject: &Subject) -> PathBuf {
    let ours = || ctx.cache.join("runs").join(run_id(started, &subject.head.sha));
    request.out.clone().unwrap_or_else(ours)
}

fn run_id(started: Timestamp, sha: &str) -> String {
    format!("{}-{}", started.strftime("%Y%m%dT%H%M%SZ"), short(sha))
}

/// Everything that the parts of a run have in common.
struct RunJob<'a> {
    ctx: &'a Context,
    request: &'a Request,
    place: &'a Place<'a>,
    folder: &'a Folder,
    rules: &'a InForce,
    changed: &'a [ChangedFile],
    lineage: Lineage,
}

type PolicyPart = Option<policy_part::Scanned>;
type PerfPart = Option<(perf::Facts, Vec<perf::Round>)>;

impl RunJob<'_> {
    /// The scan beside the builds, then the measurement alone.
    async fn parts(
        &self,
        subject: &Subject,
        changes: &Changes,
    ) -> Result<(PolicyPart, PerfPart), PipelineError> {
        let wanted = |part| self.request.only.is_none_or(|only| only == part);
        let toolchain = self.toolchain().await;
        let rooms = self.rooms(&toolchain)?;
        let scan = async {
            if wanted(PartName::Policy) {
                self.scan(subject, &toolchain).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let build = async {
            if wanted(PartName::Perf) {
                self.build(&rooms, subject, changes).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let (policy, built) = tokio::try_join!(scan, build)?;
        let perf = match built {
            None => None,
            Some(Ready::Nothing(facts)) => Some((*facts, Vec::new())),
            Some(Ready::Built(builds)) => match &rooms {
                Ok(rooms) => Some(self.measure(rooms, subject, *builds).await?),
                // Nothing is built without a toolchain.
                Err(_) => None,
            },
        };
        Ok((policy, perf))
    }

    async fn toolchain(&self) -> Result<Toolchain, ToolchainError> {
        let wanted = self.rules.rules.config.bench.toolchain.as_deref();
        Toolchain::find(self.ctx, wanted.or(self.rules.toolchain.as_deref())).await
    }

    /// What the phases are granted, or why there is no toolchain for them.
    fn rooms<'a>(
        &'a self,
        toolchain: &'a Result<Toolchain, ToolchainError>,
    ) -> Result<Result<Rooms<'a>, &'a ToolchainError>, PipelineError> {
        let scratch = self.place.home.join("scratch");
        let unusable = |source| PipelineError::Scratch { path: scratch.clone(), source };
        match toolchain {
            Ok(toolchain) => Ok(Ok(Rooms::new(self.ctx, toolchain, &scratch).map_err(unusable)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn scan(
        &self,
        subject: &Subject,
        toolchain: &Result<Toolchain, ToolchainError>,
    ) -> Result<policy_part::Scanned, PipelineError> {
        let place = self.place;
        let sides = policy_part::Sides {
            base: place.base_side(),
            head: place.head.dir().join(&place.workspace),
            workspace: place.workspace.to_string_lossy().into_owned(),
            base_committed: subject.base.as_ref().map(|commit| commit.committed),
            changed: self.changed.iter().map(|file| file.path.clone()).collect(),
            scratch: place.home.join("scan"),
            strictness: self.request.strictness,
        };
        let from = policy_part::Advisories {
            choice: self.request.database.clone(),
            offline: self.request.offline,
        };
        let toolchain = match toolchain {
            Ok(toolchain) => toolchain.clone(),
            // Reading manifests asks for no particular one.
            Err(_) => Toolchain::find(self.ctx, None).await.map_err(PolicyPartError::from)?,
        };
        let scanned =
            policy_part::scan_both(self.ctx, toolchain, sides, self.rules, from, self.folder);
        Ok(scanned.await?)
    }

    async fn build(
        &self,
        rooms: &Result<Rooms<'_>, &ToolchainError>,
        subject: &Subject,
        changes: &Changes,
    ) -> Result<Ready, PipelineError> {
        let (rules, seed) = (&self.rules.rules.config.bench, self.request.seed);
        if changes.documentation_only {
            return Ok(Ready::Nothing(Box::new(nothing_built(rules, seed, None))));
        }
        let rooms = match rooms {
            Ok(rooms) => rooms,
            Err(error) => {
                let facts = nothing_built(rules, seed, Some(error));
                return Ok(Ready::Nothing(Box::new(facts)));
            }
        };
        // Flags come with the rules; a first commit has but its own.
        let giver = subject.rules.as_ref().unwrap_or(&subject.head);
        let (git, workspace) = (self.place.head.git(), &self.place.workspace);
        let cargo_config = CargoConfig::of(&git, &giver.sha, workspace).await?;
        let admission = self.admission();
        let builder = Builder {
            ctx: self.ctx,
            rooms,
            admission: &admission,
            cargo_config: &cargo_config,
            rules,
            tree: self.place.build.clone(),
            workspace,
            home: &self.place.home,
            lineage: &self.lineage,
        };
        let base = self.place.base_to_build(subject);
        let builds = build_both(self.ctx, &builder, &base, &subject.head.sha).await?;
        Ok(Ready::Built(Box::new(builds)))
    }

    /// What may be fetched: what the rules let through, and what the base names already.
    fn admission(&self) -> Result<Admission, String> {
        let rules = self.rules.deny.as_ref();
        let admission = Admission::new(rules, self.request.strictness);
        let admission = admission.map_err(|broken| broken.to_string())?;
        let base = self.place.base_named();
        Ok(base.map_or(admission.clone(), |known| admission.knowing(&known)))
    }

    async fn measure(
        &self,
        rooms: &Rooms<'_>,
        subject: &Subject,
        builds: Builds,
    ) -> Result<(perf::Facts, Vec<perf::Round>), PipelineError> {
        let scratch = self.place.home.join("measure");
        let unusable = |source| PipelineError::Scratch { path: scratch.clone(), source };
        let guard = EnvGuard::new(&scratch).map_err(unusable)?;
        let rooms = rooms.with_scratch(&scratch).map_err(unusable)?;
        let head = self.place.head.dir().join(&self.place.workspace);
        let base = self.place.base_side().unwrap_or_else(|| head.clone());
        let rules = &self.rules.rules.config.bench;
        let room = |built: &Built, checkout: &Path| {
            let grant = self.measuring(&rooms, built, checkout);
            Mutex::new(self.ctx.sandbox.session(grant))
        };
        let base_tree = self.place.base_dir().unwrap_or_else(|| self.place.head.dir());
        let around = Surroundings {
            ctx: self.ctx,
            guard: &guard,
            base_room: room(&builds.base, base_tree),
            head_room: room(&builds.head, self.place.head.dir()),
            rules,
            base,
            head,
        };
        let targets = builds.head.targets.clone();
        let benches = [builds.base.targets.clone(), targets.clone()].concat();
        let sources_of_benches = &builds.base.sources | &builds.head.sources;
        let (mut facts, rounds) =
            measure_built(&around, rooms.toolchain(), builds, self.request.seed).await?;
        if rounds.iter().any(|round| round.seen.is_some()) {
            facts.seen_by = Some(self.ctx.sandbox.usage_source().word().to_owned());
        }
        let (git, workspace) = (self.place.head.git(), &self.place.workspace);
        if let Some(base) = &subject.base {
            facts.edits = measuring::edits(&measuring::Change {
                git: &git,
                base: &base.sha,
                head: &subject.head.sha,
                files: self.changed,
                workspace,
                benches: &benches,
                sources: &sources_of_benches,
            })
            .await?;
        }
        sources::fill(&mut facts.pairs, &targets, &git, &subject.head.sha, workspace).await?;
        Ok((facts, rounds))
    }

    /// A side's executables see their own side's files, also where they were built.
    fn measuring(&self, rooms: &Rooms<'_>, built: &Built, checkout: &Path) -> Grant {
        let rules = &self.rules.rules.config.bench;
        let executables = built.executables.iter().map(|executable| executable.path.clone());
        let where_built = self.place.build.dir();
        rooms.measuring(checkout, where_built, rules.process_seconds).reading(executables)
    }
}

enum Ready {
    Nothing(Box<perf::Facts>),
    Built(Box<Builds>),
}

struct Gathered {
    selected: Selected,
    rules: InForce,
    changes: Changes,
    policy: PolicyPart,
    perf: PerfPart,
    started: Timestamp,
}

/// Writes samples, receipt, verdict and report, in that order: the facts are safe first.
fn finish(
    ctx: &Context,
    request: &Request,
    folder: &Folder,
    facts: Gathered,
    given: Rules,
) -> Result<Gated, PipelineError> {
    let (mut artifacts, mut tools) = (Vec::new(), Vec::new());
    let policy: Option<policy::Facts> = facts.policy.map(|scanned| {
        artifacts.extend(scanned.artifacts);
        tools.extend(scanned.tools);
        scanned.facts
    });
    let perf = match facts.perf {
        None => None,
        Some((perf, rounds)) => {
            folder.write(SAMPLES_FILE, &receipt::encode_rounds(&rounds)?)?;
            artifacts.push(folder.artifact(SAMPLES_FILE, "raw samples, one round a line")?);
            if !perf.toolchain.is_empty() {
                tools.push(Tool { name: "rustc".to_owned(), version: perf.toolchain.clone() });
            }
            Some(perf)
        }
    };
    let subject = facts.selected.subject;
    let receipt = Receipt {
        schema: SCHEMA.to_owned(),
        run: Run {
            id: run_id(facts.started, &subject.head.sha),
            gate_version: env!("CARGO_PKG_VERSION").to_owned(),
            started: facts.started,
            finished: Timestamp::now(),
            command: request.command.clone(),
            isolation: ctx.sandbox.level().word().to_owned(),
            layers: ctx.sandbox.layers().to_vec(),
        },
        subject,
        rules: facts.rules.rules,
        host: host::describe(),
        tools,
        changes: facts.changes,
        policy,
        perf,
        artifacts,
    };
    let verdict = publish(folder, &receipt, request.signer.as_ref())?;
    Ok(Gated { receipt, verdict, given, folder: folder.dir().to_owned() })
}

fn publish(
    folder: &Folder,
    receipt: &Receipt,
    signer: Option<&Signer>,
) -> Result<Verdict, PipelineError> {
    let bytes = receipt::encode(receipt)?;
    folder.remove(ENVELOPE_FILE)?;
    folder.write(RECEIPT_FILE, &bytes)?;
    folder.write(DIGEST_FILE, receipt::side_file(&bytes).as_bytes())?;
    let verdict = receipt::judge(receipt);
    let contradiction =
        |said: String| PipelineError::Contradiction { folder: folder.dir().to_owned(), said };
    let markdown = report::markdown(receipt, &verdict)
        .map_err(|contradictions| contradiction(contradictions.to_string()))?;
    let route = report::posted::encode_route(receipt, &verdict)
        .map_err(|contradictions| contradiction(contradictions.to_string()))?;
    folder.write(VERDICT_FILE, &receipt::encode_verdict(&verdict)?)?;
    folder.write(REPORT_FILE, markdown.as_bytes())?;
    folder.write(ROUTE_FILE, &route)?;
    // Last: nothing is signed that contradicts itself.
    if let Some(signer) = signer {
        folder.write(ENVELOPE_FILE, &receipt::sign(&bytes, signer)?)?;
    }
    Ok(verdict)
}
