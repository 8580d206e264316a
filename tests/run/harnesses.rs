//! Bench targets that are not criterion's: divan's, and programs of their own.

use std::fs;

use serde_json::Value;

use crate::support::{
    repository::Repository,
    t5::{Said, cargo, fixture, plain},
};

const MANIFEST: &str = "[package]\nname = \"real\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                        license = \"MIT\"\n";

const LIBRARY: &str = r#"//! What the targets share.

/// Stands in every executable.
pub const NAME: &str = "one";
/// How much there is to do.
pub const TIMES: u64 = 1;

/// Some work.
pub fn work(times: u64) -> u64 {
    (0..times).fold(1, |all, time| std::hint::black_box(all ^ time).wrapping_mul(31))
}
"#;

/// A crate with these bench targets, each one of the fixtures in a folder.
fn crate_with(folder: &str, targets: &[&str], dependencies: &str) -> Repository {
    let repository = Repository::new();
    let mut manifest = format!("{MANIFEST}\n[dev-dependencies]\n{dependencies}");
    for target in targets {
        manifest += &format!("\n[[bench]]\nname = \"{target}\"\nharness = false\n");
        let source = fs::read_to_string(fixture(folder).join(format!("{target}.rs"))).unwrap();
        repository.write(&format!("benches/{target}.rs"), &source);
    }
    repository.write("Cargo.toml", &manifest).write("src/lib.rs", LIBRARY);
    cargo(&repository).arg("generate-lockfile").end().ends_with(0);
    repository.commit("Begin");
    repository
}

/// What a person would type: divan is fetched where it is not there yet.
fn measured(repository: &Repository, budget: &str) -> Said {
    let out = repository.beside("out").display().to_string();
    let words = ["run", "--out", &out, "--only", "bench", "--budget", budget];
    words.into_iter().fold(plain(repository), |t5, word| t5.arg(word)).end()
}

/// Every figure can be computed again from the samples.
fn verifies(repository: &Repository, said: &Said) {
    plain(repository).arg("verify").arg(said.folder().display().to_string()).end().ends_with(0);
}

/// The whole process of a target.
fn whole(said: &Said, target: &str) -> Value {
    let pairs = said.receipt()["perf"]["pairs"].clone();
    let all = pairs.as_array().unwrap();
    let found = all.iter().find(|pair| pair["bench"]["target"] == target);
    let pair = found.unwrap_or_else(|| panic!("nothing of {target}: {pairs}")).clone();
    assert_eq!(pair["bench"]["id"], "whole process");
    pair
}

