//! How far a measurement could see, and what would let it see further.

use std::time::Duration;

use super::{
    estimate::{median, settled},
    facts::{Estimate, Pair, Round, Rule, Slice},
};

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

/// How long so many rounds of a benchmark take, without starting its processes, in tenths of a
/// second; none where no round was seen.
pub fn time_needed(pair: &Pair, rounds: u32) -> Option<Duration> {
    let tenths = (pair.round_ns? * f64::from(rounds) / 1e8).ceil();
    Duration::try_from_secs_f64(tenths / 10.0).ok()
}

/// What one round of a benchmark takes, in nanoseconds: the median over those that decide.
pub fn round_ns(rounds: &[Round]) -> Option<f64> {
    let decides =
        |round: &&Round| round.stage.is_first() && !round.base.is_empty() && !round.head.is_empty();
    let taken = settled(median(rounds.iter().filter(decides).map(taken).collect()));
    taken.is_finite().then_some(taken)
}

fn taken(round: &Round) -> f64 {
    let told = |slices: &[Slice]| slices.iter().map(|slice| slice.1).sum::<f64>();
    let seen = round.seen.and_then(|seen| Some(seen.base?.wall_ns + seen.head?.wall_ns));
    seen.unwrap_or_else(|| told(&round.base) + told(&round.head))
}
