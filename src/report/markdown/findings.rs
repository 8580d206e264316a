//! Tables of findings: what the change brings in first, the rest folded away.

use crate::{
    policy::{self, Facts, Finding, FindingState, Package},
    receipt::{Receipt, judged_on},
    report::{
        escape::{code, text},
        limits,
        mark::Mark,
        page::Page,
        tally::{Weight, waived, weight},
        words,
    },
    verdict::Outcome,
};

/// The columns of a finding.
pub(in crate::report) const COLUMNS: [&str; 6] =
    ["Finding", "Severity", "Package", "Why", "Comes in by", "Where"];

/// What fails or may fail this change.
pub(super) fn introduced(page: &mut Page, receipt: &Receipt, facts: &Facts) {
    page.heading(3, "Introduced findings");
    let rows = rows(receipt, facts, FindingState::Introduced);
    if rows.is_empty() {
        let unknown = facts.scans.iter().any(|scan| {
            scan.side == policy::Side::Head
                && !matches!(scan.state, policy::ScanState::Finished { .. })
        });
        page.paragraph(if unknown {
            "None is known; a scan of the head gave no answer."
        } else {
            "None."
        });
    }
    open_then_folded(page, rows);
}

/// What this change did not bring in.
pub(super) fn others(page: &mut Page, receipt: &Receipt, facts: &Facts) {
    for (state, meaning) in [
        (FindingState::DatabaseMoved, "in both, published after the base commit"),
        (FindingState::PreExisting, "in both"),
        (FindingState::Fixed, "in the base alone"),
    ] {
        let rows = rows(receipt, facts, state);
        if rows.is_empty() {
            continue;
        }
        let count = words::counted(rows.len(), "finding", "findings");
        let summary = format!("{count} {} ({meaning})", words::finding_state(state));
        page.fold(&summary, |page| page.table(COLUMNS, rows));
    }
}

fn open_then_folded(page: &mut Page, rows: Vec<[String; 6]>) {
    page.long_table(COLUMNS, rows, limits::OPEN_ROWS, |folded| {
        words::counted(folded, "more finding", "more findings")
    });
}

/// Findings of one state, those that decide first.
pub(in crate::report) fn rows(
    receipt: &Receipt,
    facts: &Facts,
    state: FindingState,
) -> Vec<[String; 6]> {
    let mut findings: Vec<&Finding> =
        facts.findings.iter().filter(|finding| finding.state == state).collect();
    let day = judged_on(receipt);
    // Stable: what decides comes first, the receipt's own order is kept among equals.
    findings
        .sort_by_key(|finding| (weight(facts, finding, day), std::cmp::Reverse(finding.severity)));
    findings.into_iter().map(|finding| row(receipt, facts, finding)).collect()
}

fn row(receipt: &Receipt, facts: &Facts, finding: &Finding) -> [String; 6] {
    let day = judged_on(receipt);
    let mark = match weight(facts, finding, day) {
        Weight::Fails => format!("{} ", Mark::against(Outcome::Fail)),
        Weight::WorthALook => format!("{} ", Mark::against(Outcome::Attention)),
        Weight::None => String::new(),
    };
    let aliases = match finding.aliases.as_slice() {
        [] => String::new(),
        some => format!(" ({})", code(&some.join(", "), limits::ID)),
    };
    let mut severity = words::severity(finding.severity).to_owned();
    if let Some(band) = &finding.band {
        severity.push_str(&format!(", {}", text(band, limits::ID)));
    }
    if waived(facts, finding, day) {
        severity.push_str(", waived");
    }
    [
        format!("{mark}{}{aliases}, {}", code(&finding.id, limits::ID), words::key(finding.source)),
        severity,
        package(&finding.package),
        text(&finding.why, limits::SENTENCE) + &published(finding),
        chain(&finding.chain),
        match &finding.location {
            Some(at) => code(&format!("{}:{}", at.file, at.line), limits::PATH),
            None => String::new(),
        },
    ]
}

fn published(finding: &Finding) -> String {
    finding.published.map(|day| format!(" (published {day})")).unwrap_or_default()
}

pub(super) fn package(package: &Package) -> String {
    code(format!("{} {}", package.name, package.version).trim_end(), limits::ID)
}

/// From the workspace's member down to the package; a long way is cut in its middle.
fn chain(chain: &[Package]) -> String {
    let shown: Vec<String> = chain.iter().map(package).collect();
    if shown.len() <= limits::CHAIN {
        return shown.join(" → ");
    }
    let half = limits::CHAIN / 2;
    let (first, rest) = shown.split_at(half);
    let (middle, last) = rest.split_at(rest.len() - half);
    format!("{} → … {} more … → {}", first.join(" → "), middle.len(), last.join(" → "))
}
