//! Workloads: right on recorded processes of a noisy machine, and on simulated ones.

use std::fs;

use serde_json::Value;
use t5_gate::{
    config::{Program, Workload},
    perf::{
        MemoryState, Order, Process, Together, WorkloadPair, WorkloadRound, WorkloadRule,
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
        (judged.memory.unwrap().state, judged.settled)
    };
    assert_eq!(judged(100 * MIB, 104 * MIB), (MemoryState::Held, true));
    assert_eq!(judged(100 * MIB, 106 * MIB), (MemoryState::Grown, true));
    assert_eq!(judged(100 * MIB, 50 * MIB), (MemoryState::Held, true));
    // Half a MiB of four is more than a twentieth, and nothing that a counter resolves.
    assert_eq!(judged(4 * MIB, 4 * MIB + MIB / 2), (MemoryState::Held, true));
    assert_eq!(judged(4 * MIB, 6 * MIB), (MemoryState::Grown, true));
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
    assert!(judge_workload(&uncounted, &limits(), &one()).settled, "nothing to wait for");
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
