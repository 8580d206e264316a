//! The workloads of a receipt, computed again from their raw figures.

use super::Refusal;
use crate::{
    perf::{WorkloadPair, recompute_workloads},
    receipt::{RECEIPT_FILE, Receipt, WORKLOADS_FILE, decode_workloads, shortened},
};

/// Computes them again; returns how many raw rounds there are.
pub(super) fn check(receipt: &Receipt, raw: Option<&[u8]>, refusals: &mut Vec<Refusal>) -> usize {
    let Some(facts) = receipt.perf.as_ref().and_then(|perf| perf.workloads.as_ref()) else {
        return 0;
    };
    let rounds = match raw.map(decode_workloads) {
        Some(Ok(rounds)) => rounds,
        Some(Err(error)) => {
            let means = "The figures of the workloads cannot be computed again";
            refusals.push(Refusal::new(WORKLOADS_FILE, error.to_string(), means));
            return 0;
        }
        // A missing file was refused already; here the receipt does not even name one.
        None if receipt.artifacts.iter().any(|artifact| artifact.path == WORKLOADS_FILE) => {
            return 0;
        }
        None if !facts.pairs.iter().any(figures) => Vec::new(),
        None => {
            let differs = format!("it holds figures of workloads and names no {WORKLOADS_FILE}");
            let means = "Nothing shows that these figures were measured";
            refusals.push(Refusal::new(RECEIPT_FILE, differs, means));
            return 0;
        }
    };
    let again = recompute_workloads(facts, &rounds);
    for (written, computed) in facts.pairs.iter().zip(&again).filter(|(a, b)| a != b) {
        let differs = format!(
            "workload {}: {} from the rounds, {} in the receipt",
            written.name,
            summary(computed),
            summary(written)
        );
        let means = "The receipt's figures do not follow from its own rounds";
        refusals.push(Refusal::new(WORKLOADS_FILE, shortened(&differs), means));
    }
    rounds.len()
}

fn figures(pair: &WorkloadPair) -> bool {
    pair.throughput.is_some() || pair.memory.is_some() || pair.base.is_some() || pair.head.is_some()
}

fn summary(pair: &WorkloadPair) -> String {
    // The word that stands in the receipt itself.
    let state = serde_json::to_string(&pair.state).unwrap_or_default();
    let mut summary = state.trim_matches('"').to_owned();
    if let Some(bounds) = &pair.throughput {
        let (lower, upper) = (bounds.lower, bounds.upper);
        summary.push_str(&format!(" {} ({lower} … {upper})", bounds.ratio));
    }
    if let Some(memory) = &pair.memory {
        summary.push_str(&format!(", memory × {}", memory.bounds.ratio));
    }
    if let Some(head) = &pair.head {
        summary.push_str(&format!(", head {} ns", head.wall_ns));
    }
    summary
}
