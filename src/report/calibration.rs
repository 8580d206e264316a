//! A calibration as a person reads it: by itself, and in the report of a run.

use super::{
    escape::{code, terminal, text},
    limits,
    page::Page,
    units, words,
};
use crate::{
    perf::calibration::{Calibrated, Loss, Proportion, false_alarms, found},
    receipt::{Advice, Calibration, LastCalibration, Receipt},
};

/// What to do where there is none.
const NEXT: &str = "t5 calibrate";
/// The columns of a benchmark.
const COLUMNS: [&str; 6] =
    ["Benchmark", "Resolves", "Seconds a decision", "False alarms", "Inconclusive", "Found"];

/// A calibration as Markdown.
pub fn calibration_markdown(calibration: &Calibration) -> String {
    let mut page = Page::default();
    page.heading(1, "T5 calibration");
    page.bullets(facts(calibration));
    page.heading(2, "What this host resolves");
    page.paragraph(&format!("This host {}.", resolves(calibration)));
    page.bullets(counts(calibration));
    page.paragraph(INJECTED);
    page.table(COLUMNS, calibration.benches.iter().map(row));
    page.heading(2, "What would resolve more");
    page.table(["Setting", "Now", "Change", "Worth"], calibration.advice.iter().map(advice_row));
    page.paragraph(WORTH);
    page.finish()
}

/// The same for a terminal; `folder` is where it lies.
pub fn calibration_human(calibration: &Calibration, folder: &str) -> String {
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
    lines.extend(counts(calibration).into_iter().map(|line| format!("  {line}")));
    lines.push(format!("  {INJECTED}"));
    lines.extend([String::new(), "By benchmark:".to_owned()]);
    for bench in &calibration.benches {
        let [_, resolves, seconds, alarms, inconclusive, found] = row(bench);
        lines.push(format!(
            "  {}: {resolves}, {seconds} s; false alarms {alarms}, inconclusive {inconclusive}; \
             found {found}",
            shown(&bench.bench.to_string())
        ));
    }
    lines.extend([String::new(), "What would resolve more:".to_owned()]);
    lines.extend(calibration.advice.iter().flat_map(advised));
    lines.extend([format!("  {WORTH}"), String::new(), format!("Kept in {folder}")]);
    lines.join("\n") + "\n"
}

/// The settings of a host for a terminal, one a line, and what to do about each.
pub fn advice_human(advice: &[Advice]) -> String {
    advice.iter().flat_map(advised).map(|line| line + "\n").collect()
}

const INJECTED: &str = "A loss is injected by the gate: the head does more iterations than it is \
                        asked for, and what these cannot express is added to its time. No run can \
                        do that.";
const WORTH: &str = "What a change is worth here, two calibrations tell, one before and one after.";

/// The section of a run's report; nothing where the receipt does not say.
pub(super) fn section(page: &mut Page, receipt: &Receipt) {
    let Some(last) = &receipt.calibration else { return };
    page.heading(3, "Calibration of this host");
    let calibration = match last {
        LastCalibration::Never => {
            return page.paragraph(&format!("{}.", never()));
        }
        LastCalibration::NotUsed { reason } => {
            return page.paragraph(&format!("{}.", not_used(&text(reason, limits::SENTENCE))));
        }
        LastCalibration::Of { calibration } => calibration,
    };
    page.paragraph(&format!(
        "This host {}: calibrated on {}. {ANOTHER}",
        resolves(calibration),
        calibration.finished.strftime("%Y-%m-%d")
    ));
    page.bullets(counts(calibration).into_iter().chain(unlike(calibration, receipt)));
    let samples = &calibration.samples.sha256;
    page.paragraph(&format!(
        "It measured commit {} against itself, in {}; its raw samples have the SHA-256 {}.",
        code(&calibration.commit.sha.chars().take(12).collect::<String>(), 12),
        words::counted(calibration.passes.len(), "pass", "passes"),
        code(samples, 64)
    ));
    let benches = words::counted(calibration.benches.len(), "benchmark", "benchmarks");
    page.fold(&format!("What it found for {benches}"), |page| {
        page.table(COLUMNS, calibration.benches.iter().map(row));
    });
}

const ANOTHER: &str = "These are figures of another measurement, and decide nothing here.";

/// The same in one line for a terminal.
pub(super) fn line(receipt: &Receipt) -> Option<String> {
    Some(match receipt.calibration.as_ref()? {
        LastCalibration::Never => format!("Calibration: {}", never()),
        LastCalibration::NotUsed { reason } => {
            format!("Calibration: {}", not_used(&terminal(reason, limits::SENTENCE)))
        }
        LastCalibration::Of { calibration } => format!(
            "Calibration of {}: this host {}; false alarms {}{}",
            calibration.finished.strftime("%Y-%m-%d"),
            resolves(calibration),
            alarms(&false_alarms(&calibration.benches)),
            found_in_words(calibration).map(|found| format!("; {found}")).unwrap_or_default()
        ),
    })
}

fn never() -> String {
    format!(
        "never calibrated: `{NEXT}` says what this host resolves of this repository's benchmarks"
    )
}

