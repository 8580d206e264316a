//! What a person reads: a function of receipt and verdict alone.
//!
//! The only place that knows words and marks. Nothing is shown that contradicts itself: every
//! way to render refuses first what [`contradictions`] finds.

mod calibration;
mod contradictions;
mod escape;
mod human;
mod limits;
mod mark;
mod markdown;
mod page;
pub mod posted;
mod repeat;
mod tally;
pub(crate) mod units;
mod verify;
pub(crate) mod words;

use crate::{receipt::Receipt, verdict::Verdict};

pub use calibration::{advice_human, calibration_human, calibration_markdown};
pub use contradictions::contradictions;
pub use escape::printable;
pub use human::{Screen, human};
pub use markdown::markdown;
pub use verify::{verify, verify_by};

pub use crate::receipt::ROUTE_FILE;

/// The name of this gate's check.
pub const GATE: &str = "integrative:gate:benchmarks";

/// Receipt and verdict say things that cannot both be true; nothing is shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the receipt contradicts itself, so no report is made of it:\n- {}", .0.join("\n- "))]
pub struct Contradictions(
    /// One sentence each.
    pub Vec<String>,
);

/// Receipt and verdict as one value, for programs.
///
/// # Errors
///
/// Refuses what contradicts itself.
pub fn json(receipt: &Receipt, verdict: &Verdict) -> Result<serde_json::Value, Contradictions> {
    refuse_contradictions(receipt, verdict)?;
    let unable = |error: serde_json::Error| Contradictions(vec![error.to_string()]);
    Ok(serde_json::json!({
        "receipt": serde_json::to_value(receipt).map_err(unable)?,
        "verdict": serde_json::to_value(verdict).map_err(unable)?,
    }))
}

fn refuse_contradictions(receipt: &Receipt, verdict: &Verdict) -> Result<(), Contradictions> {
    let found = contradictions(receipt, verdict);
    if found.is_empty() { Ok(()) } else { Err(Contradictions(found)) }
}
