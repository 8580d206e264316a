//! What a host tells apart: identical executables decided again and again, and with losses whose
//! size is known.
//!
//! Each pass of a calibration decides every benchmark once, by the very procedure of a run. Both
//! sides are the same executables, so every «regressed» is a false alarm; where a loss is injected
//! into the head, every other answer is a miss.

mod proportion;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    canary::{Sings, sings},
    decide::{recompute, recompute_canaries},
    estimate::median,
    facts::{BenchId, Facts, Method, Pair, PairState, Round, Slice},
    resolve::resolution,
};

pub use proportion::Proportion;

/// One decision of every benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// Share of the head's throughput that was injected as lost; 0 where nothing was.
    pub loss: f64,
    /// What the gate's own benchmarks said meanwhile.
    pub canaries: Sings,
    /// One for each benchmark.
    pub decisions: Vec<Decision>,
}

/// One decision of one benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What it came to.
    pub pair: Pair,
    /// Its part of the pass's wall time, in seconds: the pass is shared in proportion to the timed
    /// work of all benchmarks, the canaries among them.
    pub seconds: f64,
}

impl Passed {
    /// Judges a pass as a run would: from what was stated while measuring, and the raw rounds.
    /// `seconds` is the pass's wall time.
    pub fn new(loss: f64, seconds: f64, stated: &Facts, rounds: &[Round]) -> Self {
        let canaries = sings(&recompute_canaries(stated, rounds));
        let mut worked: BTreeMap<&BenchId, f64> = BTreeMap::new();
        for round in rounds {
            *worked.entry(&round.bench).or_default() += timed_ns(round);
        }
        let all: f64 = worked.values().sum();
        let share = |pair: &Pair| worked.get(&pair.bench).map_or(0.0, |own| own / all);
        let decision = |pair| Decision { seconds: seconds * share(&pair), pair };
        let decisions = recompute(stated, rounds).into_iter().map(decision).collect();
        Self { loss, canaries, decisions }
    }
}

fn timed_ns(round: &Round) -> f64 {
    round.base.iter().chain(&round.head).map(|Slice(_, nanoseconds)| nanoseconds).sum()
}

/// What all passes came to for one benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// Which benchmark.
    pub bench: BenchId,
    /// How its sides were brought together; absent where it never gave samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// What it resolves, in per cent of throughput: half the width of the interval that a decision
    /// on identical executables ends with, the median over those decisions. Its bounds are at the
    /// levels of that look, of which the one that «regressed» asks for is by far the stricter. A
    /// decision ends once «held» is proved, so it may be wide where few rounds proved that: a loss
    /// that is nearer to the line takes more rounds, and these narrow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolves_percent: Option<f64>,
    /// The same of the worst of those decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolves_at_worst_percent: Option<f64>,
    /// Wall time of a decision on identical executables, in seconds: the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Decisions on identical executables.
    pub same: Same,
    /// Decisions with an injected loss, the smallest first. Empty where none was injected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
}

/// Decisions on identical executables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Same {
    /// «regressed», of all that gave samples.
    pub false_alarms: Proportion,
    /// Of those, how many could not tell.
    pub inconclusive: u32,
    /// Of those, how many were called improved.
    pub improved: u32,
    /// How many more gave no samples.
    pub could_not_run: u32,
}

/// Decisions with one injected loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Share of the head's throughput that was injected as lost.
    pub loss: f64,
    /// «regressed», of all that gave samples; what could not tell is a miss.
    pub found: Proportion,
    /// Of those, how many could not tell.
    pub inconclusive: u32,
    /// Wall time of a decision, in seconds: the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// Puts passes together, benchmark by benchmark.
///
/// A loss counts only where the sides took turns: nothing is injected into whole processes.
pub fn calibrated(passes: &[Passed]) -> Vec<Calibrated> {
    let benches: BTreeSet<&BenchId> =
        passes.iter().flat_map(|pass| &pass.decisions).map(|one| &one.pair.bench).collect();
    benches.into_iter().map(|bench| of_bench(bench, passes)).collect()
}

fn of_bench(bench: &BenchId, passes: &[Passed]) -> Calibrated {
    let at = |loss: f64| -> Vec<&Decision> {
        let of_loss = passes.iter().filter(|pass| pass.loss.total_cmp(&loss).is_eq());
        of_loss.flat_map(|pass| &pass.decisions).filter(|one| one.pair.bench == *bench).collect()
    };
    let same = at(0.0);
    let mut losses: Vec<f64> =
        passes.iter().map(|pass| pass.loss).filter(|loss| *loss > 0.0).collect();
    losses.sort_by(f64::total_cmp);
    losses.dedup();
    let resolves: Vec<f64> =
        same.iter().filter_map(|one| one.pair.estimate.as_ref()).map(resolution).collect();
    Calibrated {
        bench: bench.clone(),
        method: same.iter().find_map(|one| one.pair.method),
        resolves_at_worst_percent: resolves.iter().copied().max_by(f64::total_cmp),
        resolves_percent: middle(resolves),
        seconds: middle(measured(&same).map(|one| one.seconds).collect()),
        same: Same {
            false_alarms: share(&same),
            inconclusive: count(&same, PairState::Inconclusive),
            improved: count(&same, PairState::Improved),
            could_not_run: count(&same, PairState::CouldNotRun),
        },
        losses: losses.into_iter().filter_map(|loss| of_loss(loss, &at(loss))).collect(),
    }
}

fn of_loss(loss: f64, decisions: &[&Decision]) -> Option<Loss> {
    let injected = |one: &&Decision| one.pair.method == Some(Method::Slices);
    let decisions: Vec<&Decision> = decisions.iter().copied().filter(injected).collect();
    let found = share(&decisions);
    (found.of > 0).then(|| Loss {
        loss,
        found,
        inconclusive: count(&decisions, PairState::Inconclusive),
        seconds: middle(measured(&decisions).map(|one| one.seconds).collect()),
    })
}

/// Those that gave samples.
fn measured<'a>(decisions: &'a [&Decision]) -> impl Iterator<Item = &'a Decision> {
    let gave = |one: &&Decision| one.pair.state != PairState::CouldNotRun;
    decisions.iter().copied().filter(gave)
}

/// How many of those that gave samples are called regressed.
fn share(decisions: &[&Decision]) -> Proportion {
    let of = u32::try_from(measured(decisions).count()).unwrap_or(u32::MAX);
    Proportion::new(count(decisions, PairState::Regressed), of)
}

fn count(decisions: &[&Decision], state: PairState) -> u32 {
    let count = decisions.iter().filter(|one| one.pair.state == state).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn middle(values: Vec<f64>) -> Option<f64> {
    (!values.is_empty()).then(|| median(values))
}

/// False alarms over all benchmarks.
pub fn false_alarms(benches: &[Calibrated]) -> Proportion {
    Proportion::sum(benches.iter().map(|bench| &bench.same.false_alarms))
}

/// What was found over all benchmarks, by injected loss, the smallest first.
pub fn found(benches: &[Calibrated]) -> Vec<(f64, Proportion)> {
    let mut losses: Vec<f64> =
        benches.iter().flat_map(|bench| &bench.losses).map(|loss| loss.loss).collect();
    losses.sort_by(f64::total_cmp);
    losses.dedup();
    let of = |wanted: f64| {
        let losses = benches.iter().flat_map(|bench| &bench.losses);
        let same = losses.filter(move |loss| loss.loss.total_cmp(&wanted).is_eq());
        Proportion::sum(same.map(|loss| &loss.found))
    };
    losses.into_iter().map(|loss| (loss, of(loss))).collect()
}
