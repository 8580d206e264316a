//! What makes it easy to live with.

use std::{
    fs,
    io::Read as _,
    process::Command,
    time::{Duration, Instant},
};

use crate::support::{
    bench_double::crate_with,
    hanging::{hanging, processes_of, until},
    t5::{plain, run, start},
};

#[test]
fn ctrl_c_stops_the_whole_process_tree() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    let started = hanging(&repository, 86_399);
    repository.commit("Hang");
    let before = repository.state();

    let mut child = start(&repository, &["--only", "bench", "--isolation", "none"]).spawn();
    until("the benchmark", || started.exists());
    let pid = i32::try_from(child.id()).unwrap();
    let asked = Instant::now();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let status = child.wait().unwrap();

    assert_eq!(status.code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(20), "the process limit is 60 s");
    assert_eq!(processes_of("86399"), 0, "the daemon is gone too");
    assert_eq!(repository.state(), before);
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("stopped; nothing was judged"), "{said}");
}

#[test]
fn a_second_run_waits_and_says_so() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("src/lib.rs", "//! Changed.\n").commit("Change");
    let path = repository.beside("lock");
    let held = fs::File::create(&path).unwrap();
    held.lock().unwrap();

    let mut child = start(&repository, &["--only", "policy"]).spawn();
    let mut said = String::new();
    let mut err = child.stderr.take().unwrap();
    let mut one = [0; 1];
    while !said.contains("waiting for another t5") {
        assert_eq!(err.read(&mut one).unwrap(), 1, "it ended without waiting: {said}");
        said.push(char::from(one[0]));
    }
    assert!(child.try_wait().unwrap().is_none(), "it goes on although the lock is held");
    held.unlock().unwrap();

    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn on_a_pipe_only_the_result_is_printed() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("src/lib.rs", "//! Changed.\n").commit("Change");
    let said = run(&repository, &["--only", "bench"]).ends_with(0);
    assert_eq!(said.err, "");
    assert!(!said.out.contains('\u{1b}'), "no escape sequences: {:?}", said.out);
}

#[test]
fn the_three_formats_say_the_same() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("src/lib.rs", "//! Changed.\n").commit("Change");

    let markdown = run(&repository, &["--only=bench", "--format=markdown"]).ends_with(0);
    assert_eq!(markdown.out, markdown.file("report.md"));

    let json = run(&repository, &["--only=bench", "--format=json"]).ends_with(0);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["verdict"], json.verdict());
    assert_eq!(value["receipt"], json.receipt());
}

#[test]
fn a_receipt_is_rendered_again_and_verified() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");
    let said = run(&repository, &[]).ends_with(0);
    let receipt = said.folder().join("receipt.json");

    let again = plain(&repository).arg("report").arg(&receipt).end().ends_with(0);
    assert_eq!(again.out, said.file("report.md"), "to the byte");

    let verified = plain(&repository).arg("verify").arg(&receipt).end().ends_with(0);
    assert!(verified.out.contains("intact, not authenticated"), "{}", verified.out);

    let samples = said.file("samples.jsonl").replacen("\"round\":0", "\"round\":1", 1);
    fs::write(said.folder().join("samples.jsonl"), samples).unwrap();
    let refused = plain(&repository).arg("verify").arg(&receipt).end().ends_with(1);
    assert!(refused.err.contains("samples.jsonl"), "{}", refused.err);
}

#[test]
fn help_shows_how_it_is_used() {
    let help = Command::new(env!("CARGO_BIN_EXE_t5")).args(["run", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for part in ["Examples:", "t5 run --base main", "Exit codes:", "T5_CACHE"] {
        assert!(help.contains(part), "{part} is not in:\n{help}");
    }
}
