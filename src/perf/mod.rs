//! Measurements of base and head: their facts, the estimate, the judgement.
//!
//! Pure: `runner::measure` gathers the raw samples, this module turns them into
//! pairs. The same raw samples, rule and seed always give the same pairs.

mod amount;
pub mod calibration;
pub mod canary;
mod clock;
mod confirm;
mod decide;
mod edit;
mod estimate;
mod facts;
mod judge;
mod loss;
mod resolve;
mod rule;
mod workload;

pub use amount::{Try, works_by_amount};
pub use clock::{ClockRule, Disagreement, Measure, Seen, SeenSides, Told, disagreement, doubted};
pub use confirm::{Step, next_step};
pub use decide::{Judged, judge_rounds, pair, reading, recompute, recompute_canaries};
pub use edit::Edit;
pub use estimate::{Estimates, Levels, estimate, estimates};
pub use facts::{
    BenchId, Build, BuildState, ConfirmRule, Confirmation, Estimate, Estimator, Facts, FloorRule,
    Harness, Load, Method, Order, Pair, PairState, Reading, Relinked, Round, Rule, Slice, Stage,
    Target, TargetState, Throughput, Turns,
};
pub use judge::judge;
pub use resolve::{resolution, round_ns, rounds_needed, time_needed};
pub use workload::{
    Again, Bounds, Memory, MemoryState, Process, Together, Undisturbed, WorkloadJudged,
    WorkloadPair, WorkloadRound, WorkloadRule, WorkloadState, Workloads, judge_workload,
    recompute_workloads, workload_pair,
};
