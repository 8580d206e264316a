//! Gathers the facts of a run: checkout, scan, build, measure.
//!
//! These are edges: they run programs and touch files, and judge nothing.

mod context;
pub mod progress;

pub use context::Context;
