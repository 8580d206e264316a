//! Noise with a known truth, drawn from fixed seeds.

use t5_gate::perf::{
    Estimator, Harness, Levels, Order, PairState, Round, Slice, Stage, Turns, estimate,
    judge_rounds,
};

use super::{bench, rule};

/// A machine whose noise is known.
#[derive(Clone, Copy)]
struct Machine {
    /// Spread of a process's own speed (layout, neighbours): the level that varies most.
    process: f64,
    /// Chance that a slice runs undisturbed.
    calm: f64,
    /// Spread of what a disturbance adds.
    disturbance: f64,
}

/// Reaches its floor in most processes.
const QUIET: Machine = Machine { process: 0.0005, calm: 0.4, disturbance: 0.08 };
/// Never repeats its floor.
const NOISY: Machine = Machine { process: 0.03, calm: 0.0, disturbance: 0.15 };

fn normal(draw: &mut fastrand::Rng) -> f64 {
    // Box and Muller, 1958.
    (-2.0 * (1.0 - draw.f64()).ln()).sqrt() * (std::f64::consts::TAU * draw.f64()).cos()
}

fn process(machine: Machine, time: f64, draw: &mut fastrand::Rng) -> Vec<Slice> {
    let own = (machine.process * normal(draw)).exp();
    (0..20)
        .map(|_| {
            let disturbed = draw.f64() >= machine.calm;
            let added = if disturbed { (machine.disturbance * normal(draw)).abs() } else { 0.0 };
            let jitter = 1.0 + 0.001 * draw.f64();
            Slice(100.0, 100.0 * time * own * (1.0 + added) * jitter)
        })
        .collect()
}

/// Rounds in which the head takes `factor` times as long as the base.
fn rounds(machine: Machine, factor: f64, count: u32, seed: u64) -> Vec<Round> {
    let mut draw = fastrand::Rng::with_seed(seed);
    (0..count)
        .map(|round| Round {
            bench: bench("simulated"),
            round,
            order: Order::BaseFirst,
            base: process(machine, 1000.0, &mut draw),
            head: process(machine, 1000.0 * factor, &mut draw),
            turns: Turns::default(),
            stage: Stage::First,
            seen: None,
            harness: Harness::Criterion,
        })
        .collect()
}

/// How many of `runs` simulated benchmarks end in each of: held, regressed, anything else.
fn tally(machine: Machine, factor: f64, runs: u64) -> [u32; 3] {
    let rule = rule(1);
    let mut tally = [0; 3];
    for seed in 0..runs {
        let judged = judge_rounds(&rounds(machine, factor, 54, seed), &rule, seed);
        tally[match judged.state {
            Some(PairState::Held) => 0,
            Some(PairState::Regressed) => 1,
            _ => 2,
        }] += 1;
    }
    tally
}

#[test]
fn identical_code_is_never_called_regressed() {
    // With alpha = 0.001 a single false alarm in 400 would already be twice what is promised.
    assert_eq!(tally(QUIET, 1.0, 200), [200, 0, 0]);
    let [held, regressed, open] = tally(NOISY, 1.0, 200);
    assert_eq!(regressed, 0);
    assert!(held > 150, "{held} held, {open} open");
}

#[test]
fn a_loss_beyond_the_line_is_found() {
    assert_eq!(tally(QUIET, 1.07, 100), [0, 100, 0]);
    let [held, regressed, open] = tally(NOISY, 1.15, 100);
    assert_eq!(held, 0);
    assert!(regressed > 90, "{regressed} regressed, {open} open");
}

#[test]
fn a_loss_that_keeps_every_slice_apart_needs_few_rounds() {
    let judged = judge_rounds(&rounds(NOISY, 5.0, 10, 1), &rule(1), 1);
    assert_eq!(judged.state, Some(PairState::Regressed));
    let estimate = judged.estimate.unwrap();
    assert_eq!((estimate.estimator, estimate.rounds), (Estimator::Paired, 10));

    // Slices that overlap have to be seen more often, however clear the mean is.
    let judged = judge_rounds(&rounds(NOISY, 1.4, 10, 1), &rule(1), 1);
    assert!(judged.estimate.unwrap().upper < 0.955, "the mean alone would do");
    assert_eq!(judged.state, None);
}

