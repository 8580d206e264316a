//! The whole verification of a run's folder, the report included.

use super::markdown;
use crate::receipt::{
    Examined, Files, RECEIPT_FILE, REPORT_FILE, Receipt, Refusal, SAMPLES_LIMIT, Verified, examine,
    judge, version_hint,
};

/// Computes everything in a run's folder again from the receipt and its raw samples.
///
/// Success says that the folder is whole and follows from itself, not who wrote it: nothing is
/// signed.
///
/// # Errors
///
/// Every [`Refusal`] names a file, what differs, and what that means.
pub fn verify(files: &dyn Files) -> Result<Verified, Vec<Refusal>> {
    let Examined { receipt, artifacts, rounds, mut refusals } = examine(files);
    let Some(receipt) = receipt else {
        return Err(refusals);
    };
    refusals.extend(check_report(files, &receipt));
    if refusals.is_empty() {
        let verdict = judge(&receipt);
        return Ok(Verified { receipt, verdict, artifacts, rounds });
    }
    Err(refusals)
}

fn check_report(files: &dyn Files, receipt: &Receipt) -> Vec<Refusal> {
    let expected = match markdown(receipt, &judge(receipt)) {
        Ok(expected) => expected,
        Err(found) => {
            let means =
                "The gate writes no such receipt; it was changed, or something else wrote it";
            let refuse = |differs| Refusal::new(RECEIPT_FILE, differs, means);
            return found.0.into_iter().map(refuse).collect();
        }
    };
    let found = match files.read(REPORT_FILE, SAMPLES_LIMIT) {
        Ok(found) => found,
        Err(error) => {
            return vec![Refusal::new(REPORT_FILE, error.to_string(), "No report to compare")];
        }
    };
    if found == expected.as_bytes() {
        return Vec::new();
    }
    let same = found.iter().zip(expected.as_bytes()).take_while(|(a, b)| a == b).count();
    let line = expected.bytes().take(same).filter(|byte| *byte == b'\n').count() + 1;
    vec![Refusal::new(
        REPORT_FILE,
        format!("from line {line} on it is not the report that the receipt gives"),
        format!("The written report does not follow from the facts{}", version_hint(receipt)),
    )]
}
