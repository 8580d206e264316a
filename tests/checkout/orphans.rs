//! What a `t5` that was killed the hard way leaves running.

use std::{fs, path::Path};

use crate::support::{
    bench_double::crate_with,
    hanging::{hanging, processes_of, until},
    t5::{run, start},
};

#[test]
fn the_next_run_ends_what_a_killed_one_left_running() {
    let repository = crate_with(&[("add", 100.0)]);
    let begin = repository.commit("Begin");
    let started = hanging(&repository, 86_391);
    repository.commit("Hang");
    let mut child = start(&repository, &["--only", "bench", "--isolation", "none"]).spawn();
    until("the benchmark", || started.exists());
    let bench = fs::read_to_string(&started).unwrap();
    // It writes the file before it hangs.
    until("its process number", || !fs::read_to_string(&started).unwrap().is_empty());

    child.kill().unwrap();
    child.wait().unwrap();
    run(&repository, &["--only", "policy", "--head", &begin]).ends_with(0);

    assert_eq!(processes_of("86391"), 0, "the daemon is gone");
    let environ = fs::read(Path::new("/proc").join(bench).join("environ")).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&environ).contains("T5_JOB"), "the benchmark is gone");
}

#[test]
fn what_another_t5_supervises_is_left_alone() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    let started = hanging(&repository, 86_392);
    repository.commit("Hang");
    let mut child = start(&repository, &["--only", "bench", "--isolation", "none"]).spawn();
    until("the benchmark", || started.exists());

    let other = crate_with(&[("add", 100.0)]);
    other.commit("Begin");
    run(&other, &["--only", "policy"]).ends_with(0);

    assert_eq!(processes_of("86392"), 1);
    assert!(child.try_wait().unwrap().is_none());
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
