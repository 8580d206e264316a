//! What becomes of a change.

use serde_json::Value;

use crate::support::{
    bench_double::{crate_with, source},
    t5::run,
};

#[test]
fn a_change_that_costs_nothing_is_held() {
    let repository = crate_with(&[("add", 100.0), ("mul", 250.0)]);
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "an id that is known");
    repository.commit("Say it better");

    let said = run(&repository, &[]).ends_with(0);

    assert_eq!(said.pair("add")["state"], "held");
    assert_eq!(said.pair("mul")["state"], "held");
    // The edit was to the bench itself, and that is said.
    assert!(said.reasons().contains(&"edits-what-measures".to_owned()));
    let report = said.file("report.md");
    assert!(report.contains("pr-doc-reviewer"), "{report}");
}

#[test]
fn a_loss_fails_and_goes_to_the_perf_fixer() {
    let repository = crate_with(&[("add", 100.0), ("mul", 250.0)]);
    repository.commit("Begin");
    repository.write("benches/speed.rs", &source(&[("add", 120.0), ("mul", 250.0)]));
    repository.commit("Make addition safer");

    let said = run(&repository, &[]).ends_with(1);

    let add = said.pair("add");
    assert_eq!(add["state"], "regressed");
    let ratio = add["estimate"]["ratio"].as_f64().unwrap();
    assert!((0.82..0.85).contains(&ratio), "100/120 was measured as {ratio}");
    let route: Value = serde_json::from_str(&said.file("t5-route.json")).unwrap();
    assert_eq!(route["routes"], serde_json::json!(["perf-fixer"]));
    assert_eq!(route["failing"][0]["id"], "add");
    assert_eq!(said.pair("mul")["state"], "held");
    assert_eq!(said.verdict()["routes"], serde_json::json!(["perf-fixer"]));
    assert!(said.out.contains("add"), "{}", said.out);
}

#[test]
fn a_large_gain_is_worth_a_look() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("benches/speed.rs", &source(&[("add", 50.0)]));
    repository.commit("Halve the time");

    let said = run(&repository, &[]).ends_with(0);

    assert_eq!(said.pair("add")["state"], "improved");
    assert!(said.reasons().contains(&"improved".to_owned()));
}

#[test]
fn identical_executables_are_unchanged_and_only_read() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("data.txt", "not compiled in");
    repository.commit("Add data");

    let said = run(&repository, &["--only", "bench"]).ends_with(0);

    let pair = said.pair("add");
    assert_eq!(pair["state"], "unchanged");
    assert_eq!(pair["estimate"], Value::Null, "nothing was compared");
    assert!(pair["head"]["median_ns"].as_f64().unwrap() >= 100.0);
    assert_eq!(said.verdict()["outcome"], "pass");
}

#[test]
fn documentation_leaves_nothing_to_measure() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("README.md", "# quick\n\nIt is quick.\n");
    repository.commit("Say that it is quick");

    let said = run(&repository, &[]).ends_with(0);

    assert_eq!(said.verdict()["parts"][1]["skipped"], "no-surface");
    assert_eq!(said.receipt()["perf"]["builds"], serde_json::json!([]), "nothing was built");
}

#[test]
fn a_repository_without_benches_rests_on_its_policy() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.remove("benches/speed.rs");
    let manifest =
        "[package]\nname = \"quick\"\nversion = \"0.1.0\"\nedition = \"2021\"\nlicense = \"MIT\"\n";
    repository.write("Cargo.toml", manifest).commit("Begin");
    repository.write("src/lib.rs", "//! Changed.\n").commit("Change");

    let said = run(&repository, &[]).ends_with(0);

    assert_eq!(said.verdict()["parts"][1]["skipped"], "no-surface");
}

#[test]
fn a_benchmark_that_vanishes_is_seen_and_a_new_one_is_listed() {
    let repository = crate_with(&[("old", 100.0), ("both", 100.0)]);
    repository.commit("Begin");
    repository.write("benches/speed.rs", &source(&[("both", 100.0), ("new", 100.0)]));
    repository.commit("Replace a benchmark");

    let said = run(&repository, &["--only", "bench"]).ends_with(0);

    let perf = &said.receipt()["perf"];
    assert_eq!(perf["missing"][0]["id"], "old");
    assert_eq!(perf["added"][0]["id"], "new");
    assert_eq!(perf["pairs"].as_array().unwrap().len(), 1, "only what both sides have is judged");
    assert!(said.reasons().contains(&"benchmark-missing".to_owned()));
}

#[test]
fn a_head_that_does_not_compile_fails() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("src/lib.rs", "pub fn broken() -> u32 { \"text\" }\n").commit("Break it");

    let said = run(&repository, &["--only", "bench"]).ends_with(1);

    assert_eq!(said.reasons(), ["head-does-not-build"]);
    assert_eq!(said.verdict()["routes"], serde_json::json!(["perf-fixer"]));
    assert!(said.file("report.md").contains("mismatched types"));
}

#[test]
fn a_base_that_does_not_compile_is_no_base() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.write("src/lib.rs", "pub fn broken() -> u32 { \"text\" }\n").commit("Begin badly");
    repository.write("src/lib.rs", "//! Mended.\n").commit("Mend it");

    let said = run(&repository, &["--only", "bench"]).ends_with(4);

    assert_eq!(said.reasons(), ["no-base"]);
    assert_eq!(said.verdict()["routes"], serde_json::json!([]));
}
