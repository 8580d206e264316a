//! What stands at both ends of a report.

use crate::{
    receipt::{Commit, Receipt},
    report::{
        GATE,
        escape::{code, text},
        limits,
        mark::Mark,
        page::Page,
        words,
    },
    verdict::{Part, PartName, Verdict},
};

pub(super) fn title(page: &mut Page, receipt: &Receipt, verdict: &Verdict) {
    page.heading(1, &format!("T5 gate: {}", status(receipt, verdict)));
    let subject = &receipt.subject;
    let mut lines = vec![
        format!("**Date**: {}", receipt.run.finished),
        format!("**Validator**: t5 {}", text(&receipt.run.gate_version, limits::ID)),
        format!("**Gate**: `{GATE}`"),
        format!("**Repository**: {}{}", code(&subject.repository, limits::ID), subfolder(receipt)),
        format!("**Head**: {}", commit(&subject.head)),
        match &subject.base {
            Some(base) => format!("**Base**: {}", commit(base)),
            None => "**Base**: none, this is a first commit".to_owned(),
        },
        format!("**Chosen**: {}", text(&subject.chosen, limits::SENTENCE)),
        rules(receipt),
    ];
    if subject.uncommitted > 0 {
        lines.push(format!(
            "**Not gated**: {} with uncommitted changes in the working tree",
            words::counted(subject.uncommitted as usize, "file", "files")
        ));
    }
    lines.push(format!("**Status**: {}", status_of_parts(receipt, verdict)));
    page.bullets(lines);
}

pub(super) fn footer(page: &mut Page, receipt: &Receipt, verdict: &Verdict) {
    page.rule();
    page.bullets([
        format!("**Validator**: t5 {}", text(&receipt.run.gate_version, limits::ID)),
        format!("**Run**: {}", code(&receipt.run.id, limits::ID)),
        format!("**Last updated**: {}", receipt.run.finished),
        format!("**Status**: {}", status_of_parts(receipt, verdict)),
    ]);
}

/// The run's outcome with its mark: `✅ pass`.
pub(super) fn status(receipt: &Receipt, verdict: &Verdict) -> String {
    let mark = Mark::run(receipt, verdict);
    if mark == Mark::SKIPPED {
        return format!("{mark} skipped");
    }
    format!("{mark} {}", words::outcome(verdict.outcome))
}

/// A part's outcome with its mark: `❌ fail`, `⏭️ skipped (no-surface)`.
pub(in crate::report) fn part_status(receipt: &Receipt, part: &Part) -> String {
    let mark = Mark::part(receipt, part);
    match (part.skipped, part.outcome()) {
        (Some(skip), _) => format!("{mark} skipped ({})", words::skip(skip)),
        (None, Some(outcome)) => format!("{mark} {}", words::outcome(outcome)),
        (None, None) => mark.to_string(),
    }
}

fn status_of_parts(receipt: &Receipt, verdict: &Verdict) -> String {
    let mut line = status(receipt, verdict);
    for name in [PartName::Policy, PartName::Perf] {
        if let Some(part) = verdict.part(name) {
            let word = words::part(name).to_lowercase();
            line.push_str(&format!(" · {word} {}", part_status(receipt, part)));
        }
    }
    line
}

/// A commit's short name and what it says of itself.
fn commit(commit: &Commit) -> String {
    format!(
        "{} {} ({})",
        short(&commit.sha),
        text(&commit.subject, limits::SUBJECT),
        commit.committed.strftime("%Y-%m-%d")
    )
}

fn subfolder(receipt: &Receipt) -> String {
    match receipt.subject.subfolder.as_str() {
        "" => String::new(),
        folder => format!(", folder {}", code(folder, limits::PATH)),
    }
}

fn rules(receipt: &Receipt) -> String {
    let source = text(&receipt.rules.source, limits::PATH);
    let digest = receipt.rules.sha256.as_deref().map(|hex| format!(", sha256 {}", code(hex, 64)));
    let at = receipt.subject.rules.as_ref().map(|at| format!(" (rules commit {})", short(&at.sha)));
    format!("**Rules**: {source}{}{}", digest.unwrap_or_default(), at.unwrap_or_default())
}

/// The first twelve digits of a commit's name.
pub(in crate::report) fn short(sha: &str) -> String {
    let digits: String = sha.chars().take(12).collect();
    code(&digits, 12)
}
