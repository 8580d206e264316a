//! A benchmark's own clock against the runner's, on simulated processes with a known truth.

use t5_gate::{
    perf::{
        Disagreement, Harness, Order, PairState, Round, Seen, SeenSides, Slice, Stage, Turns,
        disagreement, judge_rounds, pair,
    },
    policy::Side,
    receipt::{decode_rounds, encode_rounds},
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

const QUIET: Machine =
    Machine { process: 0.005, warm_up: 0.01, taken: 0.05, least_taken: 0.5 * MS };
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
                turns: Turns::default(),
                stage: Stage::First,
                seen: SeenSides::of(Some(of_base), Some(of_head)),
                harness: Harness::Criterion,
            }
        })
        .collect()
}

/// Times an iteration over one octave, so that warm-ups end everywhere between two doublings.
fn times() -> impl Iterator<Item = f64> {
    (0..24).map(|step| 700.0 * 2_f64.powf(f64::from(step) / 24.0))
}

fn simulated(
    head: impl Fn(Code) -> Code,
    machine: Machine,
    seeds: u64,
) -> impl Iterator<Item = Vec<Round>> {
    times().flat_map(move |time| {
        let base = Code::honest(time);
        let head = head(base);
        (0..seeds).map(move |seed| rounds(base, head, machine, 54, seed ^ (time.to_bits() << 8)))
    })
}

/// Of how many runs a clock disagrees at any of the looks; and how many there are.
fn disagreeing(head: impl Fn(Code) -> Code, machine: Machine, seeds: u64) -> (usize, usize) {
    let rule = rule(1);
    let at_a_look = |rounds: &Vec<Round>| {
        rule.looks.iter().any(|look| disagreement(&rounds[..*look as usize], &rule).is_some())
    };
    let found: Vec<bool> =
        simulated(head, machine, seeds).map(|rounds| at_a_look(&rounds)).collect();
    (found.iter().filter(|found| **found).count(), found.len())
}

/// How many runs come out as held or improved; and how many there are.
fn through(head: impl Fn(Code) -> Code, machine: Machine, seeds: u64) -> (usize, usize) {
    let rule = rule(8);
    let states: Vec<Option<PairState>> = simulated(head, machine, seeds)
        .map(|rounds| judge_rounds(&rounds, &rule, 1).state)
        .collect();
    let good =
        |state: &&Option<PairState>| matches!(state, Some(PairState::Held | PairState::Improved));
    (states.iter().filter(good).count(), states.len())
}

/// A head that is slower by as much as it hides.
fn slower(hidden: f64) -> impl Fn(Code) -> Code {
    move |base| Code { time: base.time / (1.0 - hidden), ..base }
}

#[test]
fn honest_clocks_never_disagree() {
    for machine in [QUIET, NOISY] {
        for factor in [1.0, 1.04, 0.85] {
            let head = |base: Code| Code { time: base.time * factor, ..base };
            let (found, all) = disagreeing(head, machine, 14);
            assert_eq!(found, 0, "of {all} honest runs with {factor} times the base's time");
        }
    }
}

#[test]
fn honest_work_outside_of_the_timed_one_may_differ() {
    let threads = |base: Code| Code { threads: 4.0, ..base };
    assert_eq!(disagreeing(threads, NOISY, 2).0, 0, "more threads are no lie");
    let set_up = |base: Code| Code { rest: base.rest + 2.0 * MS, ..base };
    assert_eq!(disagreeing(set_up, QUIET, 2).0, 0, "a table of some megabytes more");
    let less = |base: Code| Code { rest: base.rest / 3.0, ..base };
    assert_eq!(disagreeing(less, QUIET, 2).0, 0, "less set-up is an improvement");
    let each = |base: Code| Code { time: base.time / 2.0, each: base.time / 4.0, ..base };
    let batched = |base: Code| Code { each: base.time / 4.0, ..base };
    let (faster, plain) = (each(Code::honest(900.0)), batched(Code::honest(900.0)));
    let rounds = rounds(plain, faster, QUIET, 54, 1);
    assert_eq!(disagreement(&rounds, &rule(1)), None, "set-up for each of twice the iterations");
}

#[test]
fn a_clock_that_hides_a_third_or_more_is_never_believed() {
    for machine in [QUIET, NOISY] {
        for hidden in [0.33, 0.5, 0.8] {
            let slow = |base: Code| slower(hidden)(base).slow_clock(hidden);
            let (green, all) = through(slow, machine, 1);
            assert_eq!(green, 0, "of {all} whose clock hides {hidden}");
            let writes = |base: Code| slower(hidden)(base).writes_less(hidden);
            let (green, all) = through(writes, machine, 1);
            assert_eq!(green, 0, "of {all} that write {hidden} less");
        }
    }
}

