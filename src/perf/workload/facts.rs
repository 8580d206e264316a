//! What was found out about workloads, as it stands in a receipt and in its samples.

use serde::{Deserialize, Serialize};

use crate::{
    config::Workload,
    perf::facts::{Order, Rule, Stage},
};

/// After how many rounds one looks: each step is about half as long again as the one before. The
/// last look is the workload's own limit of rounds.
const LOOKS: [u32; 7] = [8, 12, 20, 30, 45, 68, 100];
/// A tenth of the rounds is set aside at either end: recorded processes of 65 ms on a virtual
/// machine differ by 2 % a round, and one in some hundred by 40 %.
const TRIMMED: f64 = 0.1;
/// A pair of processes at once sees one disturbance, so its ratios have one peak, and the bounds hold
/// on recorded ones from eight rounds on. But of fewer than ten rounds none is set aside, and some
/// hundred recorded pairs of one machine vouch for no tail of one in ten thousand: until two rounds
/// are set aside at either end, caution.
const FAILS_FROM: u32 = 20;
/// Before that a loss has to be proved at this share of the chance.
const EARLY: f64 = 0.1;
/// The kernel charges memory to a control group in batches of 64 pages a core, and programs ask
/// for it in blocks: growth of less than this is none.
const MEMORY_GRAIN: u64 = 1 << 20;

/// All workloads of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workloads {
    /// What they are judged by.
    pub rule: WorkloadRule,
    /// Each that is configured, in the order of the rules.
    pub pairs: Vec<WorkloadPair>,
}

/// The rule that workloads are judged by, with every constant that bears on a judgement. The
/// limits of one workload stand with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkloadRule {
    /// Slack added to a workload's least throughput.
    pub guard: f64,
    /// Throughput at and above which a pair is improved, and worth a look.
    pub improved_at: f64,
    /// An improvement counts only if its lower bound is above this.
    pub improved_sure: f64,
    /// A loss is established once its upper bound is below this.
    pub slower_sure: f64,
    /// The share of the rounds that is set aside at either end of the sorted ratios.
    pub trimmed: f64,
    /// With fewer rounds than this …
    pub fails_from: u32,
    /// … a loss has to be proved at this share of the chance.
    pub early: f64,
    /// Growth of memory by less than this is none, in bytes.
    pub memory_grain: u64,
    /// Chance of one false «regressed» in the whole run.
    pub alpha: f64,
    /// Chance of a false «held» of one decision.
    pub beta: f64,
    /// After how many rounds the samples are looked at, as far as a workload's rounds go.
    pub looks: Vec<u32>,
    /// Decisions of this run that share alpha: every benchmark, and two of each workload.
    pub family: u32,
    /// Chance that the rounds which repeat a loss confirm one that lies on the line. None where no
    /// loss is repeated, as in receipts that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<f64>,
}

impl WorkloadRule {
    /// The rule beside that of the benchmarks, whose family counts the workloads' decisions too.
    pub fn beside(rule: &Rule) -> Self {
        Self {
            guard: rule.guard,
            improved_at: rule.improved_at,
            improved_sure: rule.improved_sure,
            slower_sure: rule.slower_sure,
            trimmed: TRIMMED,
            fails_from: FAILS_FROM,
            early: EARLY,
            memory_grain: MEMORY_GRAIN,
            alpha: rule.alpha,
            beta: rule.beta,
            looks: LOOKS.to_vec(),
            family: rule.family,
            confirm: Some(rule.confirm.alpha),
        }
    }

    /// The looks at a workload of at most so many rounds; the last is the last round.
    pub fn looks_within(&self, rounds: u32) -> Vec<u32> {
        let mut looks: Vec<u32> =
            self.looks.iter().copied().filter(|look| *look < rounds).collect();
        looks.push(rounds);
        looks
    }
}

/// How the two sides of a workload were brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Together {
    /// A process of each side a round, both at once on the same core; compared by processor time.
    Duet,
    /// A process of each side a round, one after the other on all cores; compared by wall time.
    Alternation,
}

