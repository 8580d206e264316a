//! Is a run's folder what the gate wrote, and does its verdict follow from its samples?
//!
//! This is the part that needs no words of a report; `report::verify` adds the report and is
//! what callers use.

mod artifacts;
mod signature;
mod workloads;

use super::{
    DIGEST_FILE, PublicKeys, RECEIPT_FILE, RECEIPT_LIMIT, Receipt, SAMPLES_FILE, VERDICT_FILE,
    decode, decode_rounds, encode_verdict, judge, side_file,
};
use crate::{
    perf::{self, Pair},
    verdict::Verdict,
};

pub use signature::Signed;

/// The files of one run's folder.
///
/// Names are relative, use `/`, and never hold `..`; an implementation must not follow a link
/// out of the folder.
pub trait Files {
    /// The exact bytes of a file.
    ///
    /// # Errors
    ///
    /// Says why there are none; [`FileError::TooLarge`] for more than `limit` bytes.
    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, FileError>;
}

/// Why a file of the folder cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// There is none of that name.
    #[error("it is missing")]
    Absent,
    /// It is larger than it may be.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// How large it may be.
        limit: u64,
    },
    /// It is there, and cannot be read.
    #[error("it cannot be read: {reason}")]
    Unreadable {
        /// What the system says.
        reason: String,
    },
}

/// One thing that keeps a run's folder from being believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The file it is about.
    pub file: String,
    /// What is not as it should be.
    pub differs: String,
    /// What follows from that.
    pub means: String,
}

impl Refusal {
    pub(crate) fn new(file: &str, differs: impl Into<String>, means: impl Into<String>) -> Self {
        Self { file: file.to_owned(), differs: differs.into(), means: means.into() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}. {}", self.file, self.differs, self.means)
    }
}

/// A run's folder in which everything fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The facts.
    pub receipt: Receipt,
    /// What follows from them.
    pub verdict: Verdict,
    /// How many artifacts have the digest that the receipt names.
    pub artifacts: usize,
    /// How many raw rounds the pairs were computed again from.
    pub rounds: usize,
    /// What is known of who wrote it.
    pub signed: Signed,
}

impl std::fmt::Display for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "intact, {}: artifacts with their digests: {}; pairs computed again: {} (raw rounds: \
             {}); the verdict and the report come out the same{}",
            self.signed.in_short(),
            self.artifacts,
            self.receipt.perf.as_ref().map_or(0, |perf| perf.pairs.len()),
            self.rounds,
            self.signed.in_full()
        )
    }
}

/// What an examination has seen so far.
pub(crate) struct Examined {
    /// The facts, if they can be read at all.
    pub(crate) receipt: Option<Receipt>,
    /// How many artifacts hold.
    pub(crate) artifacts: usize,
    /// How many raw rounds were read.
    pub(crate) rounds: usize,
    /// What is known of who wrote it; means something only where nothing is refused.
    pub(crate) signed: Signed,
    /// What does not fit.
    pub(crate) refusals: Vec<Refusal>,
}

/// Examines everything but the report; a signature by these keys where there are any.
pub(crate) fn examine(files: &dyn Files, keys: Option<&PublicKeys>) -> Examined {
    let mut seen = Examined {
        receipt: None,
        artifacts: 0,
        rounds: 0,
        signed: Signed::Nobody,
        refusals: Vec::new(),
    };
    let bytes = match files.read(RECEIPT_FILE, RECEIPT_LIMIT) {
        Ok(bytes) => bytes,
        Err(error) => {
            let means = "Without the receipt there is nothing to verify";
            seen.refusals.push(Refusal::new(RECEIPT_FILE, error.to_string(), means));
            return seen;
        }
    };
    seen.refusals.extend(check_digest(files, &bytes));
    let envelope = signature::open(files, keys, &bytes, &mut seen.refusals);
    let receipt = match decode(&bytes) {
        Ok(receipt) => receipt,
        Err(error) => {
            let means = "Without a readable receipt nothing else can be verified";
            seen.refusals.push(Refusal::new(RECEIPT_FILE, error.to_string(), means));
            return seen;
        }
    };
    let held = artifacts::check(files, &receipt.artifacts, &mut seen.refusals);
    seen.artifacts = held.whole;
    seen.rounds = check_pairs(&receipt, held.samples.as_deref(), &mut seen.refusals);
    seen.rounds += workloads::check(&receipt, held.workloads.as_deref(), &mut seen.refusals);
    seen.refusals.extend(check_verdict(files, &receipt));
    if let Some(opened) = envelope {
        opened.check_files(&bytes, &receipt, &mut seen.refusals);
        seen.signed = opened.signed;
    }
    seen.receipt = Some(receipt);
    seen
}

