//! `t5 judge`: recorded slices and a run's own samples, judged by the gate's rule.

use std::fs;

use serde_json::Value;

use crate::support::{
    repository::Repository,
    t5::{Said, fixture, plain},
};

fn judge(repository: &Repository, file: &std::path::Path, args: &[&str]) -> Said {
    let command = plain(repository).arg("judge").arg(file);
    args.iter().fold(command, |command, arg| command.arg(arg)).end()
}

/// A file with these lines.
fn lines(repository: &Repository, lines: &[&str]) -> std::path::PathBuf {
    let path = repository.beside("slices.jsonl");
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

fn document(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap()
}

fn state(document: &Value, bench: &str) -> Value {
    let benchmarks = document["benchmarks"].as_array().unwrap();
    benchmarks.iter().find(|one| one["bench"] == bench).unwrap()["state"].clone()
}

#[test]
fn recorded_slices_are_judged_and_the_document_names_its_rule() {
    let repository = Repository::new();
    let said = judge(&repository, &fixture("slices").join("slow-10pct.jsonl"), &[]).ends_with(0);
    let document = document(&said);
    assert_eq!(document["benchmarks"].as_array().unwrap().len(), 6);
    assert_eq!(document["rule"]["family"], 6, "as many as the file has");
    assert_eq!(document["line"], 0.955);
    let dot = &document["benchmarks"].as_array().unwrap()[3];
    assert_eq!((&dot["bench"], &dot["state"]), (&"dot".into(), &"regressed".into()));
    assert_eq!(dot["estimate"]["estimator"], "floor");
    assert_eq!(dot["stopped_at"], dot["estimate"]["rounds"]);
    assert!(dot["stopped_at"].as_u64().unwrap() < dot["rounds"].as_u64().unwrap());
    assert!(dot["estimate"]["upper"].as_f64().unwrap() < 0.955);
    for estimate in ["floor", "paired"] {
        let ratio = dot[estimate]["ratio"].as_f64().unwrap();
        assert!((0.88..0.93).contains(&ratio), "{estimate}: {ratio}");
    }
}

#[test]
fn the_same_file_rule_and_seed_give_the_same_bytes() {
    let repository = Repository::new();
    let file = fixture("slices").join("same-1.jsonl");
    let once = judge(&repository, &file, &["--seed", "5"]).ends_with(0).out;
    assert_eq!(once, judge(&repository, &file, &["--seed", "5"]).ends_with(0).out);
}

#[test]
fn the_rule_can_be_set() {
    let repository = Repository::new();
    let file = fixture("slices").join("slow-10pct.jsonl");
    let args = ["--min-throughput", "0.8", "--guard", "0.01", "--family", "40"];
    let document = document(&judge(&repository, &file, &args).ends_with(0));
    assert_eq!(document["rule"]["family"], 40);
    assert_eq!(state(&document, "dot"), "held");
}

#[test]
fn a_runs_own_samples_are_judged_too() {
    let repository = Repository::new();
    let round = |round: u32, stage: &str, head: u32| {
        format!(
            r#"{{"bench":{{"package":"p","target":"t","id":"a"}},"round":{round},"order":"base-first","base":[[10,1000],[10,1000]],"head":[[10,{head}],[10,{head}]],"turns":"bh"{stage}}}"#
        )
    };
    let again = r#","stage":"again""#;
    let mut text: Vec<String> = (0..16).map(|at| round(at, "", 1200)).collect();
    text.extend((0..16).map(|at| round(at, again, 1000)));
    let text: Vec<&str> = text.iter().map(String::as_str).collect();
    let document = document(&judge(&repository, &lines(&repository, &text), &[]).ends_with(0));
    assert_eq!(state(&document, "p/t: a"), "inconclusive");
    let confirmation = &document["benchmarks"][0]["confirmation"];
    assert_eq!(confirmation["confirmed"], false);
    assert_eq!(confirmation["again"]["ratio"], 1.0);
}

#[test]
fn rounds_whose_numbers_begin_anew_are_further_rounds() {
    let repository = Repository::new();
    let line = r#"{"bench":"a","round":0,"iters":10,"pairs":[[0,7.0,7.0],[1,7.0,7.0]]}"#;
    let file = lines(&repository, &[line; 8]);
    let document = document(&judge(&repository, &file, &[]).ends_with(0));
    assert_eq!(document["benchmarks"][0]["rounds"], 8);
    assert_eq!(state(&document, "a"), "held");
}

#[test]
fn a_file_that_cannot_be_judged_is_refused_with_its_line_and_what_to_do() {
    let repository = Repository::new();
    let good = r#"{"bench":"a","round":0,"iters":10,"pairs":[[0,7.0,7.0]]}"#;
    for (bad, what) in [
        (r#"{"bench":"a","round":1,"iters":10,"pairs":[[2,7.0,7.0]]}"#, "not 2"),
        (r#"{"bench":"a","round":1,"iters":0,"pairs":[[0,7.0,7.0]]}"#, "cannot have been measured"),
        (r#"{"bench":"a","round":1,"iters":10,"pairs":[[0,-7.0,7.0]]}"#, "cannot have been"),
        (r#"{"bench":"a","round":1,"iters":10,"pairs":[]}"#, "no pairs"),
        (r#"{"bench":"a","round":1,"iters":10,"pairs":[[0,7.0]]}"#, "invalid length"),
        (r#"{"bench":"a","round":1,"pairs":[[0,7.0,7.0]]}"#, "iters"),
        (r#"{"bench":"a","round":1,"iters":10}"#, "invalid type"),
        ("nonsense", "expected"),
        ("", "EOF"),
    ] {
        let file = lines(&repository, &[good, bad, good]);
        let said = judge(&repository, &file, &[]).ends_with(2);
        assert!(said.err.contains("slices.jsonl: line 2"), "{}", said.err);
        assert!(said.err.contains(what), "{what}: {}", said.err);
        assert!(said.err.contains("t5 judge --help"), "{}", said.err);
        assert_eq!(said.out, "");
    }
    let said = judge(&repository, &lines(&repository, &[]), &[]).ends_with(2);
    assert!(said.err.contains("no round"), "{}", said.err);
    let said = judge(&repository, &repository.beside("nothing"), &[]).ends_with(2);
    assert!(said.err.contains("nothing"), "{}", said.err);
}

#[test]
fn a_rule_that_is_none_is_refused() {
    let repository = Repository::new();
    let file = fixture("slices").join("same-1.jsonl");
    for args in [
        ["--min-throughput", "1.2"],
        ["--min-throughput", "NaN"],
        ["--guard", "0.5"],
        ["--guard", "nan"],
        ["--family", "0"],
    ] {
        let said = judge(&repository, &file, &args).ends_with(2);
        assert!(said.err.contains(args[0]), "{}", said.err);
    }
}
