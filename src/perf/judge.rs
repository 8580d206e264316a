//! From the facts of a measurement to the judgement of the performance part.

use super::{
    canary::{Sings, sings},
    clock::{Disagreement, Told},
    edit::Edit,
    facts::{BenchId, Build, BuildState, Facts, Pair, PairState, Target, TargetState},
    loss::{of_contention, of_pair},
    workload,
};
use crate::{
    policy::Side,
    verdict::{Outcome, Part, PartName, Reason, Skip},
};

/// Judges the performance part.
///
/// `documentation_only` and a repository without a bench target leave nothing to do.
pub fn judge(facts: &Facts, documentation_only: bool) -> Part {
    let no_target = facts.targets.is_empty() && facts.builds.iter().all(|build| !broken(build));
    if documentation_only || (no_target && facts.workloads.is_none()) {
        return Part::skipped(PartName::Perf, Skip::NoSurface);
    }
    let absent =
        |build: &Build| build.side == Side::Base && matches!(build.state, BuildState::Absent);
    if facts.builds.iter().any(absent) && !facts.builds.iter().any(broken) {
        return Part::skipped(PartName::Perf, Skip::NoBase);
    }
    let mut reasons: Vec<Reason> = Vec::new();
    reasons.extend(facts.builds.iter().filter_map(of_build));
    reasons.extend(facts.targets.iter().filter_map(of_target));
    reasons.extend(facts.pairs.iter().filter_map(|pair| of_pair(pair, facts)));
    reasons.extend(facts.pairs.iter().filter_map(|pair| of_contention(pair, facts)));
    reasons.extend(facts.pairs.iter().filter_map(of_clock));
    reasons.extend(facts.workloads.iter().flat_map(workload::reasons));
    reasons.extend(facts.missing.iter().map(|bench| {
        let text = format!(
            "{bench} exists at the base and not at the head; if that is meant, say so in the change"
        );
        Reason::new(Outcome::Attention, "benchmark-missing", text)
    }));
    reasons.extend(nothing_selected(facts));
    reasons.extend(of_canaries(facts));
    reasons.extend(of_edits(&facts.edits));
    Part::judged(PartName::Perf, reasons)
}

/// A machine on which the gate's own benchmarks come out otherwise than they have to.
fn of_canaries(facts: &Facts) -> Option<Reason> {
    let (outcome, code) = match sings(&facts.canaries) {
        Sings::True => return None,
        Sings::Unsure => (Outcome::Attention, "canary-unsure"),
        Sings::False => (Outcome::CouldNotRun, "canary-wrong"),
    };
    let each: Vec<String> = facts
        .canaries
        .iter()
        .map(|canary| {
            let came_to = match canary.state {
                PairState::Held => "held",
                PairState::Regressed => "regressed",
                PairState::Improved => "improved",
                PairState::Inconclusive => "inconclusive",
                PairState::Layout => "layout",
                PairState::Unchanged | PairState::CouldNotRun => "nothing",
            };
            format!("«{}» came to {came_to}", canary.bench.id)
        })
        .collect();
    let text = format!(
        "the gate's own benchmarks have to come to held («same») and regressed («slower»); here {}; \
         run again when the machine is quieter",
        each.join(", ")
    );
    Some(Reason::new(outcome, code, text))
}

/// Edits that one reason names.
const EDITS: usize = 6;

fn of_edits(edits: &[Edit]) -> Option<Reason> {
    if edits.is_empty() {
        return None;
    }
    let mut named: Vec<String> = edits.iter().take(EDITS).map(Edit::to_string).collect();
    if let Some(more @ 1..) = edits.len().checked_sub(EDITS) {
        named.push(format!("and {more} more"));
    }
    let text = format!(
        "this change edits what measures it: {}; look at those edits before trusting the figures",
        named.join(", ")
    );
    Some(Reason::new(Outcome::Attention, "edits-what-measures", text))
}

/// A clock that is not believed leaves a question open, whatever the figures say.
fn of_clock(pair: &Pair) -> Option<Reason> {
    let text = clock_text(&pair.bench, pair.clock.as_ref()?);
    Some(Reason::new(Outcome::Inconclusive, "clock-disagrees", text))
}

