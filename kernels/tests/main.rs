//! Every kernel on every tier that the host has, against an oracle that shares no code with them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod accuracy;
mod i2s;
mod inputs;
mod matmul;
mod oracle;
mod qk256;
mod shapes;
mod tiers;
