//! T5 Gate: a run turns two commits into a receipt (facts only), a pure
//! function turns the receipt into a verdict, another turns both into a report.
//!
//! Everything that judges is pure, with no I/O, clock, environment or async:
//! [`verdict`], [`config`], [`policy`], [`perf`], [`receipt`], [`report`], [`command`].
//! Everything that touches the world talks to one outside thing:
//! `sandbox`, `runner`, `host`, `github`, `store`, `web`, `cli`; `queue` names what `bot` and
//! `runner` know of a database and of each other. Edges may use the pure part; the pure part
//! never looks back.

#![forbid(unsafe_code)]

pub mod bot;
pub mod cli;
pub mod command;
pub mod config;
pub mod github;
pub mod host;
pub mod perf;
pub mod policy;
pub mod queue;
pub mod receipt;
pub mod report;
pub mod runner;
pub mod sandbox;
pub mod store;
pub mod verdict;
pub mod web;
