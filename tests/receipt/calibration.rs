//! Calibrations: their bytes, what they speak of, and how reports and receipts carry them.

use t5_gate::{
    config::BenchRules,
    perf::{
        Method, Order, Round, Rule, Slice, Stage, Turns,
        calibration::{Calibrated, Loss, Proportion, Same},
        canary::Sings,
    },
    receipt::{
        Advice, Artifact, Beside, CALIBRATION_SCHEMA, Calibration, CalibrationError,
        LastCalibration, Pass, SamplesError, decode, decode_calibration, decode_passes, encode,
        encode_calibration, encode_passes, judge,
    },
    report::{
        Screen, calibration_human, calibration_markdown, contradictions, human, markdown, verify,
    },
};

use super::{
    build::{bench, content, time},
    verify::Folder,
};

/// A calibration of the host and rule that receipts of these tests have.
pub(crate) fn calibration() -> Calibration {
    let gated = content();
    let pass = |loss| Pass { loss, seed: 7, seconds: 1.5, canaries: Sings::True };
    let losses = [(0.02, 0), (0.09, 5)];
    let losses = losses.map(|(loss, hits)| Loss {
        loss,
        found: Proportion::new(hits, 5),
        inconclusive: 0,
        seconds: Some(2.0),
    });
    let calibrated = |id: &str, resolves| Calibrated {
        bench: bench("kernels", id),
        method: Some(Method::Slices),
        resolves_percent: Some(resolves),
        resolves_at_worst_percent: Some(resolves + 0.5),
        seconds: Some(0.4),
        same: Same {
            false_alarms: Proportion::new(0, 60),
            inconclusive: 1,
            improved: 0,
            could_not_run: 0,
        },
        losses: losses.to_vec(),
    };
    Calibration {
        schema: CALIBRATION_SCHEMA.to_owned(),
        started: time("2026-11-20T09:00:00Z"),
        finished: time("2026-11-20T09:05:00Z"),
        gate_version: "0.1.0".to_owned(),
        repository: "widgets".to_owned(),
        subfolder: String::new(),
        commit: gated.receipt.subject.head.clone(),
        host: gated.receipt.host.clone(),
        beside: Beside { load: Some(1.5), stolen: None },
        toolchain: "rustc 1.95.0".to_owned(),
        isolation: "none".to_owned(),
        rule: Rule::new(&BenchRules::default(), 2),
        seed: 5,
        asked: 100,
        passes: [0.0, 0.02, 0.09].map(pass).to_vec(),
        benches: vec![calibrated("dot/1024", 1.1), calibrated("dot/65536", 1.9)],
        advice: vec![Advice {
            what: "frequency governor".to_owned(),
            now: Some("powersave".to_owned()),
            change: Some("sudo cpupower frequency-set -g performance".to_owned()),
            worth: "a steady clock".to_owned(),
        }],
        samples: Artifact {
            path: "samples.jsonl".to_owned(),
            what: "raw samples".to_owned(),
            sha256: "a".repeat(64),
            bytes: 3,
        },
    }
}

fn carried(calibration: Calibration) -> Option<LastCalibration> {
    Some(LastCalibration::Of { calibration: Box::new(calibration) })
}

#[test]
fn a_calibration_reads_back_the_same() {
    let bytes = encode_calibration(&calibration()).unwrap();
    assert_eq!(decode_calibration(&bytes).unwrap(), calibration());
}

#[test]
fn a_broken_calibration_is_refused_with_the_place() {
    let text = String::from_utf8(encode_calibration(&calibration()).unwrap()).unwrap();
    let half = &text.as_bytes()[..text.len() / 2];
    let said = decode_calibration(half).unwrap_err().to_string();
    assert!(said.starts_with("line "), "{said}");

    let other = text.replace(CALIBRATION_SCHEMA, "t5-calibration/9");
    let error = decode_calibration(other.as_bytes()).unwrap_err();
    assert_eq!(error, CalibrationError::Foreign { found: "t5-calibration/9".to_owned() });
}

#[test]
fn bounds_that_are_not_those_of_the_counts_are_refused() {
    let mut better = calibration();
    better.benches[1].same.false_alarms.at_most = 0.001;
    let text = serde_json::to_vec(&better).unwrap();
    let error = decode_calibration(&text).unwrap_err();
    assert!(matches!(error, CalibrationError::Bounds { hits: 0, of: 60, .. }), "{error}");
    let mut more = calibration();
    more.benches[0].losses[1].found.hits = 4;
    assert!(decode_calibration(&serde_json::to_vec(&more).unwrap()).is_err());
}

#[test]
fn a_figure_that_json_cannot_hold_is_not_written() {
    let mut endless = calibration();
    endless.passes[0].seconds = f64::INFINITY;
    assert!(encode_calibration(&endless).is_err());
}

#[test]
fn it_speaks_of_its_own_host_and_rule_and_of_any_number_of_benchmarks() {
    let (mut host, calibration) = (content().receipt.host, calibration());
    let rule = |family| Rule::new(&BenchRules::default(), family);
    assert_eq!(calibration.speaks_of(&host, &rule(40)), Ok(()));
    let lower = Rule { min_throughput: 0.90, ..rule(2) };
    assert!(calibration.speaks_of(&host, &lower).unwrap_err().contains("rule"));
    host.fingerprint = "e".repeat(16);
    assert!(calibration.speaks_of(&host, &rule(2)).unwrap_err().contains("host"));
}

