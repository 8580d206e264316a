//! The whole verification of a run's folder, the report included.

use super::{markdown, posted::encode_route};
use crate::receipt::{
    Examined, FileError, Files, PublicKeys, RECEIPT_FILE, REPORT_FILE, ROUTE_FILE, Receipt,
    Refusal, SAMPLES_LIMIT, Verified, examine, judge, version_hint,
};

/// Computes everything in a run's folder again from the receipt and its raw samples.
///
/// Success says that the folder is whole and follows from itself, not who wrote it: a signature
/// that is there must be over this receipt, and whose it is nobody knows.
///
/// # Errors
///
/// Every [`Refusal`] names a file, what differs, and what that means.
pub fn verify(files: &dyn Files) -> Result<Verified, Vec<Refusal>> {
    whole(files, None)
}

/// The same, and that the folder is signed by one of these keys.
///
/// # Errors
///
/// As [`verify`], and where there is no signature by one of them.
pub fn verify_by(files: &dyn Files, keys: &PublicKeys) -> Result<Verified, Vec<Refusal>> {
    whole(files, Some(keys))
}

fn whole(files: &dyn Files, keys: Option<&PublicKeys>) -> Result<Verified, Vec<Refusal>> {
    let Examined { receipt, artifacts, rounds, signed, mut refusals } = examine(files, keys);
    let Some(receipt) = receipt else {
        return Err(refusals);
    };
    refusals.extend(check_report(files, &receipt));
    refusals.extend(check_route(files, &receipt));
    if refusals.is_empty() {
        let verdict = judge(&receipt);
        return Ok(Verified { receipt, verdict, artifacts, rounds, signed });
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
    vec![differing(REPORT_FILE, "report", &found, expected.as_bytes(), receipt)]
}

/// An older run wrote no route; one that is there has to be the one that follows.
fn check_route(files: &dyn Files, receipt: &Receipt) -> Option<Refusal> {
    // What contradicts itself was refused with the report already.
    let expected = encode_route(receipt, &judge(receipt)).ok()?;
    match files.read(ROUTE_FILE, SAMPLES_LIMIT) {
        Err(FileError::Absent) => None,
        Err(error) => Some(Refusal::new(ROUTE_FILE, error.to_string(), "No route to compare")),
        Ok(found) if found == expected => None,
        Ok(found) => Some(differing(ROUTE_FILE, "route", &found, &expected, receipt)),
    }
}

/// Names the first line that is not as it follows from the receipt.
fn differing(file: &str, what: &str, found: &[u8], expected: &[u8], receipt: &Receipt) -> Refusal {
    let same = found.iter().zip(expected).take_while(|(a, b)| a == b).count();
    let line = expected.iter().take(same).filter(|byte| **byte == b'\n').count() + 1;
    Refusal::new(
        file,
        format!("from line {line} on it is not the {what} that the receipt gives"),
        format!("The written {what} does not follow from the facts{}", version_hint(receipt)),
    )
}
