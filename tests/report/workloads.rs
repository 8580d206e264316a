//! Workloads, as people read of them.

use t5_gate::{
    config::{Program, Workload},
    perf::{Together, WorkloadState},
    receipt::judge,
    report::{Screen, contradictions, human, markdown, posted::route_file},
};

use crate::receipt::build::{Gated, content};

fn workload(name: &str) -> Workload {
    Workload::new(name, "engine", Program::Example("decode".to_owned()))
}

/// One of each kind.
fn all_kinds() -> Gated {
    let why = "head: it ended with exit code 101: out of cheese; run it by hand in engine";
    content()
        .workload(&workload("decode"), Together::Duet, 1.1, 1.0)
        .workload(&workload("prefill"), Together::Duet, 1.0, 1.2)
        .workload(&workload("serve"), Together::Alternation, 1.0, 1.0)
        .silent_workload(&workload("load"), WorkloadState::CouldNotRun, Some(why))
        .silent_workload(&workload("fresh"), WorkloadState::Added, None)
}

#[test]
fn the_section_of_the_page() {
    let receipt = all_kinds().receipt;
    let page = markdown(&receipt, &judge(&receipt)).unwrap();
    let section = page.split("## Workloads").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    insta::assert_snapshot!(section.trim());
}

#[test]
fn the_lines_of_the_terminal() {
    let receipt = all_kinds().receipt;
    let screen = Screen { width: 80, colour: false, folder: None };
    let said = human(&receipt, &judge(&receipt), &screen).unwrap();
    let from = said.find("Workloads, head against base").unwrap();
    insta::assert_snapshot!(said[from..].split("\n\n").next().unwrap());
}

#[test]
fn what_fails_stands_in_the_route_with_its_command() {
    let receipt = all_kinds().receipt;
    let route = route_file(&receipt, &judge(&receipt)).unwrap();
    let text = route.to_string();
    for name in ["decode", "prefill", "load"] {
        assert!(text.contains(&format!(r#""name":"{name}""#)), "{name} is not in {text}");
    }
    for name in ["serve", "fresh"] {
        assert!(!text.contains(&format!(r#""name":"{name}""#)), "{name} needs nobody: {text}");
    }
}

#[test]
fn what_cannot_all_be_true_is_not_shown() {
    #[track_caller]
    fn found(expected: &str, change: impl FnOnce(&mut Gated)) {
        let mut gated = all_kinds();
        change(&mut gated);
        let said = contradictions(&gated.receipt, &judge(&gated.receipt));
        assert!(said.iter().any(|said| said.contains(expected)), "«{expected}»: {said:#?}");
    }
    let receipt = all_kinds().receipt;
    assert_eq!(contradictions(&receipt, &judge(&receipt)), Vec::<String>::new());
    let pair = |gated: &mut Gated, change: fn(&mut t5_gate::perf::WorkloadPair)| {
        change(&mut gated.perf().workloads.as_mut().unwrap().pairs[0]);
    };
    found("decode: it held, and the lower bound", |gated| {
        pair(gated, |pair| pair.state = WorkloadState::Held);
    });
    found("and yet it was compared", |gated| {
        pair(gated, |pair| pair.state = WorkloadState::Added);
    });
    found("nothing was measured", |gated| pair(gated, |pair| pair.throughput = None));
    found("its throughput is not a figure", |gated| {
        pair(gated, |pair| pair.throughput.as_mut().unwrap().upper = f64::NAN);
    });
    found("its absolute figures are none", |gated| {
        pair(gated, |pair| pair.head.as_mut().unwrap().wall_ns = f64::INFINITY);
    });
    found("its memory held, and the upper bound", |gated| {
        pair(gated, |pair| pair.memory.as_mut().unwrap().line = 0.5);
    });
    found("«prefill» stands twice", |gated| pair(gated, |pair| pair.name = "prefill".to_owned()));
    found("no workloads.jsonl holds their rounds", |gated| gated.receipt.artifacts.clear());
}
