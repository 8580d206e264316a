//! GitHub's limits hold, however much there is to say.

use std::sync::LazyLock;

use proptest::prelude::*;
use t5_gate::{
    perf::{BenchId, Pair, PairState},
    policy::{Finding, FindingState, Location, ScanState, Severity},
    receipt::{Receipt, judge},
    report::posted::{
        ANNOTATIONS, Earlier, GateState, Links, Posted, Stage, check_run, status, sticky,
    },
    verdict::Outcome,
};

use super::{PAGE, REPORT, characters, earlier, gates, posted, within_limits};
use crate::receipt::build::{advisory, content, licence};

const PAIRS: [PairState; 6] = [
    PairState::Regressed,
    PairState::Held,
    PairState::Inconclusive,
    PairState::Improved,
    PairState::CouldNotRun,
    PairState::Unchanged,
];
const FINDINGS: [FindingState; 4] = [
    FindingState::Introduced,
    FindingState::PreExisting,
    FindingState::DatabaseMoved,
    FindingState::Fixed,
];

/// A name of 160 characters, each of which a table could break at.
fn name(filler: &str, number: usize) -> String {
    format!("{number}-{}", filler.chars().cycle().take(160).collect::<String>())
}

/// A pair whose figures bear out its state.
fn pair(state: PairState, filler: &str, number: usize) -> Pair {
    static TEMPLATE: LazyLock<Pair> =
        LazyLock::new(|| content().receipt.perf.unwrap().pairs[0].clone());
    let mut pair = Pair {
        bench: BenchId {
            package: "widgets".to_owned(),
            target: "many".to_owned(),
            id: name(filler, number),
        },
        state,
        source: Some(Location { file: "Cargo.toml".to_owned(), line: number as u32 + 1 }),
        ..TEMPLATE.clone()
    };
    let estimate = pair.estimate.as_mut().unwrap();
    (estimate.lower, estimate.ratio, estimate.upper) = match state {
        PairState::Regressed => (0.80, 0.82, 0.84),
        PairState::Improved => (1.15, 1.2, 1.25),
        PairState::Inconclusive => (0.9, 0.96, 1.02),
        _ => (0.99, 1.0, 1.01),
    };
    if matches!(state, PairState::CouldNotRun | PairState::Unchanged) {
        pair.estimate = None;
        pair.base = None;
    }
    if state == PairState::CouldNotRun {
        pair.head = None;
        pair.note = Some(name(filler, number));
    }
    pair
}

fn finding(state: FindingState, filler: &str, number: usize) -> Finding {
    let mut finding = if number.is_multiple_of(2) { advisory(state) } else { licence(state) };
    finding.package.name = name(filler, number);
    finding.why = name(filler, number);
    for link in &mut finding.chain {
        link.name = name(filler, number);
    }
    if number.is_multiple_of(5) {
        finding.severity = Severity::Warning;
    }
    finding
}

fn receipt(pairs: &[PairState], findings: &[FindingState], filler: &str) -> Receipt {
    let mut gated = content();
    let perf = gated.perf();
    perf.rule.family = 2_000;
    let added = pairs.iter().enumerate().map(|(number, state)| pair(*state, filler, number));
    perf.pairs.extend(added);
    let policy = gated.policy();
    let found = findings.iter().enumerate().map(|(number, state)| finding(*state, filler, number));
    policy.findings = found.collect();
    for scan in &mut policy.scans {
        if let ScanState::Finished { errors, .. } = &mut scan.state {
            *errors = findings.len() as u32;
        }
    }
    gated.receipt
}

fn many(count: usize, of: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |number| number % of)
}

pub(crate) fn huge(filler: &str) -> Receipt {
    let pairs: Vec<PairState> = many(500, 6).map(|at| PAIRS[at]).collect();
    let findings: Vec<FindingState> = many(300, 4).map(|at| FINDINGS[at]).collect();
    receipt(&pairs, &findings, filler)
}

/// Whatever is opened is closed again, and no table's row is cut.
fn whole(text: &str) {
    let mut fence: Option<String> = None;
    let mut folds = 0_i32;
    let mut columns = None;
    for line in text.lines() {
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => continue,
            None if line.starts_with("```") => {
                fence = Some(line.chars().take_while(|c| *c == '`').collect());
            }
            None => {}
        }
        folds += line.matches("<details>").count() as i32;
        folds -= line.matches("</details>").count() as i32;
        assert!(folds >= 0, "a fold is closed twice");
        if line.starts_with('|') {
            assert!(line.ends_with(" |"), "a row is cut: {line}");
            let mine = line.matches('|').count();
            assert_eq!(*columns.get_or_insert(mine), mine, "{line}");
        } else {
            columns = None;
        }
    }
    assert_eq!(fence, None, "a fence is open at the end");
    assert_eq!(folds, 0, "a fold is open at the end");
    assert!(text.ends_with('\n'), "the last line is whole");
}

