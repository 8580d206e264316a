//! What a measurement found out, as it stands in a receipt and in its samples.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    clock::{ClockRule, Disagreement, SeenSides},
    edit::Edit,
    workload::Workloads,
};
use crate::policy::{Location, Side};

/// Names one benchmark of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BenchId {
    /// The package that holds the bench target.
    pub package: String,
    /// The bench target.
    pub target: String,
    /// The benchmark's own id, as its harness lists it.
    pub id: String,
}

impl std::fmt::Display for BenchId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}: {}", self.package, self.target, self.id)
    }
}

/// One timed stretch of work.
///
/// Stands as `[iterations, nanoseconds]` in the samples file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice(
    /// How many iterations were timed together.
    pub f64,
    /// How long they took, in nanoseconds.
    pub f64,
);

impl Slice {
    /// Nanoseconds an iteration.
    pub fn per_iteration(self) -> f64 {
        self.1 / self.0
    }
}

/// Which side of a round ran first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Base, then head.
    BaseFirst,
    /// Head, then base.
    HeadFirst,
}

/// Which side ran first in each pair of slices, where the sides took turns slice by slice.
///
/// Stands as one letter a pair in the samples file: `b` for the base, `h` for the head.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Turns(
    /// One a pair.
    pub Vec<Order>,
);

impl Turns {
    /// Whether the sides did not take turns within the round.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Turns> for String {
    fn from(turns: Turns) -> Self {
        let letter = |order: &Order| if *order == Order::BaseFirst { 'b' } else { 'h' };
        turns.0.iter().map(letter).collect()
    }
}

impl TryFrom<String> for Turns {
    type Error = String;

    fn try_from(letters: String) -> Result<Self, Self::Error> {
        let order = |letter| match letter {
            'b' => Ok(Order::BaseFirst),
            'h' => Ok(Order::HeadFirst),
            other => Err(format!("«{}» is no turn; they are b and h", other.escape_default())),
        };
        letters.chars().map(order).collect::<Result<_, _>>().map(Self)
    }
}

/// What a round was measured for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// To decide.
    #[default]
    First,
    /// To confirm a loss or an improvement with data that did not find it.
    Again,
    /// To tell a loss of the code from one of its layout: both sides linked anew, their functions
    /// in another order, drawn from this.
    Relinked(u32),
}

impl Stage {
    /// Whether it decides.
    pub fn is_first(&self) -> bool {
        *self == Self::First
    }
}

/// The raw samples of one round of one benchmark: fresh processes of both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Which benchmark.
    pub bench: BenchId,
    /// Counted from 0.
    pub round: u32,
    /// Drawn from the run's seed.
    pub order: Order,
    /// Slices of the base, in the order they ran. Empty in a reading of an unchanged benchmark.
    pub base: Vec<Slice>,
    /// Slices of the head, in the order they ran.
    pub head: Vec<Slice>,
    /// Where the sides took turns slice by slice: who went first in each pair.
    #[serde(default, skip_serializing_if = "Turns::is_empty")]
    pub turns: Turns,
    /// What it was measured for.
    #[serde(default, skip_serializing_if = "Stage::is_first")]
    pub stage: Stage,
    /// The processes as the runner saw them from outside, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenSides>,
    /// What took the times.
    #[serde(default, skip_serializing_if = "Harness::is_criterion")]
    pub harness: Harness,
}

/// What a bench target measures with.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Harness {
    /// Criterion: it gives every slice that it takes.
    #[default]
    Criterion,
    /// Divan: it gives the mean over all that a process did, as one slice.
    Divan,
    /// None: the target is a program with a `main` of its own. The runner counts the processor time
    /// of the whole process, as one slice of one iteration.
    Program,
}

impl Harness {
    /// Whether it is criterion, as it was for every round before others were measured.
    pub fn is_criterion(&self) -> bool {
        *self == Self::Criterion
    }
}

