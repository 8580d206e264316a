//! The last calibration in the report of a run.

use super::{COLUMNS, alarms, counts, found_in_words, resolves, row};
use crate::{
    perf::calibration::false_alarms,
    receipt::{Calibration, LastCalibration, Receipt},
    report::{
        escape::{code, terminal, text},
        limits,
        page::Page,
        words,
    },
};

/// What there is to do where there is none.
const NEVER: &str = "never calibrated: `t5 calibrate` says what this host resolves of this \
                     repository's benchmarks";
/// What a reader has to know of the figures.
const ANOTHER: &str = "These are figures of another measurement, and decide nothing here.";

/// The section of a run's report; nothing where the receipt does not say.
pub(in crate::report) fn section(page: &mut Page, receipt: &Receipt) {
    let Some(last) = &receipt.calibration else { return };
    page.heading(3, "Calibration of this host");
    match last {
        LastCalibration::Never => page.paragraph(&format!("This host was {NEVER}.")),
        LastCalibration::NotUsed { reason } => {
            page.paragraph(&format!("{}.", not_used(&text(reason, limits::SENTENCE))));
        }
        LastCalibration::Of { calibration } => figures(page, calibration, receipt),
    }
}

fn figures(page: &mut Page, calibration: &Calibration, receipt: &Receipt) {
    page.paragraph(&format!(
        "This host {}: calibrated on {}. {ANOTHER}",
        resolves(calibration),
        calibration.finished.strftime("%Y-%m-%d")
    ));
    page.bullets(counts(calibration).into_iter().chain(unlike(calibration, receipt)));
    page.paragraph(&format!(
        "It measured commit {} against itself, in {}; its raw samples have the SHA-256 {}.",
        code(&calibration.commit.sha.chars().take(12).collect::<String>(), 12),
        words::counted(calibration.passes.len(), "pass", "passes"),
        code(&calibration.samples.sha256, 64)
    ));
    let benches = words::counted(calibration.benches.len(), "benchmark", "benchmarks");
    page.fold(&format!("What it found for {benches}"), |page| {
        page.table(COLUMNS, calibration.benches.iter().map(row));
    });
}

/// The same in one line for a terminal.
pub(in crate::report) fn line(receipt: &Receipt) -> Option<String> {
    Some(match receipt.calibration.as_ref()? {
        LastCalibration::Never => format!("Calibration: {NEVER}"),
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

fn not_used(reason: &str) -> String {
    format!("There is one, and it is not used: {reason}; `t5 calibrate` makes a new one")
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
