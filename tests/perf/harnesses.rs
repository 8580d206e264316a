//! What of the rules depends on what measured.

use t5_gate::{
    perf::{Estimator, Harness, Method, Order, Pair, PairState, Round, Slice, Stage, Turns, pair},
    receipt::{decode_rounds, encode_rounds},
};

use super::{bench, rule};

/// Rounds of one slice a side, in turn, without any noise: the head takes `head` times as long.
fn measured_by(harness: Harness, head: f64) -> Vec<Round> {
    (0..54)
        .map(|round| Round {
            bench: bench("one"),
            round,
            order: Order::HeadFirst,
            base: vec![Slice(1.0, 20e6)],
            head: vec![Slice(1.0, 20e6 * head)],
            turns: Turns(vec![Order::HeadFirst]),
            stage: Stage::First,
            seen: None,
            harness,
        })
        .collect()
}

fn judged(harness: Harness, head: f64) -> Pair {
    pair(bench("one"), &measured_by(harness, head), &rule(1), 7)
}

fn estimator(pair: &Pair) -> Option<Estimator> {
    pair.estimate.as_ref().map(|estimate| estimate.estimator)
}

#[test]
fn processes_that_share_a_core_have_no_floor() {
    let program = judged(Harness::Program, 1.0);
    assert_eq!(estimator(&program), Some(Estimator::Paired));
    assert_eq!((program.state, program.method), (PairState::Held, Some(Method::Duet)));
    let divan = judged(Harness::Divan, 1.0);
    assert_eq!(estimator(&divan), Some(Estimator::Floor));
    assert_eq!((divan.state, divan.method), (PairState::Held, Some(Method::ProcessTurns)));
    assert_eq!(judged(Harness::Criterion, 1.0).method, Some(Method::Slices));
}

#[test]
fn the_rules_line_is_every_harnesss() {
    for harness in [Harness::Criterion, Harness::Divan, Harness::Program] {
        assert_eq!(judged(harness, 1.04).state, PairState::Held, "{harness:?}");
        let lost = judged(harness, 1.06);
        assert!(lost.estimate.is_some_and(|estimate| estimate.upper < 0.955), "{harness:?}");
    }
}

#[test]
fn a_round_says_what_measured_it_and_old_rounds_were_criterions() {
    for harness in [Harness::Criterion, Harness::Divan, Harness::Program] {
        let rounds = measured_by(harness, 1.0);
        let text = encode_rounds(&rounds).unwrap();
        assert_eq!(decode_rounds(&text).unwrap(), rounds);
        let said = String::from_utf8_lossy(&text).contains("harness");
        assert_eq!(said, harness != Harness::Criterion);
    }
}