#[test]
fn a_machine_that_flips_between_two_speeds_makes_no_regression() {
    // Each process runs wholly at one of two speeds, drawn by a coin: rounds agree by chance.
    let flipping = |seed: u64| -> Vec<Round> {
        let mut draw = fastrand::Rng::with_seed(seed);
        let mut side = || {
            let speed = if draw.bool() { 1.0 } else { 2.0 };
            process(QUIET, 1000.0 * speed, &mut draw)
        };
        (0..24)
            .map(|round| Round {
                bench: bench("flipping"),
                round,
                order: Order::BaseFirst,
                base: side(),
                head: side(),
                turns: Turns::default(),
                stage: Stage::First,
                seen: None,
                harness: Harness::Criterion,
            })
            .collect()
    };
    let regressed = (0..400)
        .filter(|seed| {
            judge_rounds(&flipping(*seed), &rule(1), *seed).state == Some(PairState::Regressed)
        })
        .count();
    assert_eq!(regressed, 0);
}

#[test]
fn a_loss_on_the_line_is_not_waved_through() {
    // 1/0.955: exactly on the line; «held» may be wrong once in a hundred.
    let [held, _, _] = tally(QUIET, 1.0 / 0.955, 200);
    assert!(held <= 4, "{held} of 200 were called held");
    let [held, _, _] = tally(NOISY, 1.0 / 0.955, 200);
    assert!(held <= 4, "{held} of 200 were called held");
}

#[test]
fn a_loss_within_the_rule_is_held() {
    let [held, regressed, _] = tally(QUIET, 1.02, 100);
    assert_eq!((held, regressed), (100, 0));
}

#[test]
fn bounds_cover_the_truth_as_often_as_they_say() {
    let levels = Levels { lower: 0.05, upper: 0.05 };
    for (machine, least) in [(QUIET, 0.86), (NOISY, 0.86)] {
        let truth = 1.0 / 1.03;
        let covered = (0..400)
            .filter(|seed| {
                let estimate =
                    estimate(&rounds(machine, 1.03, 16, *seed), levels, &rule(1), *seed).unwrap();
                estimate.lower <= truth && truth <= estimate.upper
            })
            .count();
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let share = covered as f64 / 400.0;
        assert!(share >= least, "the bounds of 90 % covered the truth in {share}");
    }
}

#[test]
fn the_floor_is_used_only_where_it_is_reached() {
    let levels = Levels { lower: 0.01, upper: 0.01 };
    let of =
        |machine| estimate(&rounds(machine, 1.0, 16, 3), levels, &rule(1), 3).unwrap().estimator;
    assert_eq!(of(QUIET), Estimator::Floor);
    assert_eq!(of(NOISY), Estimator::Paired);
}

#[test]
fn more_benchmarks_share_the_same_alpha() {
    let shares: f64 = (0..6).map(|look| rule(1).levels(look).upper).sum();
    assert!((shares - 0.001).abs() < 1e-12, "all looks together spend alpha, and no more");
    for look in 0..6 {
        let (one, many) = (rule(1).levels(look), rule(200).levels(look));
        assert!((one.upper / many.upper - 200.0).abs() < 1e-9);
        assert!((one.lower - many.lower).abs() < 1e-15, "«held» is promised for each benchmark");
    }
}

#[test]
fn too_little_or_broken_samples_give_no_estimate() {
    let levels = Levels { lower: 0.01, upper: 0.01 };
    let good = rounds(QUIET, 1.0, 3, 1);
    assert!(estimate(&good, levels, &rule(1), 1).is_some());
    assert!(estimate(&good[..2], levels, &rule(1), 1).is_none());
    for broken in [Slice(0.0, 10.0), Slice(10.0, 0.0), Slice(10.0, f64::NAN), Slice(10.0, -1.0)] {
        let mut rounds = good.clone();
        rounds[1].head[4] = broken;
        assert!(estimate(&rounds, levels, &rule(1), 1).is_none(), "{broken:?}");
    }
    let mut rounds = good;
    rounds[0].base.clear();
    assert!(estimate(&rounds, levels, &rule(1), 1).is_none());
}

#[test]
fn the_same_samples_and_seed_give_the_same_answer() {
    let rounds = rounds(QUIET, 1.05, 24, 9);
    let rule = rule(4);
    assert_eq!(judge_rounds(&rounds, &rule, 5), judge_rounds(&rounds, &rule, 5));
}
