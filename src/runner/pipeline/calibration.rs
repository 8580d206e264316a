//! A calibration, from one commit to what its host resolves: a run whose base is its head.

use std::{path::PathBuf, time::Duration};

use jiff::Timestamp;

use super::{PipelineError, Request, parts::RunJob};
use crate::{
    host::{self, Ticks},
    perf::{BuildState, Rule, Target, TargetState, calibration::calibrated},
    policy::Side,
    receipt::{
        Artifact, Beside, CALIBRATION_SCHEMA, Calibration, SAMPLES_FILE, Subject, digest,
        encode_passes,
    },
    runner::{
        Context,
        bench_part::{BenchPartError, Builds, short},
        build::Built,
        calibrate::{self, Plan, Stored, passes},
        folder::Folder,
        lock::HostLock,
        pairing::{self, plan},
        place::Place,
        rooms::Rooms,
        select::{Selected, one},
    },
};

/// What a person asked for.
#[derive(Clone, Debug)]
pub struct CalibrationRequest {
    /// What a run of this repository is asked for: rules, toolchain, filter, network, seed, lock.
    pub run: Request,
    /// A folder in the repository.
    pub repo: PathBuf,
    /// The commit; `HEAD` if absent.
    pub rev: Option<String>,
    /// Decisions of each benchmark on identical executables.
    pub decisions: u32,
    /// How long all measuring together may take.
    pub budget: Duration,
}

/// There was nothing to calibrate with.
#[derive(Debug, thiserror::Error)]
pub enum NothingToCalibrate {
    /// The benches do not build.
    #[error("the benches of {commit} do not build, so there is nothing to measure: {reason}")]
    NotBuilt {
        /// Which commit.
        commit: String,
        /// What was said.
        reason: String,
    },
    /// Nothing that can be measured.
    #[error("{commit} has no benchmark to measure{}; see --bench, --rev and bench in t5.yml", listed(.reasons))]
    NoBenchmark {
        /// Which commit.
        commit: String,
        /// What became of its bench targets.
        reasons: Vec<String>,
    },
    /// Nothing gave samples.
    #[error("no benchmark gave samples in the first pass: {reason}")]
    NoSamples {
        /// The first one's reason.
        reason: String,
    },
}

fn listed(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) }
}

/// Calibrates this host with the benchmarks of one commit, once no run on it goes on.
///
/// # Errors
///
/// If it could not be done; bad figures are not an error.
pub async fn calibrate(
    ctx: &Context,
    request: &CalibrationRequest,
) -> Result<Stored, PipelineError> {
    let load = host::load();
    let _lock = HostLock::take(ctx, &request.run.lock).await?;
    let started = Timestamp::now();
    ctx.progress.phase("checkout", request.repo.display().to_string());
    let selected = one(ctx, &request.repo, request.rev.as_deref()).await?;
    let place = Place::prepare(ctx, &selected).await?;
    let folder = Folder::make(&place.home.join("calibrate"))?;
    let mut rules = place.rules(&selected.subject, request.run.config.as_deref()).await?;
    request.run.overrides.apply(&mut rules.rules);
    let job = RunJob {
        ctx,
        request: &request.run,
        place: &place,
        folder: &folder,
        rules: &rules,
        changed: &[],
        lineage: selected.lineage.clone(),
    };
    let measured = job.calibrate(&selected.subject, request).await?;
    if ctx.cancel.stopped() {
        return Err(PipelineError::Cancelled);
    }
    finish(ctx, &selected, request, started, load, measured)
}

/// What was measured, and by what.
struct Measured {
    rule: Rule,
    toolchain: String,
    stolen: Option<f64>,
    given: calibrate::Measured,
}

