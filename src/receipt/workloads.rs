//! The raw figures of workloads beside a receipt: one round a line.

use super::{
    ReceiptError, SamplesError,
    lines::{self, Kind},
};
use crate::perf::{Process, Stage, Together, WorkloadRound};

/// The longest line, in bytes: a round is some figures and a name.
const LINE_LIMIT: usize = 64 * 1024;
/// Most rounds: more than all workloads that rules may name can have.
const ROUNDS_LIMIT: usize = 100_000;

/// The rounds of a run's workloads.
const KIND: Kind<WorkloadRound, (String, Option<Together>, Stage, u32)> = Kind {
    line_limit: LINE_LIMIT,
    rounds_limit: ROUNDS_LIMIT,
    key: |round| (round.workload.clone(), round.together, round.stage, round.round),
    name: |round| format!("round {} of {}", round.round, round.workload),
    impossible,
};

/// The exact bytes of the file: one line of JSON a round.
///
/// # Errors
///
/// Refuses rounds that [`decode_workloads`] would not read back as the same figures.
pub fn encode_workloads(rounds: &[WorkloadRound]) -> Result<Vec<u8>, ReceiptError> {
    lines::encode(rounds, decode_workloads)
}

/// Reads such a file.
///
/// # Errors
///
/// Refuses what is too large, a line that is not a round, the same round twice, a stage that
/// workloads do not have, and figures that nobody counts: a process without time, or one whose
/// processor time is nothing.
pub fn decode_workloads(bytes: &[u8]) -> Result<Vec<WorkloadRound>, SamplesError> {
    lines::whole(bytes)?;
    lines::decode(bytes, &KIND, |text| serde_json::from_slice(text))
}

fn impossible(round: &WorkloadRound) -> Option<String> {
    if round.together.is_some() && (round.base.is_none() || round.head.is_none()) {
        return Some("a round that compares has a process of each side".to_owned());
    }
    if matches!(round.stage, Stage::Relinked(_)) {
        return Some("workloads are not linked anew".to_owned());
    }
    let sides = [&round.base, &round.head].into_iter().flatten();
    let empty = |process: &&Process| process.wall_ns == 0 || process.cpu_ns == 0;
    let odd = sides.into_iter().find(empty)?;
    Some(format!(
        "a process of {} ns, {} ns of them on a processor, cannot have been seen",
        odd.wall_ns, odd.cpu_ns
    ))
}
