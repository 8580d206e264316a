//! From raw slices to a ratio with bounds.
//!
//! Two estimators of the same log ratio ln(base time ÷ head time):
//!
//! - *Floor*: noise only ever adds time (Chen & Revels 2016, arXiv 1608.04295), so
//!   the fastest slices of each side are the code's own speed, if that speed was
//!   reached often enough to be sure of it. It is used only then.
//! - *Paired*: one log ratio a round, averaged over rounds. The round is the unit
//!   (Kalibera & Jones 2013), because that is the level that varies. Where the sides
//!   took turns it is the median of the log ratios of neighbouring slices: a machine
//!   that changes its speed between two turns spoils one pair, and not the round. Where
//!   they ran one after the other it is the log ratio of medians.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::facts::{Estimate, Estimator, FloorRule, Harness, Round, Rule, Slice};

/// No estimate with fewer rounds: the spread would be a guess.
const LEAST_ROUNDS: usize = 3;

/// The chances of error that the bounds of one look are drawn at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// That the ratio is below the lower bound.
    pub lower: f64,
    /// That the ratio is above the upper bound.
    pub upper: f64,
}

/// Both estimates of some rounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimates {
    /// By the fastest slices; absent where they are not sure to be the code's own speed.
    pub floor: Option<Estimate>,
    /// By the rounds' log ratios; absent where there are too few rounds, or one without usable
    /// slices.
    pub paired: Option<Estimate>,
}

impl Estimates {
    /// The one that decides: the floor where it is sure.
    pub fn chosen(&self) -> Option<&Estimate> {
        self.floor.as_ref().or(self.paired.as_ref())
    }
}

/// Estimates the throughput of the head as a share of the base's.
///
/// None where there are too few rounds, or a round without usable slices.
pub fn estimate(rounds: &[Round], levels: Levels, rule: &Rule, seed: u64) -> Option<Estimate> {
    estimates(rounds, levels, rule, seed).chosen().cloned()
}

/// Estimates the same throughput in both ways.
///
/// The floor has to be surer for a loss below the rule's line than for none.
pub fn estimates(rounds: &[Round], levels: Levels, rule: &Rule, seed: u64) -> Estimates {
    if rounds.len() < LEAST_ROUNDS || !rounds.iter().all(usable) {
        return Estimates::default();
    }
    let sure = |log_ratio: f64| {
        let level = if log_ratio.exp() < rule.line() { levels.upper } else { levels.lower };
        chance_of_missing(rounds, &rule.floor) <= level
    };
    let floor = floored(rounds)
        .then(|| floor(rounds, &rule.floor, seed))
        .flatten()
        .filter(|found| sure(found.log_ratio));
    let bounded = |estimator, found| bounded(estimator, found, rounds.len(), levels);
    Estimates {
        floor: floor.and_then(|found| bounded(Estimator::Floor, found)),
        paired: bounded(Estimator::Paired, paired(rounds, rule.trim)),
    }
}

/// A log ratio, and how far it may be off.
#[derive(Clone, Copy, Debug)]
struct Found {
    log_ratio: f64,
    /// Its standard error.
    error: f64,
    /// Degrees of freedom of that.
    freedom: f64,
    /// What it is off by at most for a reason that no number of rounds averages out.
    bias: f64,
}

/// Draws the bounds around a log ratio.
///
/// None where the spread is so wide that a bound overflows: that is no estimate.
fn bounded(estimator: Estimator, found: Found, rounds: usize, levels: Levels) -> Option<Estimate> {
    let Found { log_ratio, error, freedom, bias } = found;
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
    let quantile = |chance: f64| student.inverse_cdf(1.0 - chance);
    let estimate = Estimate {
        estimator,
        ratio: settled(log_ratio.exp()),
        lower: settled((log_ratio - quantile(levels.lower) * error - bias).exp()),
        upper: settled((log_ratio + quantile(levels.upper) * error + bias).exp()),
        rounds: u32::try_from(rounds).unwrap_or(u32::MAX),
    };
    [estimate.ratio, estimate.lower, estimate.upper]
        .iter()
        .all(|figure| figure.is_finite())
        .then_some(estimate)
}

