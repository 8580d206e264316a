//! Contradictions of the policy part.

use super::repeated;
use crate::{
    policy::{Facts, Finding, FindingState, Scan, ScanState, Severity, Side},
    receipt::{Receipt, judged_on},
    report::{
        tally::{Weight, weight},
        words,
    },
    verdict::{Outcome, PartName, Verdict},
};

pub(super) fn check(receipt: &Receipt, facts: &Facts, verdict: &Verdict, found: &mut Vec<String>) {
    let outcome = verdict.part(PartName::Policy).and_then(|part| part.outcome());
    let silent = |scan: &Scan| matches!(scan.state, ScanState::CouldNotRun { .. });
    if outcome.is_some_and(|outcome| outcome <= Outcome::Attention)
        && facts.scans.iter().any(silent)
    {
        found.push("the policy part is content, while a scan could not run".to_owned());
    }
    let day = judged_on(receipt);
    let fails = |finding: &Finding| weight(facts, finding, day) == Weight::Fails;
    if outcome != Some(Outcome::Fail) && facts.findings.iter().any(fails) {
        found.push(
            "an error is introduced and not waived, while the policy part does not fail".to_owned(),
        );
    }
    let scans = facts.scans.iter().map(|scan| (scan.source, scan.side));
    found.extend(repeated(scans).map(|(source, side)| {
        format!("{} of the {} is there twice", words::check(source), words::side(side))
    }));
    let keys = facts.findings.iter().map(|finding| {
        (finding.source, &finding.id, &finding.package, &finding.why, &finding.location)
    });
    found.extend(repeated(keys).map(|(_, id, package, ..)| {
        format!("the finding {id} of {} {} is there twice", package.name, package.version)
    }));
    found.extend(facts.scans.iter().filter_map(|scan| miscounted(facts, scan)));
    if receipt.subject.base.is_none() {
        without_base(facts, found);
    }
}

/// An error that the receipt lists and the tool did not count. The other way round is no
/// contradiction: cargo-deny also counts errors that are about no change, such as an index of a
/// registry that it cannot read.
fn miscounted(facts: &Facts, scan: &Scan) -> Option<String> {
    let ScanState::Finished { errors: 0, .. } = scan.state else {
        return None;
    };
    // Of the base, only what was fixed is surely listed by the base's own scan.
    let on_side = |finding: &&Finding| match scan.side {
        Side::Base => finding.state == FindingState::Fixed,
        Side::Head => finding.state != FindingState::Fixed,
    };
    let listed = facts
        .findings
        .iter()
        .filter(|finding| finding.source == scan.source && finding.severity == Severity::Error)
        .filter(on_side)
        .count();
    (listed > 0).then(|| {
        format!(
            "{} of the {} counts 0 errors, and the receipt lists {listed}",
            words::check(scan.source),
            words::side(scan.side)
        )
    })
}

fn without_base(facts: &Facts, found: &mut Vec<String>) {
    let of_base = |finding: &Finding| finding.state != FindingState::Introduced;
    if facts.findings.iter().any(of_base) {
        found.push("a finding is said to be in the base, and there is no base".to_owned());
    }
    let scanned =
        |scan: &Scan| scan.side == Side::Base && matches!(scan.state, ScanState::Finished { .. });
    if facts.scans.iter().any(scanned) || facts.checked.base_packages.is_some() {
        found.push("the base was scanned, and there is no base".to_owned());
    }
}
