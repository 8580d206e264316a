//! The marks beside a row. A mark can be made from facts alone, never from a word: so a row is
//! green only where the receipt holds a finished measurement or scan.

use super::tally::{Checks, Pairs};
use crate::{
    perf::{MemoryState, Pair, PairState, WorkloadPair, WorkloadState, Workloads},
    policy::{self, ScanState, Side, Source},
    receipt::{Receipt, judged_on},
    verdict::{Outcome, Part, PartName, Verdict},
};

/// A mark; see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Good,
    Fail,
    Attention,
    Inconclusive,
    CouldNotRun,
    Skipped,
    NotMeasured,
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Kind::Good => "✅",
            Kind::Fail => "❌",
            Kind::Attention => "⚠️",
            Kind::Inconclusive => "❔",
            Kind::CouldNotRun => "🚫",
            Kind::Skipped => "⏭️",
            Kind::NotMeasured => "—",
        })
    }
}

impl Mark {
    /// Nothing was measured here, and nothing speaks against it.
    pub(super) const NOT_MEASURED: Self = Self(Kind::NotMeasured);
    /// This part had nothing to do.
    pub(super) const SKIPPED: Self = Self(Kind::Skipped);

    /// Is it the green one?
    pub(super) fn is_good(self) -> bool {
        self.0 == Kind::Good
    }

    /// For what speaks against a change; a good outcome has no mark without facts.
    pub(super) fn against(outcome: Outcome) -> Self {
        Self(match outcome {
            Outcome::Pass => Kind::NotMeasured,
            Outcome::Attention => Kind::Attention,
            Outcome::Inconclusive => Kind::Inconclusive,
            Outcome::CouldNotRun => Kind::CouldNotRun,
            Outcome::Fail => Kind::Fail,
        })
    }

    /// For a benchmark: green if it was measured on both sides and held, beside other load too.
    pub(super) fn pair(pair: &Pair) -> Self {
        let measured = pair.estimate.as_ref().is_some_and(|estimate| {
            estimate.rounds > 0 && estimate.lower.is_finite() && estimate.lower > 0.0
        });
        Self(match pair.state {
            PairState::Held if pair.contention.is_some() => Kind::Attention,
            PairState::Held if measured && pair.clock.is_none() => Kind::Good,
            PairState::Held | PairState::Unchanged => Kind::NotMeasured,
            PairState::Improved | PairState::Layout => Kind::Attention,
            PairState::Regressed => Kind::Fail,
            PairState::Inconclusive => Kind::Inconclusive,
            PairState::CouldNotRun => Kind::CouldNotRun,
        })
    }

    /// For a workload: green if it was measured on both sides and neither time nor memory speaks
    /// against it.
    pub(super) fn workload(pair: &WorkloadPair) -> Self {
        let measured = pair.throughput.as_ref().is_some_and(|bounds| {
            bounds.rounds > 0 && bounds.lower.is_finite() && bounds.lower > 0.0
        });
        let memory = pair.memory.as_ref().map(|memory| memory.state);
        Self(match (pair.state, memory) {
            (WorkloadState::Regressed | WorkloadState::DoesNotBuild, _)
            | (_, Some(MemoryState::Grown)) => Kind::Fail,
            (WorkloadState::CouldNotRun, _) => Kind::CouldNotRun,
            (WorkloadState::Inconclusive, _) | (_, Some(MemoryState::Inconclusive)) => {
                Kind::Inconclusive
            }
            (WorkloadState::Improved | WorkloadState::Missing, _) => Kind::Attention,
            (WorkloadState::Held, _) if measured => Kind::Good,
            (WorkloadState::Held | WorkloadState::Unchanged | WorkloadState::Added, _) => {
                Kind::NotMeasured
            }
        })
    }

    /// For the peak memory of a workload.
    pub(super) fn memory(state: MemoryState) -> Self {
        Self(match state {
            MemoryState::Held => Kind::NotMeasured,
            MemoryState::Grown => Kind::Fail,
            MemoryState::Inconclusive => Kind::Inconclusive,
        })
    }

    /// For a check: green if it finished wherever there was something to check, and nothing
    /// that it found bears on this change.
    pub(super) fn check(receipt: &Receipt, facts: &policy::Facts, source: Source) -> Self {
        let scans = || facts.scans.iter().filter(|scan| scan.source == source);
        let finished = |side: Side| {
            scans().any(|s| s.side == side && matches!(s.state, ScanState::Finished { .. }))
        };
        let gave_nothing = scans().any(|s| matches!(s.state, ScanState::CouldNotRun { .. }));
        let checks = Checks::of(facts, judged_on(receipt), source);
        Self(if checks.failing > 0 {
            Kind::Fail
        } else if gave_nothing {
            Kind::CouldNotRun
        } else if !finished(Side::Head) {
            Kind::NotMeasured
        } else if checks.worth_a_look > 0 || checks.unlisted > 0 {
            Kind::Attention
        } else {
            Kind::Good
        })
    }

    /// For a part: green if it passed and something in it was measured or scanned to the end.
    pub(super) fn part(receipt: &Receipt, part: &Part) -> Self {
        match part.outcome() {
            None => Self::SKIPPED,
            Some(Outcome::Pass) if Self::has_evidence(receipt, part.name) => Self(Kind::Good),
            Some(outcome) => Self::against(outcome),
        }
    }

    /// For the run: green if it passed and a part of it is green.
    pub(super) fn run(receipt: &Receipt, verdict: &Verdict) -> Self {
        let judged = || verdict.parts.iter().filter(|part| part.skipped.is_none());
        if judged().next().is_none() {
            return Self::SKIPPED;
        }
        if verdict.outcome == Outcome::Pass && judged().any(|p| Self::part(receipt, p).is_good()) {
            return Self(Kind::Good);
        }
        Self::against(verdict.outcome)
    }

    fn has_evidence(receipt: &Receipt, part: PartName) -> bool {
        match part {
            PartName::Policy => receipt.policy.as_ref().is_some_and(|facts| {
                let finished = |s: &&policy::Scan| matches!(s.state, ScanState::Finished { .. });
                facts.scans.iter().filter(|s| s.side == Side::Head).any(|s| finished(&s))
            }),
            PartName::Perf => {
                let compared = |workloads: &Workloads| {
                    workloads.pairs.iter().any(|pair| pair.throughput.is_some())
                };
                receipt.perf.as_ref().is_some_and(|facts| {
                    Pairs::of(facts).measured > 0 || facts.workloads.as_ref().is_some_and(compared)
                })
            }
        }
    }
}
