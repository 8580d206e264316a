//! Decisions replayed on slices of a real, noisy machine.

use std::{collections::BTreeMap, fs};

use serde_json::Value;
use t5_gate::perf::{Order, PairState, Round, Slice, Stage, Turns, judge_rounds};

use super::{bench, rule};
use crate::support::t5::fixture;

/// The rounds of each benchmark of a recorded series.
fn series(name: &str) -> BTreeMap<String, Vec<Round>> {
    let text = fs::read_to_string(fixture("slices").join(name)).unwrap();
    let mut rounds: BTreeMap<String, Vec<Round>> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let iters = line["iters"].as_f64().unwrap();
        let side = |column: usize| {
            let pairs = line["pairs"].as_array().unwrap().iter();
            pairs.map(|pair| Slice(iters, iters * pair[column].as_f64().unwrap())).collect()
        };
        let id = line["bench"].as_str().unwrap();
        rounds.entry(id.to_owned()).or_default().push(Round {
            bench: bench(id),
            round: u32::try_from(line["round"].as_u64().unwrap()).unwrap(),
            order: Order::BaseFirst,
            base: side(1),
            head: side(2),
            turns: Turns::default(),
            stage: Stage::First,
            seen: None,
        });
    }
    assert_eq!(rounds.len(), 6, "six benchmarks were recorded");
    rounds
}

fn states(name: &str) -> Vec<(String, Option<PairState>)> {
    let judge = |rounds: &Vec<Round>| judge_rounds(rounds, &rule(6), 1).state;
    series(name).iter().map(|(id, rounds)| (id.clone(), judge(rounds))).collect()
}

#[test]
fn the_same_executable_is_never_regressed() {
    let states = states("same-1.jsonl");
    assert!(states.iter().all(|(_, state)| *state != Some(PairState::Regressed)), "{states:?}");
    let held = states.iter().filter(|(_, state)| *state == Some(PairState::Held)).count();
    assert!(held >= 5, "{states:?}");
}

#[test]
fn two_percent_is_within_the_rule() {
    let states = states("slow-2pct.jsonl");
    assert!(states.iter().all(|(_, state)| *state != Some(PairState::Regressed)), "{states:?}");
}

#[test]
fn ten_percent_is_found_and_never_held() {
    let states = states("slow-10pct.jsonl");
    assert!(states.iter().all(|(_, state)| *state != Some(PairState::Held)), "{states:?}");
    let found = states.iter().filter(|(_, state)| *state == Some(PairState::Regressed)).count();
    assert!(found >= 4, "{states:?}");
}
