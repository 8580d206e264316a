//! Workloads: whole programs of base and head, compared process by process.
//!
//! Two processes that run at once on one core see the same disturbances: where that core is slow,
//! it is slow for both. So the ratio of their processor times is steady where each of them is not.
//! A program that uses several cores cannot be compared so: its sides are run one after the other
//! and compared by wall time, which resolves less.

mod confirm;
mod facts;
mod judge;
mod part;
mod trimmed;

pub use facts::{
    Again, Bounds, Memory, MemoryState, Process, Together, Undisturbed, WorkloadPair,
    WorkloadRound, WorkloadRule, WorkloadState, Workloads,
};
pub use judge::{WorkloadJudged, judge_workload, recompute_workloads, workload_pair};
pub(super) use part::reasons;
