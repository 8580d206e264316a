//! The sections that say it all in few words: summary, requirements, evidence.

use super::header::part_status;
use crate::{
    perf, policy,
    receipt::{Receipt, judged_on},
    report::{
        escape::{code, text},
        limits,
        mark::Mark,
        page::Page,
        tally::{Checks, Pairs, slowest, workloads_in_words},
        units, words,
    },
    verdict::{Outcome, Part, PartName, Verdict},
};

pub(super) fn section(page: &mut Page, receipt: &Receipt, verdict: &Verdict) {
    page.heading(2, "Executive summary");
    page.bullets(verdict.parts.iter().map(|part| {
        let (name, status) = (words::part(part.name), part_status(receipt, part));
        format!("**{name}** {status}: {}", line(receipt, part))
    }));
    let deciding: Vec<_> = verdict
        .parts
        .iter()
        .flat_map(|part| &part.reasons)
        .filter(|reason| reason.outcome == verdict.outcome && reason.outcome != Outcome::Pass)
        .collect();
    if deciding.is_empty() {
        page.paragraph(match Mark::run(receipt, verdict) {
            mark if mark.is_good() => "Nothing speaks against this change.",
            Mark::SKIPPED => "No part had anything to do, so nothing was measured or scanned.",
            _ => "Nothing speaks against this change, and nothing was measured.",
        });
        return;
    }
    let meaning = words::meaning(verdict.outcome);
    page.paragraph(&format!("What decides ({}: {meaning}):", words::outcome(verdict.outcome)));
    page.numbered(deciding.iter().take(limits::DECIDING).map(|reason| {
        let mark = Mark::against(reason.outcome);
        format!("{mark} {} {}", code(&reason.code, limits::ID), text(&reason.text, limits::REASON))
    }));
    if let Some(more @ 1..) = deciding.len().checked_sub(limits::DECIDING) {
        page.paragraph(&format!("And {more} more; all stand under «Routing decision»."));
    }
}

pub(super) fn requirements(page: &mut Page) {
    page.heading(2, "Performance requirements");
    page.paragraph(
        "No objective (latency, accuracy, memory) is configured, so none was measured and none \
         decides. The rule for benchmarks stands under «Regression detection».",
    );
    page.table(
        ["Metric", "Requirement", "Measured", "Status"],
        [[
            "Objectives".to_owned(),
            "none configured".to_owned(),
            "not measured".to_owned(),
            Mark::NOT_MEASURED.to_string(),
        ]],
    );
}

pub(super) fn evidence(page: &mut Page, receipt: &Receipt, verdict: &Verdict) {
    page.heading(2, "Evidence");
    page.paragraph("The command that repeats this run:");
    page.command(&receipt.run.command);
    page.paragraph("Key metrics:");
    page.paragraph(&metrics(receipt, verdict));
}

/// One line, `;`-separated, as the ledger of a pull request shows it.
pub(in crate::report) fn metrics(receipt: &Receipt, verdict: &Verdict) -> String {
    let mut metrics = Vec::new();
    for part in &verdict.parts {
        let name = words::part(part.name).to_lowercase();
        metrics.push(match (part.skipped, part.outcome()) {
            (Some(skip), _) => format!("{name}: skipped ({})", words::skip(skip)),
            (None, outcome) => format!("{name}: {}", outcome.map_or("", words::outcome)),
        });
    }
    if let Some(facts) = &receipt.policy {
        let sources = words::SOURCES.iter();
        metrics.extend(sources.filter_map(|&source| check_metric(receipt, facts, source)));
    }
    if let Some(facts) = &receipt.perf {
        metrics.extend(bench_metrics(facts));
        metrics.extend(facts.workloads.iter().map(|facts| workloads_in_words(&facts.pairs)));
    }
    metrics.join("; ")
}

fn check_metric(
    receipt: &Receipt,
    facts: &policy::Facts,
    source: policy::Source,
) -> Option<String> {
    let (mut of_head, key) = (
        facts.scans.iter().filter(|s| s.source == source && s.side == policy::Side::Head),
        words::key(source),
    );
    if let policy::ScanState::CouldNotRun { .. } = of_head.next()?.state {
        return Some(format!("{key}: could not run"));
    }
    if matches!(source, policy::Source::Audit | policy::Source::DenyAdvisories) {
        return Some(format!("{key}: {}", super::policy::advisories(receipt, facts, source)));
    }
    let introduced = Checks::of(facts, judged_on(receipt), source).introduced;
    Some(format!("{key}: {introduced} introduced"))
}

fn bench_metrics(facts: &perf::Facts) -> Vec<String> {
    let tally = Pairs::of(facts);
    if tally.all == 0 {
        return vec!["benchmarks: none".to_owned()];
    }
    let mut metrics = vec![format!("benchmarks: {}", tally.words())];
    if let Some((pair, estimate)) = slowest(facts) {
        let name = code(&pair.bench.to_string(), limits::ID);
        metrics.push(format!("worst: {name} {}", units::change(estimate)));
    }
    metrics.push(format!("line: {}", units::share(facts.rule.line())));
    metrics
}

/// What a part looked at and what it came to.
pub(in crate::report) fn line(receipt: &Receipt, part: &Part) -> String {
    if let Some(skip) = part.skipped {
        return format!("{}.", words::skip_meaning(skip));
    }
    match part.name {
        PartName::Policy => receipt.policy.as_ref().map(|facts| policy_line(receipt, facts)),
        PartName::Perf => receipt.perf.as_ref().map(perf_line),
    }
    .unwrap_or_default()
}

fn policy_line(receipt: &Receipt, facts: &policy::Facts) -> String {
    let day = judged_on(receipt);
    let introduced: Vec<String> = words::SOURCES
        .iter()
        .filter_map(|&source| {
            let checks = Checks::of(facts, day, source);
            let waived = match checks.waived {
                0 => String::new(),
                some => format!(" ({some} waived)"),
            };
            let (key, count) = (words::key(source), checks.introduced);
            (count > 0).then(|| format!("{key} {count}{waived}"))
        })
        .collect();
    let silent = |scan: &&policy::Scan| matches!(scan.state, policy::ScanState::CouldNotRun { .. });
    let silent = facts.scans.iter().filter(silent).count();
    let packages = words::counted(facts.checked.head_packages as usize, "package", "packages");
    let scans = match silent {
        0 => "every scan finished".to_owned(),
        some => format!("{some} of {} scans could not run", facts.scans.len()),
    };
    let introduced = match (introduced.as_slice(), silent) {
        ([], 0) => "no finding introduced".to_owned(),
        ([], _) => "no finding introduced by what finished".to_owned(),
        (some, _) => format!("findings introduced: {}", some.join(", ")),
    };
    format!("{packages} in the head; {scans}; {introduced}.")
}

fn perf_line(facts: &perf::Facts) -> String {
    let tally = Pairs::of(facts);
    let mut line = match tally.all {
        0 => "no benchmark on both sides".to_owned(),
        all => format!("{}: {}", words::counted(all, "benchmark", "benchmarks"), tally.words()),
    };
    for (benches, what) in [(&facts.missing, "missing in the head"), (&facts.added, "new")] {
        if !benches.is_empty() {
            line.push_str(&format!("; {} {what}", benches.len()));
        }
    }
    if let Some((_, estimate)) = slowest(facts) {
        line.push_str(&format!("; throughput at worst {}", units::change(estimate)));
    }
    if let Some(workloads) = &facts.workloads {
        line.push_str(&format!("; {}", workloads_in_words(&workloads.pairs)));
    }
    line.push('.');
    line
}