/// Rounded to where platforms agree: `ln` and `exp` may differ in the last bit between
/// C libraries, and a receipt has to be judged the same everywhere.
pub(super) fn settled(figure: f64) -> f64 {
    const PLACES: f64 = 1e9;
    (figure * PLACES).round() / PLACES
}

fn usable(round: &Round) -> bool {
    let good = |slices: &[Slice]| {
        !slices.is_empty()
            && slices.iter().all(|slice| {
                let time = slice.per_iteration();
                time.is_finite() && time > 0.0
            })
    };
    good(&round.base) && good(&round.head)
}

/// Mean over rounds of each round's log ratio.
///
/// Where the sides took turns, the mean leaves out the lowest and the highest rounds, as many as
/// `trim` says of each, and its error is the one of Yuen (Biometrika 61, 1974): the tails of what
/// one process differs from another are heavy.
fn paired(rounds: &[Round], trim: f64) -> Found {
    let logs = sorted(rounds.iter().map(log_ratio).collect());
    let turns = rounds.iter().all(|round| !round.turns.is_empty());
    let left_out = if turns { part(logs.len(), trim) } else { 0 };
    let kept = logs.get(left_out..logs.len() - left_out).unwrap_or(&logs);
    let (least, most) = (kept.first().copied(), kept.last().copied());
    let (least, most) = (least.unwrap_or(f64::NAN), most.unwrap_or(f64::NAN));
    // Winsorized: what is left out counts as the nearest that is kept.
    let drawn_in: Vec<f64> = logs.iter().map(|log| log.max(least).min(most)).collect();
    let error = spread(&drawn_in) * count(&logs).sqrt() / count(kept);
    Found { log_ratio: mean(kept), error, freedom: count(kept) - 1.0, bias: 0.0 }
}

/// One round's log ratio.
fn log_ratio(round: &Round) -> f64 {
    let (base, head) = (times(&round.base), times(&round.head));
    if round.turns.is_empty() {
        return (median(base) / median(head)).ln();
    }
    median(base.iter().zip(&head).map(|(base, head)| (base / head).ln()).collect())
}

/// Whether the fastest slices can be the code's own speed. Two processes at once on one core are
/// never undisturbed: each evicts what the other has in the caches.
fn floored(rounds: &[Round]) -> bool {
    rounds.iter().all(|round| round.harness != Harness::Program)
}

/// ln(floor of base ÷ floor of head), where both floors are reached.
fn floor(rounds: &[Round], rule: &FloorRule, seed: u64) -> Option<Found> {
    let base: Vec<Vec<f64>> = rounds.iter().map(|round| sorted(times(&round.base))).collect();
    let head: Vec<Vec<f64>> = rounds.iter().map(|round| sorted(times(&round.head))).collect();
    if !reached(&base, rule) || !reached(&head, rule) {
        return None;
    }
    let ratio = |chosen: &[usize]| (lowest(&base, chosen, rule) / lowest(&head, chosen, rule)).ln();
    let all: Vec<usize> = (0..rounds.len()).collect();
    let log_ratio = ratio(&all);
    let mut draw = fastrand::Rng::with_seed(seed);
    let resampled: Vec<f64> = (0..rule.resamples)
        .map(|_| {
            let chosen: Vec<usize> = all.iter().map(|_| draw.usize(..all.len())).collect();
            ratio(&chosen)
        })
        .collect();
    let centre = mean(&resampled);
    let variance =
        resampled.iter().map(|log| (log - centre).powi(2)).sum::<f64>() / (count(&resampled) - 1.0);
    Some(Found { log_ratio, error: variance.sqrt(), freedom: freedom(rounds), bias: rule.bias })
}

