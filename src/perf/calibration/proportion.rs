//! How often something happened, and how far that may be from its chance.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF as _};

use crate::perf::estimate::settled;

/// The chance that a bound is wrong.
const WRONG: f64 = 0.05;
/// Halvings of an interval: enough for the last bit of a double.
const HALVINGS: u32 = 60;

/// Something that happened some times out of so many, with exact one-sided bounds of its chance,
/// each at 95 % (Clopper and Pearson, 1934). They hold as far as the trials are independent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proportion {
    /// How often it happened.
    pub hits: u32,
    /// How often it could have.
    pub of: u32,
    /// The smallest chance by which so many hits or more are no rarer than 5 %.
    pub at_least: f64,
    /// The largest chance by which so few hits or fewer are no rarer than 5 %: for none of n that
    /// is 1 − 0.05^(1/n).
    pub at_most: f64,
}

impl Proportion {
    /// So many out of so many; more than all are all.
    pub fn new(hits: u32, of: u32) -> Self {
        let hits = hits.min(of);
        Self {
            hits,
            of,
            at_least: settled(1.0 - upper(of - hits, of)),
            at_most: settled(upper(hits, of)),
        }
    }

    /// All of these together.
    pub fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let (hits, of) = all.fold((0_u32, 0_u32), |(hits, of), one| {
            (hits.saturating_add(one.hits), of.saturating_add(one.of))
        });
        Self::new(hits, of)
    }

    /// Whether the bounds are those of the counts.
    pub fn follows(&self) -> bool {
        *self == Self::new(self.hits, self.of)
    }
}

/// The chance at which `hits` or fewer of `of` are as rare as [`WRONG`].
fn upper(hits: u32, of: u32) -> f64 {
    if hits >= of {
        return 1.0;
    }
    let rarer = |chance: f64| {
        Binomial::new(chance, u64::from(of)).is_ok_and(|sure| sure.cdf(u64::from(hits)) < WRONG)
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if rarer(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
