//! What workloads say about a change.

use super::facts::{
    Again, Bounds, Memory, MemoryState, Together, WorkloadPair, WorkloadRule, WorkloadState,
    Workloads,
};
use crate::verdict::{Outcome, Reason};

/// The reasons that workloads give, in their order.
pub(in crate::perf) fn reasons(facts: &Workloads) -> Vec<Reason> {
    let of = |pair| [of_time(pair, &facts.rule), of_memory(pair, &facts.rule)];
    facts.pairs.iter().flat_map(of).flatten().collect()
}

fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}

fn said(bounds: &Bounds) -> String {
    format!(
        "{:+.1} % ({:+.1} to {:+.1}, {} rounds)",
        percent(bounds.ratio),
        percent(bounds.lower),
        percent(bounds.upper),
        bounds.rounds
    )
}

fn of_time(pair: &WorkloadPair, rule: &WorkloadRule) -> Option<Reason> {
    let WorkloadPair { name, command, .. } = pair;
    let note = pair.note.as_deref();
    let by = match pair.together {
        Some(Together::Alternation) => "throughput by wall time",
        Some(Together::Duet) | None => "throughput by processor time",
    };
    let bounds = pair.throughput.as_ref();
    let said = bounds.map(|bounds| format!("{by} {}", said(bounds)));
    let said = match (said, note) {
        (Some(said), Some(note)) => format!("{said}; {note}"),
        (Some(said), None) => said,
        (None, note) => note.unwrap_or("gave no figures").to_owned(),
    };
    let line = percent(pair.line(rule));
    let (outcome, code, text) = match pair.state {
        WorkloadState::Unchanged | WorkloadState::Held | WorkloadState::Added => return None,
        WorkloadState::Regressed => (
            Outcome::Fail,
            "workload-regressed",
            format!(
                "{said}, proved below the line of {line:+.1} %{}; it is run by `{command}`",
                confirmed(pair.again.as_ref(), rule)
            ),
        ),
        WorkloadState::Improved => (
            Outcome::Attention,
            "workload-improved",
            format!("{said}; so much faster that somebody should know why"),
        ),
        WorkloadState::Inconclusive => {
            let (code, text) = unresolved(pair, rule, &said);
            (Outcome::Inconclusive, code, text)
        }
        WorkloadState::DoesNotBuild => (
            Outcome::Fail,
            "workload-does-not-build",
            format!("the head's program does not build: {said}"),
        ),
        WorkloadState::CouldNotRun => (Outcome::CouldNotRun, "workload-could-not-run", said),
        WorkloadState::Missing => (
            Outcome::Attention,
            "workload-missing",
            "its program exists at the base and not at the head; if that is meant, say so in the \
             change"
                .to_owned(),
        ),
    };
    Some(Reason::new(outcome, code, format!("workload {name}: {text}")))
}

/// Why its time tells nothing: a code, and the words for it.
fn unresolved(pair: &WorkloadPair, rule: &WorkloadRule, said: &str) -> (&'static str, String) {
    let line = percent(pair.line(rule));
    if pair.again.is_some() {
        let why = not_confirmed(pair.again.as_ref(), |again| again.lower >= pair.line(rule));
        return ("workload-not-confirmed", format!("{said}, below the line of {line:+.1} %{why}"));
    }
    if pair.throughput.as_ref().is_some_and(|bounds| bounds.upper < rule.slower_sure) {
        let text = format!(
            "{said}; it is slower, but that it lies below the line of {line:+.1} % is not proved; \
             more rounds or a larger budget for it would resolve it"
        );
        return ("workload-slower-extent-unresolved", text);
    }
    let text = format!("{said}; this does not tell on which side of {line:+.1} % it lies");
    ("workload-inconclusive", text)
}

/// How a loss was confirmed, or why not; goes on after a sentence.
fn confirmed(again: Option<&Again>, rule: &WorkloadRule) -> String {
    match again {
        None if rule.confirm.is_none() => String::new(),
        None => "; not confirmed: it was not measured again".to_owned(),
        Some(Again { bounds, confirmed: true }) => {
            format!("; confirmed by fresh rounds, {}", said(bounds))
        }
        Some(Again { bounds, .. }) => format!(
            "; not confirmed: the rounds that repeat it ended before they could, {}",
            said(bounds)
        ),
    }
}

/// Why a loss is none that decides; goes on after a sentence.
fn not_confirmed(again: Option<&Again>, held: impl Fn(&Bounds) -> bool) -> String {
    let Some(Again { bounds, .. }) = again else { return String::new() };
    let why =
        if held(bounds) { "the two contradict each other" } else { "that does not confirm it" };
    format!("; measured again {}: {why}; run it again on a quieter machine", said(bounds))
}

fn of_memory(pair: &WorkloadPair, rule: &WorkloadRule) -> Option<Reason> {
    let Memory { state, bounds, line: most, again } = pair.memory.as_ref()?;
    let (name, said, line) = (&pair.name, said(bounds), percent(*most));
    match state {
        MemoryState::Held => None,
        MemoryState::Grown => {
            let text = format!(
                "workload {name}: peak memory {said}, proved above the line of {line:+.1} %{}; it \
                 is run by `{}`",
                confirmed(again.as_ref(), rule),
                pair.command
            );
            Some(Reason::new(Outcome::Fail, "workload-memory", text))
        }
        MemoryState::Inconclusive if again.is_some() => {
            let text = format!(
                "workload {name}: peak memory {said}, above the line of {line:+.1} %{}",
                not_confirmed(again.as_ref(), |again| again.upper <= *most)
            );
            Some(Reason::new(Outcome::Inconclusive, "workload-memory-not-confirmed", text))
        }
        MemoryState::Inconclusive => {
            let text = format!(
                "workload {name}: peak memory {said}; this does not tell on which side of \
                 {line:+.1} % it lies"
            );
            Some(Reason::new(Outcome::Inconclusive, "workload-memory-inconclusive", text))
        }
    }
}
