//! How far a measurement could see, and what would let it see further.

use super::facts::{Estimate, Rule};

/// No number of rounds beyond this many times those that there were is worth naming.
const BEYOND: f64 = 100.0;

/// Half the width of an estimate's interval, in per cent of throughput: what it resolves.
pub fn resolution(estimate: &Estimate) -> f64 {
    (estimate.upper - estimate.lower) / 2.0 * 100.0
}

/// Rounds until the interval would lie on one side of the line, if the estimate stayed where it is
/// and the interval shrank with the square root of the rounds.
///
/// None where it lies so near to the line that no number of rounds is sure to settle it.
pub fn rounds_needed(estimate: &Estimate, rule: &Rule) -> Option<u32> {
    let line = rule.line();
    let (distance, reach) = if estimate.ratio >= line {
        (estimate.ratio - line, estimate.ratio - estimate.lower)
    } else {
        (line - estimate.ratio, estimate.upper - estimate.ratio)
    };
    let factor = (reach / distance).powi(2);
    if !factor.is_finite() || factor > BEYOND {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and the product is not negative"
    )]
    let rounds = (f64::from(estimate.rounds) * factor.max(1.0)).ceil() as u32;
    Some(rounds)
}
