//! Runs one command that is not ours, and ends all of it.
//!
//! A [`Job`] starts from an empty environment, without standard input, in a
//! process group of its own, with limits on wall time and output. However it
//! ends, nothing that it started survives it: every process of a job carries a
//! mark in its environment, and whatever carries that mark afterwards is killed.
//! What a `t5` leaves behind that was itself killed the hard way, the next one
//! ends: [`sweep_orphans`].
//!
//! This is a plain child process: it keeps accidents in, not malice.

mod cancel;
mod isolation;
mod job;
mod mark;
mod tree;

pub use cancel::Cancel;
pub use isolation::{Isolation, strongest};
pub use job::{Ended, Finished, Job, LineHook, SandboxError};
pub use tree::sweep_orphans;
