//! The short form for a terminal: the verdict first, then what decides it.

use super::{
    Contradictions, calibration,
    escape::terminal,
    limits,
    mark::Mark,
    markdown::summary_line,
    refuse_contradictions, repeat,
    tally::{gravity, slowest, workload_gravity},
    units, words,
};
use crate::{
    perf::{self, Pair, PairState, WorkloadPair},
    receipt::{REPORT_FILE, Receipt},
    verdict::{Outcome, Part, Reason, Verdict},
};

/// Benchmarks whose figures are shown.
const FIGURES: usize = 8;

/// Where a short report is shown.
#[derive(Clone, Debug)]
pub struct Screen<'a> {
    /// Characters in a line.
    pub width: usize,
    /// May it be coloured?
    pub colour: bool,
    /// The run's folder, as a person would type it, if there is one.
    pub folder: Option<&'a str>,
}

/// Renders the short form.
///
/// # Errors
///
/// Refuses what contradicts itself.
pub fn human(
    receipt: &Receipt,
    verdict: &Verdict,
    screen: &Screen<'_>,
) -> Result<String, Contradictions> {
    refuse_contradictions(receipt, verdict)?;
    let mut lines = vec![opening(receipt, verdict, screen), subject(receipt), String::new()];
    for part in &verdict.parts {
        lines.extend(wrapped(&part_line(receipt, part), 2, screen.width));
    }
    lines.extend(deciding(verdict, screen));
    if let Some(perf) = &receipt.perf {
        lines.extend(figures(perf));
        lines.extend(workloads(perf));
    }
    lines.push(String::new());
    let routes: Vec<&str> = verdict.routes.iter().map(|route| words::route(*route)).collect();
    if !routes.is_empty() {
        lines.push(format!("Next:   {}", routes.join(", then ")));
    }
    let report = match screen.folder {
        Some(folder) => format!("{}/{REPORT_FILE}", folder.trim_end_matches('/')),
        None => format!("{REPORT_FILE} beside the receipt"),
    };
    lines.push(format!("Report: {report}"));
    lines.extend(alone(receipt));
    lines.extend(wrapped(&isolation(receipt), 2, screen.width));
    if let Some(line) = calibration::line(receipt) {
        lines.extend(wrapped(&line, 2, screen.width));
    }
    // In one line however long: it is there to be copied.
    lines.push(format!("Repeat: {}", terminal(&receipt.run.command, limits::COMMAND)));
    Ok(lines.join("\n") + "\n")
}

/// How the change's own code was kept apart, and by what.
fn isolation(receipt: &Receipt) -> String {
    let run = &receipt.run;
    let word = terminal(&run.isolation, limits::ID);
    let layers: Vec<String> =
        run.layers.iter().map(|layer| terminal(layer, limits::SENTENCE)).collect();
    match layers.as_slice() {
        [] => format!("Isolation: {word}"),
        some => format!("Isolation: {word} ({})", some.join("; ")),
    }
}

fn opening(receipt: &Receipt, verdict: &Verdict, screen: &Screen<'_>) -> String {
    let mark = Mark::run(receipt, verdict);
    let word = if mark == Mark::SKIPPED { "skipped" } else { words::outcome(verdict.outcome) };
    let coloured = match (screen.colour, verdict.outcome) {
        (true, Outcome::Pass) if mark.is_good() => format!("\u{1b}[1;32m{word}\u{1b}[0m"),
        (true, Outcome::Fail) => format!("\u{1b}[1;31m{word}\u{1b}[0m"),
        (true, Outcome::Pass) => format!("\u{1b}[1m{word}\u{1b}[0m"),
        (true, _) => format!("\u{1b}[1;33m{word}\u{1b}[0m"),
        (false, _) => word.to_owned(),
    };
    format!("T5 gate: {mark} {coloured}")
}

fn subject(receipt: &Receipt) -> String {
    let subject = &receipt.subject;
    let short = |sha: &str| terminal(&sha.chars().take(12).collect::<String>(), 12);
    let base = match &subject.base {
        Some(base) => format!("{} … ", short(&base.sha)),
        None => String::new(),
    };
    format!(
        "{} {base}{} {}",
        terminal(&subject.repository, limits::ID),
        short(&subject.head.sha),
        terminal(&subject.head.subject, limits::SUBJECT)
    )
}

fn part_line(receipt: &Receipt, part: &Part) -> String {
    let mark = Mark::part(receipt, part);
    let word = match (part.skipped, part.outcome()) {
        (Some(skip), _) => format!("skipped ({})", words::skip(skip)),
        (None, outcome) => outcome.map_or("", words::outcome).to_owned(),
    };
    format!("{}: {mark} {word}: {}", words::part(part.name), summary_line(receipt, part))
}

fn deciding(verdict: &Verdict, screen: &Screen<'_>) -> Vec<String> {
    let decides =
        |reason: &&Reason| reason.outcome == verdict.outcome && reason.outcome != Outcome::Pass;
    let reasons: Vec<&Reason> =
        verdict.parts.iter().flat_map(|part| &part.reasons).filter(decides).collect();
    if reasons.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "What decides:".to_owned()];
    for reason in reasons.iter().take(limits::DECIDING) {
        let mark = Mark::against(reason.outcome);
        let line = format!(
            "  {mark} {}: {}",
            terminal(&reason.code, limits::ID),
            terminal(&reason.text, limits::REASON)
        );
        lines.extend(wrapped(&line, 5, screen.width));
    }
    if let Some(more @ 1..) = reasons.len().checked_sub(limits::DECIDING) {
        lines.push(format!("  and {more} more in the report"));
    }
    lines
}

