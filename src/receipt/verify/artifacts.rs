//! The files that a receipt names.

use std::collections::BTreeSet;

use super::{FileError, Files, Refusal};
use crate::receipt::{
    Artifact, DIGEST_FILE, ENVELOPE_FILE, RECEIPT_FILE, REPORT_FILE, ROUTE_FILE, SAMPLES_FILE,
    SAMPLES_LIMIT, VERDICT_FILE, WORKLOADS_FILE, digest, shortened,
};

/// The longest path of an artifact, in bytes.
const PATH_LIMIT: usize = 255;
/// What follows from the receipt or guards it, and so cannot be one of its artifacts.
const DERIVED: [&str; 6] =
    [RECEIPT_FILE, DIGEST_FILE, ENVELOPE_FILE, VERDICT_FILE, REPORT_FILE, ROUTE_FILE];

/// What is left of the artifacts after the check.
pub(super) struct Held {
    /// How many have their digest and size.
    pub(super) whole: usize,
    /// The raw samples, if they are among the whole ones.
    pub(super) samples: Option<Vec<u8>>,
    /// The raw figures of workloads, if they are among the whole ones.
    pub(super) workloads: Option<Vec<u8>>,
}

/// Checks name, size and digest of every artifact.
pub(super) fn check(
    files: &dyn Files,
    artifacts: &[Artifact],
    refusals: &mut Vec<Refusal>,
) -> Held {
    let mut held = Held { whole: 0, samples: None, workloads: None };
    let mut names = BTreeSet::new();
    for artifact in artifacts {
        if let Some(problem) = misnamed(&artifact.path) {
            let means = "A receipt names files of its own folder alone; this one was not opened";
            refusals.push(Refusal::new(&shortened(&artifact.path), problem, means));
            continue;
        }
        if !names.insert(artifact.path.as_str()) {
            let means = "Only one of the entries can be true";
            refusals.push(Refusal::new(&artifact.path, "the receipt names it twice", means));
            continue;
        }
        match whole(files, artifact) {
            Ok(bytes) => {
                held.whole += 1;
                match artifact.path.as_str() {
                    SAMPLES_FILE => held.samples = Some(bytes),
                    WORKLOADS_FILE => held.workloads = Some(bytes),
                    _ => {}
                }
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    held
}

fn whole(files: &dyn Files, artifact: &Artifact) -> Result<Vec<u8>, Refusal> {
    let refuse = |differs: String, means: &str| Refusal::new(&artifact.path, differs, means);
    let limit = artifact.bytes.min(SAMPLES_LIMIT);
    let bytes = files.read(&artifact.path, limit).map_err(|error| match error {
        FileError::TooLarge { .. } => refuse(
            format!("it is larger than the {limit} bytes that the receipt names"),
            "It was changed after the run",
        ),
        error => refuse(error.to_string(), "The receipt rests on a file that is not there"),
    })?;
    if bytes.len() as u64 != artifact.bytes {
        return Err(refuse(
            format!("it has {} bytes, {} in the receipt", bytes.len(), artifact.bytes),
            "It was changed after the run",
        ));
    }
    if digest(&bytes) != artifact.sha256 {
        return Err(refuse(
            "its digest is not the one in the receipt".to_owned(),
            "It was changed after the run",
        ));
    }
    Ok(bytes)
}

/// Why a path cannot name an artifact.
fn misnamed(path: &str) -> Option<String> {
    let odd = |c: char| c.is_control() || c == '\\' || c == ':';
    if path.is_empty() || path.len() > PATH_LIMIT {
        return Some(format!("a path of {} bytes names nothing", path.len()));
    }
    if path.contains(odd) {
        return Some("its path holds a character that no artifact's name has".to_owned());
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("its path leaves the run's folder, or is not in its plain form".to_owned());
    }
    DERIVED.contains(&path).then(|| "it follows from the receipt and is no artifact".to_owned())
}
