//! Counts that several sections show. Each is taken here, once, from the receipt.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    perf::{self, MemoryState, Pair, PairState, WorkloadPair, WorkloadState},
    policy::{self, Finding, FindingState, ScanState, Severity, Side, Source},
};

/// Benchmarks by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs {
    pub(super) all: usize,
    pub(super) held: usize,
    pub(super) improved: usize,
    pub(super) layout: usize,
    pub(super) regressed: usize,
    pub(super) inconclusive: usize,
    pub(super) could_not_run: usize,
    pub(super) unchanged: usize,
    /// Those with an estimate, whatever it says.
    pub(super) measured: usize,
}

impl Pairs {
    pub(super) fn of(facts: &perf::Facts) -> Self {
        let mut tally = Self { all: facts.pairs.len(), ..Self::default() };
        for pair in &facts.pairs {
            match pair.state {
                PairState::Held => tally.held += 1,
                PairState::Improved => tally.improved += 1,
                PairState::Layout => tally.layout += 1,
                PairState::Regressed => tally.regressed += 1,
                PairState::Inconclusive => tally.inconclusive += 1,
                PairState::CouldNotRun => tally.could_not_run += 1,
                PairState::Unchanged => tally.unchanged += 1,
            }
            tally.measured += usize::from(pair.estimate.is_some());
        }
        tally
    }

    /// The counts that are not zero, the gravest first: `1 regressed, 10 held`.
    pub(super) fn words(&self) -> String {
        let counts = [
            (self.regressed, PairState::Regressed),
            (self.could_not_run, PairState::CouldNotRun),
            (self.inconclusive, PairState::Inconclusive),
            (self.layout, PairState::Layout),
            (self.improved, PairState::Improved),
            (self.held, PairState::Held),
            (self.unchanged, PairState::Unchanged),
        ];
        let shown: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, state)| format!("{count} {}", super::words::pair_state(*state)))
            .collect();
        shown.join(", ")
    }
}

/// How grave a pair is for a reader: the gravest first.
pub(super) fn gravity(pair: &Pair) -> u8 {
    match pair.state {
        PairState::Regressed => 0,
        PairState::CouldNotRun => 1,
        PairState::Inconclusive => 2,
        PairState::Layout => 3,
        PairState::Improved => 4,
        PairState::Held => 5,
        PairState::Unchanged => 6,
    }
}

/// How grave a workload is for a reader, its memory too: the gravest first.
pub(super) fn workload_gravity(pair: &WorkloadPair) -> u8 {
    let memory = pair.memory.as_ref().map(|memory| memory.state);
    match (pair.state, memory) {
        (WorkloadState::Regressed | WorkloadState::DoesNotBuild, _)
        | (_, Some(MemoryState::Grown)) => 0,
        (WorkloadState::CouldNotRun, _) => 1,
        (WorkloadState::Inconclusive, _) | (_, Some(MemoryState::Inconclusive)) => 2,
        (WorkloadState::Improved | WorkloadState::Missing, _) => 3,
        (WorkloadState::Held, _) => 4,
        (WorkloadState::Unchanged | WorkloadState::Added, _) => 5,
    }
}

/// Workloads by what became of them: `3 workloads: 1 regressed, 2 held, 1 takes more memory`.
pub(super) fn workloads_in_words(pairs: &[WorkloadPair]) -> String {
    const ORDER: [WorkloadState; 9] = [
        WorkloadState::Regressed,
        WorkloadState::DoesNotBuild,
        WorkloadState::CouldNotRun,
        WorkloadState::Inconclusive,
        WorkloadState::Improved,
        WorkloadState::Missing,
        WorkloadState::Held,
        WorkloadState::Unchanged,
        WorkloadState::Added,
    ];
    let counted = |state| pairs.iter().filter(|pair| pair.state == state).count();
    let mut shown: Vec<String> = ORDER
        .into_iter()
        .map(|state| (counted(state), super::words::workload_state(state)))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let grown = |pair: &&WorkloadPair| {
        pair.memory.as_ref().is_some_and(|memory| memory.state == MemoryState::Grown)
    };
    if let some @ 1.. = pairs.iter().filter(grown).count() {
        shown.push(format!("{some} with more memory"));
    }
    let all = super::words::counted(pairs.len(), "workload", "workloads");
    format!("{all}: {}", shown.join(", "))
}

