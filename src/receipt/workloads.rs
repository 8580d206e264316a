//! The raw figures of workloads beside a receipt: one round a line.

use std::collections::BTreeSet;

use super::{ReceiptError, SAMPLES_LIMIT, SamplesError};
use crate::perf::{Process, WorkloadRound};

/// The longest line, in bytes: a round is some figures and a name.
const LINE_LIMIT: usize = 64 * 1024;
/// Most rounds: more than all workloads that rules may name can have.
const ROUNDS_LIMIT: usize = 100_000;

/// The exact bytes of the file: one line of JSON a round.
///
/// # Errors
///
/// Refuses rounds that [`decode_workloads`] would not read back as the same figures.
pub fn encode_workloads(rounds: &[WorkloadRound]) -> Result<Vec<u8>, ReceiptError> {
    let refuse = |problem: String| ReceiptError::NotRepresentable { problem };
    let mut bytes = Vec::new();
    for round in rounds {
        serde_json::to_writer(&mut bytes, round).map_err(|error| refuse(error.to_string()))?;
        bytes.push(b'\n');
    }
    match decode_workloads(&bytes) {
        Ok(back) if back == rounds => Ok(bytes),
        Ok(_) => Err(refuse("figures of workloads read back differently".to_owned())),
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// Reads such a file.
///
/// # Errors
///
/// Refuses what is too large, a line that is not a round, the same round twice, and figures that
/// nobody counts: a process without time, or one whose processor time is nothing.
pub fn decode_workloads(bytes: &[u8]) -> Result<Vec<WorkloadRound>, SamplesError> {
    let limited = |what: String, limit: u64| SamplesError::TooLarge { what, limit };
    if bytes.len() as u64 > SAMPLES_LIMIT {
        return Err(limited(format!("{} bytes", bytes.len()), SAMPLES_LIMIT));
    }
    if bytes.last().is_some_and(|&last| last != b'\n') {
        let line = bytes.split(|&byte| byte == b'\n').count();
        return Err(SamplesError::Impossible { line, problem: "the line does not end".to_owned() });
    }
    let mut seen = BTreeSet::new();
    let mut rounds = Vec::new();
    for (index, text) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let line = index + 1;
        if text.len() > LINE_LIMIT {
            return Err(limited(format!("line {line}: {} bytes", text.len()), LINE_LIMIT as u64));
        }
        if index >= ROUNDS_LIMIT {
            return Err(limited(format!("{line} rounds"), ROUNDS_LIMIT as u64));
        }
        let round: WorkloadRound =
            serde_json::from_slice(text).map_err(|error| SamplesError::Broken {
                line,
                column: error.column(),
                problem: super::codec::problem(&error),
            })?;
        let key = (round.workload.clone(), round.together, round.round);
        let problem = impossible(&round).or_else(|| {
            let twice = format!("round {} of {} stands there twice", round.round, round.workload);
            (!seen.insert(key)).then_some(twice)
        });
        if let Some(problem) = problem {
            return Err(SamplesError::Impossible { line, problem: super::shortened(&problem) });
        }
        rounds.push(round);
    }
    Ok(rounds)
}

fn impossible(round: &WorkloadRound) -> Option<String> {
    if round.together.is_some() && (round.base.is_none() || round.head.is_none()) {
        return Some("a round that compares has a process of each side".to_owned());
    }
    let sides = [&round.base, &round.head].into_iter().flatten();
    let empty = |process: &&Process| process.wall_ns == 0 || process.cpu_ns == 0;
    let odd = sides.into_iter().find(empty)?;
    Some(format!(
        "a process of {} ns, {} ns of them on a processor, cannot have been seen",
        odd.wall_ns, odd.cpu_ns
    ))
}