fn target(said: &Said, name: &str) -> Value {
    let targets = said.receipt()["perf"]["targets"].clone();
    let found = targets.as_array().unwrap().iter().find(|target| target["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("no {name}: {targets}"))
}

#[test]
fn divan_takes_turns_process_by_process_with_a_fixed_number_of_iterations() {
    let repository = crate_with("benches", &["divan"], "divan = \"=0.1.21\"\n");
    let file = "benches/divan.rs";
    repository.edit(file, "a line", "one line").commit("Print something else");

    let said = measured(&repository, "45s");

    assert_ne!(said.code, Some(2), "{}{}", said.out, said.err);
    let ids = [
        "one",
        "of::100",
        "of::10000",
        "own_pace",
        "threads",
        "kinds::u32",
        "kinds::u64",
        "inner::inputs",
        "inner::prints",
    ];
    for id in ids {
        let pair = said.pair(&format!("divan::{id}"));
        assert_eq!(pair["method"], "process-turns", "{id}: {pair}");
        assert_ne!(pair["state"], "could-not-run", "{id}: {pair}");
    }
    assert_eq!(said.receipt()["perf"]["pairs"].as_array().unwrap().len(), ids.len());
    the_same_is_asked_of_both_sides(&said);
    verifies(&repository, &said);
}

#[test]
fn a_loss_under_divan_is_found_and_confirmed_also_under_one_that_lists_no_arguments() {
    let repository = Repository::new();
    let manifest = format!(
        "{MANIFEST}\n[dev-dependencies]\ndivan = \"=0.1.14\"\n\n[[bench]]\nname = \"speed\"\n\
         harness = false\n"
    );
    let source = "fn main() {\n    divan::main();\n}\n\n#[divan::bench(args = [1, 2])]\n\
                  fn of(times: u64) -> u64 {\n    real::work(times * 10_000)\n}\n\n\
                  #[divan::bench]\nfn slower() -> u64 {\n    real::work(20_000)\n}\n";
    repository.write("Cargo.toml", &manifest).write("src/lib.rs", LIBRARY);
    repository.write("benches/speed.rs", source);
    cargo(&repository).arg("generate-lockfile").end().ends_with(0);
    repository.commit("Begin");
    let more = "\n#[divan::bench]\nfn other() -> u64 {\n    real::work(30_000)\n}\n";
    let slower = source.replace("(20_000)", "(60_000)");
    repository.write("benches/speed.rs", &format!("{slower}{more}")).commit("Do three times that");

    let said = measured(&repository, "300s").ends_with(1);

    let slower = said.pair("speed::slower");
    assert_eq!(slower["state"], "regressed", "{slower}");
    assert_eq!(slower["confirmation"]["confirmed"], true, "{slower}");
    for id in ["speed::of::1", "speed::of::2"] {
        let pair = said.pair(id);
        assert_eq!(pair["method"], "process-turns", "{pair}");
        assert_ne!(pair["state"], "regressed", "other code is no loss: {pair}");
        assert_ne!(pair["state"], "could-not-run", "{pair}");
    }
    assert_eq!(said.receipt()["perf"]["added"][0]["id"], "speed::other");
    verifies(&repository, &said);
}

/// All slices of a benchmark have the same number of iterations.
#[track_caller]
fn the_same_is_asked_of_both_sides(said: &Said) {
    let samples = said.file("samples.jsonl");
    let mut asked = std::collections::BTreeMap::new();
    for line in samples.lines() {
        let round: Value = serde_json::from_str(line).unwrap();
        let slices = ["base", "head"].map(|side| round[side].as_array().unwrap().clone());
        for slice in slices.iter().flatten() {
            let known = asked.entry(round["bench"]["id"].to_string()).or_insert(slice[0].clone());
            assert_eq!(*known, slice[0], "{line}");
        }
    }
}

#[test]
fn a_program_of_its_own_is_one_benchmark_and_compared_as_a_whole() {
    let targets = ["steady", "timed", "exits", "asks", "odd", "empty", "apart"];
    let repository = crate_with("programs", &targets, "");
    repository.edit("src/lib.rs", "\"one\"", "\"two\"");
    repository.edit("src/lib.rs", "TIMES: u64 = 1", "TIMES: u64 = 3").commit("Do more");

    let said = measured(&repository, "300s").ends_with(1);

    let steady = whole(&said, "steady");
    assert_eq!(steady["state"], "regressed", "{steady}");
    assert_eq!(steady["method"], "duet", "{steady}");
    assert_eq!(steady["confirmation"]["confirmed"], true, "{steady}");
    for target in ["asks", "odd"] {
        let pair = whole(&said, target);
        assert_eq!(pair["method"], "duet", "{target}: {pair}");
        assert_ne!(pair["state"], "could-not-run", "{target}: {pair}");
        assert_ne!(pair["state"], "regressed", "{target}: {pair}");
    }
    assert_eq!(whole(&said, "apart")["state"], "unchanged");
    for (target, why) in [("timed", "for a time and not for an amount"), ("empty", "its start")] {
        let pair = whole(&said, target);
        assert_eq!(pair["state"], "could-not-run", "{target}: {pair}");
        assert!(pair["note"].as_str().unwrap().contains(why), "{target}: {pair}");
    }
    let exits = target(&said, "exits");
    assert_eq!(exits["state"], "could-not-run");
    assert!(exits["reason"].as_str().unwrap().contains("out of cheese"), "{exits}");
    let report = said.file("report.md");
    assert!(report.contains("right for a fixed amount of work alone"), "{report}");
    verifies(&repository, &said);
}
