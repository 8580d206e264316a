//! A loss that was found is measured again, and with both sides linked anew.

use t5_gate::perf::{
    Harness, Order, Pair, PairState, Round, Rule, Slice, Stage, Step, Turns, next_step, pair,
};

use super::{bench, rule};

const SEED: u64 = 7;

/// One round of a stage, without any noise: the head takes `head` times as long as the base.
fn round(stage: Stage, number: u32, head: f64) -> Round {
    Round {
        bench: bench("one"),
        round: number,
        order: Order::BaseFirst,
        base: vec![Slice(10.0, 1000.0); 5],
        head: vec![Slice(10.0, 1000.0 * head); 5],
        turns: Turns(vec![Order::HeadFirst; 5]),
        stage,
        seen: None,
        harness: Harness::Criterion,
    }
}

/// Measures whatever is asked for, until it is settled.
fn measured(rule: &Rule, head: impl Fn(Stage) -> f64) -> (Vec<Round>, PairState, Vec<Stage>) {
    let (mut rounds, mut asked): (Vec<Round>, Vec<Stage>) = (Vec::new(), Vec::new());
    loop {
        match next_step(&rounds, rule, SEED) {
            Step::Done(state) => return (rounds, state, asked),
            Step::MoreRounds(stage) => {
                if asked.last() != Some(&stage) {
                    asked.push(stage);
                }
                let number = rounds.iter().filter(|round| round.stage == stage).count();
                rounds.push(round(stage, u32::try_from(number).unwrap(), head(stage)));
            }
        }
        assert!(rounds.len() < 1000, "it ends");
    }
}

fn judged(rounds: &[Round], rule: &Rule) -> Pair {
    pair(bench("one"), rounds, rule, SEED)
}

#[test]
fn what_holds_is_not_measured_again() {
    let rule = rule(1);
    let (rounds, state, asked) = measured(&rule, |_| 1.0);
    assert_eq!((state, asked), (PairState::Held, vec![Stage::First]));
    assert_eq!(rounds.len(), 6, "the first look is enough");
    assert_eq!(judged(&rounds, &rule).confirmation, None);
}

#[test]
fn a_loss_of_the_code_stands_in_every_order_of_functions() {
    let rule = rule(1);
    let (rounds, state, asked) = measured(&rule, |_| 1.1);
    assert_eq!(state, PairState::Regressed);
    let relinks = rule.relink_seeds(SEED).into_iter().map(Stage::Relinked);
    let all: Vec<Stage> = [Stage::First, Stage::Again].into_iter().chain(relinks).collect();
    assert_eq!(asked, all);
    let pair = judged(&rounds, &rule);
    let confirmation = pair.confirmation.unwrap();
    assert_eq!(pair.state, PairState::Regressed);
    assert!(confirmation.confirmed);
    assert_eq!(confirmation.relinked.len(), 3);
    assert!((confirmation.over_layouts.unwrap() - 1.0 / 1.1).abs() < 1e-8);
}

#[test]
fn a_loss_that_goes_away_in_other_orders_is_one_of_layout() {
    let rule = rule(1);
    let other = |stage| if matches!(stage, Stage::Relinked(_)) { 1.0 } else { 1.1 };
    let (rounds, state, _) = measured(&rule, other);
    assert_eq!(state, PairState::Layout);
    let pair = judged(&rounds, &rule);
    assert_eq!(pair.state, PairState::Layout);
    assert!(pair.estimate.unwrap().upper < rule.line(), "the loss is still shown");
}

#[test]
fn the_mean_over_orders_tells_and_not_one_of_them() {
    let rule = rule(1);
    let seeds = rule.relink_seeds(SEED);
    // The orders lie at 1.2, 1.0 and 1.0 times the base's time.
    let one_slow = |stage| match stage {
        Stage::Relinked(seed) if seed != seeds[0] => 1.0,
        _ => 1.2,
    };
    assert_eq!(measured(&rule, one_slow).1, PairState::Regressed, "6 % on the mean");
    let one_less_slow = |stage| match stage {
        Stage::Relinked(seed) if seed != seeds[0] => 1.0,
        _ => 1.1,
    };
    assert_eq!(measured(&rule, one_less_slow).1, PairState::Layout, "3 % on the mean");
}

#[test]
fn fresh_rounds_that_hold_contradict_the_loss() {
    let rule = rule(1);
    let (rounds, state, asked) =
        measured(&rule, |stage| if stage == Stage::First { 1.1 } else { 1.0 });
    assert_eq!(state, PairState::Inconclusive);
    assert_eq!(asked, [Stage::First, Stage::Again]);
    let confirmation = judged(&rounds, &rule).confirmation.unwrap();
    assert!(!confirmation.confirmed);
    assert!(confirmation.again.lower >= rule.line());
}

#[test]
fn fresh_rounds_on_the_line_do_not_confirm() {
    let rule = rule(1);
    let on_the_line = 1.0 / rule.line();
    let (rounds, state, _) =
        measured(&rule, |stage| if stage == Stage::First { 1.1 } else { on_the_line });
    assert_eq!(state, PairState::Inconclusive);
    let again = rounds.iter().filter(|round| round.stage == Stage::Again).count();
    assert_eq!(again, 54, "all looks were taken");
}

#[test]
fn a_loss_stands_where_time_ran_out() {
    let rule = rule(1);
    let (rounds, ..) = measured(&rule, |_| 1.1);
    let without = |stages: &dyn Fn(Stage) -> bool| -> Pair {
        let kept: Vec<Round> = rounds.iter().filter(|round| stages(round.stage)).cloned().collect();
        judged(&kept, &rule)
    };
    let found = without(&|stage| stage == Stage::First);
    assert_eq!((found.state, found.confirmation), (PairState::Regressed, None));
    let confirmed = without(&|stage| !matches!(stage, Stage::Relinked(_)));
    assert_eq!(confirmed.state, PairState::Regressed);
    assert_eq!(confirmed.confirmation.unwrap().over_layouts, None);
    let last = rule.relink_seeds(SEED)[2];
    let in_part = without(&|stage| stage != Stage::Relinked(last));
    assert_eq!(in_part.state, PairState::Regressed, "two orders of three tell nothing yet");
    assert_eq!(in_part.confirmation.unwrap().over_layouts, None);
}

