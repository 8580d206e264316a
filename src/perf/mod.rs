//! Measurements of base and head: their facts, the estimate, the judgement.
//!
//! Pure: `runner::measure` gathers the raw samples, this module turns them into
//! pairs. The same raw samples, rule and seed always give the same pairs.

mod clock;
mod decide;
mod edit;
mod estimate;
mod facts;
mod judge;
mod rule;
mod workload;

pub use clock::{ClockRule, Disagreement, Measure, Seen, SeenSides, Told, disagreement, doubted};
pub use decide::{Judged, judge_rounds, pair, reading, recompute};
pub use edit::Edit;
pub use estimate::{Levels, estimate};
pub use facts::{
    BenchId, Build, BuildState, Estimate, Estimator, Facts, Method, Order, Pair, PairState,
    Reading, Round, Rule, Slice, Stage, Target, TargetState, Throughput, Turns,
};
pub use judge::judge;
pub use workload::{
    Bounds, Memory, MemoryState, Process, Together, Undisturbed, WorkloadJudged, WorkloadPair,
    WorkloadRound, WorkloadRule, WorkloadState, Workloads, judge_workload, recompute_workloads,
    workload_pair,
};
