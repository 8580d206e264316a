//! Brings the bench executables of both sides together: what is to be measured.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::sync::Mutex;

use super::{
    Context,
    build::{Built, Executable},
    criterion::{Bench, RunError, Trouble},
    gate::{canary, round::Door},
    guard::EnvGuard,
    harness::{Listed, word},
    identity::identical,
    workload::Room,
};
use crate::{
    config::BenchRules,
    perf::{BenchId, Harness, Target, TargetState},
    policy::Side,
    sandbox::Session,
};

/// A bench target of both sides.
#[derive(Clone, Debug)]
pub struct TargetPair {
    /// The base's executable.
    pub base: Executable,
    /// The head's executable.
    pub head: Executable,
    /// Whether both can be asked for slices.
    pub slices: bool,
    /// What both measure with.
    pub harness: Harness,
}

impl TargetPair {
    /// The executable of a side.
    pub fn executable(&self, side: Side) -> &Executable {
        match side {
            Side::Base => &self.base,
            Side::Head => &self.head,
        }
    }
}

/// What there is to measure.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Every bench target of either side.
    pub targets: Vec<Target>,
    /// Benchmarks whose executables differ, with the index of their target pair.
    pub changed: Vec<(BenchId, usize)>,
    /// Benchmarks whose executables are identical, with the index of their target pair.
    pub unchanged: Vec<(BenchId, usize)>,
    /// Benchmarks of the base alone.
    pub missing: Vec<BenchId>,
    /// Benchmarks of the head alone.
    pub added: Vec<BenchId>,
    /// The executables that indices speak of.
    pub pairs: Vec<TargetPair>,
}

impl Plan {
    /// Whether a benchmark that changed is measured slice by slice in turn.
    pub fn takes_turns(&self) -> bool {
        let slices = |index: &usize| self.pairs.get(*index).is_some_and(|pair| pair.slices);
        self.changed.iter().any(|(_, index)| slices(index))
    }

    /// Measures the gate's own benchmarks beside the others, in processes of `program`, which is
    /// this one.
    pub fn with_canaries(&mut self, program: &Path) {
        let (pair, benches) = canary::pair(program);
        let index = self.pairs.len();
        self.pairs.push(pair);
        self.changed.extend(benches.map(|bench| (bench, index)));
    }
}

/// Where measured processes run, and under which limits.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// What every step is given.
    pub ctx: &'a Context,
    /// Environment and core.
    pub guard: &'a EnvGuard,
    /// Where processes of the base run.
    pub base_room: Mutex<Session<'a>>,
    /// Where processes of the head run: not beside the base's, so that neither finds what the
    /// other leaves.
    pub head_room: Mutex<Session<'a>>,
    /// Where programs of the base run that a bench target is: beside the head's, so that either
    /// has a scratch folder of its own.
    pub base_apart: Room<'a>,
    /// Where the head's do.
    pub head_apart: Room<'a>,
    /// What the base's processes ask at what to do.
    pub base_door: Door,
    /// What the head's do.
    pub head_door: Door,
    /// Limits and filters.
    pub rules: &'a BenchRules,
    /// The workspace in the base's checkout.
    pub base: PathBuf,
    /// The workspace in the head's checkout.
    pub head: PathBuf,
}

/// Planning failed for a reason of ours.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Starting, stopping, or cancelled.
    #[error(transparent)]
    Run(RunError),
    /// Executables could not be compared.
    #[error("cannot compare {target}: {source}")]
    Compare {
        /// Which target.
        target: String,
        /// Why.
        source: io::Error,
    },
}

impl<'a> Surroundings<'a> {
    /// A bench executable, ready to be run on its side.
    pub fn bench<'b>(
        &'b self,
        side: Side,
        executable: &'b Executable,
        env: &'b std::collections::BTreeMap<std::ffi::OsString, std::ffi::OsString>,
    ) -> Bench<'b, 'a> {
        let (workspace, room) = match side {
            Side::Base => (&self.base, &self.base_room),
            Side::Head => (&self.head, &self.head_room),
        };
        Bench {
            ctx: self.ctx,
            side,
            room,
            path: &executable.path,
            dir: workspace.join(&executable.folder),
            env,
            core: self.guard.core,
            limit: self.limit(),
        }
    }

    /// Where programs of a side run that a bench target is.
    pub fn apart(&self, side: Side) -> &Room<'a> {
        match side {
            Side::Base => &self.base_apart,
            Side::Head => &self.head_apart,
        }
    }

    /// How long one process may take.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.rules.process_seconds)
    }

    /// What a person can do about a bench executable that gave nothing.
    pub fn next(&self, trouble: &Trouble) -> String {
        let crashed = matches!(trouble, Trouble::Crashed { .. });
        if crashed && self.head.join(".gitmodules").exists() {
            return format!("{}; submodules are not checked out here", trouble.next());
        }
        trouble.next()
    }

    async fn ids(
        &self,
        side: Side,
        executable: &Executable,
    ) -> Result<Result<(Harness, Vec<BenchId>), Trouble>, PlanError> {
        let env = self.guard.environment(&mut fastrand::Rng::with_seed(0));
        let named = |id| BenchId {
            package: executable.package.clone(),
            target: executable.target.clone(),
            id,
        };
        match self.bench(side, executable, &env).list().await {
            Ok(Listed { harness, ids }) => {
                let selected = ids.into_iter().filter(|id| self.rules.selects_bench(id));
                Ok(Ok((harness, selected.map(named).collect())))
            }
            Err(RunError::Trouble(trouble)) => Ok(Err(trouble)),
            Err(error) => Err(PlanError::Run(error)),
        }
    }
}

