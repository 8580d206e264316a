//! Everything that T5 Gate promises, tried from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    missing_docs,
    unreachable_pub,
    reason = "in a test a panic is the report, its names are its documentation, and calls stay short"
)]

mod architecture;
mod attacks;
mod bot;
mod checkout;
mod command;
mod config;
mod github;
mod identity;
mod perf;
mod policy;
mod queue;
mod receipt;
mod report;
mod run;
mod sandbox;
mod serve;
mod support;