/// How to measure the gravest loss again. In one line however long: it is there to be copied.
fn alone(receipt: &Receipt) -> Option<String> {
    let facts = receipt.perf.as_ref()?;
    let lost = facts.pairs.iter().filter(|pair| pair.state == PairState::Regressed);
    let ratio = |pair: &Pair| pair.estimate.as_ref().map_or(1.0, |estimate| estimate.ratio);
    let worst = lost.min_by(|one, other| ratio(one).total_cmp(&ratio(other)))?;
    let command = repeat::bench(receipt, &worst.bench);
    Some(format!("Worst:  {}", terminal(&command, limits::COMMAND)))
}

/// The benchmarks that a person looks for: what did not hold, else the one that held least.
fn figures(facts: &perf::Facts) -> Vec<String> {
    let quiet = |pair: &&Pair| {
        pair.contention.is_some() || !matches!(pair.state, PairState::Held | PairState::Unchanged)
    };
    let mut shown: Vec<&Pair> = facts.pairs.iter().filter(quiet).collect();
    shown.sort_by_key(|pair| gravity(pair));
    if shown.is_empty() {
        shown.extend(slowest(facts).map(|(pair, _)| pair));
    }
    if shown.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "Key figures, head against base:".to_owned()];
    lines.extend(shown.iter().take(FIGURES).map(|pair| figure(pair)));
    if let Some(more @ 1..) = shown.len().checked_sub(FIGURES) {
        lines.push(format!("  and {more} more in the report"));
    }
    lines
}

fn figure(pair: &Pair) -> String {
    let mut line = format!(
        "  {} {}  {}",
        Mark::pair(pair),
        terminal(&pair.bench.to_string(), limits::ID),
        words::pair_state(pair.state)
    );
    if let Some(clock) = &pair.clock {
        line.push_str(&format!(", {}", words::disagreement(clock)));
    }
    if pair.contention.is_some() {
        line.push_str(&format!(", {}", words::CONTENTION));
    }
    if let Some(estimate) = &pair.estimate {
        line.push_str(&format!("  throughput {}", units::change(estimate)));
    }
    if let (Some(base), Some(head)) = (&pair.base, &pair.head) {
        let (base, head) = (units::time(base.median_ns), units::time(head.median_ns));
        line.push_str(&format!("  {base} → {head}"));
    }
    line
}

/// What was compared of the workloads, or says why it was not.
fn workloads(facts: &perf::Facts) -> Vec<String> {
    let Some(facts) = &facts.workloads else { return Vec::new() };
    let mut lines = vec![String::new(), "Workloads, head against base:".to_owned()];
    let mut pairs: Vec<&WorkloadPair> = facts.pairs.iter().collect();
    pairs.sort_by_key(|pair| workload_gravity(pair));
    lines.extend(pairs.iter().take(FIGURES).map(|pair| workload(pair)));
    if let Some(more @ 1..) = pairs.len().checked_sub(FIGURES) {
        lines.push(format!("  and {more} more in the report"));
    }
    lines
}

fn workload(pair: &WorkloadPair) -> String {
    let mut line = format!(
        "  {} {}  {}",
        Mark::workload(pair),
        terminal(&pair.name, limits::ID),
        words::workload_state(pair.state)
    );
    if let Some(bounds) = &pair.throughput {
        line.push_str(&format!("  throughput {}", units::bounds(bounds)));
    }
    if let Some(memory) = &pair.memory {
        line.push_str(&format!("  peak memory {}", units::bounds(&memory.bounds)));
    }
    if let (Some(base), Some(head)) = (&pair.base, &pair.head) {
        let (base, head) = (units::time(base.wall_ns), units::time(head.wall_ns));
        line.push_str(&format!("  {base} → {head}"));
    }
    line
}

/// Breaks a line between words; what follows the first line is indented.
pub(super) fn wrapped(line: &str, indent: usize, width: usize) -> Vec<String> {
    // A terminal narrower than this is not worth breaking for.
    let width = width.max(40);
    let lead: String = line.chars().take_while(|c| *c == ' ').collect();
    let mut lines = Vec::new();
    let mut current = lead;
    let mut fresh = true;
    for word in line.split_whitespace() {
        let needed = current.chars().count() + usize::from(!fresh) + word.chars().count();
        if !fresh && needed > width {
            lines.push(std::mem::replace(&mut current, " ".repeat(indent)));
            fresh = true;
        }
        if !fresh {
            current.push(' ');
        }
        current.push_str(word);
        fresh = false;
    }
    lines.push(current);
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_break_between_words_and_hang() {
        let line = "  ❌ regressed: one two three four five six seven eight nine ten eleven";
        assert_eq!(
            wrapped(line, 5, 40),
            ["  ❌ regressed: one two three four five", "     six seven eight nine ten eleven"]
        );
    }
}