/// What became of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkloadState {
    /// The two executables are identical: nothing to compare.
    Unchanged,
    /// Proved not to be slower than the rule allows.
    Held,
    /// Faster by so much that somebody should look why.
    Improved,
    /// Proved to be slower than the rule allows.
    Regressed,
    /// Measured, and cannot tell.
    Inconclusive,
    /// The head's program does not compile.
    DoesNotBuild,
    /// A side gave nothing.
    CouldNotRun,
    /// Only the base has the program.
    Missing,
    /// Only the head has it.
    Added,
}

/// What became of a workload's peak memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryState {
    /// Proved to be no more than the rule allows.
    Held,
    /// Proved to be more than the rule allows.
    Grown,
    /// Measured, and cannot tell.
    Inconclusive,
}

/// A ratio with its bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// The ratio itself.
    pub ratio: f64,
    /// It is below this with the chance of error that its lower bound may have.
    pub lower: f64,
    /// It is above this with the chance of error that its upper bound may have.
    pub upper: f64,
    /// Rounds behind it.
    pub rounds: u32,
}

/// What became of a loss when it was measured again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Again {
    /// By rounds that had no part in finding it, at the levels of the confirmation.
    pub bounds: Bounds,
    /// Whether those rounds prove it too.
    pub confirmed: bool,
}

/// The peak memory of the head against the base's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// What became of it.
    pub state: MemoryState,
    /// Head ÷ base.
    pub bounds: Bounds,
    /// The ratio up to which it holds: the rule's, or what the least growth that counts comes to.
    pub line: f64,
    /// What became of its growth when it was measured again; absent where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
}

/// One process, as the runner saw it from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// From its start to its end, in nanoseconds.
    pub wall_ns: u64,
    /// Processor time of it and its children, in nanoseconds.
    pub cpu_ns: u64,
    /// The most memory at once, in bytes, where that was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<u64>,
}

/// One round of one workload: a process of each side. One line of the samples file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadRound {
    /// Which workload.
    pub workload: String,
    /// Counted from 0, apart for rounds that compare, of each stage, and for undisturbed ones.
    pub round: u32,
    /// What it was measured for: to decide, or to confirm a loss.
    #[serde(default, skip_serializing_if = "Stage::is_first")]
    pub stage: Stage,
    /// How the sides were brought together; none where each had the machine for itself: such a
    /// round gives absolute figures, and compares nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
    /// Which side was started first; drawn from the run's seed.
    pub order: Order,
    /// The base's process. None in a reading of an unchanged workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Process>,
    /// The head's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Process>,
}

/// Absolute figures of runs that had the machine for themselves: medians.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undisturbed {
    /// How many runs.
    pub runs: u32,
    /// Wall time, in nanoseconds.
    pub wall_ns: f64,
    /// Processor time, in nanoseconds.
    pub cpu_ns: f64,
    /// Peak memory in bytes, where it was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<f64>,
}

/// One workload of both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkloadPair {
    /// Its name in the rules.
    pub name: String,
    /// The command that runs it in a checkout, as a person would type it.
    pub command: String,
    /// Rounds at most.
    pub rounds: u32,
    /// Throughput of the head ÷ base below which it has regressed, before the guard.
    pub min_throughput: f64,
    /// Peak memory of the head ÷ base above which it takes too much.
    pub max_memory_ratio: f64,
    /// What became of it.
    pub state: WorkloadState,
    /// How the sides were brought together, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
    /// Time of the base ÷ time of the head, processor or wall time as it was measured: below 1
    /// the head is slower.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<Bounds>,
    /// What became of a loss of throughput when it was measured again; absent where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// Present where memory was counted and compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Absolute figures of the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Undisturbed>,
    /// Absolute figures of the head; the only ones of an unchanged workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Undisturbed>,
    /// Why, where the state does not say it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl WorkloadPair {
    /// A workload of which nothing is measured yet.
    pub fn unmeasured(workload: &Workload, profile: &str, state: WorkloadState) -> Self {
        Self {
            name: workload.name.clone(),
            command: workload.command(profile),
            rounds: workload.rounds,
            min_throughput: workload.min_throughput,
            max_memory_ratio: workload.max_memory_ratio,
            state,
            together: None,
            throughput: None,
            again: None,
            memory: None,
            base: None,
            head: None,
            note: None,
        }
    }

    /// The printed line: «held» is proved above it, «regressed» below it.
    pub fn line(&self, rule: &WorkloadRule) -> f64 {
        self.min_throughput + rule.guard
    }
}
