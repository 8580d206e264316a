//! Workloads: right on recorded processes of a noisy machine, and on simulated ones.

use std::fs;

use serde_json::Value;
use t5_gate::{
    config::{Program, Workload},
    perf::{
        MemoryState, Order, Process, Stage, Together, WorkloadPair, WorkloadRound, WorkloadRule,
        WorkloadState, Workloads, judge_workload, recompute_workloads, workload_pair,
    },
};

use super::rule;
use crate::support::t5::fixture;

/// The rule of a run with one workload.
fn one() -> WorkloadRule {
    WorkloadRule::beside(&rule(2))
}

fn limits() -> WorkloadPair {
    let workload = Workload::new("w", "p", Program::Example("e".to_owned()));
    WorkloadPair::unmeasured(&workload, "bench", WorkloadState::Inconclusive)
}

/// Recorded pairs of processes, the head's log ratio of time shifted by `more`.
fn recorded(name: &str, more: f64) -> Vec<(u64, u64)> {
    let text = fs::read_to_string(fixture("slices").join(name)).unwrap();
    let pair = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let ns = |side: usize| line["cpu_ns"][side].as_f64().unwrap();
        (whole(ns(0)), whole(ns(1) * more.exp()))
    };
    text.lines().map(pair).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few milliseconds")]
fn whole(ns: f64) -> u64 {
    ns.round() as u64
}

fn rounds(times: &[(u64, u64)], peaks: Option<(u64, u64)>) -> Vec<WorkloadRound> {
    let process =
        |cpu_ns: u64, peak_bytes| Some(Process { wall_ns: cpu_ns * 2, cpu_ns, peak_bytes });
    times
        .iter()
        .enumerate()
        .map(|(round, &(base, head))| WorkloadRound {
            workload: "w".to_owned(),
            round: u32::try_from(round).unwrap(),
            stage: Stage::First,
            together: Some(Together::Duet),
            order: Order::BaseFirst,
            base: process(base, peaks.map(|peaks| peaks.0)),
            head: process(head, peaks.map(|peaks| peaks.1)),
        })
        .collect()
}

/// What runs come to that see these pairs, each beginning somewhere else and going round.
fn decisions(pairs: &[(u64, u64)]) -> Vec<(Option<WorkloadState>, u32)> {
    let (rule, limits) = (one(), limits());
    (0..pairs.len())
        .map(|from| {
            let seen: Vec<(u64, u64)> =
                pairs.iter().cycle().skip(from).take(100).copied().collect();
            let judged = judge_workload(&rounds(&seen, None), &limits, &rule);
            (judged.state, judged.throughput.unwrap().rounds)
        })
        .collect()
}

fn share(decisions: &[(Option<WorkloadState>, u32)], state: WorkloadState) -> usize {
    decisions.iter().filter(|(found, _)| *found == Some(state)).count()
}

const DUET_SAME: &str = "processes-duet-same.jsonl";
const DUET_SLOW: &str = "processes-duet-slow-5pct.jsonl";

#[test]
fn the_same_program_at_once_on_one_core_always_holds_after_a_few_rounds() {
    let decisions = decisions(&recorded(DUET_SAME, 0.0));
    assert_eq!(share(&decisions, WorkloadState::Held), decisions.len(), "{decisions:?}");
    let rounds: u32 = decisions.iter().map(|(_, rounds)| rounds).sum();
    assert!(f64::from(rounds) / 200.0 < 12.0, "{rounds} rounds in 200 decisions");
}

#[test]
fn five_percent_more_time_is_found_and_never_holds() {
    let decisions = decisions(&recorded(DUET_SLOW, 0.0));
    assert_eq!(share(&decisions, WorkloadState::Held), 0, "{decisions:?}");
    // A loss at 94.4 % of the throughput, with a line at 95.5 %: some take all rounds.
    assert!(share(&decisions, WorkloadState::Regressed) >= 160, "{decisions:?}");
}