#[test]
fn a_share_as_small_as_a_tenth_is_mostly_found() {
    // Where the warm-up of the slower code ends one doubling earlier, the whole process takes as
    // long as an honest one: from outside there is nothing to see.
    let slow = |base: Code| slower(0.1)(base).slow_clock(0.1);
    let (green, all) = through(slow, QUIET, 2);
    assert!(green * 4 <= all, "{green} of {all} got through with a slow clock");
    let writes = |base: Code| slower(0.1)(base).writes_less(0.1);
    let (green, all) = through(writes, QUIET, 2);
    assert!(green * 3 <= all, "{green} of {all} got through with forged times");
}

#[test]
fn honest_code_is_held_after_as_many_rounds_as_without_a_second_clock() {
    let rule = rule(8);
    for seen in simulated(|base| base, QUIET, 2) {
        let alone: Vec<Round> =
            seen.iter().map(|round| Round { seen: None, ..round.clone() }).collect();
        for look in [6, 10] {
            let state = |rounds: &[Round]| judge_rounds(&rounds[..look], &rule, 1).state;
            assert_eq!(state(&seen), state(&alone));
            assert_eq!(state(&seen), Some(PairState::Held));
        }
    }
}

#[test]
fn a_base_that_reports_too_much_favours_the_head_and_is_found() {
    let rounds: Vec<Round> =
        rounds(Code::honest(900.0).writes_less(-0.25), Code::honest(1_125.0), QUIET, 54, 3);
    let judged = pair(bench("simulated"), &rounds, &rule(1), 1);
    assert!(judged.clock.is_some(), "{judged:?}");
    assert_eq!(judged.state, PairState::Inconclusive);
}

#[test]
fn more_timed_work_than_a_process_lives_is_impossible_in_a_single_process() {
    let mut rounds = rounds(Code::honest(900.0), Code::honest(900.0), QUIET, 6, 1);
    let told: f64 = rounds[4].base.iter().map(|slice| slice.1).sum();
    rounds[4].seen.as_mut().unwrap().base.as_mut().unwrap().wall_ns = told - 1.2 * MS;
    let judged = pair(bench("simulated"), &rounds, &rule(1), 1);
    let Some(Disagreement::Impossible { side, processes, reported_ns, wall_ns }) = judged.clock
    else {
        panic!("{judged:?}")
    };
    assert_eq!((side, processes), (Side::Base, 1));
    assert_eq!((reported_ns, wall_ns), (told, told - 1.2 * MS));
    assert_eq!(judged.state, PairState::Inconclusive);

    let within = &mut rounds[4].seen.as_mut().unwrap().base.as_mut().unwrap().wall_ns;
    *within = told - 0.9 * MS;
    assert_eq!(disagreement(&rounds, &rule(1)), None, "two readings of a clock differ a little");
}

#[test]
fn a_disbelieved_clock_takes_no_regression_back() {
    let head = Code { rest: 40.0 * MS, ..Code::honest(1_200.0) };
    let judged = pair(bench("s"), &rounds(Code::honest(900.0), head, QUIET, 54, 1), &rule(1), 1);
    assert!(judged.clock.is_some());
    assert_eq!(judged.state, PairState::Regressed);
}

#[test]
fn the_same_rounds_give_the_same_disagreement_also_after_a_file() {
    let head = Code::honest(1_800.0).slow_clock(0.5);
    let rounds = rounds(Code::honest(900.0), head, NOISY, 16, 1);
    let found = disagreement(&rounds, &rule(3));
    assert!(matches!(found, Some(Disagreement::Unlike { .. })), "{found:?}");
    let again = decode_rounds(&encode_rounds(&rounds).unwrap()).unwrap();
    assert_eq!(disagreement(&again, &rule(3)), found);
}

#[test]
fn what_nobody_saw_says_nothing() {
    let mut rounds = rounds(Code::honest(900.0), Code::honest(450.0), QUIET, 10, 1);
    for round in &mut rounds {
        round.seen = SeenSides::of(None, round.seen.and_then(|seen| seen.head));
    }
    assert_eq!(disagreement(&rounds, &rule(1)), None);
    let line = r#"{"bench":{"package":"p","target":"t","id":"i"},"round":0,"order":"base-first","base":[],"head":[[1.0,2.0]]}"#;
    let old = decode_rounds(format!("{line}\n").as_bytes()).unwrap();
    assert_eq!(old[0].seen, None, "samples of before");
}

#[test]
fn a_time_that_nobody_can_have_seen_is_refused() {
    let mut rounds = rounds(Code::honest(900.0), Code::honest(900.0), QUIET, 1, 1);
    rounds[0].seen.as_mut().unwrap().head.as_mut().unwrap().cpu_ns = -1.0;
    let said = encode_rounds(&rounds).unwrap_err().to_string();
    assert!(said.contains("cannot have been seen"), "{said}");
}
