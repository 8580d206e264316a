//! Licences, advisories, sources and bans.

use super::{database, findings, waivers};
use crate::{
    policy::{
        Facts, FindingState, PolicyOrigin, ScanState, Side, Source, disagreements, waiver_for,
    },
    receipt::{Receipt, judged_on},
    report::{
        escape::{code, text},
        limits,
        mark::Mark,
        page::Page,
        tally::{Checks, bands, waived},
        words,
    },
    verdict::Outcome,
};

pub(super) fn section(page: &mut Page, receipt: &Receipt) {
    page.heading(2, "Policy results");
    let Some(facts) = &receipt.policy else {
        page.paragraph("Not measured: this run was not asked for the policy part.");
        return;
    };
    page.paragraph(&rules(facts));
    page.table(
        ["Check", "Said by", "Base", "Head", "Introduced", "Status"],
        words::SOURCES.iter().map(|&source| check(receipt, facts, source)),
    );
    silent_scans(page, facts);
    findings::introduced(page, receipt, facts);
    vulnerabilities(page, receipt, facts);
    findings::others(page, receipt, facts);
    waivers::section(page, receipt, facts);
    edits(page, facts);
    database::section(page, receipt, facts);
}

fn rules(facts: &Facts) -> String {
    let file = &facts.policy_file;
    let path = code(&file.path, limits::PATH);
    let origin = match file.origin {
        PolicyOrigin::Shipped => format!("the default that t5 ships ({path})"),
        PolicyOrigin::Repository => format!("{path} of the rules commit"),
    };
    let base = match facts.checked.base_packages {
        Some(packages) => format!(", {packages} in the base's"),
        None => String::new(),
    };
    format!(
        "Both sides are judged by {origin}, sha256 {}. {} in the head's lock file{base}.",
        code(&file.sha256, 64),
        words::counted(facts.checked.head_packages as usize, "package", "packages")
    )
}

fn check(receipt: &Receipt, facts: &Facts, source: Source) -> [String; 6] {
    let tally = Checks::of(facts, judged_on(receipt), source);
    let mark = Mark::check(receipt, facts, source);
    let word = if tally.failing > 0 {
        format!("{} introduced", tally.failing)
    } else if mark.is_good() {
        good_word(&tally)
    } else if tally.unlisted > 0 && mark == Mark::against(Outcome::Attention) {
        format!(
            "{} counted, none of them a finding: see what the scan printed",
            words::counted(tally.unlisted as usize, "error", "errors")
        )
    } else if tally.worth_a_look > 0 {
        format!("{} to look at", tally.worth_a_look)
    } else if mark == Mark::NOT_MEASURED {
        "not measured".to_owned()
    } else {
        "could not run".to_owned()
    };
    [
        words::check(source).to_owned(),
        code(words::tool(source), limits::ID),
        scan(facts, source, Side::Base),
        scan(facts, source, Side::Head),
        tally.introduced.to_string(),
        format!("{mark} {word}"),
    ]
}

/// A check can be content with what it found; then it says why.
fn good_word(tally: &Checks) -> String {
    match (tally.introduced, tally.waived) {
        (0, _) => "nothing introduced".to_owned(),
        (all, waived) if all == waived => format!("{all} introduced, waived"),
        (all, 0) => format!("{all} introduced, none of an error's weight"),
        (all, waived) => {
            format!("{all} introduced, {waived} waived, none else of an error's weight")
        }
    }
}

fn scan(facts: &Facts, source: Source, side: Side) -> String {
    let state = facts
        .scans
        .iter()
        .find(|scan| scan.source == source && scan.side == side)
        .map(|scan| &scan.state);
    match state {
        Some(ScanState::Finished { errors, warnings }) => format!(
            "{}, {}",
            words::counted(*errors as usize, "error", "errors"),
            words::counted(*warnings as usize, "warning", "warnings")
        ),
        Some(ScanState::CouldNotRun { .. }) => "could not run".to_owned(),
        Some(ScanState::Absent) => "no such side".to_owned(),
        None => "not measured".to_owned(),
    }
}

fn silent_scans(page: &mut Page, facts: &Facts) {
    page.bullets(facts.scans.iter().filter_map(|scan| {
        let ScanState::CouldNotRun { reason, next } = &scan.state else {
            return None;
        };
        Some(format!(
            "{} {} of the {} could not run: {}. Next: {}",
            Mark::against(Outcome::CouldNotRun),
            words::check(scan.source),
            words::side(scan.side),
            text(reason, limits::SENTENCE),
            text(next, limits::SENTENCE)
        ))
    }));
}

/// What the two sources of advisories say of the head, each on its own: they look at different
/// things, so their counts are never added up.
fn vulnerabilities(page: &mut Page, receipt: &Receipt, facts: &Facts) {
    page.heading(3, "Vulnerability summary");
    page.bullets([Source::Audit, Source::DenyAdvisories].into_iter().map(|source| {
        let scan = facts.scans.iter().find(|s| s.source == source && s.side == Side::Head);
        let counts = match scan.map(|scan| &scan.state) {
            Some(ScanState::Finished { .. }) => advisories(receipt, facts, source),
            Some(ScanState::CouldNotRun { .. }) => "could not run".to_owned(),
            Some(ScanState::Absent) | None => "not measured".to_owned(),
        };
        format!("{}: {counts}", words::check(source))
    }));
    let differing = disagreements(facts);
    if differing.is_empty() {
        return;
    }
    page.paragraph(
        "The two differ, and both may be right: cargo-deny looks at the resolved graph under the \
         repository's rules, the audit at every package of the lock file.",
    );
    page.bullets(differing.iter().map(|differing| {
        format!(
            "{} in {}: only `{}` reports it",
            code(&differing.id, limits::ID),
            findings::package(&differing.package),
            words::tool(differing.only)
        )
    }));
}

/// Advisories of the head by band, and how many of them are waived until when.
pub(super) fn advisories(receipt: &Receipt, facts: &Facts, source: Source) -> String {
    let bands: Vec<String> = bands(facts, source)
        .iter()
        .map(|(band, count)| format!("{count} {}", text(band, limits::ID)))
        .collect();
    if bands.is_empty() {
        return "none in the head".to_owned();
    }
    let day = judged_on(receipt);
    let of_head = facts
        .findings
        .iter()
        .filter(|finding| finding.source == source && finding.state != FindingState::Fixed);
    let ends: Vec<_> = of_head
        .filter(|finding| waived(facts, finding, day))
        .filter_map(|finding| Some(waiver_for(facts, finding)?.expires))
        .collect();
    let until = ends.iter().min().map(|until| format!(" ({} waived, until {until})", ends.len()));
    format!("{}{}", bands.join(", "), until.unwrap_or_default())
}

fn edits(page: &mut Page, facts: &Facts) {
    if facts.edits.is_empty() {
        return;
    }
    page.heading(3, "Rules that this change edits");
    page.paragraph("They take effect after the merge; this run was judged without them.");
    page.bullets(facts.edits.iter().map(|edit| {
        let summary = text(&edit.summary, limits::SENTENCE);
        format!(
            "{} {}: {summary}",
            Mark::against(Outcome::Attention),
            code(&edit.path, limits::PATH)
        )
    }));
}