#[test]
fn eight_percent_more_time_is_always_found() {
    let decisions = decisions(&recorded(DUET_SLOW, 0.03));
    assert_eq!(share(&decisions, WorkloadState::Regressed), decisions.len(), "{decisions:?}");
}

#[test]
fn two_percent_more_time_never_fails() {
    let decisions = decisions(&recorded(DUET_SAME, 0.02));
    assert_eq!(share(&decisions, WorkloadState::Regressed), 0, "{decisions:?}");
}

/// The worst unchanged code there is lies on the line. One in a thousand is too rare to be counted,
/// so the rule is given twenty times the chance: half of it is this decision's.
#[test]
fn at_the_line_itself_the_chance_of_a_false_fail_is_kept() {
    const RUNS: u32 = 5_000;
    // Consecutive rounds are drawn together, as neighbours are alike.
    const BLOCK: usize = 4;
    let (rule, limits) = (WorkloadRule { alpha: 0.02, ..one() }, limits());
    let on_line = |name: &str, own: f64| recorded(name, -own - limits.line(&rule).ln());
    // Their own mean log ratios, head ÷ base: trimmed as the estimate is.
    for (name, own) in [(DUET_SAME, 0.000_5), (DUET_SLOW, 0.056_9)] {
        let pairs = on_line(name, own);
        let mut draw = fastrand::Rng::with_seed(5);
        let failed = (0..RUNS)
            .filter(|_| {
                let mut seen = Vec::new();
                while seen.len() < 100 {
                    let from = draw.usize(..pairs.len());
                    seen.extend(pairs.iter().cycle().skip(from).take(BLOCK).copied());
                }
                let judged = judge_workload(&rounds(&seen, None), &limits, &rule);
                judged.state == Some(WorkloadState::Regressed)
            })
            .count();
        // Fifty are expected at most; that chance gives more than 72 of them is one in a thousand.
        assert!((1..=72).contains(&failed), "{name}: {failed} of {RUNS}");
    }
}

#[test]
fn one_after_the_other_resolves_less_and_is_not_wrong_either() {
    let same = decisions(&recorded("processes-alternating-same.jsonl", 0.0));
    assert_eq!(share(&same, WorkloadState::Regressed), 0, "{same:?}");
    let slow = decisions(&recorded("processes-alternating-slow-5pct.jsonl", 0.0));
    let found = share(&slow, WorkloadState::Regressed);
    assert!(found < slow.len() / 2, "then the report must not say so: {found} of {}", slow.len());
}

#[test]
fn time_is_what_the_method_compares() {
    let mut seen = rounds(&[(100, 100); 8], None);
    for round in &mut seen {
        round.head.as_mut().unwrap().wall_ns = 400;
    }
    let state = |seen: &[WorkloadRound]| judge_workload(seen, &limits(), &one()).state;
    assert_eq!(state(&seen), Some(WorkloadState::Held), "processor time is the same");
    for round in &mut seen {
        round.together = Some(Together::Alternation);
    }
    assert_eq!(state(&seen), Some(WorkloadState::Regressed), "wall time is not");
}

#[test]
fn memory_is_judged_by_its_own_ratio() {
    const MIB: u64 = 1 << 20;
    let judged = |base: u64, head: u64| {
        let judged =
            judge_workload(&rounds(&[(100, 100); 8], Some((base, head))), &limits(), &one());
        (judged.memory.unwrap().state, judged.next)
    };
    assert_eq!(judged(100 * MIB, 104 * MIB), (MemoryState::Held, None));
    assert_eq!(judged(100 * MIB, 106 * MIB), (MemoryState::Grown, Some(Stage::Again)));
    assert_eq!(judged(100 * MIB, 50 * MIB), (MemoryState::Held, None));
    // Half a MiB of four is more than a twentieth, and nothing that a counter resolves.
    assert_eq!(judged(4 * MIB, 4 * MIB + MIB / 2), (MemoryState::Held, None));
    assert_eq!(judged(4 * MIB, 6 * MIB), (MemoryState::Grown, Some(Stage::Again)));
}