fn not_used(reason: &str) -> String {
    format!("there is one, and it is not used: {reason}; `{NEXT}` makes a new one")
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

/// `resolves ±1.1 % to ±1.9 % of throughput`.
fn resolves(calibration: &Calibration) -> String {
    let all = || calibration.benches.iter().filter_map(|bench| bench.resolves_percent);
    let (least, most) = (all().min_by(f64::total_cmp), all().max_by(f64::total_cmp));
    match least.zip(most) {
        None => "resolves nothing: no decision came to an interval".to_owned(),
        Some((least, most)) if most - least < 0.05 => {
            format!("resolves ±{most:.1} % of throughput")
        }
        Some((least, most)) => format!("resolves ±{least:.1} % to ±{most:.1} % of throughput"),
    }
}

/// What was counted, a line each.
fn counts(calibration: &Calibration) -> Vec<String> {
    let benches = &calibration.benches;
    let of_same = |count: fn(&Calibrated) -> u32| benches.iter().map(count).sum::<u32>();
    let mut lines = vec![format!(
        "False alarms on identical executables: {}; {} inconclusive, {} called improved, {} more \
         without samples",
        alarms(&false_alarms(benches)),
        of_same(|bench| bench.same.inconclusive),
        of_same(|bench| bench.same.improved),
        of_same(|bench| bench.same.could_not_run)
    )];
    let line = units::share(calibration.rule.line());
    lines.extend(found_in_words(calibration).map(|found| {
        format!("Injected losses {found} (the line is {line}: a smaller loss is not to be found)")
    }));
    let canaries = calibration.canaries();
    lines.push(format!(
        "The gate's own benchmarks came out as they have to in {} of {}",
        canaries.hits,
        words::counted(canaries.of as usize, "pass", "passes")
    ));
    if (calibration.passes.len() as u64) < u64::from(calibration.asked) {
        lines.push(format!(
            "The budget ended it after {} of {} passes",
            calibration.passes.len(),
            calibration.asked
        ));
    }
    lines
}

/// `0 of 120 (at most 2.5 %)`.
fn alarms(share: &Proportion) -> String {
    let Proportion { hits, of, at_most, .. } = share;
    match of {
        0 => "nothing was decided".to_owned(),
        _ => format!("{hits} of {of} (at most {:.1} %, 95 % sure)", at_most * 100.0),
    }
}

/// `found: 2 % 0 of 6, 9 % 6 of 6`.
fn found_in_words(calibration: &Calibration) -> Option<String> {
    let found: Vec<String> = found(&calibration.benches)
        .iter()
        .map(|(loss, share)| format!("{} {} of {}", units::share(*loss), share.hits, share.of))
        .collect();
    (!found.is_empty()).then(|| format!("found: {}", found.join(", ")))
}

/// How the calibration's surroundings differ from the run's.
fn unlike(calibration: &Calibration, receipt: &Receipt) -> Vec<String> {
    let toolchain = receipt.perf.as_ref().map(|perf| perf.toolchain.as_str());
    let pairs = [
        ("toolchain", calibration.toolchain.as_str(), toolchain.unwrap_or_default()),
        ("t5", &calibration.gate_version, &receipt.run.gate_version),
        ("isolation", &calibration.isolation, &receipt.run.isolation),
    ];
    let differs = pairs.iter().filter(|(_, theirs, ours)| theirs != ours && !ours.is_empty());
    let told = differs.map(|(what, theirs, ours)| {
        let (theirs, ours) = (text(theirs, limits::ID), text(ours, limits::ID));
        format!("Its {what} is another than this run's: {theirs}, here {ours}")
    });
    told.collect()
}

/// A row of [`COLUMNS`].
fn row(bench: &Calibrated) -> [String; 6] {
    let resolves = match (bench.resolves_percent, bench.resolves_at_worst_percent) {
        (Some(middle), Some(worst)) => format!("±{middle:.1} % (at worst {worst:.1} %)"),
        _ => "—".to_owned(),
    };
    let seconds = bench.seconds.map_or_else(|| "—".to_owned(), |seconds| format!("{seconds:.1}"));
    let Proportion { hits, of, .. } = bench.same.false_alarms;
    let found: Vec<String> = bench.losses.iter().map(of_loss).collect();
    [
        code(&bench.bench.to_string(), limits::ID),
        resolves,
        seconds,
        format!("{hits} of {of}"),
        bench.same.inconclusive.to_string(),
        if found.is_empty() { "not tried".to_owned() } else { found.join(", ") },
    ]
}

fn of_loss(loss: &Loss) -> String {
    let Proportion { hits, of, .. } = loss.found;
    format!("{} {hits} of {of}", units::share(loss.loss))
}

fn advice_row(advice: &Advice) -> [String; 4] {
    let change = match &advice.change {
        Some(change) => code(change, limits::COMMAND),
        None => "—".to_owned(),
    };
    [
        text(&advice.what, limits::ID),
        text(&advice.now, limits::ID),
        change,
        text(&advice.worth, limits::SENTENCE),
    ]
}

fn advised(advice: &Advice) -> Vec<String> {
    let mark = if advice.change.is_some() { '✗' } else { '✓' };
    let mut lines = vec![format!(
        "  {mark} {}: {}",
        terminal(&advice.what, limits::ID),
        terminal(&advice.now, limits::ID)
    )];
    if let Some(change) = &advice.change {
        lines.push(format!("      next: {}", terminal(change, limits::COMMAND)));
        lines.push(format!("      worth: {}", terminal(&advice.worth, limits::SENTENCE)));
    }
    lines
}
