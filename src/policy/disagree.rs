//! Where the two sources of advisories say different things about the head.

use std::collections::BTreeSet;

use super::{Facts, FindingState, Package, ScanState, Side, Source};

/// An advisory that one of the two sources reports for a package of the head, and the other not.
///
/// Both may be right: cargo-deny looks at the resolved graph, the `rustsec` library at every
/// package of the lock file, and the repository's own rules narrow cargo-deny's scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disagreement {
    /// The advisory.
    pub id: String,
    /// The package that it is about.
    pub package: Package,
    /// The source that reports it.
    pub only: Source,
}

/// Everything that one source of advisories says about the head and the other does not.
///
/// Empty unless both came to their end: silence of a check that did not run says nothing.
pub fn disagreements(facts: &Facts) -> Vec<Disagreement> {
    if !finished(facts, Source::DenyAdvisories) || !finished(facts, Source::Audit) {
        return Vec::new();
    }
    let deny = reported(facts, Source::DenyAdvisories);
    let audit = reported(facts, Source::Audit);
    let only = |ours: &BTreeSet<(String, Package)>, theirs: &BTreeSet<_>, source| {
        let alone = ours.difference(theirs).cloned();
        alone.map(|(id, package)| Disagreement { id, package, only: source }).collect::<Vec<_>>()
    };
    let mut all = only(&deny, &audit, Source::DenyAdvisories);
    all.extend(only(&audit, &deny, Source::Audit));
    all.sort();
    all
}

fn finished(facts: &Facts, source: Source) -> bool {
    facts.scans.iter().any(|scan| {
        scan.source == source
            && scan.side == Side::Head
            && matches!(scan.state, ScanState::Finished { .. })
    })
}

fn reported(facts: &Facts, source: Source) -> BTreeSet<(String, Package)> {
    facts
        .findings
        .iter()
        .filter(|finding| finding.source == source && finding.state != FindingState::Fixed)
        // Only an advisory can be in both; whether a release was yanked only cargo-deny can tell.
        .filter(|finding| finding.published.is_some())
        .map(|finding| (finding.id.clone(), finding.package.clone()))
        .collect()
}
