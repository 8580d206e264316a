//! A calibration by itself.

use super::{COLUMNS, counts, resolves, row};
use crate::{
    receipt::{Advice, Calibration},
    report::{
        escape::{code, terminal, text},
        human::{Screen, wrapped},
        limits,
        page::Page,
        words,
    },
};

/// How losses come about.
const INJECTED: &str = "A loss is injected by the gate: the head does more iterations than it is \
                        asked for, and what these cannot express is added to its time. No run can \
                        do that.";
/// What «resolves» means.
const RESOLVES: &str = "Resolves: half the width of the interval that a decision on identical \
                        executables ends with (median). It ends once «held» is proved; a loss \
                        near the line takes more rounds, and they narrow it.";
/// What advice is worth in figures.
const WORTH: &str = "What a change is worth here, two calibrations tell, one before and one after.";
/// What is said of a setting that this host does not show.
const HIDDEN: &str = "not visible here";

/// A calibration as Markdown.
pub fn calibration_markdown(calibration: &Calibration) -> String {
    let mut page = Page::default();
    page.heading(1, "T5 calibration");
    page.bullets(facts(calibration));
    page.heading(2, "What this host resolves");
    page.paragraph(&format!("This host {}.", resolves(calibration)));
    page.bullets(counts(calibration));
    page.paragraph(RESOLVES);
    page.paragraph(INJECTED);
    page.table(COLUMNS, calibration.benches.iter().map(row));
    page.heading(2, "What would resolve more");
    page.table(["Setting", "Now", "Change", "Worth"], calibration.advice.iter().map(advice_row));
    page.paragraph(WORTH);
    page.finish()
}

/// What was measured, and by what.
fn facts(calibration: &Calibration) -> Vec<String> {
    let host = &calibration.host;
    vec![
        format!("**Date**: {} to {}", calibration.started, calibration.finished),
        format!("**Validator**: t5 {}", text(&calibration.gate_version, limits::ID)),
        format!("**Repository**: {}", code(&calibration.repository, limits::ID)),
        format!(
            "**Commit**: {} {}",
            code(&calibration.commit.sha.chars().take(12).collect::<String>(), 12),
            text(&calibration.commit.subject, limits::SUBJECT)
        ),
        format!("**Toolchain**: {}", text(&calibration.toolchain, limits::ID)),
        format!(
            "**Machine**: {}, {}, {}, fingerprint {}",
            text(&host.cpu, limits::ID),
            words::counted(host.cpus as usize, "logical processor", "logical processors"),
            text(&host.os, limits::ID),
            code(&host.fingerprint, 64)
        ),
        format!("**Isolation**: {}", text(&calibration.isolation, limits::ID)),
        format!("**Seed**: {}", calibration.seed),
        format!("**Raw samples**: SHA-256 {}", code(&calibration.samples.sha256, 64)),
    ]
}

fn advice_row(advice: &Advice) -> [String; 4] {
    let hidden = || HIDDEN.to_owned();
    [
        text(&advice.what, limits::ID),
        advice.now.as_ref().map_or_else(hidden, |now| text(now, limits::ID)),
        advice.change.as_ref().map_or("—".to_owned(), |change| code(change, limits::COMMAND)),
        text(&advice.worth, limits::SENTENCE),
    ]
}

/// A calibration for a terminal: without its raw samples, which lie in the screen's folder.
pub fn calibration_human(calibration: &Calibration, screen: &Screen<'_>) -> String {
    let shown = |raw: &str| terminal(raw, limits::ID);
    let mut lines = vec![
        format!(
            "T5 calibration: {}, {} {}",
            shown(&calibration.repository),
            shown(&calibration.commit.sha.chars().take(12).collect::<String>()),
            terminal(&calibration.commit.subject, limits::SUBJECT)
        ),
        format!("This host {}.", resolves(calibration)),
        String::new(),
    ];
    let counted = counts(calibration).into_iter().chain([RESOLVES, INJECTED].map(str::to_owned));
    lines.extend(counted.flat_map(|line| wrapped(&format!("  {line}"), 4, screen.width)));
    lines.extend([String::new(), "By benchmark:".to_owned()]);
    for bench in &calibration.benches {
        let [_, resolves, seconds, alarms, inconclusive, found] = row(bench);
        let line = format!(
            "  {}: {resolves}, {seconds} s a decision; false alarms {alarms}, inconclusive \
             {inconclusive}; losses found: {found}",
            shown(&bench.bench.to_string())
        );
        lines.extend(wrapped(&line, 4, screen.width));
    }
    lines.extend([String::new(), "What would resolve more:".to_owned()]);
    lines.extend(calibration.advice.iter().flat_map(|advice| advised(advice, screen.width)));
    lines.extend(wrapped(&format!("  {WORTH}"), 4, screen.width));
    if let Some(folder) = screen.folder {
        lines.extend([String::new(), format!("Kept in {folder}")]);
    }
    lines.join("\n") + "\n"
}

/// The settings of a host for a terminal, and what to do about each.
pub fn advice_human(advice: &[Advice], width: usize) -> String {
    advice.iter().flat_map(|advice| advised(advice, width)).map(|line| line + "\n").collect()
}

fn advised(advice: &Advice, width: usize) -> Vec<String> {
    let what = terminal(&advice.what, limits::ID);
    let mut lines = vec![match (&advice.now, &advice.change) {
        (None, _) => format!("  ? {what}: {HIDDEN}"),
        (Some(now), None) => format!("  ✓ {what}: {}", terminal(now, limits::ID)),
        (Some(now), Some(_)) => format!("  ✗ {what}: {}", terminal(now, limits::ID)),
    }];
    if let Some(change) = &advice.change {
        // In one line however long: it is there to be copied.
        lines.push(format!("      next: {}", terminal(change, limits::COMMAND)));
        let worth = format!("      worth: {}", terminal(&advice.worth, limits::SENTENCE));
        lines.extend(wrapped(&worth, 13, width));
    }
    lines
}
