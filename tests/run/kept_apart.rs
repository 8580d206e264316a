//! How far a change's code is kept apart, and what of its configuration counts.

use crate::support::{
    bench_double::crate_with,
    not_run::needs,
    t5::{plain, run, start},
};

/// Whether the full sandbox is there, or the test is listed as not run.
fn bubblewrap(what: &str) -> bool {
    needs(what, &["bwrap", "--version"], "apt-get install -y bubblewrap")
}

#[test]
fn a_receipt_says_how_far_the_code_was_kept_apart_and_by_what() {
    if !bubblewrap("a_receipt_says_how_far_the_code_was_kept_apart_and_by_what") {
        return;
    }
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");
    for (level, layer) in [("full", "bubblewrap"), ("landlock", "Landlock"), ("none", "limits")] {
        let said =
            start(&repository, &["--only", "bench", "--isolation", level]).end().ends_with(0);
        let run = said.receipt()["run"].clone();
        assert_eq!(run["isolation"], level);
        let layers = run["layers"].as_array().unwrap().iter();
        assert!(layers.filter_map(|one| one.as_str()).any(|one| one.contains(layer)), "{run}");
        assert!(said.file("report.md").contains(layer), "{level}");
        assert!(said.receipt()["perf"]["seen_by"].is_string(), "somebody timed it from outside");
    }
}

#[test]
fn an_isolation_that_this_version_does_not_know_is_a_mistake_of_the_arguments() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    let said = run(&repository, &["--isolation", "perfect"]).ends_with(2);
    assert!(said.err.contains("best, full, landlock, none"), "{}", said.err);
}

#[test]
fn flags_come_from_the_rules_for_both_sides_whatever_the_head_says() {
    let repository = crate_with(&[("add", 100.0)]);
    let counts = "fn main() {\nif cfg!(counted) { println!(\"counted: benchmark\"); return; }\n";
    repository.edit("benches/speed.rs", "fn main() {", counts);
    repository.write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg=counted\"]\n");
    repository.commit("Begin");
    // The head would build other executables, if anybody listened, and with a wrapper that is not there.
    repository.write(".cargo/config.toml", "[build]\nrustc-wrapper = \"/not/there\"\n");
    repository.commit("Drop the flags");

    let said = run(&repository, &["--only", "bench", "--isolation", "none"]).ends_with(4);

    // Both sides were built, to the same executables, with the flags of the rules.
    let targets = said.receipt()["perf"]["targets"].clone();
    assert_eq!(targets[0]["state"], "unchanged", "{targets}");
    let pairs = said.receipt()["perf"]["pairs"].clone();
    assert_eq!(pairs[0]["bench"]["id"], "counted", "{pairs}");
    assert!(said.reasons().contains(&"edits-what-measures".to_owned()), "{:?}", said.reasons());
}

#[test]
fn a_doctor_says_which_levels_there_are_and_what_is_missing() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    let said = plain(&repository).arg("doctor").end().ends_with(0);
    for name in ["full", "landlock", "none", "git", "rust", "cargo-deny"] {
        assert!(said.out.contains(&format!(" {name}:")), "{name}: {}", said.out);
    }
    assert!(said.out.contains("Strangers' pull requests"), "{}", said.out);

    let poor = plain(&repository).arg("doctor").env("PATH", "/not/there").end().ends_with(4);
    assert!(poor.out.contains("✗ rust"), "{}", poor.out);
    assert!(poor.out.contains("next: install Rust"), "{}", poor.out);
}
