//! Whole programs of both sides, run and compared.

use serde_json::Value;

use crate::support::{
    repository::Repository,
    t5::{Said, plain, run},
};

/// A crate with one example that works as long as it is told and holds so many MiB.
fn crate_with(rules: &str, work: u32, mebibytes: u32) -> Repository {
    let repository = Repository::new();
    repository
        .write(
            "Cargo.toml",
            "[package]\nname = \"engine\"\nversion = \"0.1.0\"\nedition = \"2021\"\nlicense = \"MIT\"\n",
        )
        .write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"engine\"\nversion = \"0.1.0\"\n")
        .write("src/lib.rs", &library(work, mebibytes))
        .write("examples/decode.rs", EXAMPLE)
        .write("t5.yml", rules);
    repository
}

const EXAMPLE: &str = r#"
fn main() {
    let rounds: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    println!("{}", engine::decode(rounds));
}
"#;

/// What is measured: the example calls it, and stays as it is.
fn library(work: u32, mebibytes: u32) -> String {
    format!(
        r#"//! An engine.

/// Decodes.
pub fn decode(rounds: u64) -> u64 {{
    let held: Vec<u64> = (0..{mebibytes}u64 << 17).collect();
    let mut state = std::hint::black_box(held.len() as u64 | 1);
    for _ in 0..rounds * {work} {{
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }}
    state ^ std::hint::black_box(&held)[held.len() / 2]
}}
"#
    )
}

/// Rules with one workload of that crate, and more lines for it.
fn rules(more: &str) -> String {
    format!(
        "version: 1\nworkloads:\n  - name: decode\n    package: engine\n    example: decode\n    \
         args: [\"2000000\"]\n    rounds: 8\n    process-limit: 20s\n{more}"
    )
}

fn gate(repository: &Repository) -> Said {
    run(repository, &["--only", "bench"])
}

