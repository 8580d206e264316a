//! The raw samples of a calibration: one round of a pass a line.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ReceiptError, SAMPLES_LIMIT, SamplesError, codec::problem, decode_rounds};
use crate::perf::Round;

/// Most passes of a calibration.
const PASSES_LIMIT: usize = 100_000;

#[derive(Serialize)]
struct Written<'a> {
    pass: usize,
    round: &'a Round,
}

#[derive(Deserialize)]
struct Read {
    pass: usize,
    round: Box<RawValue>,
}

/// The exact bytes of the file, pass by pass.
///
/// # Errors
///
/// Refuses rounds that [`decode_passes`] would not read back as the same figures.
pub fn encode_passes(passes: &[Vec<Round>]) -> Result<Vec<u8>, ReceiptError> {
    let refuse = |problem: String| ReceiptError::NotRepresentable { problem };
    let mut bytes = Vec::new();
    for (pass, rounds) in passes.iter().enumerate() {
        for round in rounds {
            let written = Written { pass, round };
            serde_json::to_writer(&mut bytes, &written)
                .map_err(|error| refuse(error.to_string()))?;
            bytes.push(b'\n');
        }
    }
    match decode_passes(&bytes) {
        Ok(back) if back == passes => Ok(bytes),
        // Passes without a round leave no line.
        Ok(back) if back.iter().flatten().eq(passes.iter().flatten()) => Ok(bytes),
        Ok(_) => Err(refuse("samples read back differently".to_owned())),
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// Reads such a file: the rounds of each pass.
///
/// # Errors
///
/// Refuses what is too large, a line that is not a round of a pass, and of each pass what
/// [`decode_rounds`] refuses.
pub fn decode_passes(bytes: &[u8]) -> Result<Vec<Vec<Round>>, SamplesError> {
    let limited = |what: String, limit: u64| SamplesError::TooLarge { what, limit };
    if bytes.len() as u64 > SAMPLES_LIMIT {
        return Err(limited(format!("{} bytes", bytes.len()), SAMPLES_LIMIT));
    }
    let mut passes: Vec<Vec<u8>> = Vec::new();
    for (index, text) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = index + 1;
        let Read { pass, round } = serde_json::from_slice(text).map_err(|error| {
            SamplesError::Broken { line, column: error.column(), problem: problem(&error) }
        })?;
        if pass >= PASSES_LIMIT {
            return Err(limited(format!("line {line}: pass {pass}"), PASSES_LIMIT as u64));
        }
        if pass >= passes.len() {
            passes.resize(pass + 1, Vec::new());
        }
        if let Some(own) = passes.get_mut(pass) {
            own.extend_from_slice(round.get().as_bytes());
            own.push(b'\n');
        }
    }
    passes.iter().map(|rounds| decode_rounds(rounds)).collect()
}
