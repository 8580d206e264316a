//! What passes of a calibration come to.

use proptest::prelude::*;
use t5_gate::perf::{
    Estimate, Estimator, Facts, Method, Order, Pair, PairState, Round, Slice, Stage, Turns,
    calibration::{Calibrated, Decision, Passed, Proportion, calibrated, false_alarms, found},
    canary::{self, Sings},
    pair,
};

use super::{bench, rule};

/// The chance of `hits` or fewer of `of`, added up term by term.
fn chance(hits: u32, of: u32, p: f64) -> f64 {
    let mut term = (1.0 - p).powi(of as i32);
    let mut sum = term;
    for hit in 0..hits {
        term *= f64::from(of - hit) / f64::from(hit + 1) * p / (1.0 - p);
        sum += term;
    }
    sum
}

#[test]
fn of_none_the_bound_is_the_root_of_a_twentieth() {
    for of in [1, 20, 120, 727] {
        let none = Proportion::new(0, of);
        let wanted = 1.0 - 0.05_f64.powf(1.0 / f64::from(of));
        assert!((none.at_most - wanted).abs() < 1e-8, "{of}: {none:?}");
        assert!(none.at_least.abs() < 1e-8, "{none:?}");
        let all = Proportion::new(of, of);
        assert!((all.at_least - (1.0 - wanted)).abs() < 1e-8, "{all:?}");
        assert!((all.at_most - 1.0).abs() < 1e-8, "{all:?}");
    }
    assert_eq!(Proportion::new(0, 0).at_most, 1.0, "nothing was tried, so nothing is known");
}

proptest! {
    #[test]
    fn a_bound_is_the_chance_at_which_what_was_seen_is_rare(of in 1_u32..60, share in 0.0..1.0) {
        let hits = (f64::from(of) * share) as u32;
        let seen = Proportion::new(hits, of);
        prop_assert!((chance(hits, of, seen.at_most) - 0.05).abs() < 1e-6);
        prop_assert!(seen.at_least < f64::from(hits) / f64::from(of) + 1e-8);
        prop_assert!(seen.follows());
        let better = Proportion { at_most: seen.at_most * 0.9, ..seen };
        prop_assert!(!better.follows());
    }
}

/// A decision of benchmark «one» whose interval is this wide to either side, in per cent.
fn decision(state: PairState, percent: f64, method: Method, seconds: f64) -> Decision {
    let mut pair = pair(bench("one"), &[], &rule(1), 1);
    pair.state = state;
    if state != PairState::CouldNotRun {
        pair.method = Some(method);
        pair.estimate = Some(Estimate {
            estimator: Estimator::Paired,
            ratio: 1.0,
            lower: 1.0 - percent / 100.0,
            upper: 1.0 + percent / 100.0,
            rounds: 6,
        });
    }
    Decision { pair, seconds }
}

fn pass(loss: f64, decision: Decision) -> Passed {
    Passed { loss, canaries: Sings::True, decisions: vec![decision] }
}

fn slices(loss: f64, state: PairState, percent: f64, seconds: f64) -> Passed {
    pass(loss, decision(state, percent, Method::Slices, seconds))
}

fn only(passes: &[Passed]) -> Calibrated {
    let [one] = <[Calibrated; 1]>::try_from(calibrated(passes)).unwrap();
    one
}

#[test]
fn on_identical_executables_every_regressed_is_a_false_alarm() {
    let one = only(&[
        slices(0.0, PairState::Held, 1.0, 0.4),
        slices(0.0, PairState::Regressed, 2.0, 3.0),
        slices(0.0, PairState::Inconclusive, 6.0, 5.0),
        slices(0.0, PairState::Improved, 1.5, 0.5),
        slices(0.0, PairState::CouldNotRun, 0.0, 9.0),
    ]);
    let same = one.same;
    assert_eq!((same.false_alarms.hits, same.false_alarms.of), (1, 4), "four gave samples");
    assert_eq!((same.inconclusive, same.improved, same.could_not_run), (1, 1, 1));
    // The middle of 1, 1.5, 2 and 6 %; the worst of them.
    assert!((one.resolves_percent.unwrap() - 1.75).abs() < 1e-9);
    assert!((one.resolves_at_worst_percent.unwrap() - 6.0).abs() < 1e-9);
    assert!((one.seconds.unwrap() - 1.75).abs() < 1e-9, "what gave nothing took no decision");
    assert_eq!(one.losses, [], "none was injected");
}

