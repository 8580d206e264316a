//! What a receipt states follows from its samples, or is seen not to.

use std::collections::BTreeMap;

use t5_gate::{
    perf::{
        Build, BuildState, Facts, Harness, Order, Pair, PairState, Round, Slice, Stage, Target,
        TargetState, Turns, canary, judge, recompute, recompute_canaries,
    },
    policy::Side,
    verdict::{Outcome, Skip},
};

use super::{bench, rule};

fn facts(pairs: Vec<Pair>) -> Facts {
    let build = |side| Build {
        side,
        command: "cargo bench --no-run".to_owned(),
        state: BuildState::Built { seconds: 1.0, reused: false },
    };
    Facts {
        rule: rule(1),
        seed: 1,
        core: Some(1),
        environment: BTreeMap::new(),
        toolchain: "rustc".to_owned(),
        builds: vec![build(Side::Base), build(Side::Head)],
        targets: vec![Target {
            package: "p".to_owned(),
            name: "t".to_owned(),
            state: TargetState::Listed { benchmarks: 1 },
        }],
        pairs,
        missing: Vec::new(),
        added: Vec::new(),
        canaries: Vec::new(),
        edits: Vec::new(),
        seen_by: None,
        load: None,
        workloads: None,
    }
}

fn stated(state: PairState, note: Option<&str>) -> Pair {
    Pair {
        bench: bench("one"),
        state,
        method: None,
        estimate: None,
        base: None,
        head: None,
        round_ns: None,
        throughput: None,
        note: note.map(str::to_owned),
        contention: None,
        confirmation: None,
        clock: None,
        source: None,
    }
}

/// Rounds without any noise at all.
fn exact(base: f64, head: f64) -> Vec<Round> {
    let slices = |time: f64| vec![Slice(10.0, 10.0 * time); 5];
    (0..10)
        .map(|round| Round {
            bench: bench("one"),
            round,
            order: Order::HeadFirst,
            base: slices(base),
            head: slices(head),
            turns: Turns::default(),
            stage: Stage::First,
            seen: None,
            harness: Harness::Criterion,
        })
        .collect()
}

#[test]
fn a_stated_state_does_not_count_against_the_samples() {
    let pairs = recompute(&facts(vec![stated(PairState::Held, None)]), &exact(100.0, 120.0));
    assert_eq!(pairs[0].state, PairState::Regressed);
    let estimate = pairs[0].estimate.as_ref().unwrap();
    assert!((estimate.ratio - 100.0 / 120.0).abs() < 1e-9);
    assert_eq!(pairs[0].base.as_ref().unwrap().slices, 50);
}

#[test]
fn nothing_measured_is_inconclusive_at_best() {
    let pairs = recompute(&facts(vec![stated(PairState::Held, None)]), &[]);
    assert_eq!(pairs[0].state, PairState::Inconclusive);
    assert_eq!(pairs[0].head, None, "no figure without samples");
}

#[test]
fn a_note_of_another_state_is_dropped() {
    let spent = stated(PairState::Inconclusive, Some("the budget was spent"));
    let pairs = recompute(&facts(vec![spent]), &exact(100.0, 100.0));
    assert_eq!((pairs[0].state, pairs[0].note.clone()), (PairState::Held, None));
}

#[test]
fn the_gravest_state_decides_the_part() {
    let outcome = |state| judge(&facts(vec![stated(state, None)]), false).outcome();
    assert_eq!(outcome(PairState::Held), Some(Outcome::Pass));
    assert_eq!(outcome(PairState::Unchanged), Some(Outcome::Pass));
    assert_eq!(outcome(PairState::Improved), Some(Outcome::Attention));
    assert_eq!(outcome(PairState::Layout), Some(Outcome::Attention));
    assert_eq!(outcome(PairState::Inconclusive), Some(Outcome::Inconclusive));
    assert_eq!(outcome(PairState::CouldNotRun), Some(Outcome::CouldNotRun));
    assert_eq!(outcome(PairState::Regressed), Some(Outcome::Fail));
}

#[test]
fn a_change_of_documents_alone_is_not_measured() {
    let part = judge(&facts(Vec::new()), true);
    assert_eq!(part.skipped, Some(Skip::NoSurface));
}

#[test]
fn a_repository_whose_every_target_is_left_out_measured_nothing() {
    let mut none = facts(Vec::new());
    none.targets[0].state = TargetState::NotSelected { reason: "left out".to_owned() };
    let part = judge(&none, false);
    assert_eq!(part.outcome(), Some(Outcome::CouldNotRun), "that is no pass: {part:?}");
}

/// A canary whose head takes `factor` times as long as its base.
fn canary(id: &str, factor: f64) -> (Pair, Vec<Round>) {
    let own = canary::bench(id);
    let rounds = exact(100.0, 100.0 * factor);
    let rounds = rounds.into_iter().map(|round| Round { bench: own.clone(), ..round }).collect();
    (Pair { bench: own, ..stated(PairState::Held, None) }, rounds)
}

/// What a pair that held comes to beside canaries with these factors, and the part's outcome.
fn beside_canaries(same: f64, slower: f64) -> (PairState, Option<Outcome>) {
    let mut facts = facts(vec![stated(PairState::Held, None)]);
    let mut rounds = exact(100.0, 100.0);
    for (id, factor) in [(canary::SAME, same), (canary::SLOWER, slower)] {
        let (pair, own) = canary(id, factor);
        facts.canaries.push(pair);
        rounds.extend(own);
    }
    facts.canaries = recompute_canaries(&facts, &rounds);
    facts.pairs = recompute(&facts, &rounds);
    (facts.pairs[0].state, judge(&facts, false).outcome())
}

#[test]
fn canaries_that_come_out_right_change_nothing() {
    assert_eq!(beside_canaries(1.0, 1.06), (PairState::Held, Some(Outcome::Pass)));
}

#[test]
fn nothing_is_believed_beside_a_canary_that_comes_out_wrong() {
    let distrusted = (PairState::Inconclusive, Some(Outcome::CouldNotRun));
    assert_eq!(beside_canaries(1.2, 1.06), distrusted, "the same code regressed");
    assert_eq!(beside_canaries(1.0, 1.0), distrusted, "six per cent were not seen");
}
