//! The words of the gate, as they are shown.

use super::units;
use crate::{
    perf::{
        Confirmation, Disagreement, Estimator, Measure, Method, Pair, PairState, WorkloadState,
    },
    policy::{FindingState, Severity, Side, Source},
    verdict::{Outcome, PartName, Route, Skip},
};

pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Attention => "attention",
        Outcome::Inconclusive => "inconclusive",
        Outcome::CouldNotRun => "could not run",
        Outcome::Fail => "fail",
    }
}

/// What an outcome means, for a reader who has not seen the word before.
pub(crate) fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "everything that was asked was answered, and the answers are good",
        Outcome::Attention => "nothing failed, but a person should look",
        Outcome::Inconclusive => "it was measured, and the measurement cannot tell",
        Outcome::CouldNotRun => "something that exists or was configured gave nothing",
        Outcome::Fail => "a rule is broken",
    }
}

pub(crate) fn part(part: PartName) -> &'static str {
    match part {
        PartName::Policy => "Policy",
        PartName::Perf => "Performance",
    }
}

pub(crate) fn skip(skip: Skip) -> &'static str {
    match skip {
        Skip::NoSurface => "no-surface",
        Skip::NoBase => "no-base",
        Skip::NotRequested => "not-requested",
    }
}

pub(crate) fn skip_meaning(skip: Skip) -> &'static str {
    match skip {
        Skip::NoSurface => "the change holds nothing that this part looks at",
        Skip::NoBase => "there is no commit to compare with",
        Skip::NotRequested => "this run was asked for the other part alone",
    }
}

pub(crate) fn route(route: Route) -> &'static str {
    match route {
        Route::PolicyFixer => "policy-fixer",
        Route::PerfFixer => "perf-fixer",
        Route::PrDocReviewer => "pr-doc-reviewer",
    }
}

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Base => "base",
        Side::Head => "head",
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

pub(super) fn finding_state(state: FindingState) -> &'static str {
    match state {
        FindingState::Introduced => "introduced",
        FindingState::PreExisting => "pre-existing",
        FindingState::Fixed => "fixed",
        FindingState::DatabaseMoved => "database-moved",
    }
}

pub(super) fn pair_state(state: PairState) -> &'static str {
    match state {
        PairState::Unchanged => "unchanged",
        PairState::Held => "held",
        PairState::Improved => "improved",
        PairState::Layout => "slower by code layout alone",
        PairState::Regressed => "regressed",
        PairState::Inconclusive => "inconclusive",
        PairState::CouldNotRun => "could not run",
    }
}

/// What became of a loss or an improvement when it was measured again, in few words of ours.
pub(super) fn confirmation(pair: &Pair) -> Option<String> {
    let about = |ratio: f64| format!("{} of the base's throughput", units::share(ratio));
    match (&pair.confirmation, pair.state) {
        (None, PairState::Regressed) => Some("not confirmed: it was not measured again".to_owned()),
        (None, _) => None,
        (Some(Confirmation { again, .. }), PairState::Held) => {
            let (ratio, rounds) = (about(again.ratio), again.rounds);
            Some(format!("no improvement: {rounds} rounds more gave {ratio}"))
        }
        (Some(Confirmation { again, confirmed: false, .. }), _) => {
            let (ratio, rounds) = (about(again.ratio), again.rounds);
            Some(format!("not confirmed: {rounds} rounds more gave {ratio}"))
        }
        (Some(Confirmation { again, .. }), PairState::Improved) => {
            let (ratio, rounds) = (about(again.ratio), again.rounds);
            Some(format!("confirmed by {rounds} rounds more ({ratio})"))
        }
        (Some(Confirmation { again, over_layouts: None, .. }), _) => {
            let (ratio, rounds) = (about(again.ratio), again.rounds);
            Some(format!("confirmed by {rounds} rounds more ({ratio}); not linked anew"))
        }
        (Some(Confirmation { again, over_layouts: Some(mean), relinked, .. }), _) => {
            let (ratio, rounds) = (about(*mean), again.rounds);
            let orders = counted(relinked.len(), "order", "orders");
            Some(format!("confirmed by {rounds} rounds more; {ratio} over {orders} of functions"))
        }
    }
}

/// What a pair that held is worth a look for.
pub(super) const CONTENTION: &str = "slower only under contention (layout)";

pub(super) fn workload_state(state: WorkloadState) -> &'static str {
    match state {
        WorkloadState::Unchanged => "unchanged",
        WorkloadState::Held => "held",
        WorkloadState::Improved => "improved",
        WorkloadState::Regressed => "regressed",
        WorkloadState::Inconclusive => "inconclusive",
        WorkloadState::DoesNotBuild => "does not build",
        WorkloadState::CouldNotRun => "could not run",
        WorkloadState::Missing => "missing in the head",
        WorkloadState::Added => "new",
    }
}

/// What is wrong with a benchmark's clock, in few words of ours.
pub(super) fn disagreement(clock: &Disagreement) -> &'static str {
    match clock {
        Disagreement::Impossible { .. } => "its clock cannot be right",
        Disagreement::Unlike { .. } => "its clock and the runner's disagree",
    }
}

/// What a disagreement is proved by.
pub(super) fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Wall => "wall time",
        Measure::Cpu => "processor time",
    }
}

/// The subject of a check.
pub(super) fn check(source: Source) -> &'static str {
    match source {
        Source::DenyLicenses => "Licences",
        Source::DenySources => "Supply chain (sources)",
        Source::DenyBans => "Bans",
        Source::DenyAdvisories => "Advisories, resolved graph",
        Source::Audit => "Audit, whole lock file",
    }
}

/// The short key of a check in the line of evidence.
pub(super) fn key(source: Source) -> &'static str {
    match source {
        Source::DenyLicenses => "licences",
        Source::DenySources => "sources",
        Source::DenyBans => "bans",
        Source::DenyAdvisories => "advisories",
        Source::Audit => "audit",
    }
}

/// Who speaks in a check.
pub(super) fn tool(source: Source) -> &'static str {
    match source {
        Source::DenyLicenses => "cargo deny check licenses",
        Source::DenySources => "cargo deny check sources",
        Source::DenyBans => "cargo deny check bans",
        Source::DenyAdvisories => "cargo deny check advisories",
        Source::Audit => "rustsec",
    }
}

/// Every check, in the order in which a report shows them.
pub(super) const SOURCES: [Source; 5] = [
    Source::DenyLicenses,
    Source::Audit,
    Source::DenyAdvisories,
    Source::DenySources,
    Source::DenyBans,
];

pub(super) fn estimator(estimator: Estimator) -> &'static str {
    match estimator {
        Estimator::Floor => "floor",
        Estimator::Paired => "paired",
    }
}

pub(super) fn method(method: Method) -> &'static str {
    match method {
        Method::Slices => {
            "fresh processes of both sides each round, which take turns every millisecond on one \
             core, who goes first drawn anew each turn"
        }
        Method::ProcessPairs => {
            "pairs of fresh processes, one of each side a round, one right after the other on one \
             core, the order drawn anew each round"
        }
        Method::ProcessTurns => {
            "some short processes of both sides each round (divan), which take turns on one core, \
             who goes first drawn anew each turn, every process with the same number of iterations"
        }
        Method::Duet => {
            "whole processes of a target that is a program of its own, one of each side at once on \
             one core, compared by processor time: as much of it as one process spends from its \
             start to its end, and right for a fixed amount of work alone"
        }
    }
}

/// `1 pair`, `2 pairs`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