/// The measured pair whose throughput fell most (or rose least).
pub(super) fn slowest(facts: &perf::Facts) -> Option<(&Pair, &perf::Estimate)> {
    facts
        .pairs
        .iter()
        .filter_map(|pair| Some((pair, pair.estimate.as_ref()?)))
        .min_by(|(_, a), (_, b)| a.ratio.total_cmp(&b.ratio))
}

/// What one check found, by its relation to the two commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Checks {
    pub(super) introduced: usize,
    pub(super) pre_existing: usize,
    pub(super) database_moved: usize,
    pub(super) fixed: usize,
    /// Introduced, and covered by a waiver that still counts.
    pub(super) waived: usize,
    /// Introduced errors that no waiver covers.
    pub(super) failing: usize,
    /// What bears on this change without failing it.
    pub(super) worth_a_look: usize,
    /// Errors that the tool counts in the head, while the receipt lists none: no finding about
    /// the code, and nothing to be content with either.
    pub(super) unlisted: u32,
}

impl Checks {
    pub(super) fn of(facts: &policy::Facts, today: Date, source: Source) -> Self {
        let mut tally = Self::default();
        for finding in facts.findings.iter().filter(|finding| finding.source == source) {
            match finding.state {
                FindingState::Introduced => tally.introduced += 1,
                FindingState::PreExisting => tally.pre_existing += 1,
                FindingState::DatabaseMoved => tally.database_moved += 1,
                FindingState::Fixed => tally.fixed += 1,
            }
            let introduced = finding.state == FindingState::Introduced;
            tally.waived += usize::from(introduced && waived(facts, finding, today));
            match weight(facts, finding, today) {
                Weight::Fails => tally.failing += 1,
                Weight::WorthALook => tally.worth_a_look += 1,
                Weight::None => {}
            }
        }
        tally.unlisted = unlisted(facts, source);
        tally
    }
}

fn unlisted(facts: &policy::Facts, source: Source) -> u32 {
    let listed = facts.findings.iter().any(|finding| {
        finding.source == source
            && finding.severity == Severity::Error
            && finding.state != FindingState::Fixed
    });
    let counted =
        facts.scans.iter().filter(|scan| scan.source == source && scan.side == Side::Head);
    counted
        .filter_map(|scan| match scan.state {
            ScanState::Finished { errors, .. } if !listed => Some(errors),
            _ => None,
        })
        .sum()
}

/// How a finding bears on the change; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Fails,
    WorthALook,
    None,
}

/// Weighs one finding as the judgement of the policy part does; a test holds the two together.
pub(super) fn weight(facts: &policy::Facts, finding: &Finding, today: Date) -> Weight {
    let health = matches!(finding.band.as_deref(), Some("unmaintained" | "unsound" | "yanked"));
    match (finding.state, finding.severity) {
        _ if waived(facts, finding, today) => Weight::None,
        (FindingState::Introduced, Severity::Error) => Weight::Fails,
        (FindingState::Introduced, Severity::Warning) if health => Weight::WorthALook,
        (FindingState::DatabaseMoved, Severity::Error) => Weight::WorthALook,
        _ => Weight::None,
    }
}

/// Is it covered by a waiver that still counts?
pub(super) fn waived(facts: &policy::Facts, finding: &Finding, today: Date) -> bool {
    policy::waiver_for(facts, finding)
        .is_some_and(|waiver| policy::standing(waiver, today).counts())
}

/// Findings of one source that the head has, by CVSS band or kind.
pub(super) fn bands(facts: &policy::Facts, source: Source) -> BTreeMap<&str, usize> {
    let mut bands = BTreeMap::new();
    let of_head =
        |finding: &&Finding| finding.source == source && finding.state != FindingState::Fixed;
    for finding in facts.findings.iter().filter(of_head) {
        let band = finding.band.as_deref().unwrap_or("without a band");
        *bands.entry(band).or_insert(0) += 1;
    }
    bands
}
