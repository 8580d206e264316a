//! The trimmed mean of log ratios, with bounds that hold where some rounds are far off.
//!
//! The error is that of Tukey & McLaughlin (1963): the spread of the sample with its ends pulled in
//! (winsorized), and Student's t with as many degrees of freedom as rounds are left, less one.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::facts::Bounds;
use crate::perf::estimate::{Levels, count, mean, settled, spread};

/// No estimate with fewer rounds: the spread would be a guess.
const LEAST_ROUNDS: usize = 3;

/// The ratio whose logarithm these are, one a round. None where there are too few, or one that is
/// no figure.
pub(super) fn ratio(logs: &[f64], trimmed: f64, levels: Levels) -> Option<Bounds> {
    if logs.len() < LEAST_ROUNDS || logs.iter().any(|log| !log.is_finite()) {
        return None;
    }
    let mut sorted = logs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = cut(&sorted, trimmed);
    let inner = sorted.get(cut..sorted.len() - cut)?;
    let (low, high) = (*inner.first()?, *inner.last()?);
    let pulled: Vec<f64> = sorted.iter().map(|log| log.clamp(low, high)).collect();
    let left = count(inner);
    // Of all rounds the share that is left, times the root of all.
    let error = spread(&pulled) * count(&sorted).sqrt() / left;
    let student = StudentsT::new(0.0, 1.0, left - 1.0).ok()?;
    let quantile = |chance: f64| student.inverse_cdf(1.0 - chance);
    let log = mean(inner);
    let bounds = Bounds {
        ratio: settled(log.exp()),
        lower: settled((log - quantile(levels.lower) * error).exp()),
        upper: settled((log + quantile(levels.upper) * error).exp()),
        rounds: u32::try_from(sorted.len()).unwrap_or(u32::MAX),
    };
    // A spread so wide that a bound overflows is no estimate.
    [bounds.ratio, bounds.lower, bounds.upper]
        .iter()
        .all(|figure| figure.is_finite())
        .then_some(bounds)
}

/// How many are set aside at either end; two at least are left.
fn cut(sorted: &[f64], trimmed: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a few hundred, and a float cast saturates"
    )]
    let cut = (count(sorted) * trimmed) as usize;
    cut.min((sorted.len() - 2) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: Levels = Levels { lower: 0.025, upper: 0.025 };

    #[test]
    fn without_trimming_it_is_the_t_interval_of_the_textbook() {
        // Mean 3, standard deviation 1.5811, t(4, 0.975) = 2.7764: half width 1.9633.
        let bounds = ratio(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.0, LEVELS).unwrap();
        assert!((bounds.ratio.ln() - 3.0).abs() < 1e-6);
        assert!((bounds.lower.ln() - (3.0 - 1.9633)).abs() < 1e-3, "{bounds:?}");
        assert!((bounds.upper.ln() - (3.0 + 1.9633)).abs() < 1e-3, "{bounds:?}");
    }

    #[test]
    fn trimmed_by_a_fifth_it_is_that_of_tukey_and_mclaughlin() {
        // Left: 2, 3, 4. Winsorized: 2, 2, 3, 4, 4 with standard deviation 1.
        // Error 1 ÷ (0.6 × √5) = 0.74536, t(2, 0.975) = 4.3027: half width 3.2071.
        let bounds = ratio(&[1.0, 2.0, 3.0, 4.0, 500.0], 0.2, LEVELS).unwrap();
        assert!((bounds.ratio.ln() - 3.0).abs() < 1e-6);
        assert!((bounds.upper.ln() - (3.0 + 3.2071)).abs() < 1e-3, "{bounds:?}");
    }

    #[test]
    fn what_says_nothing_gives_nothing() {
        assert_eq!(ratio(&[0.0, 0.0], 0.1, LEVELS), None);
        assert_eq!(ratio(&[0.0, 0.0, f64::NAN], 0.1, LEVELS), None);
        let same = ratio(&[0.0; 8], 0.1, LEVELS).unwrap();
        assert_eq!((same.lower, same.ratio, same.upper), (1.0, 1.0, 1.0));
    }
}
