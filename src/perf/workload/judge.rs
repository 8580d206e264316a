//! From the rounds of a workload to its state, look by look.

use std::collections::BTreeMap;

use super::{
    confirm::confirm,
    facts::{
        Again, Bounds, Memory, MemoryState, Process, Together, Undisturbed, WorkloadPair,
        WorkloadRound, WorkloadRule, WorkloadState, Workloads,
    },
    trimmed,
};
use crate::perf::{
    estimate::{Levels, median},
    facts::Stage,
};

/// What the rounds of a workload so far come to.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkloadJudged {
    /// Present once there are enough rounds.
    pub throughput: Option<Bounds>,
    /// Present once something is proved of its time.
    pub state: Option<WorkloadState>,
    /// What became of a loss of its time in rounds that repeat it.
    pub again: Option<Again>,
    /// Present once there are enough rounds in which memory was counted on both sides.
    pub memory: Option<Memory>,
    /// What its next round is for; none where there is nothing left to prove, of time or of memory,
    /// or no round left to do it with.
    pub next: Option<Stage>,
}

/// Replays every look that the rounds allow. Time and memory are decided apart, each at the first
/// look that proves something of it, with the rounds that this look saw; a loss of either is then
/// confirmed by rounds of its own.
///
/// Rounds past the last full look are looked at once more, at the price of the next look, so that
/// a run that was cut short still uses all that it has.
pub fn judge_workload(
    rounds: &[WorkloadRound],
    limits: &WorkloadPair,
    rule: &WorkloadRule,
) -> WorkloadJudged {
    let of = |stage: Stage| -> Vec<&WorkloadRound> {
        let compares = |round: &&WorkloadRound| round.together.is_some() && round.stage == stage;
        rounds.iter().filter(compares).collect()
    };
    let (first, again) = (of(Stage::First), of(Stage::Again));
    let mut judged = first_looks(&first, limits, rule);
    if judged.next.is_none() && confirm(&mut judged, &again, limits, rule) {
        judged.next = Some(Stage::Again);
    }
    judged
}

/// Replays the looks on the rounds that decide.
fn first_looks(
    compared: &[&WorkloadRound],
    limits: &WorkloadPair,
    rule: &WorkloadRule,
) -> WorkloadJudged {
    let looks = rule.looks_within(limits.rounds);
    let next = (compared.len() < limits.rounds as usize).then_some(Stage::First);
    let mut last =
        WorkloadJudged { throughput: None, state: None, again: None, memory: None, next };
    for &look in &looks {
        let look = look as usize;
        let seen = compared.get(..look.min(compared.len())).unwrap_or(compared);
        let levels = levels(rule, looks.len(), seen.len());
        if last.state.is_none() {
            last.throughput = throughput_bounds(seen, rule, levels);
            last.state = last.throughput.as_ref().and_then(|bounds| proves(bounds, limits, rule));
        }
        if last.memory.as_ref().is_none_or(|memory| memory.state == MemoryState::Inconclusive) {
            last.memory = memory(seen, limits, rule, levels);
        }
        let open = |memory: &Memory| memory.state == MemoryState::Inconclusive;
        let settled = last.state.is_some() && !last.memory.as_ref().is_some_and(open);
        if settled {
            last.next = None;
        }
        if settled || look >= compared.len() {
            break;
        }
    }
    last
}

/// The chances of error of one look after so many rounds.
fn levels(rule: &WorkloadRule, looks: usize, rounds: usize) -> Levels {
    let looks = f64::from(u32::try_from(looks.max(1)).unwrap_or(u32::MAX));
    let early = if rounds < rule.fails_from as usize { rule.early } else { 1.0 };
    Levels {
        lower: rule.beta / looks,
        upper: early * rule.alpha / (looks * f64::from(rule.family.max(1))),
    }
}

fn proves(bounds: &Bounds, limits: &WorkloadPair, rule: &WorkloadRule) -> Option<WorkloadState> {
    let line = limits.line(rule);
    if bounds.lower >= line {
        let improved = bounds.ratio >= rule.improved_at && bounds.lower > rule.improved_sure;
        return Some(if improved { WorkloadState::Improved } else { WorkloadState::Held });
    }
    (bounds.upper < line).then_some(WorkloadState::Regressed)
}

/// ln(base ÷ head) of each round; a round without a figure gives NaN, which no estimate survives.
fn logs(rounds: &[&WorkloadRound], figure: impl Fn(&WorkloadRound, &Process) -> f64) -> Vec<f64> {
    let log = |round: &&WorkloadRound| match (&round.base, &round.head) {
        (Some(base), Some(head)) => (figure(round, base) / figure(round, head)).ln(),
        _ => f64::NAN,
    };
    rounds.iter().map(log).collect()
}

/// What is compared of a process.
fn time(round: &WorkloadRound, process: &Process) -> f64 {
    float(match round.together {
        Some(Together::Alternation) => process.wall_ns,
        Some(Together::Duet) | None => process.cpu_ns,
    })
}