/// The chance that one side never ran at the other's full speed in any of its rounds.
///
/// Some machines run whole processes at one of several speeds (memory layout, a neighbour). Of n
/// rounds of a side, k reached its floor; that none of n others does has then the predictive
/// chance ∏ (n − k + 1 + i) / (n + 2 + i), i = 0 … n − 1 (beta-binomial, uniform prior: Laplace's
/// rule of succession, applied n times). That bad luck could make two floors differ although the
/// code does not.
fn chance_of_missing(rounds: &[Round], rule: &FloorRule) -> f64 {
    let minima = |side: fn(&Round) -> &[Slice]| -> Vec<f64> {
        let least = |round| times(side(round)).into_iter().fold(f64::INFINITY, f64::min);
        rounds.iter().map(least).collect()
    };
    let missed = |minima: &[f64]| -> f64 {
        let (all, reached) = (count(minima), near(minima, rule));
        let steps = std::iter::successors(Some(0.0), |step| Some(step + 1.0)).take(minima.len());
        steps.map(|step| (all - reached + 1.0 + step) / (all + 2.0 + step)).product()
    };
    missed(&minima(|round| &round.base)).max(missed(&minima(|round| &round.head)))
}

/// How many of these come near the least of them.
fn near(minima: &[f64], rule: &FloorRule) -> f64 {
    let least = minima.iter().copied().fold(f64::INFINITY, f64::min);
    let near: Vec<f64> =
        minima.iter().copied().filter(|time| *time <= least * (1.0 + rule.near)).collect();
    count(&near)
}

/// Whether enough rounds, each of which is sorted, come near the fastest slice of all of them.
fn reached(rounds: &[Vec<f64>], rule: &FloorRule) -> bool {
    let minima: Vec<f64> = rounds.iter().filter_map(|times| times.first().copied()).collect();
    near(&minima, rule) >= f64::from(rule.rounds)
}

/// Mean of the lowest slices over the chosen rounds, each of which is sorted.
fn lowest(rounds: &[Vec<f64>], chosen: &[usize], rule: &FloorRule) -> f64 {
    let picked = || chosen.iter().filter_map(|index| rounds.get(*index));
    let wanted = share(picked().map(Vec::len).sum(), rule);
    // Whatever is among the lowest of all is among the lowest of its own round.
    let mut lowest: Vec<f64> =
        picked().flat_map(|round| round.iter().take(wanted)).copied().collect();
    if wanted < lowest.len() {
        lowest.select_nth_unstable_by(wanted, f64::total_cmp);
        lowest.truncate(wanted);
    }
    // Sorted, so that the sum does not depend on how they were selected.
    mean(&sorted(lowest))
}

fn share(total: usize, rule: &FloorRule) -> usize {
    part(total, rule.share).max(rule.least as usize)
}

/// This share of so many, rounded down; less than half of them.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of slices are far below 2^52"
)]
fn part(total: usize, share: f64) -> usize {
    ((total as f64 * share) as usize).min(total.saturating_sub(1) / 2)
}

#[expect(clippy::cast_precision_loss, reason = "a run has far fewer rounds than 2^52")]
fn freedom(rounds: &[Round]) -> f64 {
    rounds.len() as f64 - 1.0
}

/// Nanoseconds an iteration of each slice.
pub(super) fn times(slices: &[Slice]) -> Vec<f64> {
    slices.iter().map(|slice| slice.per_iteration()).collect()
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// The middle value; NaN of nothing.
pub(super) fn median(values: Vec<f64>) -> f64 {
    let values = sorted(values);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(at(middle.wrapping_sub(1)), at(middle))
    } else {
        at(middle)
    }
}

/// The standard deviation of a sample; NaN of fewer than two.
pub(super) fn spread(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (squares / (count(values) - 1.0)).sqrt()
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values)
}

#[expect(clippy::cast_precision_loss, reason = "counts of slices are far below 2^52")]
pub(super) fn count(values: &[f64]) -> f64 {
    values.len() as f64
}
