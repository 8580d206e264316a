//! Runs commands that are not ours, and ends all of them.
//!
//! A [`Job`] that runs by itself is a program of the host's that is trusted (git, rustc): it
//! starts from an empty environment, without standard input, in a process group of its own, with
//! limits on wall time and output.
//!
//! Whatever may run a stranger's code goes through a [`Sandbox`]: it sees and changes only what
//! its [`Grant`] names, and takes no more of the machine than that allows. Setting up happens in
//! this program's own executable, started again ([`helper`]): once outside, to join control groups
//! and to become another user, and once inside, as the first process, which starts the programs.
//!
//! However a job ends, nothing that it started survives it: in a process namespace everything ends
//! with the first process; elsewhere every process carries a mark in its environment, and whatever
//! carries it afterwards is killed. What a `t5` leaves behind that was itself killed the hard way,
//! the next one ends: [`sweep_orphans`].

mod answer;
mod bubblewrap;
mod cancel;
mod captured;
mod cgroup;
mod clear;
mod disk;
mod enter;
mod find;
mod finished;
mod grant;
mod inside;
mod isolation;
mod job;
mod mark;
mod meter;
mod protocol;
mod session;
mod stream;
mod tree;

use std::{ffi::OsString, process::ExitCode};

pub use answer::answer;
pub use cancel::Cancel;
pub use captured::LineHook;
pub use clear::clear;
pub use find::{Lacking, Sandbox};
pub use finished::{Ended, Finished, Returned, SandboxError, Usage, UsageSource};
pub use grant::{Grant, Limits};
pub use isolation::{Isolation, Wish};
pub use job::Job;
pub use meter::Meter;
pub use protocol::{Collect, End, FileHead, Outcome};
pub use session::Session;
pub use tree::sweep_orphans;

/// What this program does when it is started as its own helper; none if it was not. To be asked
/// before anything else.
pub fn helper(mut args: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let first = args.next()?;
    let said = if first == find::ENTER {
        match enter::Entry::from_args(args) {
            Some(entry) => enter::enter(&entry).to_string(),
            None => "arguments that nobody understands".to_owned(),
        }
    } else if first == find::INSIDE {
        let walls = args.next().and_then(|text| text.into_string().ok());
        match walls.and_then(|text| serde_json::from_str(&text).ok()) {
            Some(walls) => match inside::serve(&walls) {
                Ok(()) => return Some(ExitCode::SUCCESS),
                Err(error) => error.to_string(),
            },
            None => "arguments that nobody understands".to_owned(),
        }
    } else {
        return None;
    };
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "t5 {}: {said}", first.display());
    Some(ExitCode::FAILURE)
}
