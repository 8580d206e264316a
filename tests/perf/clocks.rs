//! A benchmark's own clock against the runner's, on simulated processes with a known truth.

use t5_gate::perf::{
    Disagreement, Order, PairState, Round, Rule, Seen, SeenSides, Slice, disagreement,
    judge_rounds, pair,
};

use super::{bench, rule};

const MS: f64 = 1e6;

/// A machine whose noise is known.
#[derive(Clone, Copy)]
struct Machine {
    /// Spread of a process's own speed.
    process: f64,
    /// Spread of a process's speed while it warms up, beyond that.
    warm_up: f64,
    /// Chance that somebody else takes the processor during a process.
    taken: f64,
    /// How long then, at the least, in nanoseconds; the tail is heavy (Pareto, index 1.5).
    least_taken: f64,
}

const QUIET: Machine = Machine { process: 0.005, warm_up: 0.01, taken: 0.05, least_taken: 0.5 * MS };
const NOISY: Machine = Machine { process: 0.05, warm_up: 0.05, taken: 0.5, least_taken: 2.0 * MS };

/// How a side's code behaves.
#[derive(Clone, Copy)]
struct Code {
    /// True nanoseconds an iteration.
    time: f64,
    /// Start, set-up, analysis and end of a process, in nanoseconds.
    rest: f64,
    /// Untimed work for each iteration (`iter_batched`), in nanoseconds.
    each: f64,
    /// What its clock says, as a share of the truth.
    clock: f64,
    /// What it writes, as a share of what its clock said.
    writes: f64,
    /// Processors that its work keeps busy.
    threads: f64,
}

impl Code {
    fn honest(time: f64) -> Self {
        Self { time, rest: 9.0 * MS, each: 0.0, clock: 1.0, writes: 1.0, threads: 1.0 }
    }

    /// A patched clock: criterion itself runs by it, so the process simply runs longer.
    fn slow_clock(self, hidden: f64) -> Self {
        Self { clock: 1.0 - hidden, ..self }
    }

    /// Overwrites its sample file at the end.
    fn writes_less(self, hidden: f64) -> Self {
        Self { writes: 1.0 - hidden, ..self }
    }
}

fn normal(draw: &mut fastrand::Rng) -> f64 {
    (-2.0 * (1.0 - draw.f64()).ln()).sqrt() * (std::f64::consts::TAU * draw.f64()).cos()
}

/// One process of criterion: warms up for 20 ms by its clock, measures for 60 ms by its clock.
fn process(code: Code, machine: Machine, draw: &mut fastrand::Rng) -> (Vec<Slice>, Seen) {
    let own = (machine.process * normal(draw)).exp();
    let cold = (machine.warm_up * normal(draw)).exp();
    let (mut warm_up, mut iterations, mut next) = (0.0, 0.0, 1.0);
    while warm_up * code.clock <= 20.0 * MS {
        warm_up += next * code.time * own * cold;
        iterations += next;
        next *= 2.0;
    }
    let mean = warm_up * code.clock / iterations;
    // Linear sampling: 1, 2, … 20 times as many iterations a slice.
    let unit = (60.0 * MS / mean / 210.0).ceil().max(1.0);
    let slices: Vec<Slice> = (1..=20)
        .map(|slice| {
            let count = f64::from(slice) * unit;
            Slice(count, count * code.time * own * (1.0 + 0.01 * draw.f64()))
        })
        .collect();
    let timed: f64 = slices.iter().map(|slice| slice.1).sum();
    let count: f64 = iterations + slices.iter().map(|slice| slice.0).sum::<f64>();
    let untimed = (code.rest + code.each * count) * (1.0 + 0.05 * normal(draw)).max(0.5);
    let taken = if draw.f64() < machine.taken {
        machine.least_taken * (1.0 - draw.f64()).powf(-1.0 / 1.5)
    } else {
        0.0
    };
    let work = warm_up + timed;
    let seen = Seen { wall_ns: work + untimed + taken, cpu_ns: work * code.threads + untimed };
    let told = code.clock * code.writes;
    (slices.into_iter().map(|Slice(count, ns)| Slice(count, ns * told)).collect(), seen)
}

fn rounds(base: Code, head: Code, machine: Machine, count: u32, seed: u64) -> Vec<Round> {
    let mut draw = fastrand::Rng::with_seed(seed);
    (0..count)
        .map(|round| {
            let (base, of_base) = process(base, machine, &mut draw);
            let (head, of_head) = process(head, machine, &mut draw);
            Round {
                bench: bench("simulated"),
                round,
                order: Order::BaseFirst,
                base,
                head,
                seen: SeenSides::of(Some(of_base), Some(of_head)),
            }
        })
        .collect()
}

/// Times an iteration over four octaves, so that warm-ups end everywhere between two doublings.
fn times() -> impl Iterator<Item = f64> {
    (0..24).map(|step| 700.0 * 2_f64.powf(f64::from(step) / 6.0))
}

/// How many of `runs` disagree, at any of the looks that a run may stop at.
fn disagreeing(
    heads: impl Fn(Code) -> Code,
    machine: Machine,
    rule: &Rule,
    runs: u64,
) -> (u64, u64) {
    let (mut found, mut all) = (0, 0);
    for time in times() {
        for seed in 0..runs {
            let base = Code::honest(time);
            let rounds = rounds(base, heads(base), machine, 54, seed ^ (time.to_bits() << 8));
            all += 1;
            let at = |look: &u32| disagreement(&rounds[..*look as usize], rule).is_some();
            found += u64::from(rule.looks.iter().any(at));
        }
    }
    (found, all)
}

/// How many of `runs` a head gets through as held or improved.
fn through(heads: impl Fn(Code) -> Code, machine: Machine, runs: u64) -> (u64, u64) {
    let rule = rule(8);
    let (mut green, mut all) = (0, 0);
    for time in times() {
        for seed in 0..runs {
            let base = Code::honest(time);
            let rounds = rounds(base, heads(base), machine, 54, seed ^ (time.to_bits() << 8));
            all += 1;
            let judged = judge_rounds(&rounds, &rule, seed);
            let good = matches!(judged.state, Some(PairState::Held | PairState::Improved));
            green += u64::from(good);
        }
    }
    (green, all)
}

#[test]
fn honest_clocks_never_disagree() {
    let rule = rule(1);
    for machine in [QUIET, NOISY] {
        for (factor, what) in [(1.0, "identical"), (1.04, "slower"), (0.85, "faster")] {
            let head = |base: Code| Code { time: base.time * factor, ..base };
            let (found, all) = disagreeing(head, machine, &rule, 30);
            assert_eq!(found, 0, "of {all} honest runs, {what}");
        }
    }
}
