//! The statistics: right on simulated and on recorded noise.

mod amount;
mod bounds;
mod calibration;
mod clocks;
mod confirm;
mod harnesses;
mod recompute;
mod recorded;
mod simulated;
mod turn_clocks;
mod turns;
mod workloads;

use t5_gate::{
    config::BenchRules,
    perf::{BenchId, Rule},
};

pub fn bench(id: &str) -> BenchId {
    BenchId { package: "p".to_owned(), target: "t".to_owned(), id: id.to_owned() }
}

/// The default rule, for a run with this many measured benchmarks.
pub fn rule(family: usize) -> Rule {
    Rule::new(&BenchRules::default(), family)
}
