//! Gathers the facts of a run: checkout, scan, build, measure.
//!
//! These are edges: they run programs and touch files, and judge nothing.

mod context;
mod hold;
pub mod progress;
pub mod scan;
pub mod tools;

pub use context::Context;
