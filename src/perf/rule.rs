//! Every constant that bears on a judgement, with its reason.

use super::{
    clock::ClockRule,
    facts::{ConfirmRule, FloorRule, Rule},
};
use crate::config::BenchRules;

/// After how many rounds one looks: each step is about half as long again as the one
/// before, so that no proof comes later than that.
const LOOKS: [u32; 6] = [6, 10, 16, 24, 36, 54];
/// In recorded rounds up to a tenth of the processes lay far off, and doubled the spread: the tails
/// of allocation are that heavy. Rounds that are no outliers lose little by it.
const TRIM: f64 = 0.10;
/// Shares of alpha by look. A floor is so sharp that it proves a loss at a small share; the paired
/// estimate needs the last looks, and most of alpha with them (O'Brien and Fleming, 1979, spend it
/// later still, which leaves the first look an interval that nobody can read).
const SPENDING: [f64; 6] = [0.08, 0.08, 0.10, 0.14, 0.20, 0.40];
/// One false «regressed» in a thousand runs.
const ALPHA: f64 = 0.001;
/// One false «held» in a hundred benchmarks.
const BETA: f64 = 0.01;
/// Throughput at which a change is so good that somebody should know why …
const IMPROVED_AT: f64 = 1.10;
/// … if it is at least this much for sure.
const IMPROVED_SURE: f64 = 1.05;
/// A loss of one per cent for sure is a loss, whatever its extent.
const SLOWER_SURE: f64 = 0.99;
/// With fewer rounds the paired estimator's own spread is too poorly known to fail a change.
const PAIRED_FAILS_FROM: u32 = 24;

/// One slice alone could be a timer's slip: a floor is the mean of the lowest per cent …
const FLOOR_SHARE: f64 = 0.01;
/// … and of three at least.
const FLOOR_LEAST: u32 = 3;
/// Undisturbed slices of one process differ by less than this.
const FLOOR_NEAR: f64 = 0.006;
/// A speed that fewer rounds reached may be an accident of their processes.
const FLOOR_ROUNDS: u32 = 4;
/// Floors of one executable differed by 0.05 % at most, of the same code in another layout by
/// 0.11 %; this is a little more. It is no noise that rounds average out, so it is added whole.
const FLOOR_BIAS: f64 = 0.0015;
/// An error known to 5 %, in a fraction of a millisecond.
const FLOOR_RESAMPLES: u32 = 200;
/// It asks for a look and fails nothing: one false one in a hundred runs.
const CONTENTION: f64 = 0.01;

/// The chance of a false «regressed» is spent where a loss is found. A confirmation can only take
/// failures away, so all that a strict level would do here is take true ones.
const CONFIRM_ALPHA: f64 = 0.025;
/// One order of functions is one sample of layouts (Mytkowicz et al. 2009); the mean of three is
/// told from a layout that happened to be slow, at some 5 s of linking each.
const RELINKS: u32 = 3;
/// Three times ten rounds know the mean to 0.4 % where a round varies by 2 %.
const RELINK_ROUNDS: u32 = 10;

/// Whoever finds the best of many benchmarks finds luck: fresh rounds have none of it. An
/// improvement fails nothing, so no orders of functions are tried for it.
const REPEAT_IMPROVED: bool = true;

/// One false «unlike» in a thousand runs.
const CLOCK_ALPHA: f64 = 0.001;
/// Hiding a twentieth of the time is what makes of a loss at the rule's own line none at all; a
/// smaller share changes no judgement, and a benchmark's set-up may honestly grow by as much.
const CLOCK_SHARE: f64 = 0.05;
/// Untimed work varies with the layout of the code as timed work does, by some per cent.
const CLOCK_REST: f64 = 0.10;
/// Two per cent of 60 ms: what a median over six rounds is off by on a usual machine.
const CLOCK_DOUBT: f64 = 0.02;
/// Three tenths of a slice are enough for caches that the other side's slice left cold.
const BEFORE_SLICE: f64 = 0.3;
/// What `runner::criterion` asks a process for: `--warm-up-time 0.02` …
const WARM_UP_NS: f64 = 20e6;
/// … and `--measurement-time 0.06`.
const MEASURE_NS: f64 = 60e6;
/// Our warm-up takes 40 ms at most, and start and analysis some more; a rest above this beside it
/// is one that the benchmark's code asked for itself.
const OWN_WARM_UP_NS: f64 = 50e6;
/// Speeds during warm-up and during measurement differ by less than this in most processes.
const BOUNDARY: f64 = 1.15;
/// Caches are cold when a warm-up begins, on the quietest machine.
const BOUNDARY_LEAST: f64 = 1.04;
/// Two readings of one clock, by the benchmark and by the runner: a thousandth for its rate …
const SLIP_SHARE: f64 = 0.001;
/// … and a millisecond for its grain, and for a benchmark that is no more than a few lines.
const SLIP_NS: f64 = 1e6;

impl Default for ClockRule {
    fn default() -> Self {
        Self {
            alpha: CLOCK_ALPHA,
            share: CLOCK_SHARE,
            rest: CLOCK_REST,
            doubt: CLOCK_DOUBT,
            before_slice: BEFORE_SLICE,
            warm_up_ns: WARM_UP_NS,
            measure_ns: MEASURE_NS,
            own_warm_up_ns: OWN_WARM_UP_NS,
            boundary: BOUNDARY,
            boundary_least: BOUNDARY_LEAST,
            slip_share: SLIP_SHARE,
            slip_ns: SLIP_NS,
        }
    }
}

impl Default for FloorRule {
    fn default() -> Self {
        Self {
            share: FLOOR_SHARE,
            least: FLOOR_LEAST,
            near: FLOOR_NEAR,
            rounds: FLOOR_ROUNDS,
            bias: FLOOR_BIAS,
            resamples: FLOOR_RESAMPLES,
            contention: CONTENTION,
        }
    }
}

impl Default for ConfirmRule {
    fn default() -> Self {
        Self {
            alpha: CONFIRM_ALPHA,
            relinks: RELINKS,
            relink_rounds: RELINK_ROUNDS,
            improved: REPEAT_IMPROVED,
        }
    }
}

impl Rule {
    /// The rule of a run in which `family` benchmarks are measured.
    pub fn new(rules: &BenchRules, family: usize) -> Self {
        Self {
            min_throughput: rules.min_throughput,
            guard: rules.guard,
            improved_at: IMPROVED_AT,
            improved_sure: IMPROVED_SURE,
            slower_sure: SLOWER_SURE,
            paired_fails_from: PAIRED_FAILS_FROM,
            alpha: ALPHA,
            beta: BETA,
            trim: TRIM,
            looks: LOOKS.to_vec(),
            spending: SPENDING.to_vec(),
            family: u32::try_from(family).unwrap_or(u32::MAX),
            floor: FloorRule::default(),
            confirm: ConfirmRule::default(),
            clock: ClockRule::default(),
        }
    }

    /// The printed line: «held» is proved above it, «regressed» below it.
    pub fn line(&self) -> f64 {
        self.min_throughput + self.guard
    }
}