/// The rule that pairs are judged by, with every constant that bears on a judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Throughput of the head, as a share of the base's, below which a pair has regressed.
    pub min_throughput: f64,
    /// Slack added to the rule, so that a test has power at its own line.
    pub guard: f64,
    /// Throughput at and above which a pair is improved, and worth a look.
    pub improved_at: f64,
    /// An improvement counts only if its lower bound is above this.
    pub improved_sure: f64,
    /// A loss is established once its upper bound is below this.
    pub slower_sure: f64,
    /// The paired estimator may say «regressed» only from this many rounds.
    pub paired_fails_from: u32,
    /// Chance of one false «regressed» in the whole run.
    pub alpha: f64,
    /// Chance of a false «held» of one benchmark.
    pub beta: f64,
    /// After how many rounds the samples are looked at.
    pub looks: Vec<u32>,
    /// The share of rounds that the paired estimate leaves out at either end, where the sides took
    /// turns.
    #[serde(default)]
    pub trim: f64,
    /// Which share of alpha each look may spend; even shares where it is empty, as in the first
    /// receipts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spending: Vec<f64>,
    /// Benchmarks that were measured in this run; alpha is shared among them.
    pub family: u32,
    /// When the fastest slices of a side are taken for the code's own speed.
    #[serde(default)]
    pub floor: FloorRule,
    /// How a loss or an improvement is confirmed.
    #[serde(default)]
    pub confirm: ConfirmRule,
    /// When a benchmark's own clock is not believed.
    #[serde(default)]
    pub clock: ClockRule,
}

/// Every constant that the floor rests on; their reasons stand with their values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloorRule {
    /// The lowest share of a side's slices makes its floor …
    pub share: f64,
    /// … and never fewer slices than this.
    pub least: u32,
    /// A round reaches its side's floor with a slice within this share of the side's minimum …
    pub near: f64,
    /// … and at least this many rounds have to, on both sides.
    pub rounds: u32,
    /// What two floors of identical code differ by at most, in log ratio, added to the bounds.
    pub bias: f64,
    /// Resamples of the bootstrap over rounds.
    pub resamples: u32,
    /// Chance of one false «slower under contention» in the whole run.
    pub contention: f64,
}

/// Every constant that a confirmation rests on; their reasons stand with their values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfirmRule {
    /// Chance that the rounds which repeat a loss confirm one that lies on the line.
    pub alpha: f64,
    /// Orders of functions that both sides are linked in anew.
    pub relinks: u32,
    /// Rounds of each.
    pub relink_rounds: u32,
    /// Whether an improvement is repeated by fresh rounds too; not so in receipts that do not say.
    #[serde(default)]
    pub improved: bool,
}

/// How the two sides were brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Fresh processes of both sides a round, which take turns slice by slice, each of about a
    /// millisecond, on one core.
    Slices,
    /// A fresh process of each side a round, one right after the other on one core.
    ProcessPairs,
    /// A few short processes of each side a round, which take turns process by process on one core.
    ProcessTurns,
    /// A process of each side a round, both at once on one core; compared by processor time.
    Duet,
}

/// Which estimate of the ratio was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimator {
    /// Ratio of the undisturbed minima, used only where both sides reach theirs often.
    Floor,
    /// Mean over rounds of each round's log ratio; where the sides took turns, without the
    /// outermost rounds.
    Paired,
}

/// The throughput of the head as a share of the base's, with bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Which estimator gave it.
    pub estimator: Estimator,
    /// Base time ÷ head time: below 1 the head is slower.
    pub ratio: f64,
    /// Lower bound at the level that «held» asks for at this look.
    pub lower: f64,
    /// Upper bound at the level that «regressed» asks for at this look.
    pub upper: f64,
    /// Rounds behind it.
    pub rounds: u32,
}

/// What became of a loss, or of an improvement, when it was measured again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confirmation {
    /// By rounds that had no part in finding it; bounds at the levels of the confirmation.
    pub again: Estimate,
    /// Whether those rounds prove it too.
    pub confirmed: bool,
    /// Of a loss: with both sides linked anew, once for each order of functions. Empty where nothing was
    /// linked anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relinked: Vec<Relinked>,
    /// The head's throughput as a share of the base's over all those orders: the geometric mean.
    /// Absent before all of them were measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_layouts: Option<f64>,
}

/// The throughput of the head as a share of the base's in one order of functions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relinked {
    /// What the order was drawn from.
    pub seed: u32,
    /// The estimate.
    pub estimate: Estimate,
}

/// An absolute figure: context for a person, never a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Median over all slices, nanoseconds an iteration.
    pub median_ns: f64,
    /// The fastest slice, nanoseconds an iteration.
    pub min_ns: f64,
    /// How many slices.
    pub slices: u32,
}

/// What one iteration processes, as the benchmark declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Throughput {
    /// Elements an iteration.
    Elements(u64),
    /// Bytes an iteration.
    Bytes(u64),
}

/// What became of a benchmark that exists on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairState {
    /// The two executables are identical: nothing to compare.
    Unchanged,
    /// Proved not to be slower than the rule allows.
    Held,
    /// Faster by so much that somebody should look why.
    Improved,
    /// Proved to be slower than the rule allows, and not so once both sides are linked anew: the
    /// code's place in memory, and not the code, makes it slower.
    Layout,
    /// Proved to be slower than the rule allows.
    Regressed,
    /// Measured, and cannot tell.
    Inconclusive,
    /// Gave no samples on one side at least.
    CouldNotRun,
}

