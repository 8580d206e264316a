//! Contradictions among workloads.

use super::repeated;
use crate::{
    perf::{
        Again, Bounds, Memory, MemoryState, Undisturbed, WorkloadPair, WorkloadRule, WorkloadState,
        Workloads,
    },
    receipt::{Receipt, WORKLOADS_FILE},
    report::words,
    verdict::{Outcome, PartName, Verdict},
};

pub(super) fn check(
    receipt: &Receipt,
    facts: &Workloads,
    verdict: &Verdict,
    found: &mut Vec<String>,
) {
    let rule = &facts.rule;
    let constants = [rule.guard, rule.improved_at, rule.trimmed, rule.early, rule.alpha, rule.beta];
    if constants.iter().any(|constant| !constant.is_finite() || *constant < 0.0) {
        found.push("a constant of the workloads' rule is not a figure".to_owned());
    }
    for pair in &facts.pairs {
        let problems = time(pair, rule).into_iter().chain(memory(pair)).chain(figures(pair));
        found.extend(problems.map(|problem| format!("workload {}: {problem}", pair.name)));
    }
    let names = facts.pairs.iter().map(|pair| pair.name.as_str());
    found.extend(repeated(names).map(|name| format!("the workload «{name}» stands twice")));
    if !receipt.artifacts.iter().any(|a| a.path == WORKLOADS_FILE) && facts.pairs.iter().any(ran) {
        found.push(format!("workloads were run, and no {WORKLOADS_FILE} holds their rounds"));
    }
    outcome(facts, verdict, found);
}

fn ran(pair: &WorkloadPair) -> bool {
    pair.throughput.is_some() || pair.base.is_some() || pair.head.is_some()
}

/// A state that the throughput does not bear out.
fn time(pair: &WorkloadPair, rule: &WorkloadRule) -> Option<String> {
    let state = words::workload_state(pair.state);
    let line = pair.line(rule);
    match (&pair.throughput, pair.state) {
        (None, WorkloadState::Held | WorkloadState::Improved | WorkloadState::Regressed) => {
            Some(format!("it is {state}, and nothing was measured"))
        }
        (
            Some(_),
            WorkloadState::Unchanged
            | WorkloadState::DoesNotBuild
            | WorkloadState::CouldNotRun
            | WorkloadState::Missing
            | WorkloadState::Added,
        ) => Some(format!("it is {state}, and yet it was compared")),
        (Some(bounds), WorkloadState::Held) if bounds.lower < line => {
            Some(format!("it held, and the lower bound {} is below {line}", bounds.lower))
        }
        (Some(_), WorkloadState::Held | WorkloadState::Improved) if pair.again.is_some() => {
            Some(format!("it is {state}, and yet a loss of it was measured again"))
        }
        (Some(bounds), WorkloadState::Regressed) if bounds.upper >= line => {
            Some(format!("it regressed, and the upper bound {} is not below {line}", bounds.upper))
        }
        (Some(bounds), WorkloadState::Improved) if bounds.ratio < rule.improved_at => {
            let (ratio, least) = (bounds.ratio, rule.improved_at);
            Some(format!("it improved, and the ratio {ratio} is below {least}"))
        }
        _ => None,
    }
}

/// A state that the memory does not bear out.
fn memory(pair: &WorkloadPair) -> Option<String> {
    let Memory { state, bounds, line, again } = pair.memory.as_ref()?;
    let (lower, upper) = (bounds.lower, bounds.upper);
    match state {
        MemoryState::Held if upper > *line => {
            Some(format!("its memory held, and the upper bound {upper} is above {line}"))
        }
        MemoryState::Held if again.is_some() => {
            Some("its memory held, and yet its growth was measured again".to_owned())
        }
        MemoryState::Grown if lower <= *line => {
            Some(format!("its memory grew, and the lower bound {lower} is not above {line}"))
        }
        _ => None,
    }
}

/// A figure that no measurement gives.
fn figures(pair: &WorkloadPair) -> Vec<String> {
    let mut found = Vec::new();
    let memory = pair.memory.as_ref();
    let again = |again: &'_ Option<Again>| again.as_ref().map(|again| again.bounds.clone());
    let all = [
        (pair.throughput.clone(), "throughput"),
        (again(&pair.again), "throughput, measured again,"),
        (memory.map(|memory| memory.bounds.clone()), "memory"),
        (memory.and_then(|memory| again(&memory.again)), "memory, measured again,"),
    ];
    for (bounds, what) in &all {
        if bounds.as_ref().is_some_and(|bounds| !sound(bounds)) {
            found.push(format!("its {what} is not a figure between its bounds"));
        }
    }
    if [&pair.base, &pair.head].into_iter().flatten().any(|figures| !readable(figures)) {
        found.push("its absolute figures are none".to_owned());
    }
    if pair.state == WorkloadState::Unchanged && pair.base.is_some() {
        found.push("it is unchanged, and yet its base was run apart".to_owned());
    }
    found
}

fn sound(bounds: &Bounds) -> bool {
    let Bounds { ratio, lower, upper, rounds } = bounds;
    [ratio, lower, upper].iter().all(|figure| figure.is_finite() && **figure >= 0.0)
        && lower <= ratio
        && ratio <= upper
        && *rounds > 0
}

fn readable(figures: &Undisturbed) -> bool {
    const YEAR: f64 = 3.2e16;
    let time = |figure: f64| figure.is_finite() && (0.0..YEAR).contains(&figure);
    let size = |figure: f64| figure.is_finite() && figure >= 0.0;
    figures.runs > 0
        && time(figures.wall_ns)
        && time(figures.cpu_ns)
        && figures.peak_bytes.is_none_or(size)
}

fn outcome(facts: &Workloads, verdict: &Verdict, found: &mut Vec<String>) {
    let Some(outcome) = verdict.part(PartName::Perf).and_then(|part| part.outcome()) else {
        return;
    };
    let states = || facts.pairs.iter().map(|pair| pair.state);
    let memories = || facts.pairs.iter().filter_map(|pair| pair.memory.as_ref().map(|m| m.state));
    let fails = states()
        .any(|state| matches!(state, WorkloadState::Regressed | WorkloadState::DoesNotBuild))
        || memories().any(|state| state == MemoryState::Grown);
    if fails && outcome != Outcome::Fail {
        found.push("a workload fails, while the performance part does not".to_owned());
    }
    let open = states()
        .any(|state| matches!(state, WorkloadState::Inconclusive | WorkloadState::CouldNotRun))
        || memories().any(|state| state == MemoryState::Inconclusive);
    if open && outcome <= Outcome::Attention {
        found.push("a workload is open, while the performance part is content".to_owned());
    }
}
