//! What a benchmark's own clock says, held against the runner's.
//!
//! A bench executable times itself, and its code may be a stranger's: it can slow its clock down,
//! or write times that nobody measured. The runner times each process from outside, start to end.
//! Two things can then be seen:
//!
//! - *Impossible*: a process reports more timed work than it lived.
//! - *Unlike*: what a process does not account for (warm-up, set-up, the harness's own analysis)
//!   is larger in the head than in the base, round after round, by a share of the reported time
//!   that matters. Whatever is taken off the reported times has to stand there.
//!
//! Only a head that leaves *more* unaccounted for is unlike: that is what makes a head look faster
//! than it is (and so does a base that reports more than it spends). The other way round a head
//! looks slower than it is, which helps nobody, and less set-up is an honest improvement.
//!
//! Its limits:
//!
//! - A third of the time or more cannot be hidden: in simulation no such head came out as held.
//!   Of heads that hide a tenth, 100 % (slow clock) and 90 % (forged times) were found on a quiet
//!   machine, 90 % and 85 % on a noisy one; of those that hide a fifth, 95 % and 60 %, and 80 % and
//!   50 %. Between a tenth and a third it depends on where warm-ups end: the slower code that is
//!   hidden may warm up for one doubling less, and then the whole process takes as long as an
//!   honest one. Honest runs: 0 of 21,600 disagreed.
//! - A process that does less work than it says in the time that it says (a false count of
//!   iterations) looks like any other. Hence edits of what measures are flagged as well.
//! - A head whose untimed work honestly grew by as much looks the same. The words of a disagreement
//!   name both.

mod agree;
mod rest;

use serde::{Deserialize, Serialize};

use crate::policy::Side;

pub use agree::{disagreement, doubted};

fn before_slice() -> f64 {
    ClockRule::default().before_slice
}

/// One process as seen from outside: from its start to the end of it and of its children. Where the
/// sides took turns, the sums over its slices, each from the request to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Wall time, in nanoseconds.
    pub wall_ns: f64,
    /// Processor time, user and system, in nanoseconds.
    pub cpu_ns: f64,
}

/// The processes of a round as seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenSides {
    /// The base's; absent in a reading of an unchanged benchmark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Seen>,
    /// The head's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Seen>,
}

impl SeenSides {
    /// None where neither process was seen.
    pub fn of(base: Option<Seen>, head: Option<Seen>) -> Option<Self> {
        (base.is_some() || head.is_some()).then_some(Self { base, head })
    }
}

/// What a disagreement is proved by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Wall time.
    Wall,
    /// Processor time, with wall time pointing the same way.
    Cpu,
}

/// What the processes of one side come to: medians over the rounds, in nanoseconds a process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Timed work that the process reported.
    pub reported_ns: f64,
    /// Wall time that the runner saw.
    pub wall_ns: f64,
    /// Processor time that the runner saw.
    pub cpu_ns: f64,
}

/// How the benchmark's clock and the runner's disagree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Disagreement {
    /// Processes of a side reported more timed work than they lived.
    Impossible {
        /// Which side.
        side: Side,
        /// How many of its processes.
        processes: u32,
        /// The timed work that the worst of them reported, in nanoseconds.
        reported_ns: f64,
        /// The wall time of that process, in nanoseconds.
        wall_ns: f64,
    },
    /// The head leaves more time unaccounted for than the base.
    Unlike {
        /// What proves it.
        by: Measure,
        /// The base's processes.
        base: Told,
        /// The head's processes.
        head: Told,
        /// How much more, as a share of the head's measuring time (reported, or asked for if that is more): the mean over the rounds.
        share: f64,
        /// How far that is beyond what is allowed, for sure: a share as well.
        beyond: f64,
        /// Rounds behind it.
        rounds: u32,
    },
}

/// Every constant that a disagreement rests on; their reasons stand with their values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockRule {
    /// Chance of one false «unlike» in the whole run.
    pub alpha: f64,
    /// A share of the reported time by which more may be unaccounted for.
    pub share: f64,
    /// A share of the base's own untimed rest by which the head's may be larger.
    pub rest: f64,
    /// How near to what is allowed an unproved difference keeps a pair from being called held.
    pub doubt: f64,
    /// Untimed iterations before each slice, as a share of the timed ones, where the sides take
    /// turns; none before fewer than three.
    #[serde(default = "before_slice")]
    pub before_slice: f64,
    /// Warm-up that a process is asked for, in nanoseconds.
    pub warm_up_ns: f64,
    /// Timed work that a process is asked for, in nanoseconds.
    pub measure_ns: f64,
    /// A rest longer than this is a warm-up of the benchmark's own, in nanoseconds.
    pub own_warm_up_ns: f64,
    /// A warm-up this near (as a factor) to one doubling less or more may have ended there.
    pub boundary: f64,
    /// The least that this factor is taken for, on a machine whose processes run at one speed.
    pub boundary_least: f64,
    /// By what share of the wall time a process may report more than it.
    pub slip_share: f64,
    /// By how many nanoseconds beyond that.
    pub slip_ns: f64,
}