/// One benchmark of both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Which benchmark.
    pub bench: BenchId,
    /// What became of it.
    pub state: PairState,
    /// How the sides were brought together, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Present where it was measured on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// Absolute figure of the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Reading>,
    /// Absolute figure of the head; the only one of an unchanged benchmark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Reading>,
    /// What one more round of it takes, in nanoseconds: the median of those that decided, of both
    /// sides, as the runner saw them where it did, else as they told. Absent where one side alone
    /// was run, and in receipts that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_ns: Option<f64>,
    /// What an iteration processes, where the benchmark says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Throughput>,
    /// Why, where the state does not say it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The paired estimate of a pair whose floor held, where it proves that the head is slower
    /// all the same: it is slower beside other load alone. Its bounds are at the level of that
    /// proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contention: Option<Estimate>,
    /// What became of a loss or an improvement when it was measured again; absent where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// How its own clock and the runner's disagree; such a pair is never held nor improved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Disagreement>,
    /// Where the head defines it, as far as that can be told from the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Location>,
}

/// How the build of one side ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum BuildState {
    /// Bench executables are there.
    Built {
        /// Wall time, in seconds.
        seconds: f64,
        /// Taken over from an earlier run of the same commit under the same rules.
        reused: bool,
    },
    /// The compiler, or cargo, refused.
    Failed {
        /// The last lines of what it said.
        reason: String,
    },
    /// It could not be tried, or was cut off.
    CouldNotRun {
        /// What happened.
        reason: String,
        /// What a person can do.
        next: String,
    },
    /// There is no such side (a first commit).
    Absent,
}

/// The build of one side's bench executables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Of which commit.
    pub side: Side,
    /// The command, as a person would type it in that checkout.
    pub command: String,
    /// How it ended.
    #[serde(flatten)]
    pub state: BuildState,
}

/// What a bench target turned out to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum TargetState {
    /// A harness with benchmarks in it, or a program of its own.
    Listed {
        /// How many benchmark ids.
        benchmarks: u32,
    },
    /// The executables of both sides are identical.
    Unchanged {
        /// How many benchmark ids.
        benchmarks: u32,
    },
    /// It exists, and cannot be measured.
    CouldNotRun {
        /// What happened: libtest's harness, no benchmark, a panic, a time limit.
        reason: String,
        /// What a person can do.
        next: String,
    },
    /// The rules leave it out, or do not turn on a feature that it needs.
    NotSelected {
        /// Which of the two, by name.
        reason: String,
    },
    /// Only the head has it.
    Added,
    /// Only the base has it.
    Missing,
}

/// One bench target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The package that holds it.
    pub package: String,
    /// Its name.
    pub name: String,
    /// What it turned out to be.
    #[serde(flatten)]
    pub state: TargetState,
}

/// What else went on on the machine while it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// How many processes wanted to run in the minute before, as the kernel averages them.
    pub before: f64,
    /// How many cores were busy on the average; the measurement itself keeps about one busy.
    pub busy: f64,
    /// The share of all cores' time that the machine below a virtual one gave to others.
    pub stolen: f64,
}

/// All that the measurement found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// What pairs are judged by.
    pub rule: Rule,
    /// Orders and bootstraps are drawn from it.
    pub seed: u64,
    /// The core that the benchmarks were pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<u32>,
    /// The whole environment that a benchmark saw.
    pub environment: BTreeMap<String, String>,
    /// The toolchain that built both sides, as `rustc --version` names it.
    pub toolchain: String,
    /// The builds of both sides.
    pub builds: Vec<Build>,
    /// Every bench target of either side.
    pub targets: Vec<Target>,
    /// Every benchmark of both sides.
    pub pairs: Vec<Pair>,
    /// The gate's own benchmarks, whose outcome is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canaries: Vec<Pair>,
    /// Benchmarks of the base that the head no longer has.
    pub missing: Vec<BenchId>,
    /// Benchmarks that only the head has.
    pub added: Vec<BenchId>,
    /// What measures (benches, profiles, build scripts, …) and is edited by the head.
    pub edits: Vec<Edit>,
    /// Who counted the processor time of the measured processes: «cgroup», «first process in the
    /// sandbox». Absent where nothing was seen from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_by: Option<String>,
    /// What else went on meanwhile; absent where nothing was measured, or the host does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// Whole programs of both sides, where the rules name any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workloads: Option<Workloads>,
}
