//! Which commits are compared, and what stays untouched.

use std::process::Command;

use tempfile::TempDir;

use crate::support::{
    bench_double::{crate_with, source, write_crate},
    repository::Repository,
    t5::{plain, run, start},
};

#[test]
fn the_repository_stays_as_it_was() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");
    repository.write("src/lib.rs", "//! Not committed.\n");
    repository.write("notes.txt", "not even added");
    let before = repository.state();

    let said = run(&repository, &[]).ends_with(0);

    assert_eq!(repository.state(), before);
    assert_eq!(repository.git(&["worktree", "list"]).lines().count(), 1);
    assert_eq!(said.receipt()["subject"]["uncommitted"], 2);
    assert!(said.file("report.md").contains("uncommitted"), "what was not gated is mentioned");
}

#[test]
fn without_names_the_head_is_compared_with_where_it_left_main() {
    let repository = crate_with(&[("add", 100.0)]);
    let fork = repository.commit("Begin");
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.write("src/lib.rs", "//! One.\n").commit("One");
    repository.write("src/lib.rs", "//! Two.\n");
    let head = repository.commit("Two");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("other.txt", "main moved on");
    let tip = repository.commit("Move on");
    repository.git(&["checkout", "--quiet", "feature"]);

    let said = run(&repository, &["--only", "policy"]).ends_with(0);

    let subject = &said.receipt()["subject"];
    assert_eq!(subject["base"]["sha"], fork.as_str());
    assert_eq!(subject["head"]["sha"], head.as_str());
    assert_eq!(subject["rules"]["sha"], tip.as_str(), "rules come from the branch's tip");
    assert_eq!(said.receipt()["changes"]["commit_count"], 2);
}

#[test]
fn a_first_commit_has_nothing_to_be_compared_with() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");

    let said = run(&repository, &[]).ends_with(0);

    assert_eq!(said.receipt()["subject"]["base"], serde_json::Value::Null);
    assert_eq!(said.verdict()["parts"][1]["skipped"], "no-base");
}

#[test]
fn a_crate_in_a_subfolder_is_found() {
    let repository = Repository::new();
    write_crate(&repository, "native/rust/", &[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("native/rust/benches/speed.rs", &source(&[("add", 130.0)])).commit("Slow");

    let said = run(&repository, &["--only", "bench"]).ends_with(1);
    assert_eq!(said.pair("add")["state"], "regressed");

    // The same from within the folder.
    let inside = repository.dir().join("native/rust");
    let said = plain(&repository)
        .dir(&inside)
        .arg("run")
        .arg("--only=bench")
        .arg("--out")
        .arg(repository.beside("again"))
        .end()
        .ends_with(1);
    assert!(said.out.contains("regressed") || said.out.contains("add"), "{}", said.out);
}

#[test]
fn a_shallow_clone_without_the_base_names_the_command_that_helps() {
    let origin = crate_with(&[("add", 100.0)]);
    origin.commit("Begin");
    origin.write("src/lib.rs", "//! Two.\n").commit("Two");
    let keep = TempDir::with_prefix("t5 shallow ").unwrap();
    let dir = keep.path().join("clone");
    let url = format!("file://{}", origin.dir().display());
    let cloned = Command::new("git")
        .args(["clone", "--quiet", "--depth=1", &url])
        .arg(&dir)
        .status()
        .unwrap();
    assert!(cloned.success());
    let clone = Repository::at(keep, dir);

    let said = run(&clone, &[]).ends_with(2);

    assert!(said.err.contains("git fetch --deepen=1"), "{}", said.err);

    clone.git(&["fetch", "--quiet", "--deepen=1"]);
    run(&clone, &["--only", "policy"]).ends_with(0);
}

#[test]
fn unknown_names_are_named() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");

    let said = run(&repository, &["--base", "no-such-branch"]).ends_with(2);
    assert!(said.err.contains("--base no-such-branch"), "{}", said.err);

    let said = run(&repository, &["--head=--upload-pack=x"]).ends_with(2);
    assert!(said.err.contains("--upload-pack=x"), "{}", said.err);
}

#[test]
fn a_folder_without_a_repository_is_named() {
    let repository = crate_with(&[("add", 100.0)]);
    let nowhere = repository.beside("nowhere");
    std::fs::create_dir(&nowhere).unwrap();

    let said = plain(&repository).dir(&nowhere).arg("run").end().ends_with(2);
    assert!(said.err.contains("not inside a git repository"), "{}", said.err);

    let empty = Repository::new();
    let said = run(&empty, &[]).ends_with(2);
    assert!(said.err.contains("no commit yet"), "{}", said.err);
}

#[test]
fn the_same_pair_again_builds_nothing() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");

    let first = run(&repository, &["--only", "bench"]).ends_with(0);
    let reused = |said: &crate::support::t5::Said| {
        let builds = said.receipt()["perf"]["builds"].as_array().unwrap().clone();
        builds.iter().map(|build| build["reused"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(reused(&first), [false, false]);

    // A compiler that cannot be found proves that none is asked.
    let cargo_refuses = repository.beside("bin");
    std::fs::create_dir(&cargo_refuses).unwrap();
    let path = cargo_refuses.join("cargo");
    std::fs::write(&path, "#!/bin/sh\nexit 99\n").unwrap();
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, permissions).unwrap();
    let searched = format!("{}:{}", cargo_refuses.display(), std::env::var("PATH").unwrap());
    let again = start(&repository, &["--only", "bench"]).env("PATH", searched).end().ends_with(0);

    assert_eq!(reused(&again), [true, true]);
}
