//! Talks to GitHub: what a webhook says, and the calls that this gate makes.
//!
//! The only module that knows octocrab.

pub mod client;
pub mod event;
pub mod webhook;
