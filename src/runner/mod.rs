//! Gathers the facts of a run: checkout, scan, build, measure.
//!
//! These are edges: they run programs and touch files, and judge nothing.

pub mod bench_part;
pub mod benches;
pub mod beneath;
pub mod build;
pub mod calibrate;
pub mod cargo_config;
pub mod cargo_home;
pub mod changes;
pub mod checkout;
mod context;
pub mod criterion;
pub mod dep_info;
pub mod divan;
pub mod embedded;
pub mod folder;
pub mod gate;
pub mod git;
pub mod guard;
pub mod harness;
mod hold;
pub mod identity;
pub mod lock;
pub mod measure;
pub mod measuring;
pub mod mirror;
mod oldest;
pub mod pairing;
pub mod pipeline;
pub mod place;
pub mod policy_part;
pub mod progress;
mod registry;
pub mod repeat;
pub mod rooms;
pub mod rule_files;
pub mod rules;
pub mod scan;
pub mod select;
mod sources;
pub mod target;
pub mod toolchain;
pub mod tools;
pub mod workload;
pub mod workspace;

pub use context::Context;
