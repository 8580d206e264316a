//! Every constant that bears on a judgement, with its reason.

use super::facts::Rule;
use crate::config::BenchRules;

/// After how many rounds one looks: each step is about half as long again as the one
/// before, so that no proof comes later than that.
const LOOKS: [u32; 6] = [6, 10, 16, 24, 36, 54];
/// One false «regressed» in a thousand runs.
const ALPHA: f64 = 0.001;
/// One false «held» in a hundred benchmarks.
const BETA: f64 = 0.01;
/// Throughput at which a change is so good that somebody should know why …
const IMPROVED_AT: f64 = 1.10;
/// … if it is at least this much for sure.
const IMPROVED_SURE: f64 = 1.05;
/// A loss of one per cent for sure is a loss, whatever its extent.
const SLOWER_SURE: f64 = 0.99;
/// With fewer rounds the paired estimator's own spread is too poorly known to fail a change.
const PAIRED_FAILS_FROM: u32 = 24;

impl Rule {
    /// The rule of a run in which `family` benchmarks are measured.
    pub fn new(rules: &BenchRules, family: usize) -> Self {
        Self {
            min_throughput: rules.min_throughput,
            guard: rules.guard,
            improved_at: IMPROVED_AT,
            improved_sure: IMPROVED_SURE,
            slower_sure: SLOWER_SURE,
            paired_fails_from: PAIRED_FAILS_FROM,
            alpha: ALPHA,
            beta: BETA,
            looks: LOOKS.to_vec(),
            family: u32::try_from(family).unwrap_or(u32::MAX),
        }
    }

    /// The printed line: «held» is proved above it, «regressed» below it.
    pub fn line(&self) -> f64 {
        self.min_throughput + self.guard
    }
}
