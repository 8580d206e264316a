//! Workloads in `t5.yml`: what is read, and every mistake with its place.

use insta::assert_snapshot;
use t5_gate::config::{self, Program, Threads, Workload};

use super::{schema::said_by_schema, told};

/// A file with one workload of these lines.
fn file(lines: &str) -> String {
    format!("version: 1\nworkloads:\n  - {}\n", lines.replace('\n', "\n    "))
}

const LEAST: &str = "name: decode\npackage: engine\nexample: decode";

#[test]
fn three_keys_are_enough_and_the_rest_has_its_default() {
    let read = config::parse(&file(LEAST)).unwrap().workloads;
    let expected = Workload::new("decode", "engine", Program::Example("decode".to_owned()));
    assert_eq!(read, [expected]);
    assert_eq!((read[0].threads, read[0].rounds), (Threads::One, 100));
    assert_eq!((read[0].min_throughput, read[0].max_memory_ratio), (0.95, 1.05));
    assert_eq!(said_by_schema(&file(LEAST)), Vec::<String>::new());
}

#[test]
fn every_key_is_read() {
    let text = file(
        "name: serve.1\npackage: engine\nbin: serve-it\nargs: [--tokens, \"8\", \"8\"]\nthreads: many\n\
         rounds: 24\nbudget: 1h\nprocess-limit: 5m\nmin-throughput: 0.9\nmax-memory-ratio: 1.5",
    );
    let read = config::parse(&text).unwrap().workloads;
    let expected = Workload {
        args: ["--tokens", "8", "8"].map(str::to_owned).to_vec(),
        threads: Threads::Many,
        rounds: 24,
        budget_seconds: 3600,
        process_seconds: 300,
        min_throughput: 0.9,
        max_memory_ratio: 1.5,
        ..Workload::new("serve.1", "engine", Program::Bin("serve-it".to_owned()))
    };
    assert_eq!(read, [expected]);
    assert_eq!(said_by_schema(&text), Vec::<String>::new());
    let stored = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Workload>>(&stored).unwrap(), read);
}

#[test]
fn the_comment_in_the_documented_default_shows_the_defaults() {
    let default = include_str!("../../config/t5.default.yml");
    let shown: Vec<&str> = default
        .lines()
        .skip_while(|line| !line.starts_with("#   - name: decode"))
        .take_while(|line| *line != "#")
        .map(|line| line.trim_start_matches("# "))
        .collect();
    let text = format!("version: 1\nworkloads:\n{}\n", shown.join("\n"));
    let read = config::parse(&text).unwrap().workloads;
    let args = ["--tokens", "128"].map(str::to_owned).to_vec();
    let program = Program::Example("decode".to_owned());
    assert_eq!(read, [Workload { args, ..Workload::new("decode", "engine", program) }]);
}

#[test]
fn the_command_can_be_typed() {
    let mut workload = Workload::new("w", "engine", Program::Bin("serve".to_owned()));
    assert_eq!(workload.command("bench"), "cargo run --profile bench -p engine --bin serve");
    workload.args = ["-n", "two words", "it's"].map(str::to_owned).to_vec();
    let typed = r"cargo run --profile bench -p engine --bin serve -- -n 'two words' 'it'\''s'";
    assert_eq!(workload.command("bench"), typed);
}

#[test]
fn every_mistake_of_a_workload_is_told_with_its_place() {
    let text = "\
version: 1
workloads:
  - name: a b
    pakage: engine
    example: ../decode
    args: [1, two]
    threads: 4
    rounds: 5
    budget: 25h
    min-throughput: 95
    max-memory-ratio: 0.9
  - name: twice
    package: engine
    example: decode
    bin: decode
  - name: last
    package: engine
";
    assert_snapshot!(told(text), @"
    t5.yml:3:5: a workload lacks `package`; it says which package holds it
    t5.yml:3:11: `name` must name a workload, not `a b`; letters, digits, `.`, `_` and `-`, at most 64 characters
    t5.yml:4:5: unknown key `pakage` in a workload; did you mean `package`?
    t5.yml:5:14: `example` must name a target of cargo, not `../decode`
    t5.yml:6:12: an entry of `args` must be a text, not the number 1; put it in quotes
    t5.yml:7:14: `threads` must be `one` or `many`, not the number 4; many: the program uses several cores at once
    t5.yml:8:13: `rounds` must be a whole number between 8 and 200, not 5
    t5.yml:9:13: `budget` must be at most 24h
    t5.yml:10:21: `min-throughput` must be more than 0 and less than 1, not 95; 95 % of the base is 0.95
    t5.yml:11:23: `max-memory-ratio` must be between 1 and 100, not 0.9; 5 % more than the base is 1.05
    t5.yml:15:10: `example` and `bin` exclude each other; keep the one that is to be run
    t5.yml:16:5: a workload lacks `example` or `bin`; it says which program of the package is run
    ");
}

#[test]
fn a_name_stands_once() {
    let text = format!("{}{}", file(LEAST), "  - {name: decode, package: other, bin: other}\n");
    assert_snapshot!(told(&text), @"t5.yml:6:5: the workload `decode` stands twice; the first is on line 3");
}

#[test]
fn what_is_wrong_is_refused_by_the_schema_too() {
    for line in [
        "extra: 1",
        "bin: decode",
        "args: decode",
        "args: [1]",
        "threads: two",
        "rounds: 7",
        "rounds: 201",
        "rounds: 10.5",
        "budget: 10",
        "process-limit: 0",
        "min-throughput: 1",
        "max-memory-ratio: 0.99",
        "max-memory-ratio: 101",
    ] {
        let text = file(&format!("{LEAST}\n{line}"));
        assert_ne!(told(&text), "no mistake", "{text}");
        assert_ne!(said_by_schema(&text), Vec::<String>::new(), "{text}");
    }
    for (from, to) in [
        ("name: decode", "name: -decode"),
        ("package: engine", "package: -p"),
        ("example: decode", "example: '--release'"),
        ("example: decode", "threads: one"),
        ("package: engine", "threads: one"),
    ] {
        let text = file(&LEAST.replace(from, to));
        assert_ne!(told(&text), "no mistake", "{text}");
        assert_ne!(said_by_schema(&text), Vec::<String>::new(), "{text}");
    }
    assert_snapshot!(told("version: 1\nworkloads: decode"), @"t5.yml:2:12: `workloads` must be a list, not the text `decode`; begin each with `- name: …`");
}
