//! The performance part of a run: builds, plan, measurement, facts.

use super::{
    Context,
    build::{BuildError, Builder, Built, Relinker},
    measure::{MeasureError, Measured, measure},
    pairing::{Plan, PlanError, Surroundings, not_selected, plan},
    toolchain::{Toolchain, ToolchainError},
};
use crate::{
    config::BenchRules,
    host::Watch,
    perf::{self, Build, BuildState, Facts, Round, Rule, canary},
    policy::Side,
};

/// The builds of both sides.
#[derive(Clone, Debug)]
pub struct Builds {
    /// As a person would type it.
    pub command: String,
    /// Of the merge base.
    pub base: Built,
    /// Of the change.
    pub head: Built,
}

/// Something of ours failed.
#[derive(Debug, thiserror::Error)]
pub enum BenchPartError {
    /// While building.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// While planning.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// While measuring.
    #[error(transparent)]
    Measure(#[from] MeasureError),
}

/// What there is to build on the base's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseSide {
    /// A first commit has no base.
    Absent,
    /// There is one, but no workspace where the head has its own: why.
    Unlike(String),
    /// This commit.
    Commit(String),
}

/// Builds both sides, the base first.
///
/// # Errors
///
/// If something of ours fails.
pub async fn build_both(
    ctx: &Context,
    builder: &Builder<'_>,
    base: &BaseSide,
    head: &str,
) -> Result<Builds, BuildError> {
    let base = match base {
        BaseSide::Commit(sha) => {
            ctx.progress.phase("build", format!("base {}", short(sha)));
            builder.build(Side::Base, sha).await?
        }
        BaseSide::Unlike(reason) => {
            Built::nothing(BuildState::Failed { reason: reason.clone() }, Vec::new())
        }
        BaseSide::Absent => Built::nothing(BuildState::Absent, Vec::new()),
    };
    ctx.progress.phase("build", format!("head {}", short(head)));
    let head = builder.build(Side::Head, head).await?;
    Ok(Builds { command: builder.command(), base, head })
}

/// The first characters of an object name, as people write it.
pub fn short(sha: &str) -> String {
    sha.chars().take(10).collect()
}

/// Facts of a part in which nothing was built, and so nothing measured.
pub fn nothing_built(rules: &BenchRules, seed: u64, reason: Option<&ToolchainError>) -> Facts {
    let builds = reason.map(|error| {
        let state = BuildState::CouldNotRun { reason: error.to_string(), next: error.next() };
        Build { side: Side::Head, command: "rustc --version".to_owned(), state }
    });
    Facts {
        rule: Rule::new(rules, 0),
        seed,
        core: None,
        environment: std::collections::BTreeMap::new(),
        toolchain: String::new(),
        builds: builds.into_iter().collect(),
        targets: Vec::new(),
        pairs: Vec::new(),
        canaries: Vec::new(),
        missing: Vec::new(),
        added: Vec::new(),
        edits: Vec::new(),
        seen_by: None,
        load: None,
        workloads: None,
    }
}

/// Measures what was built, and puts the facts together. `beside` counts the decisions of other
/// measurements that share the run's chance of error.
///
/// # Errors
///
/// If something of ours fails.
pub async fn measure_built(
    around: &Surroundings<'_>,
    toolchain: &Toolchain,
    builds: Builds,
    beside: usize,
    seed: u64,
    relinker: Option<&Relinker<'_>>,
) -> Result<(Facts, Vec<Round>), BenchPartError> {
    let ready = matches!(builds.base.state, BuildState::Built { .. } | BuildState::Absent)
        && matches!(builds.head.state, BuildState::Built { .. });
    let mut plan = if ready {
        plan(around, &builds.base, &builds.head).await?
    } else {
        Plan { targets: not_selected(around.rules, &builds.head), ..Plan::default() }
    };
    let rule = Rule::new(around.rules, plan.changed.len() + beside);
    let count = plan.changed.len();
    around.ctx.progress.phase(
        "measure",
        format!("{count} benchmarks that changed, {} that did not", plan.unchanged.len()),
    );
    // They tell whether turns of slices are judged rightly here; whole processes are not alike.
    if plan.takes_turns() {
        plan.with_canaries(around.ctx.sandbox.helper());
    }
    let watch = Watch::begin();
    let Measured { pairs, rounds } = measure(around, &plan, &rule, seed, relinker).await?;
    let (canaries, pairs): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|pair| pair.bench.package == canary::PACKAGE);
    let command = builds.command;
    let build = |side, state| Build { side, command: command.clone(), state };
    let mut facts = Facts {
        builds: vec![build(Side::Base, builds.base.state), build(Side::Head, builds.head.state)],
        core: around.guard.core.and_then(|core| u32::try_from(core).ok()),
        environment: around.guard.described(),
        toolchain: toolchain.version().to_owned(),
        targets: plan.targets,
        pairs,
        canaries,
        missing: plan.missing,
        added: plan.added,
        load: watch.and_then(Watch::end).filter(|_| !rounds.is_empty()),
        ..nothing_built(around.rules, seed, None)
    };
    facts.rule = rule;
    facts.canaries = perf::recompute_canaries(&facts, &rounds);
    facts.pairs = perf::recompute(&facts, &rounds);
    Ok((facts, rounds))
}
