//! The raw samples beside a receipt: one round a line.

use super::{
    ReceiptError,
    lines::{self, Kind},
};
use crate::perf::{BenchId, Round, Slice, Stage};

/// The largest samples file that is read, in bytes.
pub const SAMPLES_LIMIT: u64 = 512 * 1024 * 1024;
/// The longest line of it, in bytes.
const LINE_LIMIT: usize = 16 * 1024 * 1024;
/// Most rounds in it.
const ROUNDS_LIMIT: usize = 1_000_000;

/// Why a samples file cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SamplesError {
    /// More bytes, rounds or a longer line than is read.
    #[error("{what} are more than a samples file may have ({limit})")]
    TooLarge {
        /// What there is too much of, counted.
        what: String,
        /// How much there may be.
        limit: u64,
    },
    /// A line that is not a round.
    #[error("line {line}, column {column}: {problem}")]
    Broken {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A line that is a round, and cannot have been measured.
    #[error("line {line}: {problem}")]
    Impossible {
        /// Counted from 1.
        line: usize,
        /// What cannot be.
        problem: String,
    },
}

/// The rounds of a run's benchmarks.
const KIND: Kind<Round, (BenchId, Stage, u32)> = Kind {
    line_limit: LINE_LIMIT,
    rounds_limit: ROUNDS_LIMIT,
    key: |round| (round.bench.clone(), round.stage, round.round),
    name: |round| format!("round {} of {}", round.round, round.bench),
    impossible,
};

/// The exact bytes of a samples file: one line of JSON a round.
///
/// # Errors
///
/// Refuses rounds that [`decode_rounds`] would not read back as the same figures.
pub fn encode_rounds(rounds: &[Round]) -> Result<Vec<u8>, ReceiptError> {
    lines::encode(rounds, decode_rounds)
}

/// Reads a samples file.
///
/// # Errors
///
/// Refuses what is too large, a line that is not a round, the same round twice, and figures
/// that no clock gives: no iterations, a negative time, a number that is not finite.
pub fn decode_rounds(bytes: &[u8]) -> Result<Vec<Round>, SamplesError> {
    lines::whole(bytes)?;
    read_rounds(bytes, |text| serde_json::from_slice(text))
}

/// Reads rounds line by line, each by `read`, within the limits of a samples file.
pub(super) fn read_rounds(
    bytes: &[u8],
    read: impl FnMut(&[u8]) -> serde_json::Result<Round>,
) -> Result<Vec<Round>, SamplesError> {
    lines::decode(bytes, &KIND, read)
}

fn impossible(round: &Round) -> Option<String> {
    let (turns, pairs) = (round.turns.0.len(), round.base.len());
    if turns > 0 && (turns != pairs || pairs != round.head.len()) {
        let head = round.head.len();
        return Some(format!("{turns} turns of {pairs} slices of the base and {head} of the head"));
    }
    let measured = |slice: &Slice| {
        let Slice(iterations, nanoseconds) = *slice;
        iterations.is_finite() && iterations > 0.0 && nanoseconds.is_finite() && nanoseconds >= 0.0
    };
    let odd = round.base.iter().chain(&round.head).find(|slice| !measured(slice));
    if let Some(odd) = odd {
        return Some(format!("{} iterations in {} ns cannot have been measured", odd.0, odd.1));
    }
    let time = |nanoseconds: f64| nanoseconds.is_finite() && nanoseconds >= 0.0;
    let sides = round.seen.iter().flat_map(|seen| [seen.base, seen.head]).flatten();
    let odd = sides.into_iter().find(|seen| !time(seen.wall_ns) || !time(seen.cpu_ns))?;
    Some(format!(
        "a process of {} ns, {} ns of them on a processor, cannot have been seen",
        odd.wall_ns, odd.cpu_ns
    ))
}