#[test]
fn a_report_prints_the_last_calibration_and_that_it_is_another_measurement() {
    let mut gated = content();
    gated.receipt.calibration = carried(calibration());
    let report = markdown(&gated.receipt, &judge(&gated.receipt)).unwrap();
    let from = report.find("### Calibration of this host").unwrap();
    let section = &report[from..];
    for said in [
        "This host resolves ±1.1 % to ±1.9 % of throughput: calibrated on 2026-11-20.",
        "figures of another measurement",
        "False alarms on identical executables: 0 of 120 (at most 2.5 %, 95 % sure); 2 inconclusive",
        "found: 2 % 0 of 10, 9 % 10 of 10",
        "came out as they have to in 3 of 3 passes",
        "The budget ended it after 3 of 100 passes",
        &"a".repeat(64),
    ] {
        assert!(section.contains(said), "{said} in {section}");
    }
    assert!(!section.contains("another than this run's"), "{section}");

    let screen = Screen { width: 400, colour: false, folder: None };
    let short = human(&gated.receipt, &judge(&gated.receipt), &screen).unwrap();
    let line = short.lines().find(|line| line.starts_with("Calibration of 2026-11-20")).unwrap();
    assert!(line.contains("±1.1 % to ±1.9 %") && line.contains("0 of 120"), "{line}");
}

#[test]
fn what_is_another_than_in_the_run_is_named() {
    let mut older = calibration();
    older.toolchain = "rustc 1.90.0".to_owned();
    let mut gated = content();
    gated.receipt.calibration = carried(older);
    let report = markdown(&gated.receipt, &judge(&gated.receipt)).unwrap();
    let said = "Its toolchain is another than this run's: rustc 1.90.0, here rustc 1.95.0";
    assert!(report.contains(said), "{report}");
}

#[test]
fn a_report_says_where_there_is_none_and_why_one_is_not_used() {
    let shown = |last: Option<LastCalibration>| {
        let mut gated = content();
        gated.receipt.calibration = last;
        markdown(&gated.receipt, &judge(&gated.receipt)).unwrap()
    };
    assert!(shown(Some(LastCalibration::Never)).contains("never calibrated: `t5 calibrate`"));
    let reason = "it <b>cannot</b> be read".to_owned();
    let unusable = shown(Some(LastCalibration::NotUsed { reason }));
    assert!(unusable.contains("it is not used: it "), "{unusable}");
    assert!(!unusable.contains("<b>"), "{unusable}");
    assert!(
        !shown(None).contains("Calibration"),
        "a receipt that does not say has no such section"
    );
}

#[test]
fn receipts_with_and_without_a_calibration_verify() {
    for last in [None, Some(LastCalibration::Never), carried(calibration())] {
        let mut gated = content();
        gated.receipt.calibration = last;
        let bytes = encode(&gated.receipt).unwrap();
        assert_eq!(decode(&bytes).unwrap(), gated.receipt);
        verify(&Folder::of(&gated)).unwrap();
    }
}

#[test]
fn a_calibration_that_says_nothing_of_the_run_contradicts_its_receipt() {
    let said = |change: fn(&mut Calibration)| {
        let (mut gated, mut other) = (content(), calibration());
        change(&mut other);
        gated.receipt.calibration = carried(other);
        contradictions(&gated.receipt, &judge(&gated.receipt)).join("\n")
    };
    assert_eq!(said(|_| ()), "");
    assert!(said(|other| other.host.fingerprint = "e".repeat(16)).contains("another host"));
    assert!(said(|other| other.rule.guard = 0.1).contains("another rule"));
    let better = |other: &mut Calibration| other.benches[0].same.false_alarms.at_most = 0.0;
    assert!(said(better).contains("0 of 60"));
}

#[test]
fn names_in_a_calibration_cannot_break_a_page_or_a_terminal() {
    let mut odd = calibration();
    let text = "a|b`c\u{1b}[31m<script>@octocat\nx";
    odd.benches[0].bench.id = text.to_owned();
    odd.repository = text.to_owned();
    odd.commit.subject = text.to_owned();
    odd.toolchain = text.to_owned();
    odd.advice[0].now = Some(text.to_owned());
    let mut gated = content();
    gated.receipt.calibration = carried(odd.clone());
    let screen = Screen { width: 100, colour: false, folder: None };
    for page in [
        markdown(&gated.receipt, &judge(&gated.receipt)).unwrap(),
        calibration_markdown(&odd),
        calibration_human(&odd, &screen),
    ] {
        assert!(!page.contains('\u{1b}'), "{page}");
        assert!(!page.contains("\nx"), "{page}");
    }
    let page = calibration_markdown(&odd);
    for row in page.lines().filter(|line| line.starts_with("| `widgets")) {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 7, "{row}");
    }
}

fn round(number: u32) -> Round {
    Round {
        bench: bench("kernels", "dot"),
        round: number,
        order: Order::BaseFirst,
        base: vec![Slice(10.0, 1000.1)],
        head: vec![Slice(10.0, 999.9)],
        turns: Turns(vec![Order::HeadFirst]),
        stage: Stage::First,
        seen: None,
        harness: t5_gate::perf::Harness::Criterion,
    }
}

#[test]
fn the_same_round_stands_in_several_passes_and_once_in_each() {
    let passes = vec![vec![round(0), round(1)], Vec::new(), vec![round(0)]];
    let bytes = encode_passes(&passes).unwrap();
    assert_eq!(decode_passes(&bytes).unwrap(), passes);

    let twice = [bytes.clone(), bytes.clone()].concat();
    let error = decode_passes(&twice).unwrap_err();
    assert!(matches!(error, SamplesError::Impossible { .. }), "{error}");
    assert!(decode_passes(b"{\"pass\":1}\n").is_err());
    assert!(decode_passes(b"{\"pass\":99999999,\"round\":{}}\n").is_err());
}
