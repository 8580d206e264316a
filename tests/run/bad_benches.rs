//! Benches that do not behave.

use crate::support::{
    bench_double::crate_with,
    repository::Repository,
    t5::{Said, run},
};

/// A crate whose head differs from its base, with `speed` replaced on the head by this `main`.
fn head_with_main(body: &str) -> Repository {
    let repository = crate_with(&[("add", 100.0)]);
    repository.write("t5.yml", "version: 1\nbench:\n  process-limit: 2s\n");
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "fn main() {", &format!("fn main() {{\n{body}\n"));
    repository.commit("Misbehave");
    repository
}

#[track_caller]
fn note_of(said: &Said) -> String {
    let pair = said.pair("add");
    assert_eq!(pair["state"], "could-not-run");
    pair["note"].as_str().unwrap().to_owned()
}

const UNLESS_LISTED: &str = r#"if !env::args().any(|arg| arg == "--list")"#;

#[test]
fn a_panic_is_reported_with_its_message() {
    let repository = head_with_main(&format!(r#"{UNLESS_LISTED} {{ panic!("out of cheese"); }}"#));
    let said = run(&repository, &["--only", "bench"]).ends_with(4);
    let note = note_of(&said);
    assert!(note.contains("head:") && note.contains("out of cheese"), "{note}");
}

#[test]
fn a_hang_ends_at_the_time_limit() {
    let repository = head_with_main(&format!("{UNLESS_LISTED} {{ loop {{}} }}"));
    let said = run(&repository, &["--only", "bench"]).ends_with(4);
    assert!(note_of(&said).contains("stopped after 2 s"));
}

#[test]
fn a_gigabyte_of_output_ends_early() {
    let chatter =
        r#"let line = "x".repeat(1 << 16); for _ in 0..(1 << 14) { println!("{line}"); }"#;
    let repository = head_with_main(&format!("{UNLESS_LISTED} {{ {chatter} }}"));
    let said = run(&repository, &["--only", "bench"]).ends_with(4);
    assert!(note_of(&said).contains("stopped after printing 16 MiB"));
}

#[test]
fn exit_code_zero_without_samples_is_not_a_pass() {
    let repository = head_with_main(&format!("{UNLESS_LISTED} {{ return; }}"));
    let said = run(&repository, &["--only", "bench"]).ends_with(4);
    assert!(note_of(&said).contains("measured nothing"));
}

#[test]
fn a_target_that_lists_nothing_is_named() {
    let repository = head_with_main("return;");
    let said = run(&repository, &["--only", "bench"]).ends_with(4);
    assert_eq!(said.reasons()[0], "target-could-not-run");
    let report = said.file("report.md");
    assert!(report.contains("lists no benchmark"), "{report}");
    assert!(report.contains("bench.exclude"), "the next step is named: {report}");
}

#[test]
fn libtest_is_told_apart_and_cannot_blind_the_others() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.write("benches/plain.rs", "#[test]\nfn works() {}\n");
    let manifest = std::fs::read_to_string(repository.dir().join("Cargo.toml")).unwrap();
    repository.write("Cargo.toml", &format!("{manifest}\n[[bench]]\nname = \"plain\"\n"));
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name");
    repository.edit("benches/plain.rs", "works", "still_works").commit("Change both");

    let said = run(&repository, &["--only", "bench"]).ends_with(4);
    assert_eq!(said.pair("add")["state"], "held");
    assert!(said.file("report.md").contains("libtest"));

    // Left out by the rules, it is named and no longer in the way.
    repository.write("t5.yml", "version: 1\nbench:\n  exclude: [plain]\n").commit("Leave it out");
    repository.edit("benches/speed.rs", "a known name", "some name").commit("Change one");
    let said = run(&repository, &["--only", "bench"]).ends_with(0);
    let targets = said.receipt()["perf"]["targets"].clone();
    let states: Vec<_> = targets.as_array().unwrap().iter().map(|t| t["state"].clone()).collect();
    assert_eq!(states, ["not-selected", "listed"]);
}

#[test]
fn a_target_that_hangs_while_listing_does_not_hang_the_gate() {
    let repository = head_with_main("loop {}");
    let said = run(&repository, &["--only", "bench"]).ends_with(4);
    assert!(said.file("report.md").contains("was stopped after"));
}
