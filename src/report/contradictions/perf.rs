//! Contradictions of the performance part.

use std::{collections::BTreeSet, iter};

use super::repeated;
use crate::{
    perf::{
        BenchId, Build, BuildState, Disagreement, Estimate, Facts, Pair, PairState, Reading, Rule,
        Target, TargetState, Told,
    },
    policy::Side,
    receipt::{Receipt, SAMPLES_FILE},
    report::{tally::Pairs, words},
    verdict::{Outcome, PartName, Verdict},
};

pub(super) fn check(receipt: &Receipt, facts: &Facts, verdict: &Verdict, found: &mut Vec<String>) {
    rule(&facts.rule, found);
    for pair in &facts.pairs {
        let problems = states(pair, &facts.rule).into_iter().chain(figures(pair));
        found.extend(problems.map(|problem| format!("{}: {problem}", pair.bench)));
    }
    benchmarks(facts, found);
    found.extend(facts.targets.iter().filter_map(|target| compared_unchanged(facts, target)));
    if !receipt.artifacts.iter().any(|a| a.path == SAMPLES_FILE) && facts.pairs.iter().any(measured)
    {
        found.push(format!("figures were measured, and no {SAMPLES_FILE} holds their samples"));
    }
    if receipt.subject.base.is_none() && facts.pairs.iter().any(measured) {
        found.push("benchmarks were compared, and there is no base".to_owned());
    }
    outcome(facts, verdict, found);
    if let Some(workloads) = &facts.workloads {
        super::workloads::check(receipt, workloads, verdict, found);
    }
}

fn rule(rule: &Rule, found: &mut Vec<String>) {
    let clock = &rule.clock;
    let constants = [
        rule.min_throughput,
        rule.guard,
        rule.improved_at,
        rule.alpha,
        rule.beta,
        clock.alpha,
        clock.share,
        clock.rest,
        clock.slip_share,
        clock.slip_ns,
    ];
    if constants.iter().any(|constant| !constant.is_finite() || *constant < 0.0) {
        found.push("a constant of the rule is not a figure".to_owned());
    }
}

fn measured(pair: &Pair) -> bool {
    pair.estimate.is_some() || pair.base.is_some() || pair.head.is_some()
}

/// A state that the pair's own figures do not bear out.
fn states(pair: &Pair, rule: &Rule) -> Option<String> {
    let state = words::pair_state(pair.state);
    if pair.clock.is_some() && !matches!(pair.state, PairState::Regressed | PairState::Inconclusive)
    {
        return Some(format!("it is {state}, and its clock is not believed"));
    }
    let Some(estimate) = &pair.estimate else {
        let needs = matches!(
            pair.state,
            PairState::Held | PairState::Improved | PairState::Layout | PairState::Regressed
        );
        return needs.then(|| format!("it is {state}, and nothing was measured"));
    };
    let line = rule.line();
    match pair.state {
        PairState::Unchanged | PairState::CouldNotRun => {
            Some(format!("it is {state}, and yet there is an estimate"))
        }
        PairState::Held if estimate.lower < line => {
            Some(format!("it held, and the lower bound {} is below {line}", estimate.lower))
        }
        PairState::Regressed if estimate.upper >= line => Some(format!(
            "it regressed, and the upper bound {} is not below {line}",
            estimate.upper
        )),
        PairState::Layout if estimate.upper >= line => Some(format!(
            "it is {state}, and the upper bound {} is not below {line}",
            estimate.upper
        )),
        PairState::Layout if over_layouts(pair).is_none_or(|mean| mean < line) => {
            Some(format!("it is {state}, and no other layouts bring it to {line}"))
        }
        PairState::Improved if estimate.ratio < rule.improved_at => Some(format!(
            "it improved, and the ratio {} is below {}",
            estimate.ratio, rule.improved_at
        )),
        PairState::Improved => again_below(pair, rule.improved_at),
        _ => None,
    }
}

/// An improvement that fresh rounds are said to confirm, and do not show.
fn again_below(pair: &Pair, least: f64) -> Option<String> {
    let again = pair.confirmation.as_ref().filter(|one| one.confirmed).map(|one| &one.again)?;
    (again.ratio < least).then(|| {
        format!("it improved for the second time, and the ratio {} is below {least}", again.ratio)
    })
}

fn over_layouts(pair: &Pair) -> Option<f64> {
    pair.confirmation.as_ref()?.over_layouts
}

