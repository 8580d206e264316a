//! Measurements of base and head: their facts, the estimate, the judgement.
//!
//! Pure: `runner::measure` gathers the raw samples, this module turns them into
//! pairs. The same raw samples, rule and seed always give the same pairs.

mod decide;
mod estimate;
mod facts;
mod judge;
mod rule;

pub use decide::{Judged, judge_rounds, pair, reading, recompute};
pub use estimate::{Levels, estimate};
pub use facts::{
    BenchId, Build, BuildState, Estimate, Estimator, Facts, Method, Order, Pair, PairState,
    Reading, Round, Rule, Slice, Target, TargetState, Throughput,
};
pub use judge::judge;