fn everything_fits(receipt: &Receipt, earlier: &[Earlier], gates: &[GateState]) -> String {
    let verdict = judge(receipt);
    let stage = Stage::Judged { receipt, verdict: &verdict, standing: &verdict, kept: &[] };
    let links = Links { page: PAGE, report: Some(REPORT) };
    let posted = Posted { links, earlier, gates, ..posted(stage) };
    let run = check_run(&posted).unwrap();
    within_limits(&run);
    whole(&run.summary);
    whole(run.text.as_deref().unwrap());
    let comment = sticky(&posted).unwrap();
    assert!(characters(&comment) <= 65_536, "{}", characters(&comment));
    whole(&comment);
    assert!(characters(&status(&posted).1) <= 140);
    run.text.unwrap()
}

#[test]
fn five_hundred_benchmarks_and_three_hundred_findings_fit() {
    for filler in ["é🦀漢", "a|b`c<d>@e", "`", "\u{202e}ab ", "<!-- -->"] {
        let receipt = huge(filler);
        let text = everything_fits(&receipt, &[], &gates());
        assert!(
            text.contains(&format!("more in [the full report]({REPORT}).")),
            "it says where the rest stands: {filler:?}"
        );
    }
}

#[test]
fn failures_are_shown_before_anything_is_left_out() {
    let receipt = huge("x");
    let text = everything_fits(&receipt, &[], &[]);
    let table = text.split("### Benchmarks").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut rows = table.lines().filter(|line| line.starts_with("| `"));
    assert!(rows.next().unwrap().contains("❌ regressed"), "{table}");
    let rows = table.lines().filter(|line| line.contains("❌ regressed")).count();
    assert!(rows >= 5, "room enough for several: {rows}");
}

#[test]
fn remarks_are_bounded_and_the_summary_says_how_many_are_left_out() {
    let receipt = receipt(&[PairState::Regressed; 300], &[], "x");
    let verdict = judge(&receipt);
    let stage =
        Stage::Judged { receipt: &receipt, verdict: &verdict, standing: &verdict, kept: &[] };
    let run = check_run(&posted(stage)).unwrap();
    assert_eq!(run.annotations.len(), ANNOTATIONS);
    assert!(run.summary.contains("100 more are in the report"), "{}", run.summary);
    // GitHub takes fifty at once; the requests of the worst check run stay small.
    let bytes: usize = run.annotations.iter().map(|it| it.message.len() + it.title.len()).sum();
    assert!(bytes < 1 << 20, "{bytes}");
}

#[test]
fn a_report_that_just_fits_is_not_shortened() {
    let receipt = receipt(&[PairState::Held; 100], &[], "x");
    let text = everything_fits(&receipt, &[], &[]);
    assert!(!text.contains("the full report"));
    assert_eq!(text.matches("✅ held").count(), 102);
}

#[test]
fn hundreds_of_earlier_runs_gates_and_risks_fit() {
    let runs: Vec<Earlier> = (0..300)
        .map(|_| Earlier {
            scope: name("|", 1),
            asked: (name("`", 2), name("@a", 3)),
            ..earlier(Outcome::Inconclusive)
        })
        .collect();
    let gates: Vec<GateState> = (0..400)
        .map(|_| GateState {
            gate: name("|", 1),
            what: name("<", 1),
            check: name("`", 1),
            state: Some(name("_", 1)),
        })
        .collect();
    everything_fits(&content().receipt, &runs, &gates);
    let risks: Vec<String> = (0..1_000).map(|number| name("`|<", number)).collect();
    for stage in [
        Stage::AwaitsApproval { risks: &risks },
        Stage::AwaitsSandbox { risks: &risks, approved_by: Some("|") },
    ] {
        let posted = Posted { earlier: &runs, gates: &gates, ..posted(stage) };
        let run = check_run(&posted).unwrap();
        within_limits(&run);
        whole(&run.summary);
        let comment = sticky(&posted).unwrap();
        assert!(characters(&comment) <= 65_536);
        whole(&comment);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn any_mix_of_rows_fits(
        pairs in prop::collection::vec(prop::sample::select(PAIRS.to_vec()), 0..400),
        findings in prop::collection::vec(prop::sample::select(FINDINGS.to_vec()), 0..200),
        filler in "[-a|`<>@#*_~:&$\\[\\]()é漢🦀 ]{1,12}",
    ) {
        let receipt = receipt(&pairs, &findings, &filler);
        everything_fits(&receipt, &[earlier(Outcome::Fail)], &gates());
    }
}
