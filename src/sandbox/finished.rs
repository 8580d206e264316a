//! What comes of a job, and why one came to nothing.

use std::{io, path::PathBuf, time::Duration};

use super::captured::tail;

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal of somebody else's.
    Signaled(i32),
    /// We killed it: too slow.
    WallTime,
    /// We killed it: too talkative.
    Output,
    /// It took more memory than it may, and the kernel killed it or a part of it.
    Memory,
    /// We killed it: it filled the disk.
    Disk,
    /// We killed it: somebody asked us to stop.
    Cancelled,
}

/// What a job took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of all its processes.
    pub cpu: Duration,
    /// Who counted it.
    pub source: UsageSource,
    /// The most memory at once, in bytes, where it is known: of all its processes together and
    /// with the files that it read where a control group counted, else of its largest process.
    pub peak_memory: Option<u64>,
}

/// Who counted what a job took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageSource {
    /// The kernel, for the job's control group.
    Cgroup,
    /// Our own first process inside, from what was waited for: a program can hide children from it.
    /// While sides take turns, the kernel's clocks of the processes that live then.
    FirstProcess,
}

impl UsageSource {
    /// As a receipt spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cgroup => "cgroup",
            Self::FirstProcess => {
                "first process; while sides take turns, the kernel's clock of each living process"
            }
        }
    }
}

/// A file that a job left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Relative to the folder where it was looked for.
    pub path: PathBuf,
    /// What it holds; none if that is more than was asked for.
    pub bytes: Option<Vec<u8>>,
}

/// What came of a job.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub ended: Ended,
    /// What it wrote to standard output, up to [`Job::output`](super::Job::output) bytes.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, up to [`Job::output`](super::Job::output) bytes.
    pub stderr: Vec<u8>,
    /// From start to end.
    pub wall: Duration,
    /// What it took; known of jobs in a [`Sandbox`](super::Sandbox) that came to their own end.
    pub usage: Option<Usage>,
    /// Files that it left, where some were asked for.
    pub files: Vec<Returned>,
}

impl Finished {
    /// A job that was not even started, because somebody asked us to stop.
    pub(super) fn cancelled() -> Self {
        Self {
            ended: Ended::Cancelled,
            stdout: Vec::new(),
            stderr: Vec::new(),
            wall: Duration::ZERO,
            usage: None,
            files: Vec::new(),
        }
    }

    /// Whether it came to its own end with code 0.
    pub fn success(&self) -> bool {
        self.ended == Ended::Exited(0)
    }

    /// Standard error as text; what is not UTF-8 is replaced.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Standard output as text; what is not UTF-8 is replaced.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The last `lines` lines of standard error, for a message; of very long ones the end.
    pub fn stderr_tail(&self, lines: usize) -> String {
        tail(&self.stderr, lines).join("\n")
    }
}

/// A job could not be started or watched.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The program is not there, or may not be run.
    #[error("cannot start {program}: {source}")]
    Start {
        /// Which program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The sandbox cannot be entered.
    #[error(
        "the sandbox (isolation «{level}») cannot be entered: {reason}; `t5 doctor` says what is missing"
    )]
    Closed {
        /// How far it keeps apart.
        level: &'static str,
        /// Why.
        reason: String,
    },
    /// The kernel refused something that a job needs.
    #[error("cannot supervise {program}: {source}")]
    Supervise {
        /// Which program.
        program: String,
        /// Why.
        source: io::Error,
    },
}
