//! Contradictions between a receipt and the calibration that it carries.

use crate::receipt::{LastCalibration, Receipt};

pub(super) fn check(receipt: &Receipt, found: &mut Vec<String>) {
    let Some(LastCalibration::Of { calibration }) = &receipt.calibration else { return };
    if let Err(error) = calibration.figures() {
        found.push(format!("its calibration cannot be: {error}"));
    }
    if let Some(perf) = &receipt.perf
        && let Err(reason) = calibration.speaks_of(&receipt.host, &perf.rule)
    {
        found.push(format!("it carries a calibration that says nothing of it: {reason}"));
    }
}
