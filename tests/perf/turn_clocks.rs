//! A benchmark's own clock against the runner's, where the sides take turns slice by slice.

use t5_gate::perf::{
    Disagreement, Harness, Order, PairState, Round, Seen, SeenSides, Slice, Stage, Turns,
    disagreement, judge_rounds,
};

use super::{bench, rule};

const MS: f64 = 1e6;
const PAIRS: usize = 20;

/// How a side's code behaves.
#[derive(Clone, Copy)]
struct Code {
    /// True nanoseconds an iteration.
    time: f64,
    /// Untimed work for each slice (set-up in the closure, the way of request and answer), in
    /// nanoseconds.
    each: f64,
    /// What its clock says, as a share of the truth.
    clock: f64,
}

impl Code {
    fn honest(time: f64) -> Self {
        Self { time, each: 20_000.0, clock: 1.0 }
    }

    /// Slower by as much as its clock hides.
    fn hiding(time: f64, hidden: f64) -> Self {
        Self { time: time / (1.0 - hidden), clock: 1.0 - hidden, ..Self::honest(time) }
    }
}

/// A machine that runs at one of two speeds 2× apart for some milliseconds, if it is noisy, and is
/// taken away now and then.
struct Machine {
    noisy: bool,
    draw: fastrand::Rng,
    slow: bool,
}

impl Machine {
    fn pace(&mut self) -> f64 {
        if self.noisy && self.draw.f64() < 0.3 {
            self.slow = !self.slow;
        }
        (if self.slow { 2.0 } else { 1.0 }) * (1.0 + 0.02 * self.draw.f64())
    }

    fn taken(&mut self) -> f64 {
        let chance = if self.noisy { 0.02 } else { 0.002 };
        if self.draw.f64() >= chance {
            return 0.0;
        }
        0.1 * MS * (1.0 - self.draw.f64()).powf(-1.0 / 1.5)
    }

    /// One request: some untimed iterations, then the timed ones.
    fn slice(&mut self, code: Code, iterations: f64) -> (Slice, Seen) {
        let before = (0.3 * iterations).round().max(1.0);
        let untimed = before * code.time * self.pace() + code.each * (0.5 + self.draw.f64());
        let timed = iterations * code.time * self.pace();
        let cpu_ns = untimed + timed;
        let seen = Seen { wall_ns: cpu_ns + self.taken(), cpu_ns };
        (Slice(iterations, timed * code.clock), seen)
    }

    fn round(&mut self, round: u32, base: Code, head: Code) -> Round {
        let iterations = (MS / base.time).round().max(1.0);
        let mut sides = [Vec::new(), Vec::new()];
        let mut sums = [Seen { wall_ns: 0.0, cpu_ns: 0.0 }; 2];
        let mut turns = Vec::new();
        for _ in 0..PAIRS {
            let head_first = self.draw.bool();
            turns.push(if head_first { Order::HeadFirst } else { Order::BaseFirst });
            for side in if head_first { [1, 0] } else { [0, 1] } {
                let (slice, seen) = self.slice([base, head][side], iterations);
                sides[side].push(slice);
                sums[side].wall_ns += seen.wall_ns;
                sums[side].cpu_ns += seen.cpu_ns;
            }
        }
        let [base, head] = sides;
        Round {
            bench: bench("simulated"),
            round,
            order: turns[0],
            base,
            head,
            turns: Turns(turns),
            stage: Stage::First,
            seen: SeenSides::of(Some(sums[0]), Some(sums[1])),
            harness: Harness::Criterion,
        }
    }
}

fn rounds(base: Code, head: Code, noisy: bool, seed: u64) -> Vec<Round> {
    let mut machine = Machine { noisy, draw: fastrand::Rng::with_seed(seed), slow: false };
    (0..54).map(|round| machine.round(round, base, head)).collect()
}

/// Benchmarks of a thousand iterations a slice, of a few, and of one that is longer than a slice.
const TIMES: [f64; 5] = [700.0, 5_000.0, 0.3 * MS, 0.45 * MS, 2.6 * MS];

fn at_a_look(rounds: &[Round]) -> Option<Disagreement> {
    let rule = rule(1);
    rule.looks.iter().find_map(|look| disagreement(&rounds[..*look as usize], &rule))
}

#[test]
fn honest_clocks_never_disagree() {
    for noisy in [false, true] {
        for factor in [1.0, 1.04, 0.7, 1.5] {
            for (time, seed) in TIMES
                .into_iter()
                .zip(0..)
                .flat_map(|(time, at)| (0..8).map(move |seed| (time, 100 * at + seed)))
            {
                let head = Code::honest(time * factor);
                let found = at_a_look(&rounds(Code::honest(time), head, noisy, seed));
                assert_eq!(found, None, "{time} ns, {factor} times as long, noisy: {noisy}");
            }
        }
    }
}

#[test]
fn a_tenth_or_more_that_is_hidden_is_never_held() {
    let rule = rule(8);
    for noisy in [false, true] {
        for hidden in [0.1, 0.2, 0.33, 0.5, 0.8] {
            for (time, seed) in TIMES.into_iter().zip(1000..) {
                let head = Code::hiding(time, hidden);
                let rounds = rounds(Code::honest(time), head, noisy, seed);
                let state = judge_rounds(&rounds, &rule, 1).state;
                let good = matches!(state, Some(PairState::Held | PairState::Improved));
                assert!(!good, "{time} ns, {hidden} hidden, noisy: {noisy}");
            }
        }
    }
}

#[test]
fn honest_code_is_held_after_as_many_rounds_as_without_a_second_clock() {
    let rule = rule(8);
    for (time, seed) in TIMES.into_iter().zip(0..) {
        let seen = rounds(Code::honest(time), Code::honest(time), false, seed);
        let alone: Vec<Round> =
            seen.iter().map(|round| Round { seen: None, ..round.clone() }).collect();
        let (seen, alone) = (judge_rounds(&seen, &rule, 1), judge_rounds(&alone, &rule, 1));
        assert_eq!(seen, alone, "{time} ns");
        assert_eq!(seen.state, Some(PairState::Held));
    }
}

#[test]
fn set_up_in_every_slice_is_no_lie_on_both_sides_and_looks_like_one_where_it_grew() {
    let slow = Code { each: 4.0 * MS, ..Code::honest(700.0) };
    assert_eq!(at_a_look(&rounds(slow, slow, true, 1)), None, "four times what is timed");
    let more = Code { each: 5.0 * MS, ..slow };
    let found = at_a_look(&rounds(slow, more, false, 1));
    assert!(matches!(found, Some(Disagreement::Unlike { .. })), "{found:?}");
}

#[test]
fn more_timed_work_than_the_slices_lasted_is_impossible() {
    let mut rounds = rounds(Code::honest(700.0), Code::honest(700.0), false, 1);
    rounds[3].head[7].1 += 10.0 * MS;
    let found = at_a_look(&rounds);
    assert!(matches!(found, Some(Disagreement::Impossible { processes: 1, .. })), "{found:?}");
}