fn check_digest(files: &dyn Files, receipt: &[u8]) -> Option<Refusal> {
    let expected = side_file(receipt);
    // A little more than the one line, so that a longer file is seen to be longer.
    let limit = expected.len() as u64 + 64;
    let found = match files.read(DIGEST_FILE, limit) {
        Ok(found) => found,
        Err(error) => {
            let means = "Nothing says which bytes the receipt had when it was written";
            return Some(Refusal::new(DIGEST_FILE, error.to_string(), means));
        }
    };
    if found == expected.as_bytes() {
        return None;
    }
    let form = |line: &[u8]| {
        let hex = line.get(..64).unwrap_or_default();
        let rest = line.get(64..).unwrap_or_default();
        let is_hex = hex.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        hex.len() == 64 && is_hex && Some(rest) == expected.as_bytes().get(64..)
    };
    Some(if form(&found) {
        Refusal::new(
            RECEIPT_FILE,
            format!("its digest is not the one in {DIGEST_FILE}"),
            "One of the two was changed after the run",
        )
    } else {
        Refusal::new(
            DIGEST_FILE,
            format!("it is not exactly one line of `sha256sum {RECEIPT_FILE}`"),
            "It was changed after the run, or something else wrote it",
        )
    })
}

/// Computes the pairs again; returns how many raw rounds there are.
fn check_pairs(receipt: &Receipt, samples: Option<&[u8]>, refusals: &mut Vec<Refusal>) -> usize {
    let Some(facts) = &receipt.perf else {
        return 0;
    };
    let figures =
        |pair: &Pair| pair.estimate.is_some() || pair.base.is_some() || pair.head.is_some();
    let rounds = match samples.map(decode_rounds) {
        Some(Ok(rounds)) => rounds,
        Some(Err(error)) => {
            let means = "The figures of the receipt cannot be computed again";
            refusals.push(Refusal::new(SAMPLES_FILE, error.to_string(), means));
            return 0;
        }
        // A missing file was refused already; here the receipt does not even name one.
        None if receipt.artifacts.iter().any(|artifact| artifact.path == SAMPLES_FILE) => return 0,
        None if !facts.pairs.iter().any(figures) => Vec::new(),
        None => {
            refusals.push(Refusal::new(
                RECEIPT_FILE,
                format!("it holds measured figures and names no {SAMPLES_FILE}"),
                "Nothing shows that these figures were measured",
            ));
            return 0;
        }
    };
    let again = perf::recompute(facts, &rounds);
    let canaries = perf::recompute_canaries(facts, &rounds);
    let means = "The receipt's figures do not follow from its own samples";
    if again.len() != facts.pairs.len() {
        let differs = format!("{} pairs, {} from the samples", facts.pairs.len(), again.len());
        refusals.push(Refusal::new(SAMPLES_FILE, differs, means));
    }
    let both = facts.pairs.iter().zip(&again).chain(facts.canaries.iter().zip(&canaries));
    for (written, computed) in both.filter(|(written, computed)| written != computed) {
        let differs = format!(
            "{}: {} from the samples, {} in the receipt",
            written.bench,
            summary(computed),
            summary(written)
        );
        refusals.push(Refusal::new(SAMPLES_FILE, super::shortened(&differs), means));
    }
    rounds.len()
}

fn summary(pair: &Pair) -> String {
    // The word that stands in the receipt itself.
    let state = serde_json::to_string(&pair.state).unwrap_or_default();
    let state = state.trim_matches('"');
    match (&pair.estimate, &pair.head) {
        (Some(estimate), _) => {
            format!("{state} {} ({} … {})", estimate.ratio, estimate.lower, estimate.upper)
        }
        (None, Some(head)) => format!("{state}, head {} ns", head.median_ns),
        (None, None) => format!("{state}, no figures"),
    }
}

fn check_verdict(files: &dyn Files, receipt: &Receipt) -> Option<Refusal> {
    let found = match files.read(VERDICT_FILE, RECEIPT_LIMIT) {
        Ok(found) => found,
        Err(error) => {
            return Some(Refusal::new(VERDICT_FILE, error.to_string(), "No verdict to compare"));
        }
    };
    match encode_verdict(&judge(receipt)) {
        Ok(expected) if expected == found => None,
        Ok(_) => Some(Refusal::new(
            VERDICT_FILE,
            "it is not the verdict that the receipt gives",
            format!("The written verdict does not follow from the facts{}", version_hint(receipt)),
        )),
        Err(error) => Some(Refusal::new(VERDICT_FILE, error.to_string(), "It cannot be compared")),
    }
}

/// Says so where another version of this program wrote the folder, which may have judged by
/// other words.
pub(crate) fn version_hint(receipt: &Receipt) -> String {
    let ours = env!("CARGO_PKG_VERSION");
    if receipt.run.gate_version == ours {
        return String::new();
    }
    let theirs = super::shortened(&receipt.run.gate_version);
    format!(" (t5 {theirs} wrote it and this is t5 {ours}: verify with the version that wrote it)")
}
