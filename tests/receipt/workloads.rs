//! Workloads in a run's folder: believed when their rounds give the same figures again.

use t5_gate::{
    config::{Program, Workload},
    perf::{Process, Stage, Together, WorkloadRound, WorkloadState},
    receipt::{WORKLOADS_FILE, decode_workloads, digest, encode_workloads, judge},
    report::verify,
    verdict::Outcome,
};

use super::{
    build::{Gated, content},
    verify::Folder,
};

fn workload(name: &str) -> Workload {
    Workload::new(name, "engine", Program::Example("decode".to_owned()))
}

fn with(factor: f64, memory: f64) -> Gated {
    content().workload(&workload("decode"), Together::Duet, factor, memory)
}

fn codes(gated: &Gated) -> (Outcome, Vec<String>) {
    let verdict = judge(&gated.receipt);
    let reasons = verdict.parts.iter().flat_map(|part| &part.reasons);
    (verdict.outcome, reasons.map(|reason| reason.code.clone()).collect())
}

fn said(outcome: Outcome, code: &str) -> (Outcome, Vec<String>) {
    (outcome, vec![code.to_owned()])
}

#[test]
fn what_became_of_a_workload_decides_the_part() {
    assert_eq!(codes(&with(1.0, 1.0)), (Outcome::Pass, Vec::new()));
    assert_eq!(codes(&with(1.1, 1.0)), said(Outcome::Fail, "workload-regressed"));
    assert_eq!(codes(&with(1.0, 1.2)), said(Outcome::Fail, "workload-memory"));
    assert_eq!(codes(&with(0.8, 1.0)), said(Outcome::Attention, "workload-improved"));
    assert_eq!(codes(&with(1.05, 1.0)).0, Outcome::Inconclusive);
    assert_eq!(
        codes(&with(1.0, 1.05)),
        said(Outcome::Inconclusive, "workload-memory-inconclusive")
    );
    let silent = |state| codes(&content().silent_workload(&workload("decode"), state, Some("why")));
    assert_eq!(silent(WorkloadState::DoesNotBuild), said(Outcome::Fail, "workload-does-not-build"));
    assert_eq!(
        silent(WorkloadState::CouldNotRun),
        said(Outcome::CouldNotRun, "workload-could-not-run")
    );
    assert_eq!(silent(WorkloadState::Missing), said(Outcome::Attention, "workload-missing"));
    assert_eq!(silent(WorkloadState::Added), (Outcome::Pass, Vec::new()));
    assert_eq!(silent(WorkloadState::Unchanged), (Outcome::Pass, Vec::new()));
}

#[test]
fn a_loss_of_a_workload_fails_unless_fresh_rounds_contradict_it() {
    let verified = |gated: Gated| {
        verify(&Folder::of(&gated)).unwrap();
        codes(&gated)
    };
    let confirmed = with(1.1, 1.0).workload_again("decode", 1.1, 1.0);
    assert_eq!(verified(confirmed), said(Outcome::Fail, "workload-regressed"));
    let gone = with(1.1, 1.0).workload_again("decode", 1.0, 1.0);
    assert_eq!(verified(gone), said(Outcome::Inconclusive, "workload-not-confirmed"));
    let gone = with(1.0, 1.2).workload_again("decode", 1.0, 1.0);
    assert_eq!(verified(gone), said(Outcome::Inconclusive, "workload-memory-not-confirmed"));

    // Rounds that take a loss away cannot be left out, nor a loss be kept beside them.
    let mut without = with(1.1, 1.0).workload_again("decode", 1.0, 1.0);
    without.workloads.retain(|round| round.stage.is_first());
    assert!(verify(&Folder::of(&without.sealed())).is_err());
    let mut kept = with(1.1, 1.0).workload_again("decode", 1.0, 1.0);
    kept.perf().workloads.as_mut().unwrap().pairs[0].state = WorkloadState::Regressed;
    assert!(verify(&Folder::of(&kept)).is_err());
}

#[test]
fn a_repository_without_benches_is_judged_by_its_workloads() {
    let mut gated = with(1.1, 1.0);
    let perf = gated.perf();
    perf.pairs.clear();
    perf.targets.clear();
    assert_eq!(codes(&gated), said(Outcome::Fail, "workload-regressed"));
}

#[test]
fn a_whole_folder_is_believed_and_one_with_another_figure_is_not() {
    let whole = with(1.1, 1.0);
    let verified = verify(&Folder::of(&whole)).unwrap();
    assert_eq!(verified.rounds, whole.rounds.len() + whole.workloads.len());

    // Somebody changes the rounds and their digest: the receipt's figures do not follow any more.
    let mut other = whole.clone();
    for round in &mut other.workloads {
        round.head.as_mut().unwrap().cpu_ns += 7_000_000;
    }
    let rounds = encode_workloads(&other.workloads).unwrap();
    for artifact in &mut other.receipt.artifacts {
        if artifact.path == WORKLOADS_FILE {
            (artifact.sha256, artifact.bytes) = (digest(&rounds), rounds.len() as u64);
        }
    }
    let refusals = verify(&Folder::of(&other)).unwrap_err();
    let told: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    assert!(told[0].contains("workload decode: regressed"), "{told:?}");

    // Or leaves them out.
    let mut without = Folder::of(&whole);
    without.0.remove(WORKLOADS_FILE);
    let refusals = verify(&without).unwrap_err();
    assert_eq!(refusals[0].file, WORKLOADS_FILE);
}

#[test]
fn a_state_that_the_rounds_do_not_give_is_refused() {
    let mut gated = with(1.0, 1.0);
    let pair = &mut gated.perf().workloads.as_mut().unwrap().pairs[0];
    pair.state = WorkloadState::Unchanged;
    pair.throughput = None;
    pair.memory = None;
    pair.base = None;
    let refusals = verify(&Folder::of(&gated)).unwrap_err();
    assert_eq!(refusals[0].file, WORKLOADS_FILE, "its base was run, so its sides differ");
}

#[test]
fn rounds_that_cannot_have_been_run_are_refused() {
    let process = Process { wall_ns: 10, cpu_ns: 5, peak_bytes: None };
    let good = WorkloadRound { round: 0, ..with(1.0, 1.0).workloads[0].clone() };
    let refused = |rounds: &[WorkloadRound]| encode_workloads(rounds).unwrap_err().to_string();
    assert!(refused(&[good.clone(), good.clone()]).contains("stands there twice"));
    let timeless = Process { cpu_ns: 0, ..process };
    let none = WorkloadRound { base: Some(timeless), ..good.clone() };
    assert!(refused(&[none]).contains("cannot have been seen"));
    let together = Some(Together::Duet);
    let alone = WorkloadRound { base: None, together, ..good.clone() };
    assert!(refused(&[alone]).contains("a process of each side"));

    let relinked = WorkloadRound { stage: Stage::Relinked(1), ..good.clone() };
    assert!(refused(&[relinked]).contains("not linked anew"));
    let again = WorkloadRound { stage: Stage::Again, ..good.clone() };
    assert!(encode_workloads(&[good.clone(), again]).is_ok(), "stages are counted apart");

    let bytes = encode_workloads(&[good]).unwrap();
    assert!(decode_workloads(&bytes[..bytes.len() - 1]).is_err(), "the line does not end");
    assert!(decode_workloads(b"{}\n").is_err());
    assert_eq!(decode_workloads(b"").unwrap(), []);
}