/// Finds out what is to be measured.
///
/// # Errors
///
/// If something of ours fails; a bench executable that misbehaves is a [`TargetState`].
pub async fn plan(
    around: &Surroundings<'_>,
    base: &Built,
    head: &Built,
) -> Result<Plan, PlanError> {
    let mut plan = Plan::default();
    let key = |executable: &Executable| (executable.package.clone(), executable.target.clone());
    for executable in &head.executables {
        let twin = base.executables.iter().find(|other| key(other) == key(executable));
        match twin {
            Some(twin) => {
                let slices = base.slices && head.slices;
                both(around, &mut plan, twin, executable, slices).await?;
            }
            None => head_alone(around, &mut plan, executable).await?,
        }
    }
    let heads: BTreeSet<_> = head.executables.iter().map(key).collect();
    for executable in base.executables.iter().filter(|other| !heads.contains(&key(other))) {
        plan.targets.push(target(executable, TargetState::Missing));
    }
    plan.targets.extend(not_selected(around.rules, head));
    plan.targets
        .sort_by(|one, other| (&one.package, &one.name).cmp(&(&other.package, &other.name)));
    Ok(plan)
}

/// Bench targets of the head that the rules leave out: named, so that nobody thinks they ran.
pub fn not_selected(rules: &BenchRules, head: &Built) -> Vec<Target> {
    head.targets
        .iter()
        .filter_map(|bench| {
            let reason = match bench.lacks.as_slice() {
                [] if rules.selects_target(&bench.name) => return None,
                [] => "left out by bench.targets or bench.exclude".to_owned(),
                lacks => format!("needs features that are off: {}", lacks.join(", ")),
            };
            let (package, name) = (bench.package.clone(), bench.name.clone());
            Some(Target { package, name, state: TargetState::NotSelected { reason } })
        })
        .collect()
}

/// Which benchmarks there are on which side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// On both, in the head's order.
    pub both: Vec<BenchId>,
    /// In the base alone.
    pub missing: Vec<BenchId>,
    /// In the head alone.
    pub added: Vec<BenchId>,
}

/// Matches the benchmarks of the sides by their ids.
pub fn compare_ids(bases: &[BenchId], heads: &[BenchId]) -> Compared {
    let at_head: BTreeSet<&BenchId> = heads.iter().collect();
    let at_base: BTreeSet<&BenchId> = bases.iter().collect();
    let missing: Vec<BenchId> = bases.iter().filter(|id| !at_head.contains(id)).cloned().collect();
    let (both, added) = heads.iter().cloned().partition(|id| at_base.contains(id));
    Compared { both, missing, added }
}

fn target(executable: &Executable, state: TargetState) -> Target {
    Target { package: executable.package.clone(), name: executable.target.clone(), state }
}

fn could_not_run(around: &Surroundings<'_>, side: &str, trouble: &Trouble) -> TargetState {
    TargetState::CouldNotRun { reason: format!("{side}: {trouble}"), next: around.next(trouble) }
}

async fn head_alone(
    around: &Surroundings<'_>,
    plan: &mut Plan,
    executable: &Executable,
) -> Result<(), PlanError> {
    let state = match around.ids(Side::Head, executable).await? {
        Ok((_, ids)) => {
            plan.added.extend(ids);
            TargetState::Added
        }
        Err(trouble) => could_not_run(around, "head", &trouble),
    };
    plan.targets.push(target(executable, state));
    Ok(())
}

async fn both(
    around: &Surroundings<'_>,
    plan: &mut Plan,
    base: &Executable,
    head: &Executable,
    slices: bool,
) -> Result<(), PlanError> {
    let (harness, heads) = match around.ids(Side::Head, head).await? {
        Ok(listed) => listed,
        Err(trouble) => {
            plan.targets.push(target(head, could_not_run(around, "head", &trouble)));
            return Ok(());
        }
    };
    let index = plan.pairs.len();
    let slices = slices && harness == Harness::Criterion;
    plan.pairs.push(TargetPair { base: base.clone(), head: head.clone(), slices, harness });
    let benchmarks = u32::try_from(heads.len()).unwrap_or(u32::MAX);
    let same = identical(&base.path, &head.path)
        .map_err(|source| PlanError::Compare { target: head.target.clone(), source })?;
    if same {
        plan.unchanged.extend(heads.into_iter().map(|id| (id, index)));
        plan.targets.push(target(head, TargetState::Unchanged { benchmarks }));
        return Ok(());
    }
    let listed = match around.ids(Side::Base, base).await? {
        Ok((other, _)) if other != harness => Err(unlike(other, harness)),
        Ok((_, ids)) => Ok(ids),
        Err(trouble) => Err(("base", trouble)),
    };
    let bases = match listed {
        Ok(ids) => ids,
        Err((side, trouble)) => {
            plan.targets.push(target(head, could_not_run(around, side, &trouble)));
            return Ok(());
        }
    };
    let compared = compare_ids(&bases, &heads);
    plan.missing.extend(compared.missing);
    plan.added.extend(compared.added);
    plan.changed.extend(compared.both.into_iter().map(|id| (id, index)));
    plan.targets.push(target(head, TargetState::Listed { benchmarks }));
    Ok(())
}

/// Why sides with two harnesses are not compared, and whose doing that is. A side that lists
/// nothing, while the other lists benchmarks, is more likely broken than meant.
fn unlike(base: Harness, head: Harness) -> (&'static str, Trouble) {
    match (base, head) {
        (Harness::Program, _) => ("base", Trouble::NoHarness),
        (_, Harness::Program) => ("head", Trouble::NoHarness),
        _ => ("head", Trouble::OtherHarness { base: word(base), head: word(head) }),
    }
}