#[test]
fn a_clock_that_is_not_believed_takes_no_loss_away() {
    let rule = rule(1);
    let gone = |stage| if matches!(stage, Stage::Relinked(_)) { 1.0 } else { 1.1 };
    let (mut rounds, state, _) = measured(&rule, gone);
    assert_eq!(state, PairState::Layout);
    for round in &mut rounds {
        let seen = |slices: &[Slice], factor: f64| {
            let reported: f64 = slices.iter().map(|slice| slice.1).sum();
            Some(t5_gate::perf::Seen { wall_ns: factor * reported, cpu_ns: factor * reported })
        };
        let hides = if matches!(round.stage, Stage::Relinked(_)) { 1.6 } else { 1.4 };
        let (base, head) = (seen(&round.base, 1.4), seen(&round.head, hides));
        round.seen = t5_gate::perf::SeenSides::of(base, head);
    }
    let pair = judged(&rounds, &rule);
    assert_eq!(pair.state, PairState::Regressed);
    assert!(pair.clock.is_some());
}

#[test]
fn samples_are_looked_at_only_when_the_rule_says() {
    let rule = rule(1);
    // Held is proved by six rounds, and five of six rounds are not looked at.
    let five: Vec<Round> = (0..5).map(|number| round(Stage::First, number, 1.0)).collect();
    assert_eq!(next_step(&five, &rule, SEED), Step::MoreRounds(Stage::First));
    assert_eq!(judged(&five, &rule).state, PairState::Held, "a run that was cut short uses them");
    // Seven are looked at as six: the seventh would settle it otherwise.
    let mut seven: Vec<Round> = (0..6).map(|number| round(Stage::First, number, 1.0)).collect();
    seven.push(round(Stage::First, 6, 3.0));
    assert_eq!(next_step(&seven, &rule, SEED), Step::Done(PairState::Held));
}

#[test]
fn an_improvement_is_one_when_fresh_rounds_show_it_too() {
    let rule = rule(1);
    let (rounds, state, asked) = measured(&rule, |_| 0.8);
    assert_eq!(state, PairState::Improved);
    assert_eq!(asked, [Stage::First, Stage::Again], "and no orders of functions are tried");
    assert_eq!(rounds.len(), 12, "the first look is enough, twice");
    let pair = judged(&rounds, &rule);
    assert_eq!(pair.state, PairState::Improved);
    assert!(pair.confirmation.unwrap().confirmed);
}

#[test]
fn an_improvement_that_fresh_rounds_do_not_show_held_and_no_more() {
    let rule = rule(1);
    let (rounds, state, _) =
        measured(&rule, |stage| if stage == Stage::First { 0.8 } else { 0.97 });
    assert_eq!(state, PairState::Held);
    let pair = judged(&rounds, &rule);
    assert_eq!(pair.state, PairState::Held);
    let confirmation = pair.confirmation.unwrap();
    assert!(!confirmation.confirmed);
    assert!((confirmation.again.ratio - 1.0 / 0.97).abs() < 1e-8, "what was seen is shown");
}

#[test]
fn an_improvement_that_fresh_rounds_call_a_loss_is_neither() {
    let rule = rule(1);
    let (rounds, state, _) = measured(&rule, |stage| if stage == Stage::First { 0.8 } else { 1.1 });
    assert_eq!(state, PairState::Inconclusive);
    assert_eq!(judged(&rounds, &rule).state, PairState::Inconclusive);
}

#[test]
fn an_improvement_stands_where_time_ran_out() {
    let rule = rule(1);
    let (rounds, ..) = measured(&rule, |_| 0.8);
    let first: Vec<Round> =
        rounds.iter().filter(|round| round.stage == Stage::First).cloned().collect();
    let found = judged(&first, &rule);
    assert_eq!((found.state, found.confirmation), (PairState::Improved, None));
}

#[test]
fn a_clock_that_is_not_believed_makes_no_improvement() {
    let rule = rule(1);
    let (mut rounds, ..) = measured(&rule, |_| 0.8);
    for round in &mut rounds {
        let seen = |slices: &[Slice], factor: f64| {
            let reported: f64 = slices.iter().map(|slice| slice.1).sum();
            Some(t5_gate::perf::Seen { wall_ns: factor * reported, cpu_ns: factor * reported })
        };
        let hides = if round.stage == Stage::Again { 2.0 } else { 1.4 };
        let (base, head) = (seen(&round.base, 1.4), seen(&round.head, hides));
        round.seen = t5_gate::perf::SeenSides::of(base, head);
    }
    let pair = judged(&rounds, &rule);
    assert_eq!(pair.state, PairState::Inconclusive);
    assert!(pair.clock.is_some());
}

#[test]
fn a_rule_of_an_older_receipt_repeats_no_improvement() {
    let mut stored = serde_json::to_value(rule(1)).unwrap();
    stored["confirm"].as_object_mut().unwrap().remove("improved");
    let older: Rule = serde_json::from_value(stored).unwrap();
    let (rounds, state, asked) = measured(&older, |_| 0.8);
    assert_eq!((state, asked), (PairState::Improved, vec![Stage::First]));
    let pair = judged(&rounds, &older);
    assert_eq!((pair.state, pair.confirmation), (PairState::Improved, None));
}