impl RunJob<'_> {
    async fn calibrate(
        &self,
        subject: &Subject,
        request: &CalibrationRequest,
    ) -> Result<Measured, PipelineError> {
        let toolchain = self.toolchain().await?;
        let rooms = self.rooms(&toolchain)?;
        let built = self.build_one(&rooms, subject).await?;
        let builds = Builds { command: String::new(), base: built.clone(), head: built };
        let ground = self.ground(&rooms)?;
        let around = self.around(&ground, &builds)?;
        let mut pairs =
            plan(&around, &builds.base, &builds.head).await.map_err(BenchPartError::from)?;
        // That the executables are identical is what this is about.
        pairs.changed.append(&mut pairs.unchanged);
        if pairs.changed.is_empty() {
            return Err(no_benchmark(subject, &pairs).into());
        }
        let rule = Rule::new(around.rules, pairs.changed.len());
        let (budget, decisions) = (request.budget, request.decisions);
        self.ctx.progress.phase(
            "calibrate",
            format!(
                "{} benchmarks: {} passes, {decisions} of them on identical executables and the \
                 others with an injected loss, as far as {} s allow",
                pairs.changed.len(),
                passes(decisions).len(),
                budget.as_secs()
            ),
        );
        if pairs.takes_turns() {
            pairs.with_canaries(self.ctx.sandbox.helper());
        }
        let before = Ticks::now();
        let plan = Plan { decisions, budget, seed: self.request.seed };
        let given = calibrate::measure(&around, &pairs, &rule, plan).await;
        let given = given.map_err(BenchPartError::from)?;
        let stolen = Ticks::now().zip(before).and_then(|(after, before)| after.stolen(before));
        let toolchain = toolchain.version().to_owned();
        Ok(Measured { rule, toolchain, stolen, given })
    }

    /// Builds the commit as a head: what is left of it serves no other build.
    async fn build_one(
        &self,
        rooms: &Rooms<'_>,
        subject: &Subject,
    ) -> Result<Built, PipelineError> {
        let sha = &subject.head.sha;
        let cargo_config = self.cargo_config(subject).await?;
        let admission = self.admission();
        let builder = self.builder(rooms, &cargo_config, &admission);
        self.ctx.progress.phase("build", short(sha));
        let built = builder.build(Side::Head, sha).await?;
        let reason = match &built.state {
            BuildState::Built { .. } => return Ok(built),
            BuildState::Failed { reason } => reason.clone(),
            BuildState::CouldNotRun { reason, next } => format!("{reason}; {next}"),
            BuildState::Absent => "it has no side to build".to_owned(),
        };
        Err(NothingToCalibrate::NotBuilt { commit: short(sha), reason }.into())
    }
}

fn no_benchmark(subject: &Subject, pairs: &pairing::Plan) -> NothingToCalibrate {
    let reason = |target: &Target| {
        let name = format!("{}/{}", target.package, target.name);
        match &target.state {
            TargetState::CouldNotRun { reason, next } => Some(format!("{name}: {reason}; {next}")),
            TargetState::NotSelected { reason } => Some(format!("{name}: {reason}")),
            _ => None,
        }
    };
    NothingToCalibrate::NoBenchmark {
        commit: short(&subject.head.sha),
        reasons: pairs.targets.iter().filter_map(reason).collect(),
    }
}

fn finish(
    ctx: &Context,
    selected: &Selected,
    request: &CalibrationRequest,
    started: Timestamp,
    load: Option<f64>,
    measured: Measured,
) -> Result<Stored, PipelineError> {
    let Measured { rule, toolchain, stolen, given } = measured;
    let subject = &selected.subject;
    let benches = calibrated(&given.passed);
    if benches.iter().all(|bench| bench.method.is_none()) {
        let mut decisions = given.passed.iter().flat_map(|pass| &pass.decisions);
        let reason = decisions.find_map(|one| one.pair.note.clone());
        let reason = reason.unwrap_or_else(|| "nobody knows why".to_owned());
        return Err(NothingToCalibrate::NoSamples { reason }.into());
    }
    let asked = u32::try_from(passes(request.decisions).len()).unwrap_or(u32::MAX);
    let beside = Beside { load, stolen };
    let samples = encode_passes(&given.rounds)?;
    let calibration = Calibration {
        schema: CALIBRATION_SCHEMA.to_owned(),
        started,
        finished: Timestamp::now(),
        gate_version: env!("CARGO_PKG_VERSION").to_owned(),
        repository: subject.repository.clone(),
        subfolder: subject.subfolder.clone(),
        commit: subject.head.clone(),
        host: host::describe(),
        advice: host::advice(&beside),
        beside,
        toolchain,
        isolation: ctx.sandbox.level().word().to_owned(),
        rule,
        seed: request.run.seed,
        asked,
        passes: given.passes,
        benches,
        samples: Artifact {
            path: SAMPLES_FILE.to_owned(),
            what: "raw samples, one round of a pass a line".to_owned(),
            sha256: digest(&samples),
            bytes: samples.len() as u64,
        },
    };
    Ok(calibrate::store(ctx, &selected.top, subject, calibration, &samples)?)
}
