//! What a process does not account for, less the warm-up that it was asked for.
//!
//! Criterion warms up with 1, 2, 4, … iterations until their sum took longer than it was asked
//! for. So a warm-up takes (2^k − 1) iterations, between one and two times the time asked for, and
//! a head that is a little slower than its base may warm up for twice as long. That is no lie: the
//! warm-up is computed from the reported times and taken off. What is left is the *rest*.
//!
//! Where the sides took turns, a process was seen from each request for a slice to its answer, and
//! before each slice it was asked for some untimed iterations: those are taken off instead.

use super::super::{
    estimate::{median, settled, spread, times},
    facts::Slice,
};
use super::{ClockRule, Seen};

/// One process: what it reported, and what was seen of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    /// Timed work, in nanoseconds.
    pub(super) reported: f64,
    /// Timed iterations.
    pub(super) iterations: f64,
    pub(super) seen: Seen,
    /// Whether it took turns with the other side's, slice by slice.
    pub(super) turns: bool,
    /// Median nanoseconds an iteration.
    time: f64,
    /// The warm-up as it follows from the reported times, in nanoseconds: where it is not sure
    /// on which doubling it ended, the shorter and the longer.
    warm_up: (f64, f64),
}

impl Process {
    /// None where the slices are none that a clock gives.
    pub(super) fn of(slices: &[Slice], turns: bool, seen: Seen, rule: &ClockRule) -> Option<Self> {
        let time = median(times(slices));
        let sound = |figure: f64| figure.is_finite() && figure > 0.0;
        let iterations: f64 = slices.iter().map(|slice| slice.0).sum();
        if !sound(time) || !sound(iterations) || !slices.iter().all(|slice| sound(slice.1)) {
            return None;
        }
        // Times that add up to more than a number can hold are more than any process lives.
        let reported = slices.iter().map(|slice| slice.1).sum::<f64>().min(f64::MAX);
        let warm_up = if turns {
            let asked: f64 = {
                let before = |slice: &Slice| before_slice(*slice, slices.len(), rule);
                slices.iter().map(before).sum()
            };
            (asked, asked)
        } else {
            warm_up(time, rule.boundary, rule)
        };
        Some(Self { reported, iterations, seen, turns, time, warm_up })
    }
}

/// Narrows what is not sure of warm-ups to what the base's own speeds make doubtful: on a machine
/// whose processes run at one speed, a warm-up ends where it has to.
pub(super) fn narrow(base: &mut [Process], head: &mut [Process], rule: &ClockRule) {
    /// Standard deviations within which nearly every process lies.
    const DEVIATIONS: f64 = 4.0;
    let logs: Vec<f64> = base.iter().map(|process| process.time.ln()).collect();
    let doubtful = 1.0 + DEVIATIONS * settled(spread(&logs));
    if !doubtful.is_finite() {
        return;
    }
    let boundary = doubtful.max(rule.boundary_least).min(rule.boundary);
    for process in base.iter_mut().chain(head).filter(|process| !process.turns) {
        process.warm_up = warm_up(process.time, boundary, rule);
    }
}

/// How long the untimed iterations before a slice take, at the slice's own speed.
///
/// The gate asks for them by number, so there is nothing to guess.
fn before_slice(Slice(iterations, time): Slice, turns: usize, rule: &ClockRule) -> f64 {
    /// In a round of fewer turns, slices are so long that nothing goes before them.
    const LEAST: usize = 12;
    if turns < LEAST {
        return 0.0;
    }
    time / iterations * (rule.before_slice * iterations).round().max(1.0)
}

/// How long the warm-up of a benchmark with this time an iteration takes.
fn warm_up(time: f64, boundary: f64, rule: &ClockRule) -> (f64, f64) {
    // 2^64 iterations of any length are more than a warm-up.
    const DOUBLINGS: usize = 64;
    let (mut before, mut sum, mut next) = (0.0, time, 2.0 * time);
    for _ in 0..DOUBLINGS {
        if sum > rule.warm_up_ns {
            break;
        }
        before = sum;
        sum += next;
        next *= 2.0;
    }
    if before * boundary > rule.warm_up_ns {
        (before, sum)
    } else if sum < rule.warm_up_ns * boundary {
        (sum, sum + next)
    } else {
        (sum, sum)
    }
}

/// The rests of a side's processes by one measure, in nanoseconds; never negative.
///
/// Where a warm-up may have ended on either of two doublings, the one whose rest lies nearer to
/// `usual` is taken: on both sides, so that the same doubt has the same answer.
pub(super) fn rests(processes: &[Process], of: impl Fn(&Seen) -> f64, usual: f64) -> Vec<f64> {
    processes
        .iter()
        .map(|process| {
            let (with_short, with_long) = either(process, &of);
            let nearer = (with_short - usual).abs() <= (with_long - usual).abs();
            (if nearer { with_short } else { with_long }).max(0.0)
        })
        .collect()
}

/// The rest that is usual for the base: of each process the smallest that is possible.
pub(super) fn usual(processes: &[Process], of: impl Fn(&Seen) -> f64) -> f64 {
    let least = |process: &Process| match either(process, &of) {
        (with_short, with_long) if with_long < 0.0 => with_short.max(0.0),
        (_, with_long) => with_long,
    };
    median(processes.iter().map(least).collect())
}

fn either(process: &Process, of: impl Fn(&Seen) -> f64) -> (f64, f64) {
    let unaccounted = of(&process.seen) - process.reported;
    (unaccounted - process.warm_up.0, unaccounted - process.warm_up.1)
}

#[cfg(test)]
mod tests {
    use super::warm_up;
    use crate::perf::ClockRule;

    #[test]
    fn a_warm_up_ends_on_a_doubling() {
        let millis = |time: f64| {
            let rule = ClockRule::default();
            let (short, long) = warm_up(time * 1e6, rule.boundary, &rule);
            let to_the_microsecond = |time: f64| (time / 1e3).round() / 1e3;
            (to_the_microsecond(short), to_the_microsecond(long))
        };
        // 1 + 2 + 4 + 8 + 16 iterations of 1 ms are the first that take longer than 20 ms.
        assert_eq!(millis(1.0), (31.0, 31.0));
        assert_eq!(millis(50.0), (50.0, 50.0), "one iteration at least");
        // 15 iterations of 1.3 ms take 19.5 ms: on a slower moment they were enough.
        assert_eq!(millis(1.3), (19.5, 40.3));
        // 15 of 1.4 ms take 21 ms: on a faster moment they were not.
        assert_eq!(millis(1.4), (21.0, 43.4));
    }
}
