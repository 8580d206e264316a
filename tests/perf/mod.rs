//! The statistics: right on simulated and on recorded noise.

mod recompute;
mod recorded;
mod simulated;

use t5_gate::perf::{BenchId, Rule};

pub fn bench(id: &str) -> BenchId {
    BenchId { package: "p".to_owned(), target: "t".to_owned(), id: id.to_owned() }
}

/// The default rule, for a run with this many measured benchmarks.
pub fn rule(family: u32) -> Rule {
    Rule {
        min_throughput: 0.95,
        guard: 0.005,
        improved_at: 1.10,
        improved_sure: 1.05,
        slower_sure: 0.99,
        paired_fails_from: 24,
        alpha: 0.001,
        beta: 0.01,
        looks: vec![6, 10, 16, 24, 36, 54],
        family,
    }
}
