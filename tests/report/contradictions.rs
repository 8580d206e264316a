//! What cannot all be true is not shown.

use t5_gate::{
    perf::{Disagreement, PairState, Target, TargetState},
    policy::{FindingState, ScanState, Side},
    receipt::judge,
    report::{Screen, contradictions, human, json, markdown},
    verdict::Outcome,
};

use crate::receipt::build::{Gated, advisory, content, empty};

/// What is found in a receipt after one change of it, judged by itself.
fn after(change: impl FnOnce(&mut Gated)) -> Vec<String> {
    let mut gated = content().finding(advisory(FindingState::Introduced));
    change(&mut gated);
    contradictions(&gated.receipt, &judge(&gated.receipt))
}

#[track_caller]
fn found(expected: &str, change: impl FnOnce(&mut Gated)) {
    let said = after(change);
    assert!(said.iter().any(|said| said.contains(expected)), "«{expected}» is not in {said:#?}");
}

#[test]
fn a_receipt_as_a_run_writes_it_has_none() {
    assert_eq!(after(|_| ()), Vec::<String>::new());
    let receipt = content().receipt;
    assert_eq!(contradictions(&receipt, &judge(&receipt)), Vec::<String>::new());
}

#[test]
fn states_against_figures() {
    found("there is an estimate", |gated| gated.perf().pairs[0].state = PairState::Unchanged);
    found("there is an estimate", |gated| gated.perf().pairs[0].state = PairState::CouldNotRun);
    found("it regressed, and the upper bound", |gated| {
        gated.perf().pairs[0].state = PairState::Regressed;
    });
    found("it held, and the lower bound", |gated| {
        let pair = &mut gated.perf().pairs[0];
        pair.estimate.as_mut().unwrap().lower = 0.9;
    });
    found("it improved, and the ratio", |gated| {
        gated.perf().pairs[0].state = PairState::Improved;
    });
    found("alone, and the upper bound", |gated| {
        gated.perf().pairs[0].state = PairState::Layout;
    });
    found("no other layouts bring it", |gated| {
        let pair = &mut gated.perf().pairs[0];
        let estimate = pair.estimate.as_mut().unwrap();
        (estimate.lower, estimate.ratio, estimate.upper) = (0.85, 0.87, 0.9);
        pair.state = PairState::Layout;
    });
    found("nothing was measured", |gated| gated.perf().pairs[0].estimate = None);
    found("executables of its target are identical", |gated| {
        gated.perf().targets = vec![Target {
            package: "widgets".to_owned(),
            name: "kernels".to_owned(),
            state: TargetState::Unchanged { benchmarks: 2 },
        }];
    });
}

#[test]
fn a_clock_that_is_not_believed_is_never_green() {
    let disbelieved = || {
        let gated = content().seen(|_| 90e6);
        gated.receipt.perf.unwrap().pairs[0].clock
    };
    found("it is held, and its clock is not believed", |gated| {
        gated.perf().pairs[0].clock = disbelieved();
    });
    found("not one of figures", |gated| {
        let told = Disagreement::Impossible {
            side: Side::Head,
            processes: 1,
            reported_ns: 1.0,
            wall_ns: 2.0,
        };
        gated.perf().pairs[0].clock = Some(told);
    });
}

#[test]
fn figures_that_are_none() {
    found("the reading of the head is not a figure", |gated| {
        gated.perf().pairs[0].head.as_mut().unwrap().median_ns = f64::NAN;
    });
    found("the reading of the base is not a figure", |gated| {
        gated.perf().pairs[0].base.as_mut().unwrap().min_ns = 1e300;
    });
    found("its estimate is not a figure between its bounds", |gated| {
        gated.perf().pairs[0].estimate.as_mut().unwrap().upper = f64::INFINITY;
    });
    found("a constant of the rule is not a figure", |gated| gated.perf().rule.alpha = f64::NAN);
}

#[test]
fn counts_that_disagree() {
    found("counts 0 errors, and the receipt lists 1", |gated| {
        for scan in &mut gated.policy().scans {
            scan.state = ScanState::Finished { errors: 0, warnings: 0 };
        }
    });
    found("2 benchmarks were measured", |gated| gated.perf().rule.family = 1);
    found("commits are listed", |gated| gated.receipt.changes.commit_count = 0);
}

#[test]
fn things_that_are_there_twice() {
    found("the finding RUSTSEC-2023-0071", |gated| {
        gated.policy().findings.push(advisory(FindingState::PreExisting));
    });
    found("is listed twice", |gated| {
        let bench = gated.perf().pairs[0].bench.clone();
        gated.perf().added.push(bench);
    });
    found("is named twice", |gated| {
        let artifact = gated.receipt.artifacts[0].clone();
        gated.receipt.artifacts.push(artifact);
    });
    found("of the base is there twice", |gated| {
        let scan = gated.policy().scans[0].clone();
        gated.policy().scans.push(scan);
    });
}

#[test]
fn figures_without_a_source() {
    found("no samples.jsonl holds their samples", |gated| gated.receipt.artifacts.clear());
    found("there is no base", |gated| gated.receipt.subject.base = None);
}

#[test]
fn a_verdict_of_another_receipt() {
    let receipt = content().receipt;
    let mut verdict = judge(&receipt);
    verdict.outcome = Outcome::Attention;
    assert_eq!(
        contradictions(&receipt, &verdict),
        ["the verdict is not the one that this receipt gives"]
    );
    let mut silent = empty().with_policy();
    let content = judge(&silent.receipt);
    silent.policy().scans[0].state =
        ScanState::CouldNotRun { reason: "no answer".to_owned(), next: "again".to_owned() };
    let said = contradictions(&silent.receipt, &content);
    assert!(said.iter().any(|said| said.contains("while a scan could not run")), "{said:?}");
}

#[test]
fn nothing_is_rendered_of_it() {
    let receipt = content().receipt;
    let verdict = judge(&empty().receipt);
    let screen = Screen { width: 80, colour: false, folder: None };
    assert!(markdown(&receipt, &verdict).is_err());
    assert!(human(&receipt, &verdict, &screen).is_err());
    let error = json(&receipt, &verdict).unwrap_err();
    assert!(error.to_string().starts_with("the receipt contradicts itself"), "{error}");
}