fn clock_text(bench: &BenchId, clock: &Disagreement) -> String {
    let millis = |nanoseconds: f64| format!("{:.1} ms", nanoseconds / 1e6);
    match clock {
        Disagreement::Impossible { side, processes, reported_ns, wall_ns } => {
            let side = if *side == Side::Base { "base" } else { "head" };
            format!(
                "{bench}: a process of the {side} reported {} of timed work and lived for {} \
                 ({processes} such): its clock is not the machine's, so its figures prove nothing; \
                 read how it takes its times",
                millis(*reported_ns),
                millis(*wall_ns)
            )
        }
        Disagreement::Unlike { base, head, share, rounds, .. } => {
            let side = |told: &Told| {
                let (reported, wall) = (millis(told.reported_ns), millis(told.wall_ns));
                format!("reported {reported} of {wall} (CPU time {})", millis(told.cpu_ns))
            };
            format!(
                "{bench}: a process of the base {}, one of the head {}: the head leaves {:.0} % of \
                 its measuring time more unaccounted for, in {rounds} rounds beyond noise; either its \
                 untimed work (set-up, dropping) grew, or its times are not what it spent, so its \
                 figures prove nothing; read what the change does to either",
                side(base),
                side(head),
                share * 100.0
            )
        }
    }
}

fn broken(build: &Build) -> bool {
    matches!(build.state, BuildState::Failed { .. } | BuildState::CouldNotRun { .. })
}

fn of_build(build: &Build) -> Option<Reason> {
    let command = &build.command;
    match (&build.state, build.side) {
        (BuildState::Built { .. } | BuildState::Absent, _) => None,
        (BuildState::Failed { reason }, Side::Head) => Some(Reason::new(
            Outcome::Fail,
            "head-does-not-build",
            format!("the head's benches do not build with `{command}`: {}", first_line(reason)),
        )),
        (BuildState::Failed { reason }, Side::Base) => Some(Reason::new(
            Outcome::CouldNotRun,
            "no-base",
            format!(
                "the base's benches do not build with `{command}`, so there is no base to compare with: {}",
                first_line(reason)
            ),
        )),
        (BuildState::CouldNotRun { reason, next }, _) => Some(Reason::new(
            Outcome::CouldNotRun,
            "build-could-not-run",
            format!("{reason}; {next}"),
        )),
    }
}

/// There are benches, and the rules or a filter leave nothing of them: no pass, as nothing ran.
fn nothing_selected(facts: &Facts) -> Option<Reason> {
    let gave_something = !facts.pairs.is_empty()
        || !facts.added.is_empty()
        || !facts.missing.is_empty()
        || facts.workloads.is_some()
        || facts.builds.iter().any(broken)
        || facts.targets.iter().any(|target| {
            matches!(target.state, TargetState::CouldNotRun { .. } | TargetState::Missing)
        });
    if gave_something {
        return None;
    }
    let left_out = facts.targets.iter().find_map(|target| match &target.state {
        TargetState::NotSelected { reason } => {
            Some(format!("{}/{} {reason}", target.package, target.name))
        }
        _ => None,
    });
    let text = format!(
        "there are bench targets, but no benchmark was selected ({}); set bench.features, \
         bench.targets or bench.filter in t5.yml",
        left_out.unwrap_or_else(|| "no id contains the filter".to_owned())
    );
    Some(Reason::new(Outcome::CouldNotRun, "nothing-selected", text))
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no message")
}

fn of_target(target: &Target) -> Option<Reason> {
    let name = format!("{}/{}", target.package, target.name);
    match &target.state {
        TargetState::Listed { .. }
        | TargetState::Unchanged { .. }
        | TargetState::Added
        | TargetState::NotSelected { .. } => None,
        TargetState::CouldNotRun { reason, next } => Some(Reason::new(
            Outcome::CouldNotRun,
            "target-could-not-run",
            format!("bench target {name}: {reason}; {next}"),
        )),
        TargetState::Missing => Some(Reason::new(
            Outcome::Attention,
            "target-missing",
            format!("bench target {name} exists at the base and not at the head"),
        )),
    }
}
