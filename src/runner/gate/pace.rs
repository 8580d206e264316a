//! How long a slice is, and how many make a round.

use super::side::{Answer, Side, SideError};

/// A slice takes about this long: short beside the time for which a machine keeps its speed, long
/// beside a switch between the sides and beside caches that are cold after it.
const SLICE_NS: f64 = 1e6;
/// Turns of a round: enough for a median.
const TURNS: u32 = 20;
/// Slices that take longer are fewer …
const ROUND_NS: f64 = 60e6;
/// … but never less than this: one alone has no neighbour to be held against.
const LEAST_TURNS: u32 = 2;
/// Untimed iterations before a slice's timed ones, as a share of those: the other side has just had
/// the caches.
const UNTIMED: f64 = 0.3;
/// Where fewer turns than this make a round, slices are so long that they warm up themselves. Of
/// all others there is at least one untimed iteration: without it a slice that follows one of its
/// own side finds its caches warm, and half of them do.
const WARM_FROM: u32 = 12;
/// A probe that took this long tells how long an iteration takes.
const PROBE_NS: f64 = 0.25e6;
/// More iterations than any benchmark fits into a millisecond.
const MOST: u64 = 1 << 40;

/// The slices of a benchmark, the same for both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Iterations before the timed ones.
    pub untimed: u64,
    /// Timed iterations.
    pub timed: u64,
    /// Slices of each side in a round.
    pub turns: u32,
}

impl Pace {
    /// Finds the pace of the benchmark that this side has come to.
    ///
    /// # Errors
    ///
    /// If the side breaks off.
    pub fn find(side: &mut Side) -> Result<Self, SideError> {
        // The first iteration of a process pays for much that no other does.
        side.slice(0, 1)?;
        let mut count = 1;
        loop {
            let answer = side.slice(0, count)?;
            if answer.seen_ns >= PROBE_NS || count >= MOST {
                return Ok(Self::of(answer, count));
            }
            count *= 2;
        }
    }

    /// The pace of a benchmark of which `count` iterations gave this answer.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of iterations are far below 2^52, and all are positive"
    )]
    fn of(answer: Answer, count: u64) -> Self {
        // What is measured need not be time; then all of it is.
        let timed_ns = if answer.timed { answer.reported } else { answer.seen_ns };
        let setup_ns = (answer.seen_ns - timed_ns).max(0.0);
        let iteration = (timed_ns / count as f64).max(f64::MIN_POSITIVE);
        // Set-up that takes longer than a slice is worth a longer one.
        let timed = ((SLICE_NS.max(setup_ns) / iteration).round() as u64).clamp(1, MOST);
        let slice_ns = timed as f64 * iteration + setup_ns;
        let turns = ((ROUND_NS / slice_ns) as u32).clamp(LEAST_TURNS, TURNS);
        let untimed =
            if turns >= WARM_FROM { ((timed as f64 * UNTIMED).round() as u64).max(1) } else { 0 };
        Self { untimed, timed, turns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(iteration_ns: f64, count: u64, setup_ns: f64) -> Pace {
        let reported = iteration_ns * count as f64;
        Pace::of(Answer { reported, seen_ns: reported + setup_ns, timed: true }, count)
    }

    #[test]
    fn a_slice_takes_a_millisecond_and_a_slow_one_its_iteration() {
        assert_eq!(of(1000.0, 512, 5e3), Pace { untimed: 300, timed: 1000, turns: 20 });
        assert_eq!(of(0.3, 1 << 20, 5e3).timed, 3_333_333);
        assert_eq!(of(0.6e6, 1, 5e3), Pace { untimed: 1, timed: 2, turns: 20 });
        assert_eq!(of(10e6, 1, 5e3), Pace { untimed: 0, timed: 1, turns: 5 });
        assert_eq!(of(2e9, 1, 5e3), Pace { untimed: 0, timed: 1, turns: 2 });
    }

    #[test]
    fn heavy_set_up_is_done_seldom() {
        let pace = of(1000.0, 1, 20e6);
        assert_eq!(pace, Pace { untimed: 0, timed: 20_000, turns: 2 });
    }

    #[test]
    fn what_is_no_time_is_paced_by_the_runners_clock() {
        let answer = Answer { reported: 42.0, seen_ns: 0.5e6, timed: false };
        assert_eq!(Pace::of(answer, 500).timed, 1000);
    }
}
