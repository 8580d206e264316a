//! A calibration as a person reads it: by itself, and in the report of a run.

mod document;
mod section;

use super::{escape::code, limits, units, words};
use crate::{
    perf::calibration::{Calibrated, Proportion, false_alarms, found},
    receipt::Calibration,
};

pub use document::{advice_human, calibration_human, calibration_markdown};
pub(super) use section::{line, section};

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
    let line = units::share(1.0 - calibration.rule.line());
    lines.extend(found_in_words(calibration).map(|found| {
        format!("Injected losses {found} (a loss of less than {line} is none by the rule)")
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

/// `0 of 120 (at most 2.5 %, 95 % sure)`.
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

/// The columns of a benchmark.
const COLUMNS: [&str; 6] =
    ["Benchmark", "Resolves", "Seconds a decision", "False alarms", "Inconclusive", "Found"];

/// A row of [`COLUMNS`].
fn row(bench: &Calibrated) -> [String; 6] {
    let resolves = match (bench.resolves_percent, bench.resolves_at_worst_percent) {
        (Some(middle), Some(worst)) => format!("±{middle:.1} % (at worst {worst:.1} %)"),
        _ => "—".to_owned(),
    };
    let seconds = bench.seconds.map_or_else(|| "—".to_owned(), |seconds| format!("{seconds:.1}"));
    let of = |share: &Proportion| format!("{} of {}", share.hits, share.of);
    let losses = bench.losses.iter();
    let found = losses.map(|loss| format!("{} {}", units::share(loss.loss), of(&loss.found)));
    let found: Vec<String> = found.collect();
    [
        code(&bench.bench.to_string(), limits::ID),
        resolves,
        seconds,
        of(&bench.same.false_alarms),
        bench.same.inconclusive.to_string(),
        if found.is_empty() { "not tried".to_owned() } else { found.join(", ") },
    ]
}
