//! The gate inside criterion: both sides take turns every millisecond.
//!
//! A machine whose speed changes within milliseconds tells two builds apart only if both run at
//! every speed. So the bench executables of both sides are built against a copy of exactly the
//! criterion that the lock file names, with one line added: where it begins to measure a benchmark,
//! it asks a unix socket what to run ([`message`]). Both processes then sit in the same benchmark,
//! and the runner has them run a slice each in turn ([`duel`]).
//!
//! Nothing of the repository is changed for it: the copy comes in by `patch.crates-io` on cargo's
//! command line ([`copy`], [`mod@lock`], [`patch`]).

pub mod canary;
pub mod copy;
pub mod duel;
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::exit,
    reason = "it is written for criterion's place, and runs in a process of its own"
)]
mod hook;
pub mod lock;
pub mod message;
pub mod pace;
pub mod patch;
pub mod round;
pub mod side;
