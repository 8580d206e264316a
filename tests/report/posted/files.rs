//! What a program reads: the route, and findings for code scanning.

use serde_json::Value;
use t5_gate::{
    policy::{FindingState, Location, Waiver},
    receipt::judge,
    report::posted::{LABELS, encode_route, label, route_file, sarif},
    verdict::Route,
};

use crate::receipt::build::{Gated, advisory, content, empty, licence};

fn route(gated: &Gated) -> Value {
    route_file(&gated.receipt, &judge(&gated.receipt)).unwrap()
}

fn scanned(gated: &Gated) -> Value {
    sarif(&gated.receipt, &judge(&gated.receipt)).unwrap()
}

fn failing() -> Gated {
    let mut gated = content()
        .bench("sum/it's 4096", 1_350_000.0, 1.08, 0.004, 10)
        .silent("sum/8192", "the process ran longer than 60 s")
        .finding(licence(FindingState::Introduced))
        .finding(advisory(FindingState::PreExisting));
    gated.perf().pairs[2].source = Some(Location { file: "Cargo.toml".to_owned(), line: 21 });
    gated
}

#[test]
fn the_route_names_what_fails_and_how_to_see_it() {
    insta::assert_json_snapshot!(route(&failing()));
}

#[test]
fn a_change_that_passes_has_a_route_and_an_empty_failing_set() {
    let route = route(&content());
    assert_eq!(route["outcome"], "pass");
    assert_eq!(route["routes"][0], "pr-doc-reviewer");
    assert_eq!(route["failing"], Value::Array(Vec::new()));
    assert_eq!(route["unresolved"], Value::Array(Vec::new()));
}

#[test]
fn what_is_waived_or_was_there_before_is_not_in_the_failing_set() {
    let mut gated = content()
        .finding(advisory(FindingState::Introduced))
        .finding(licence(FindingState::PreExisting));
    gated.policy().waivers.push(Waiver {
        id: "RUSTSEC-2023-0071".to_owned(),
        scope: "rsa".to_owned(),
        reason: "only signs test data".to_owned(),
        owner: "octocat".to_owned(),
        expires: jiff::civil::date(2027, 6, 30),
    });
    assert_eq!(route(&gated)["failing"], Value::Array(Vec::new()));
    let mut late = gated;
    late.policy().waivers[0].expires = jiff::civil::date(2026, 1, 1);
    let kinds: Vec<String> = route(&late)["failing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["finding", "waiver"]);
}

#[test]
fn the_route_of_a_subfolder_is_repeated_there() {
    let mut gated = failing();
    gated.receipt.subject.subfolder = "crates/a b".to_owned();
    let route = route(&gated);
    let command = route["failing"][0]["reproduce"].as_str().unwrap();
    assert!(command.starts_with("t5 run '--repo=crates/a b' --base 1111111"), "{command}");
}

#[test]
fn neither_file_is_made_of_what_contradicts_itself() {
    let gated = content();
    let other = judge(&failing().receipt);
    assert!(route_file(&gated.receipt, &other).is_err());
    assert!(encode_route(&gated.receipt, &other).is_err());
    assert!(sarif(&gated.receipt, &other).is_err());
}

#[test]
fn sarif_holds_what_the_change_brings_in_and_nothing_else() {
    let gated = failing();
    let log = scanned(&gated);
    insta::assert_json_snapshot!(log);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2, "the finding that was there before is not among them");
}

#[test]
fn every_result_names_a_rule_that_is_described() {
    let log = scanned(&failing());
    let driver = &log["runs"][0]["tool"]["driver"];
    let rules: Vec<&Value> =
        driver["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
    for result in log["runs"][0]["results"].as_array().unwrap() {
        assert!(rules.contains(&&result["ruleId"]), "{result}");
    }
}

#[test]
fn a_waived_finding_is_suppressed_and_says_why() {
    let mut gated = content().finding(advisory(FindingState::Introduced));
    gated.policy().waivers.push(Waiver {
        id: "RUSTSEC-2023-0071".to_owned(),
        scope: "rsa".to_owned(),
        reason: "only signs test data".to_owned(),
        owner: "octocat".to_owned(),
        expires: jiff::civil::date(2027, 6, 30),
    });
    let log = scanned(&gated);
    let suppressed = &log["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppressed["justification"], "only signs test data (until 2027-06-30)");
}

#[test]
fn a_result_is_the_same_one_after_its_line_has_moved() {
    let print = |line| {
        let mut finding = licence(FindingState::Introduced);
        finding.location = Some(Location { file: "Cargo.lock".to_owned(), line });
        let log = scanned(&content().finding(finding));
        log["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    assert_eq!(print(3), print(400));
}

#[test]
fn a_path_is_a_reference_that_every_reader_understands() {
    let mut finding = licence(FindingState::Introduced);
    finding.location = Some(Location { file: "crates/a b#ü/Cargo.toml".to_owned(), line: 2 });
    let log = scanned(&content().finding(finding));
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "crates/a%20b%23%C3%BC/Cargo.toml");
}

#[test]
fn code_scanning_is_sent_at_most_five_thousand_results() {
    let mut gated = empty().with_policy();
    for number in 0..5_100 {
        let mut finding = licence(FindingState::Introduced);
        finding.package.name = format!("p{number}");
        gated.policy().findings.push(finding);
    }
    for scan in &mut gated.policy().scans {
        if let t5_gate::policy::ScanState::Finished { errors, .. } = &mut scan.state {
            *errors = 5_100;
        }
    }
    let log = scanned(&gated);
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 5_000);
}

#[test]
fn every_route_has_a_label_that_github_takes() {
    let routes = [Route::PrDocReviewer, Route::PerfFixer, Route::PolicyFixer];
    assert_eq!(routes.map(label), LABELS);
    for label in LABELS {
        assert!(label.chars().count() <= 50);
    }
}
