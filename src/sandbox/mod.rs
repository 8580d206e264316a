//! Runs one command that is not ours, and ends all of it.
//!
//! A [`Job`] starts from an empty environment, without standard input, in a
//! process group of its own, with limits on wall time and output. However it
//! ends, nothing that it started survives it: every process of a job carries a
//! mark in its environment, and whatever carries that mark afterwards is killed.
//!
//! This is a plain child process: it keeps accidents in, not malice.

mod cancel;
mod job;
mod tree;

pub use cancel::Cancel;
pub use job::{Ended, Finished, Job, LineHook, SandboxError};