/// A figure that no measurement gives.
fn figures(pair: &Pair) -> Vec<String> {
    let mut found = Vec::new();
    let confirmation = pair.confirmation.iter();
    let again = confirmation
        .flat_map(|one| iter::once(&one.again).chain(one.relinked.iter().map(|one| &one.estimate)));
    if pair.estimate.iter().chain(&pair.contention).chain(again).any(|estimate| !sound(estimate)) {
        found.push("its estimate is not a figure between its bounds".to_owned());
    }
    for (side, reading) in [(Side::Base, &pair.base), (Side::Head, &pair.head)] {
        if reading.as_ref().is_some_and(|reading| !readable(reading)) {
            found.push(format!("the reading of the {} is not a figure", words::side(side)));
        }
    }
    if pair.clock.as_ref().is_some_and(|clock| !told(clock)) {
        found.push("the disagreement of its clock is not one of figures".to_owned());
    }
    if pair.state == PairState::Unchanged && pair.base.is_some() {
        found.push("it is unchanged, and yet its base was measured apart".to_owned());
    }
    found
}

fn sound(estimate: &Estimate) -> bool {
    let Estimate { ratio, lower, upper, rounds, .. } = estimate;
    [ratio, lower, upper].iter().all(|figure| figure.is_finite() && **figure >= 0.0)
        && lower <= ratio
        && ratio <= upper
        && *rounds > 0
}

/// Figures that a disagreement can rest on.
fn told(clock: &Disagreement) -> bool {
    let figure = |figure: &f64| figure.is_finite() && *figure >= 0.0;
    match clock {
        Disagreement::Impossible { processes, reported_ns, wall_ns, .. } => {
            *processes > 0 && figure(reported_ns) && figure(wall_ns) && reported_ns > wall_ns
        }
        Disagreement::Unlike { base, head, share, beyond, rounds, .. } => {
            let side =
                |side: &Told| [side.reported_ns, side.wall_ns, side.cpu_ns].iter().all(figure);
            *rounds > 0 && side(base) && side(head) && figure(share) && figure(beyond)
        }
    }
}

fn readable(reading: &Reading) -> bool {
    let Reading { median_ns, min_ns, slices } = reading;
    [median_ns, min_ns].iter().all(|figure| figure.is_finite() && **figure >= 0.0)
        && min_ns <= median_ns
        && *slices > 0
}

/// A benchmark is on both sides, missing or new; one of them, and once.
fn benchmarks(facts: &Facts, found: &mut Vec<String>) {
    let all = || {
        let pairs = facts.pairs.iter().map(|pair| &pair.bench);
        pairs.chain(&facts.missing).chain(&facts.added)
    };
    found.extend(repeated(all()).map(|bench| format!("{bench} is listed twice")));
    let measured = Pairs::of(facts).measured;
    if measured > facts.rule.family as usize {
        found.push(format!(
            "{measured} benchmarks were measured, and the chance of error is shared among {}",
            facts.rule.family
        ));
    }
}

/// A target whose executables are identical, and a benchmark of it that was compared.
fn compared_unchanged(facts: &Facts, target: &Target) -> Option<String> {
    let TargetState::Unchanged { .. } = target.state else {
        return None;
    };
    let own: BTreeSet<&BenchId> = facts
        .pairs
        .iter()
        // One that gave no reading is no comparison: it stands as what could not run.
        .filter(|pair| !matches!(pair.state, PairState::Unchanged | PairState::CouldNotRun))
        .map(|pair| &pair.bench)
        .filter(|bench| bench.package == target.package && bench.target == target.name)
        .collect();
    let bench = own.first()?;
    Some(format!("{bench} is not unchanged, and the executables of its target are identical"))
}

fn outcome(facts: &Facts, verdict: &Verdict, found: &mut Vec<String>) {
    let outcome = verdict.part(PartName::Perf).and_then(|part| part.outcome());
    let content = outcome.is_some_and(|outcome| outcome <= Outcome::Attention);
    let silent_build = |build: &Build| matches!(build.state, BuildState::CouldNotRun { .. });
    let silent_target = |target: &Target| matches!(target.state, TargetState::CouldNotRun { .. });
    let silent_pair = |pair: &Pair| pair.state == PairState::CouldNotRun;
    if content
        && (facts.builds.iter().any(silent_build)
            || facts.targets.iter().any(silent_target)
            || facts.pairs.iter().any(silent_pair))
    {
        found.push("the performance part is content, while something could not run".to_owned());
    }
    let regressed = facts.pairs.iter().any(|pair| pair.state == PairState::Regressed);
    if regressed && outcome != Some(Outcome::Fail) {
        found.push("a benchmark regressed, while the performance part does not fail".to_owned());
    }
    if content && facts.pairs.iter().any(|pair| pair.clock.is_some()) {
        found.push("a clock is not believed, while the performance part is content".to_owned());
    }
    let odd = |pair: &Pair| pair.state == PairState::Layout || pair.contention.is_some();
    if outcome == Some(Outcome::Pass) && facts.pairs.iter().any(odd) {
        found.push("a benchmark is slower in part, while the performance part passes".to_owned());
    }
    let open = facts.pairs.iter().any(|pair| pair.state == PairState::Inconclusive);
    if open && content {
        found.push("a benchmark is inconclusive, while the performance part is content".to_owned());
    }
}
