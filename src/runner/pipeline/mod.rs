//! One run, from two commits to a receipt, a verdict and a report.

mod calibration;
mod measurement;
mod parts;
mod workloads;

use std::path::PathBuf;

use jiff::Timestamp;

pub use self::calibration::{CalibrationRequest, NothingToCalibrate, calibrate};
use self::parts::{Measured, PerfPart, PolicyPart, RunJob};
use super::{
    Context,
    bench_part::{BenchPartError, short},
    build::BuildError,
    calibrate::{StoreError, last},
    folder::{Folder, FolderError},
    git::GitError,
    lock::{HostLock, LockError},
    place::{Place, PlaceError},
    policy_part::PolicyPartError,
    rules::{InForce, Overrides, RulesError},
    scan::{DatabaseChoice, Strictness},
    select::{SelectError, Selected, Source, select},
    toolchain::ToolchainError,
};
use crate::{
    host, policy,
    receipt::{
        self, Changes, DIGEST_FILE, ENVELOPE_FILE, RECEIPT_FILE, REPORT_FILE, ROUTE_FILE, Receipt,
        ReceiptError, Rules, Run, SAMPLES_FILE, SCHEMA, Signer, Subject, Tool, VERDICT_FILE,
        WORKLOADS_FILE,
    },
    report,
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
    /// No Rust at all.
    #[error("{0}; next: {next}", next = .0.next())]
    Toolchain(#[from] ToolchainError),
    /// Scanning.
    #[error(transparent)]
    Policy(#[from] PolicyPartError),
    /// Writing.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A figure that no receipt can hold.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// Nothing to calibrate with.
    #[error(transparent)]
    Calibrate(#[from] NothingToCalibrate),
    /// Keeping a calibration.
    #[error(transparent)]
    Store(#[from] StoreError),
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
        Some(Measured { facts: perf, rounds, workloads }) => {
            folder.write(SAMPLES_FILE, &receipt::encode_rounds(&rounds)?)?;
            artifacts.push(folder.artifact(SAMPLES_FILE, "raw samples, one round a line")?);
            if perf.workloads.is_some() {
                folder.write(WORKLOADS_FILE, &receipt::encode_workloads(&workloads)?)?;
                let what = "raw figures of workloads, one round a line";
                artifacts.push(folder.artifact(WORKLOADS_FILE, what)?);
            }
            if !perf.toolchain.is_empty() {
                tools.push(Tool { name: "rustc".to_owned(), version: perf.toolchain.clone() });
            }
            Some(perf)
        }
    };
    let (subject, host) = (facts.selected.subject, host::describe());
    let calibration =
        perf.as_ref().map(|perf| last(ctx, &facts.selected.top, &subject, &host, &perf.rule));
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
        host,
        tools,
        changes: facts.changes,
        policy,
        perf,
        calibration,
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
