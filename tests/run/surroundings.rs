//! What a measured process sees, and what a run can be repeated from.

use std::{fs, path::PathBuf};

use crate::support::{
    bench_double::crate_with,
    repository::Repository,
    t5::{fixture, plain, start},
};

/// A head whose benches write what they see of the world to a file, and that file.
fn watching() -> (Repository, PathBuf) {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    let seen = repository.beside("seen");
    let look = format!(
        "fn main() {{\nlet mut seen: Vec<String> = env::vars().map(|(name, value)| format!(\"{{name}}={{value}}\")).collect();\n\
         let status = fs::read_to_string(\"/proc/self/status\").unwrap();\n\
         seen.extend(status.lines().filter(|line| line.starts_with(\"Cpus_allowed_list\")).map(str::to_owned));\n\
         fs::write({seen:?}, seen.join(\"\\n\")).unwrap();\n"
    );
    repository.edit("benches/speed.rs", "fn main() {", &look).commit("Look around");
    (repository, seen)
}

#[test]
fn a_measured_process_sees_a_fixed_environment_and_one_core() {
    let (repository, seen) = watching();
    let said = start(&repository, &["--only", "bench", "--isolation", "none"])
        .env("MY_SECRET", "x")
        .end()
        .ends_with(0);

    let seen = fs::read_to_string(seen).unwrap();
    let mut names: Vec<&str> = seen
        .lines()
        .filter(|line| !line.starts_with("Cpus"))
        .filter_map(|line| line.split('=').next())
        .collect();
    names.sort_unstable();
    let stated = said.receipt()["perf"]["environment"].clone();
    let mut expected: Vec<&str> = stated.as_object().unwrap().keys().map(String::as_str).collect();
    expected.extend(["CRITERION_HOME", "T5_JOB"]);
    expected.sort_unstable();
    assert_eq!(names, expected, "the receipt states all of it");
    assert!(seen.contains("RAYON_NUM_THREADS=1"), "{seen}");
    if let Some(core) = said.receipt()["perf"]["core"].as_u64() {
        assert!(seen.contains(&format!("Cpus_allowed_list:\t{core}")), "{seen}");
    }
}

#[test]
fn the_order_of_the_sides_is_drawn_from_the_seed_in_the_receipt() {
    let repository = crate_with(&[("add", 100.0), ("mul", 200.0)]);
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");
    let orders = |seed: &str| -> Vec<String> {
        let said = start(&repository, &["--only", "bench", "--seed", seed]).end().ends_with(0);
        assert_eq!(said.receipt()["perf"]["seed"].to_string(), seed);
        // Later rounds depend on which benchmarks are still open, so on the samples.
        let rounds = said.file("samples.jsonl");
        let rounds = rounds.lines().map(|line| serde_json::from_str(line).unwrap());
        let early = rounds.filter(|round: &serde_json::Value| round["round"].as_u64() < Some(6));
        let mut early: Vec<String> = early
            .map(|round| format!("{} {} {}", round["bench"]["id"], round["round"], round["order"]))
            .collect();
        early.sort();
        early
    };
    let first = orders("7");
    assert_eq!(first.len(), 12);
    assert_eq!(orders("7"), first);
    assert_ne!(orders("8"), first);
    let heads = first.iter().filter(|line| line.contains("head-first")).count();
    assert!((1..12).contains(&heads), "both orders occur: {first:?}");
}

#[test]
fn advisories_come_from_the_folder_that_the_environment_names() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    let out = repository.beside("out");
    let said = plain(&repository)
        .env("T5_ADVISORY_DB", fixture("policy/advisory-db"))
        .arg("run")
        .arg("--only=policy")
        .arg("--out")
        .arg(out)
        .end()
        .ends_with(0);
    let database = said.receipt()["policy"]["database"].clone();
    assert_eq!(database["origin"]["kind"], "directory");
    assert!(said.reasons().contains(&"database-age-unknown".to_owned()));
}

#[test]
fn a_dependency_that_cannot_be_fetched_is_not_the_heads_fault() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.edit("Cargo.toml", "[[bench]]", "[dependencies]\nitoa = \"=1.0.15\"\n\n[[bench]]");
    let lock = "version = 4\n\n[[package]]\nname = \"itoa\"\nversion = \"1.0.15\"\n\
        source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
        checksum = \"4a5f13b858c8d314ee3e8f639011f7ccefe71f97f96e50151fb991f267928e2c\"\n\n\
        [[package]]\nname = \"quick\"\nversion = \"0.1.0\"\ndependencies = [\n \"itoa\",\n]\n";
    repository.write("Cargo.lock", lock).commit("Take a dependency");

    let said = start(&repository, &["--only", "bench"])
        .env("CARGO_HOME", repository.beside("cargo home"))
        .end()
        .ends_with(4);

    assert_eq!(said.reasons(), ["build-could-not-run"]);
    assert!(said.file("report.md").contains("without --offline"));
}