#[test]
fn an_injected_loss_is_found_only_where_it_is_called_regressed() {
    let passes = [
        slices(0.0, PairState::Held, 1.0, 0.4),
        slices(0.09, PairState::Regressed, 1.0, 2.0),
        slices(0.02, PairState::Held, 1.0, 1.0),
        slices(0.09, PairState::Inconclusive, 1.0, 4.0),
    ];
    let one = only(&passes);
    let told: Vec<_> = one
        .losses
        .iter()
        .map(|loss| (loss.loss, loss.found.hits, loss.found.of, loss.inconclusive))
        .collect();
    assert_eq!(told, [(0.02, 0, 1, 0), (0.09, 1, 2, 1)]);
    assert_eq!(one.same.false_alarms.of, 1, "a loss that is missed is no decision on equals");
    let all = calibrated(&passes);
    assert_eq!(found(&all).len(), 2);
    assert_eq!(false_alarms(&all), Proportion::new(0, 1));
}

#[test]
fn nothing_is_injected_into_whole_processes_so_they_found_and_missed_nothing() {
    let whole = |loss| pass(loss, decision(PairState::Held, 8.0, Method::ProcessPairs, 3.0));
    let one = only(&[whole(0.0), whole(0.09)]);
    assert_eq!(one.method, Some(Method::ProcessPairs));
    assert_eq!(one.losses, []);
    assert_eq!(one.same.false_alarms.of, 1);
}

/// Ten rounds of a benchmark without noise: the head takes `head` times as long.
fn rounds(id: &t5_gate::perf::BenchId, head: f64, length: f64) -> Vec<Round> {
    let round = |number| Round {
        bench: id.clone(),
        round: number,
        order: Order::BaseFirst,
        base: vec![Slice(10.0, 1000.0 * length); 5],
        head: vec![Slice(10.0, 1000.0 * length * head); 5],
        turns: Turns(vec![Order::HeadFirst; 5]),
        stage: Stage::First,
        seen: None,
        harness: t5_gate::perf::Harness::Criterion,
    };
    (0..10).map(round).collect()
}

fn stated(pairs: Vec<Pair>, canaries: Vec<Pair>) -> Facts {
    let nothing = t5_gate::runner::bench_part::nothing_built(
        &t5_gate::config::BenchRules::default(),
        3,
        None,
    );
    Facts { rule: rule(2), pairs, canaries, ..nothing }
}

#[test]
fn where_a_canary_comes_out_wrong_nothing_counts_as_found() {
    let (one, same) = (bench("one"), canary::bench(canary::SAME));
    let stub = |id| pair(id, &[], &rule(2), 3);
    let facts = stated(vec![stub(one.clone())], vec![stub(same.clone())]);
    let state = |canary: f64| {
        let all = [rounds(&one, 1.2, 1.0), rounds(&same, canary, 1.0)].concat();
        let passed = Passed::new(0.09, 1.0, &facts, &all);
        (passed.canaries, passed.decisions[0].pair.state)
    };
    assert_eq!(state(1.0), (Sings::True, PairState::Regressed));
    assert_eq!(state(1.3), (Sings::False, PairState::Inconclusive));
}

#[test]
fn a_pass_is_shared_by_the_work_that_was_timed() {
    let (one, two) = (bench("one"), bench("two"));
    let stub = |id: &t5_gate::perf::BenchId| pair(id.clone(), &[], &rule(2), 3);
    let facts = stated(vec![stub(&one), stub(&two)], Vec::new());
    let all = [rounds(&one, 1.0, 1.0), rounds(&two, 1.0, 3.0)].concat();
    let passed = Passed::new(0.0, 8.0, &facts, &all);
    let seconds: Vec<f64> = passed.decisions.iter().map(|one| one.seconds).collect();
    assert!((seconds[0] - 2.0).abs() < 1e-9 && (seconds[1] - 6.0).abs() < 1e-9, "{seconds:?}");
}