#[track_caller]
fn workload(said: &Said) -> Value {
    let receipt = said.receipt();
    let pairs = receipt["perf"]["workloads"]["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 1, "{pairs:#?}");
    pairs[0].clone()
}

#[test]
fn a_program_that_works_three_times_as_long_fails_and_the_same_rounds_show_it_again() {
    let repository = crate_with(&rules(""), 10, 4);
    repository.commit("Begin");
    repository.write("src/lib.rs", &library(30, 4)).commit("Lose time");
    let said = gate(&repository).ends_with(1);
    let pair = workload(&said);
    assert_eq!((&pair["state"], &pair["together"]), (&"regressed".into(), &"duet".into()));
    assert_eq!(pair["again"]["confirmed"], true);
    assert!(pair["throughput"]["ratio"].as_f64().unwrap() < 0.6, "{pair:#}");
    assert_eq!(pair["base"]["runs"], 3);
    assert!(said.reasons().contains(&"workload-regressed".to_owned()), "{:?}", said.reasons());
    assert_eq!(said.verdict()["routes"], serde_json::json!(["perf-fixer"]));
    let lines = said.file("workloads.jsonl").lines().count();
    assert_eq!(
        lines,
        3 + 8 + 8,
        "three undisturbed rounds, eight that find it, eight that repeat it"
    );
    assert!(said.file("report.md").contains("## Workloads"));
    assert!(said.out.contains("decode  regressed"), "{}", said.out);

    let folder = said.folder();
    plain(&repository).arg("verify").arg(folder).end().ends_with(0);
    // Somebody makes the losses smaller.
    let kept = said.file("workloads.jsonl");
    let first = kept.lines().next().unwrap();
    let base = first.find("\"base\"").unwrap();
    let changed = format!("{}{}", &first[..base], first[base..].replacen("_ns\":", "_ns\":9", 1));
    std::fs::write(folder.join("workloads.jsonl"), kept.replacen(first, &changed, 1)).unwrap();
    plain(&repository).arg("verify").arg(folder).end().ends_with(1);
}

#[test]
fn a_program_that_is_the_same_is_not_compared() {
    let repository = crate_with(&rules(""), 10, 4);
    repository.commit("Begin");
    repository.write("notes.rs", "// not part of anything\n").commit("Note something");
    let said = gate(&repository).ends_with(0);
    let pair = workload(&said);
    assert_eq!(pair["state"], "unchanged");
    assert_eq!((&pair["base"], &pair["head"]["runs"]), (&Value::Null, &1.into()));
    assert_eq!(said.reasons(), Vec::<String>::new());
}

#[test]
fn many_threads_are_compared_by_wall_time_one_after_the_other() {
    let repository = crate_with(&rules("    threads: many\n"), 10, 4);
    repository.commit("Begin");
    repository.write("src/lib.rs", &library(60, 4)).commit("Lose time");
    let said = gate(&repository);
    let pair = workload(&said);
    assert_eq!(pair["together"], "alternation");
    assert!(pair["throughput"]["ratio"].as_f64().unwrap() < 0.6, "{pair:#}");
    assert!(said.file("report.md").contains("resolves less"));
}

#[test]
fn what_a_program_does_wrong_is_named_with_its_side() {
    let repository = crate_with(&rules(""), 10, 4);
    repository.commit("Begin");
    let told = |body: &str, subject: &str| {
        let broken = EXAMPLE.replace("fn main() {", &format!("fn main() {{\n{body}\n"));
        repository.git(&["reset", "--quiet", "--hard", "HEAD"]);
        repository.write("examples/decode.rs", &broken).commit(subject);
        let said = gate(&repository).ends_with(4);
        repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        assert_eq!(said.reasons(), ["workload-could-not-run", "edits-what-measures"], "{subject}");
        let pair = workload(&said);
        assert_eq!(pair["state"], "could-not-run");
        pair["note"].as_str().unwrap().to_owned()
    };
    let note = told(r#"if true { panic!("out of cheese"); }"#, "Panic");
    assert!(note.starts_with("head: ") && note.contains("out of cheese"), "{note}");
    let chatter =
        r#"let line = "x".repeat(1 << 16); for _ in 0..(1 << 14) { println!("{line}"); }"#;
    let note = told(chatter, "Chatter");
    assert!(note.contains("stopped after printing 16 MiB"), "{note}");
}

#[test]
fn a_program_that_does_not_end_is_stopped_at_its_limit() {
    let repository = crate_with(&rules("").replace("20s", "1s"), 10, 4);
    repository.commit("Begin");
    repository.edit("examples/decode.rs", "fn main() {", "fn main() { if true { loop {} }");
    repository.commit("Hang");
    let said = gate(&repository).ends_with(4);
    let note = workload(&said)["note"].as_str().unwrap().to_owned();
    assert!(note.contains("head: it was stopped after 1 s"), "{note}");
}

#[test]
fn a_program_that_does_not_compile_fails_and_one_that_is_gone_is_worth_a_look() {
    let repository = crate_with(&rules(""), 10, 4);
    repository.commit("Begin");
    repository.write("examples/decode.rs", "fn main() { engine::encode() }\n").commit("Break");
    let said = gate(&repository).ends_with(1);
    assert_eq!(said.reasons(), ["workload-does-not-build", "edits-what-measures"]);
    let note = workload(&said)["note"].as_str().unwrap().to_owned();
    assert!(note.contains("encode"), "{note}");

    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repository.remove("examples/decode.rs").commit("Remove");
    let said = gate(&repository).ends_with(0);
    assert_eq!(said.reasons(), ["workload-missing", "edits-what-measures"]);

    repository.write("examples/decode.rs", EXAMPLE).commit("Bring it back");
    let said = gate(&repository).ends_with(0);
    assert_eq!(workload(&said)["state"], "added");

    repository.remove("examples/decode.rs").commit("Remove it again");
    repository.write("src/lib.rs", "//! Nothing.\n").commit("Go on");
    let said = gate(&repository).ends_with(4);
    assert_eq!(said.reasons(), ["workload-could-not-run"]);
    let note = workload(&said)["note"].as_str().unwrap().to_owned();
    assert!(note.contains("neither side has the example decode"), "{note}");
}

#[test]
fn the_head_does_not_choose_what_is_run() {
    let repository = crate_with(&rules(""), 10, 4);
    repository.commit("Begin");
    repository
        .write("t5.yml", "version: 1\nworkloads: []\n")
        .write("src/lib.rs", &library(30, 4))
        .commit("Lose time, and the rule");
    let said = gate(&repository).ends_with(1);
    assert_eq!(workload(&said)["state"], "regressed");
}