#[test]
fn memory_that_varies_about_its_line_is_inconclusive_and_keeps_measuring() {
    let mut seen = rounds(&[(100, 100); 100], Some((100 << 20, 105 << 20)));
    for round in seen.iter_mut().step_by(2) {
        round.head.as_mut().unwrap().peak_bytes = Some(106 << 20);
    }
    let judged = judge_workload(&seen, &limits(), &one());
    assert_eq!(judged.state, Some(WorkloadState::Held));
    assert!(judged.memory.is_some_and(|memory| memory.bounds.rounds > 8));
    let uncounted = rounds(&[(100, 100); 8], None);
    let judged = judge_workload(&uncounted, &limits(), &one());
    assert_eq!(judged.next, None, "nothing to wait for");
}

#[test]
fn a_stated_state_does_not_count_against_the_rounds() {
    let stated = WorkloadPair { state: WorkloadState::Held, ..limits() };
    let facts = Workloads { rule: one(), pairs: vec![stated] };
    let again = recompute_workloads(&facts, &rounds(&[(100, 200); 8], None));
    assert_eq!(again[0].state, WorkloadState::Regressed);
    let again = recompute_workloads(&facts, &[]);
    assert_eq!((again[0].state, &again[0].throughput), (WorkloadState::Inconclusive, &None));
}

#[test]
fn undisturbed_rounds_give_the_absolute_figures_and_compare_nothing() {
    let mut seen = rounds(&[(100, 500), (110, 510), (300, 900)], Some((7, 9)));
    for round in &mut seen {
        round.together = None;
    }
    let pair = workload_pair(&limits(), &seen, &one());
    assert_eq!(pair.throughput, None);
    let (base, head) = (pair.base.unwrap(), pair.head.unwrap());
    assert_eq!((base.runs, base.cpu_ns, base.peak_bytes), (3, 110.0, Some(7.0)));
    assert_eq!((head.wall_ns, head.cpu_ns), (1020.0, 510.0));
}

#[test]
fn a_note_about_rounds_that_were_not_run_goes_once_all_is_proved() {
    let noted = WorkloadPair { note: Some("its budget was spent".to_owned()), ..limits() };
    assert_eq!(workload_pair(&noted, &rounds(&[(100, 100); 8], None), &one()).note, None);
    let open = rounds(&[(100, 100), (100, 120), (120, 100)], None);
    assert!(workload_pair(&noted, &open, &one()).note.is_some());
}

/// These rounds, as ones that repeat a loss.
fn again(rounds: Vec<WorkloadRound>) -> Vec<WorkloadRound> {
    rounds.into_iter().map(|round| WorkloadRound { stage: Stage::Again, ..round }).collect()
}

/// What a workload comes to whose time and peak memory are these in the rounds that decide, and
/// then in those that repeat.
fn repeated(
    (times, peaks): (&[(u64, u64)], (u64, u64)),
    (times_again, peaks_again): (&[(u64, u64)], (u64, u64)),
) -> (WorkloadPair, Option<Stage>) {
    let first = rounds(times, Some(peaks));
    let all = [first, again(rounds(times_again, Some(peaks_again)))].concat();
    let next = judge_workload(&all, &limits(), &one()).next;
    (workload_pair(&limits(), &all, &one()), next)
}

const SAME_PEAK: (u64, u64) = (100 << 20, 100 << 20);
const GROWN_PEAK: (u64, u64) = (100 << 20, 120 << 20);

#[test]
fn a_loss_is_one_when_fresh_rounds_find_it_too() {
    let (slow, same) = ([(100, 120); 20], [(100, 100); 20]);
    let (pair, next) = repeated((&slow, SAME_PEAK), (&slow[..8], SAME_PEAK));
    assert_eq!((pair.state, next), (WorkloadState::Regressed, None));
    assert!(pair.again.is_some_and(|again| again.confirmed && again.bounds.rounds == 8));
    let (pair, next) = repeated((&slow, SAME_PEAK), (&same[..8], SAME_PEAK));
    assert_eq!((pair.state, next), (WorkloadState::Inconclusive, None), "they contradict it");
    assert!(pair.again.is_some_and(|again| !again.confirmed));
}

