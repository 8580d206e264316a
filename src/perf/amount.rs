//! Whether a program has an amount of work to do, or works for a time.
//!
//! Of a program that works for a time (so many milliseconds, however often) processor time says
//! nothing: it spends the same whatever its code costs. The two kinds part where a process gets less
//! of its core, beside another one: fixed work takes k times as long and as much processor time as
//! alone; work for a time takes as long as alone and a k-th of the processor time. So of the wall
//! time and the processor time of a process beside another, each as a share of the one alone, the
//! product is k for the first kind and 1/k for the second. Nothing else has to be known: k is 2 on a
//! quiet machine, and less where other load takes its part of the core; a machine that changes its
//! speed between the two processes moves the product either way, which is what a mean over tries and
//! its bounds are for.
//!
//! A program that sleeps for most of its life has a product of 1, and is taken for the first kind,
//! as it is if its processor time does not depend on how long it slept. One that tunes itself for
//! some time, and then has an amount of work to do, may pass for either.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::{
    estimate::{count, mean, spread},
    workload::Process,
};

/// No bound with fewer tries: the spread would be a guess.
const LEAST_TRIES: usize = 3;
/// With so many, the mean decides without bounds: on a machine that leaves it open for longer, more
/// tries would cost more than the benchmark.
const MOST_TRIES: usize = 12;
/// The line between the kinds, in log product: a tenth below the 1 of a program that sleeps.
const LINE: f64 = -0.1;
/// The chance of error of either answer, for a program on the line. One that has an amount of work
/// lies at ln 2 on a quiet machine, seven lines' breadth above it.
const CHANCE: f64 = 0.01;

/// A process that had its core for itself, and one of the same program that shared it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// The one.
    pub alone: Process,
    /// The other.
    pub beside: Process,
}

/// Whether processes of a program have an amount of work to do; none while more tries have to tell.
pub fn works_by_amount(tries: &[Try]) -> Option<bool> {
    if tries.len() < LEAST_TRIES {
        return None;
    }
    let logs: Vec<f64> = tries.iter().map(log_product).collect();
    let student = StudentsT::new(0.0, 1.0, count(&logs) - 1.0).ok()?;
    let reach = student.inverse_cdf(1.0 - CHANCE) * spread(&logs) / count(&logs).sqrt();
    let from_line = mean(&logs) - LINE;
    if tries.len() >= MOST_TRIES {
        return Some(from_line > 0.0);
    }
    if from_line - reach > 0.0 {
        Some(true)
    } else if from_line + reach < 0.0 {
        Some(false)
    } else {
        None
    }
}

fn log_product(one: &Try) -> f64 {
    let share = |of: fn(&Process) -> u64| float(of(&one.beside)) / float(of(&one.alone));
    (share(|process| process.wall_ns) * share(|process| process.cpu_ns)).ln()
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds to fifteen digits are enough")]
fn float(nanoseconds: u64) -> f64 {
    nanoseconds.max(1) as f64
}