/// Base ÷ head of what is compared of their times.
pub(super) fn throughput_bounds(
    rounds: &[&WorkloadRound],
    rule: &WorkloadRule,
    levels: Levels,
) -> Option<Bounds> {
    trimmed::ratio(&logs(rounds, time), rule.trimmed, levels)
}

/// Head ÷ base of their peak memory, the lower bound at the level of a loss. None where memory was
/// not counted in every round: in some alone it would be another test.
pub(super) fn memory_bounds(
    rounds: &[&WorkloadRound],
    rule: &WorkloadRule,
    levels: Levels,
) -> Option<Bounds> {
    // Upside down, so that the bounds are those of head ÷ base, each with the chance of error of
    // what it is asked for: «grown» is proved by the lower one, «held» by the upper one.
    let logs: Vec<f64> =
        logs(rounds, |_, process| peak(process)).into_iter().map(|log| -log).collect();
    let turned = Levels { lower: levels.upper, upper: levels.lower };
    trimmed::ratio(&logs, rule.trimmed, turned)
}

fn peak(process: &Process) -> f64 {
    process.peak_bytes.map_or(f64::NAN, float)
}

fn memory(
    rounds: &[&WorkloadRound],
    limits: &WorkloadPair,
    rule: &WorkloadRule,
    levels: Levels,
) -> Option<Memory> {
    let bounds = memory_bounds(rounds, rule, levels)?;
    let bases = rounds.iter().filter_map(|round| round.base.as_ref()).map(peak).collect();
    let line = limits.max_memory_ratio.max(1.0 + float(rule.memory_grain) / median(bases));
    let line = crate::perf::estimate::settled(line);
    let state = if bounds.upper <= line {
        MemoryState::Held
    } else if bounds.lower > line {
        MemoryState::Grown
    } else {
        MemoryState::Inconclusive
    };
    Some(Memory { state, bounds, line, again: None })
}

/// Puts all that follows from the rounds of a workload into its pair: the state, unless that rests
/// on something else than rounds, and every figure.
pub fn workload_pair(
    stated: &WorkloadPair,
    rounds: &[WorkloadRound],
    rule: &WorkloadRule,
) -> WorkloadPair {
    let mut pair = WorkloadPair { throughput: None, again: None, memory: None, ..stated.clone() };
    pair.together = rounds.iter().find_map(|round| round.together);
    pair.base = undisturbed(rounds.iter().filter_map(|round| alone(round, round.base.as_ref())));
    pair.head = undisturbed(rounds.iter().filter_map(|round| alone(round, round.head.as_ref())));
    let measured = match stated.state {
        WorkloadState::Held
        | WorkloadState::Improved
        | WorkloadState::Regressed
        | WorkloadState::Inconclusive => true,
        WorkloadState::Unchanged
        | WorkloadState::DoesNotBuild
        | WorkloadState::CouldNotRun
        | WorkloadState::Missing
        | WorkloadState::Added => false,
    };
    if measured {
        let judged = judge_workload(rounds, stated, rule);
        pair.state = judged.state.unwrap_or(WorkloadState::Inconclusive);
        pair.throughput = judged.throughput;
        pair.again = judged.again;
        pair.memory = judged.memory;
        if judged.next.is_none() {
            // It says why measuring ended too early.
            pair.note = None;
        }
    }
    pair
}

fn alone<'r>(round: &WorkloadRound, process: Option<&'r Process>) -> Option<&'r Process> {
    process.filter(|_| round.together.is_none())
}

fn undisturbed<'r>(processes: impl Iterator<Item = &'r Process>) -> Option<Undisturbed> {
    let processes: Vec<&Process> = processes.collect();
    if processes.is_empty() {
        return None;
    }
    let of = |figure: fn(&Process) -> u64| {
        median(processes.iter().map(|process| float(figure(process))).collect())
    };
    let peaks: Option<Vec<f64>> =
        processes.iter().map(|process| process.peak_bytes.map(float)).collect();
    Some(Undisturbed {
        runs: u32::try_from(processes.len()).unwrap_or(u32::MAX),
        wall_ns: of(|process| process.wall_ns),
        cpu_ns: of(|process| process.cpu_ns),
        peak_bytes: peaks.map(median),
    })
}

/// Computes the workloads of a receipt again from the raw samples.
///
/// What samples cannot say (a note, that a program does not build) is taken over; every figure and
/// every state that rests on samples is not.
pub fn recompute_workloads(facts: &Workloads, rounds: &[WorkloadRound]) -> Vec<WorkloadPair> {
    let mut own: BTreeMap<&str, Vec<WorkloadRound>> = BTreeMap::new();
    for round in rounds {
        own.entry(&round.workload).or_default().push(round.clone());
    }
    let of = |stated: &WorkloadPair| own.get(stated.name.as_str()).map_or(&[][..], Vec::as_slice);
    facts.pairs.iter().map(|stated| workload_pair(stated, of(stated), &facts.rule)).collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds and bytes to fifteen digits are enough"
)]
fn float(figure: u64) -> f64 {
    figure as f64
}
