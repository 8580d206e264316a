//! What the exit code means.

use std::process::ExitCode;

use crate::verdict::Outcome;

/// How `t5` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: pass or attention, or the command did what it was asked for.
    Good,
    /// 1: the gate failed, or a receipt was refused.
    Fail,
    /// 2: the arguments or a configuration file are wrong.
    Usage,
    /// 3: measured, and cannot tell.
    Inconclusive,
    /// 4: it could not be found out.
    CouldNotRun,
    /// 130: stopped by a signal, as shells number it.
    Stopped,
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass | Outcome::Attention => Self::Good,
            Outcome::Fail => Self::Fail,
            Outcome::Inconclusive => Self::Inconclusive,
            Outcome::CouldNotRun => Self::CouldNotRun,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::Fail => 1,
            Exit::Usage => 2,
            Exit::Inconclusive => 3,
            Exit::CouldNotRun => 4,
            Exit::Stopped => 130,
        })
    }
}
