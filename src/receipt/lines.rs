//! Rounds beside a receipt: one line of JSON each, within limits.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{ReceiptError, SAMPLES_LIMIT, SamplesError};

/// One kind of rounds.
pub(super) struct Kind<R, K> {
    /// The longest line, in bytes.
    pub(super) line_limit: usize,
    /// Most rounds.
    pub(super) rounds_limit: usize,
    /// What tells one round from every other.
    pub(super) key: fn(&R) -> K,
    /// The same in words: «round 3 of dot».
    pub(super) name: fn(&R) -> String,
    /// Why it cannot have been measured.
    pub(super) impossible: fn(&R) -> Option<String>,
}

/// The exact bytes: one line of JSON a round.
///
/// # Errors
///
/// Refuses rounds that `decode` would not read back as the same figures.
pub(super) fn encode<R: Serialize + PartialEq>(
    rounds: &[R],
    decode: impl Fn(&[u8]) -> Result<Vec<R>, SamplesError>,
) -> Result<Vec<u8>, ReceiptError> {
    let refuse = |problem: String| ReceiptError::NotRepresentable { problem };
    let mut bytes = Vec::new();
    for round in rounds {
        serde_json::to_writer(&mut bytes, round).map_err(|error| refuse(error.to_string()))?;
        bytes.push(b'\n');
    }
    match decode(&bytes) {
        Ok(back) if back == rounds => Ok(bytes),
        Ok(_) => Err(refuse("figures read back differently".to_owned())),
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// Refuses a file whose last line was cut off.
pub(super) fn whole(bytes: &[u8]) -> Result<(), SamplesError> {
    match bytes.last() {
        None | Some(b'\n') => Ok(()),
        Some(_) => {
            let line = bytes.split(|&byte| byte == b'\n').count();
            Err(SamplesError::Impossible { line, problem: "the line does not end".to_owned() })
        }
    }
}

/// Reads rounds line by line, each by `read`, within the limits of their kind.
///
/// # Errors
///
/// Refuses what is too large, a line that is not a round, the same round twice, and what cannot
/// have been measured.
pub(super) fn decode<R, K: Ord>(
    bytes: &[u8],
    kind: &Kind<R, K>,
    mut read: impl FnMut(&[u8]) -> serde_json::Result<R>,
) -> Result<Vec<R>, SamplesError> {
    let limited = |what: String, limit: u64| SamplesError::TooLarge { what, limit };
    if bytes.len() as u64 > SAMPLES_LIMIT {
        return Err(limited(format!("{} bytes", bytes.len()), SAMPLES_LIMIT));
    }
    let Kind { line_limit, rounds_limit, .. } = *kind;
    let mut seen = BTreeSet::new();
    let mut rounds = Vec::new();
    for (index, text) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = index + 1;
        if text.len() > line_limit {
            return Err(limited(format!("line {line}: {} bytes", text.len()), line_limit as u64));
        }
        if index >= rounds_limit {
            return Err(limited(format!("{line} rounds"), rounds_limit as u64));
        }
        let round = read(text).map_err(|error| SamplesError::Broken {
            line,
            column: error.column(),
            problem: super::codec::problem(&error),
        })?;
        let problem = (kind.impossible)(&round).or_else(|| {
            let first = seen.insert((kind.key)(&round));
            (!first).then(|| format!("{} stands there twice", (kind.name)(&round)))
        });
        if let Some(problem) = problem {
            return Err(SamplesError::Impossible { line, problem: super::shortened(&problem) });
        }
        rounds.push(round);
    }
    Ok(rounds)
}