#[test]
fn growth_of_memory_is_one_when_fresh_rounds_find_it_too() {
    let same = [(100, 100); 8];
    let memory = |again| {
        let (pair, next) = repeated((&same, GROWN_PEAK), (&same, again));
        assert_eq!((pair.state, next), (WorkloadState::Held, None));
        pair.memory.unwrap()
    };
    let found = memory(GROWN_PEAK);
    assert_eq!(found.state, MemoryState::Grown);
    assert!(found.again.unwrap().confirmed);
    let gone = memory(SAME_PEAK);
    assert_eq!(gone.state, MemoryState::Inconclusive);
    assert!(!gone.again.unwrap().confirmed);
}

#[test]
fn each_of_two_losses_is_asked_for_until_both_are_told() {
    let slow = [(100, 120); 20];
    // Memory that lies about its line takes rounds; time is told after eight.
    let mut again_rounds = again(rounds(&[(100, 120); 100], Some((100 << 20, 105 << 20))));
    for round in again_rounds.iter_mut().step_by(2) {
        round.head.as_mut().unwrap().peak_bytes = Some(106 << 20);
    }
    let first = rounds(&slow, Some(GROWN_PEAK));
    let judged = |count: usize| {
        let all = [first.clone(), again_rounds[..count].to_vec()].concat();
        judge_workload(&all, &limits(), &one())
    };
    assert_eq!(judged(0).next, Some(Stage::Again));
    let after_eight = judged(8);
    assert_eq!(after_eight.next, Some(Stage::Again), "memory is not told yet");
    assert!(after_eight.again.is_some_and(|again| again.confirmed));
    assert_eq!(judged(100).next, None, "there is an end");
}

#[test]
fn a_loss_of_a_workload_stands_where_time_ran_out() {
    let slow = [(100, 120); 20];
    let varies: Vec<(u64, u64)> = (0..5).map(|round| (100, 100 + 10 * (round % 2))).collect();
    let (pair, next) = repeated((&slow, SAME_PEAK), (&varies, SAME_PEAK));
    assert_eq!((pair.state, next), (WorkloadState::Regressed, Some(Stage::Again)));
    assert!(pair.again.is_some_and(|again| !again.confirmed));
    let (pair, _) = repeated((&slow, SAME_PEAK), (&[], SAME_PEAK));
    assert_eq!((pair.state, pair.again), (WorkloadState::Regressed, None));
}

#[test]
fn workloads_of_an_older_receipt_are_judged_without_a_repetition() {
    let mut stored = serde_json::to_value(one()).unwrap();
    stored.as_object_mut().unwrap().remove("confirm");
    let older: WorkloadRule = serde_json::from_value(stored).unwrap();
    let judged = judge_workload(&rounds(&[(100, 120); 20], None), &limits(), &older);
    assert_eq!((judged.state, judged.next), (Some(WorkloadState::Regressed), None));
}

/// A loss that first rounds found by bad luck is confirmed in as many cases as the level says.
#[test]
fn fresh_rounds_on_the_line_seldom_confirm_a_loss() {
    const RUNS: u32 = 1_000;
    let (rule, limits) = (one(), limits());
    let pairs = recorded(DUET_SAME, -0.000_5 - limits.line(&rule).ln());
    let mut draw = fastrand::Rng::with_seed(6);
    let found = rounds(&[(100, 120); 20], None);
    let confirmed = (0..RUNS)
        .filter(|_| {
            let mut seen = Vec::new();
            while seen.len() < 100 {
                let from = draw.usize(..pairs.len());
                seen.extend(pairs.iter().cycle().skip(from).take(4).copied());
            }
            let all = [found.clone(), again(rounds(&seen, None))].concat();
            let judged = judge_workload(&all, &limits, &rule);
            judged.state == Some(WorkloadState::Regressed)
        })
        .count();
    // Twenty-five are expected at most; that chance gives more than 41 is one in a thousand.
    assert!((1..=41).contains(&confirmed), "{confirmed} of {RUNS}");
}
