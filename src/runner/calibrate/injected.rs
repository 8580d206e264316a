//! A loss that the gate itself puts into the head, so that it is known.
//!
//! Only a calibration can make one: nothing outside of this module can call `Injected::of`, so no
//! run ever measures with it.

use crate::runner::gate::side::Answer;

/// The head does more than it is asked for, and answers as if it had not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Injected {
    /// Work of the head as a multiple of the base's.
    work: f64,
}

impl Injected {
    /// A loss of this share of throughput, which is below 1; none of nothing.
    pub(super) fn of(loss: f64) -> Option<Self> {
        (loss > 0.0 && loss < 1.0).then(|| Self { work: 1.0 / (1.0 - loss) })
    }

    /// The iterations that are done where so many are asked for: the nearest whole number.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "iterations of a slice are below 2^52, and positive"
    )]
    pub fn iterations(self, asked: u64) -> u64 {
        (asked as f64 * self.work).round() as u64
    }

    /// The answer to `asked` iterations of which [`Injected::iterations`] were done. What whole
    /// iterations cannot express, as where a slice is a single one, is added to the time.
    #[expect(clippy::cast_precision_loss, reason = "iterations of a slice are below 2^52")]
    pub fn answer(self, done: Answer, asked: u64) -> Answer {
        let rest = asked as f64 * self.work / self.iterations(asked).max(1) as f64;
        Answer { reported: done.reported * rest, seen_ns: done.seen_ns * rest, ..done }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a head that takes 1 µs an iteration answers where so many are asked for.
    fn answered(loss: f64, asked: u64) -> f64 {
        let injected = Injected::of(loss).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "they are few")]
        let reported = injected.iterations(asked) as f64 * 1e3;
        injected.answer(Answer { reported, seen_ns: reported, timed: true }, asked).reported
    }

    #[test]
    fn a_loss_is_extra_iterations() {
        assert_eq!(Injected::of(0.09).unwrap().iterations(1000), 1099);
        assert!((answered(0.09, 1000) - 1e6 / 0.91).abs() < 1e-6);
    }

    #[test]
    fn what_whole_iterations_cannot_express_is_added_to_the_time() {
        assert_eq!(Injected::of(0.02).unwrap().iterations(1), 1);
        for asked in [1, 3, 7, 20] {
            #[expect(clippy::cast_precision_loss, reason = "they are few")]
            let wanted = asked as f64 * 1e3 / 0.98;
            assert!((answered(0.02, asked) - wanted).abs() < 1e-6, "{asked} iterations");
        }
    }

    #[test]
    fn nothing_is_no_loss() {
        assert_eq!(Injected::of(0.0), None);
        assert_eq!(Injected::of(1.0), None);
    }
}
