//! What cargo-deny prints, read without ever failing.

use std::collections::BTreeSet;

use proptest::prelude::*;
use t5_gate::{
    policy::{Package, Severity},
    runner::scan::ndjson::{self, Counts, read},
};

const FINDINGS: &[u8] = include_bytes!("../fixtures/policy/ndjson/findings.ndjson");
const OLD_FORMAT: &[u8] = include_bytes!("../fixtures/policy/ndjson/old-format.ndjson");
const UNREADABLE: &[u8] = include_bytes!("../fixtures/policy/ndjson/unreadable.ndjson");

fn named(name: &str, version: &str) -> Package {
    Package { name: name.to_owned(), version: version.to_owned() }
}

#[test]
fn findings_are_read_with_package_chain_and_counts() {
    let output = read(FINDINGS);

    assert_eq!(output.complaints, [] as [String; 0]);
    assert_eq!(output.diagnostics.len(), 12);
    let summary = output.summary.unwrap();
    assert_eq!(summary.advisories, Some(Counts { errors: 2, warnings: 4 }));
    assert_eq!(summary.licenses, Some(Counts { errors: 1, warnings: 0 }));

    let time = output.diagnostics.iter().find(|one| one.code == "vulnerability").unwrap();
    assert_eq!(time.advisory.as_deref(), Some("RUSTSEC-2020-0071"));
    assert_eq!(time.severity, Severity::Error);
    let graph = &time.graphs[0];
    assert_eq!(graph.package, named("time", "0.1.43"));
    let members = BTreeSet::from([named("ours", "0.1.0")]);
    let chain = graph.dependents.chain(&graph.package, &members).unwrap();
    assert_eq!(chain, [named("ours", "0.1.0"), named("chrono", "0.4.31"), named("time", "0.1.43")]);

    let rejected = output.diagnostics.iter().find(|one| one.code == "rejected").unwrap();
    assert_eq!(rejected.labels[0].span, "GPL-3.0-only");
}

#[test]
fn a_refused_configuration_has_no_summary() {
    for refused in [OLD_FORMAT, UNREADABLE] {
        let output = read(refused);

        assert_eq!(output.summary, None);
        assert!(output.complaints[0].starts_with("failed to deserialize config"));
        assert!(output.diagnostics.iter().all(|one| one.graphs.is_empty()));
    }
}

#[test]
fn lines_that_are_something_else_are_kept_as_complaints() {
    let output = read(b"thread 'main' panicked\n\n{\"type\":\"news\",\"fields\":{}}\n{\"type\":\"log\",\"fields\":{\"level\":\"WARN\"}}\n\xff\n");

    assert_eq!(output.complaints.len(), 3);
    assert_eq!(output.complaints[0], "thread 'main' panicked");
    assert_eq!(read("x".repeat(9999).as_bytes()).complaints[0].len(), 500);
}

/// A line of cargo-deny's about the lowest of `depth` packages, each of which leads to the next.
fn nested(depth: usize) -> String {
    let mut graph = String::new();
    for at in 0..depth {
        graph.push_str(&format!(
            "{{\"Krate\":{{\"name\":\"p{at}\",\"version\":\"1.0.0\"}},\"parents\":["
        ));
    }
    graph.push_str(&"]}".repeat(depth));
    format!(
        "{{\"fields\":{{\"code\":\"banned\",\"graphs\":[{graph}],\"message\":\"m\",\"severity\":\"error\"}},\
         \"type\":\"diagnostic\"}}"
    )
}

#[test]
fn a_graph_that_is_deeper_than_any_reader_recurses_is_read_as_far_as_it_goes() {
    for depth in [1, 50, 51, 200, 20_000] {
        let output = read(nested(depth).as_bytes());

        assert_eq!(output.complaints, [] as [String; 0], "{depth}");
        let graph = &output.diagnostics[0].graphs[0];
        assert_eq!(graph.package, named("p0", "1.0.0"));
        let near = BTreeSet::from([named(&format!("p{}", depth.min(51) - 1), "1.0.0")]);
        let chain = graph.dependents.chain(&graph.package, &near).unwrap();
        assert_eq!(chain.len(), depth.min(51));
        let beyond = BTreeSet::from([named(&format!("p{}", 51), "1.0.0")]);
        assert_eq!(graph.dependents.chain(&graph.package, &beyond), None);
    }
}

#[test]
fn a_feature_in_the_graph_is_no_step_of_the_chain() {
    let line = r#"{"fields":{"code":"feature-banned","severity":"error","graphs":[{"Krate":{"name":"low","version":"1.0.0"},"parents":[{"Feature":{"crate_name":"low","name":"std"},"parents":[{"Krate":{"name":"top","version":"0.1.0","kind":"dev"}}]}]}]},"type":"diagnostic"}"#;

    let output = read(line.as_bytes());

    let graph = &output.diagnostics[0].graphs[0];
    let chain = graph.dependents.chain(&graph.package, &BTreeSet::from([named("top", "0.1.0")]));
    let names: Vec<String> = chain.unwrap().into_iter().map(|package| package.name).collect();
    assert_eq!(names, ["top", "low"]);
}

proptest! {
    #[test]
    fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        read(&bytes);
    }

    #[test]
    fn no_damage_to_a_recording_stops_the_reader(
        at in 0..FINDINGS.len(),
        length in 0..200_usize,
        instead in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let end = (at + length).min(FINDINGS.len());
        let mut bytes = FINDINGS.to_vec();
        bytes.splice(at..end, instead);
        let output = read(&bytes);
        // Every line ends up somewhere.
        let lines = String::from_utf8_lossy(&bytes)
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count();
        let kept = output.diagnostics.len()
            + output.complaints.len()
            + usize::from(output.summary.is_some());
        prop_assert!(kept <= lines);
        prop_assert!(kept + 1 >= lines);
    }
}

#[test]
fn more_than_is_read_is_told_and_never_left_out_in_silence() {
    let summary =
        "{\"fields\":{\"licenses\":{\"errors\":1,\"warnings\":0}},\"type\":\"summary\"}\n";
    let one = format!("{}\n", nested(1));
    for (what, text) in [
        ("more diagnostics", one.repeat(ndjson::DIAGNOSTICS + 1)),
        ("a longer line", format!("{}\n", "x".repeat(ndjson::LINE + 1))),
    ] {
        let output = read(format!("{text}{summary}").as_bytes());

        assert_eq!((output.summary, output.diagnostics.len()), (None, 0), "{what}");
        assert!(output.complaints[0].contains(what), "{}", output.complaints[0]);
    }
    let most = read(format!("{}{summary}", one.repeat(ndjson::DIAGNOSTICS)).as_bytes());
    assert!(most.summary.is_some());
    let long = one.replace("\"m\"", &format!("\"{}\"", "m".repeat(100_000)));
    assert_eq!(read(long.as_bytes()).diagnostics[0].message.len(), 4_000);
}
