//! Input that is wrong, and what a person is told.

use crate::support::{
    bench_double::{crate_with, source},
    not_run::needs,
    t5::{plain, run, start},
};

#[test]
fn no_lock_file() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.remove("Cargo.lock").commit("Begin");

    let said = run(&repository, &[]).ends_with(2);

    assert!(said.err.contains("has no Cargo.lock"), "{}", said.err);
    assert!(said.err.contains("cargo generate-lockfile"), "{}", said.err);
}

#[test]
fn a_base_without_a_lock_file_is_no_base() {
    let repository = crate_with(&[("add", 100.0)]);
    let lock = std::fs::read_to_string(repository.dir().join("Cargo.lock")).unwrap();
    repository.remove("Cargo.lock").commit("Begin");
    repository.write("Cargo.lock", &lock).commit("Lock");

    let said = run(&repository, &["--only", "bench"]).ends_with(4);

    assert_eq!(said.reasons(), ["no-base"]);
    assert!(said.file("report.md").contains("the base has no Cargo.lock"));
}

#[test]
fn a_broken_lock_file_of_the_head() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("Cargo.lock", "version = 4\n\n[[package]\nname = \n").commit("Break the lock");

    let said = run(&repository, &[]);

    let report = said.file("report.md");
    assert!(report.contains("Cargo.lock"), "{report}");
    assert_ne!(said.verdict()["outcome"], "pass");
    // The benches cannot be built either, and that is the head's doing.
    assert!(said.reasons().contains(&"head-does-not-build".to_owned()), "{:?}", said.reasons());
    said.ends_with(1);
}

#[test]
fn a_malformed_rules_file_names_line_and_column() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.write("t5.yml", "version: 1\nbench:\n  min-throughputt: 0.9\n").commit("Begin");
    repository.write("src/lib.rs", "//! Changed.\n").commit("Change");

    let said = run(&repository, &[]).ends_with(2);
    assert!(said.err.contains("t5.yml:3:3"), "{}", said.err);
    assert!(said.err.contains("min-throughput"), "the nearest key is named: {}", said.err);

    let said = plain(&repository).arg("config").arg("check").end().ends_with(2);
    assert!(said.err.contains("t5.yml:3:3"), "{}", said.err);
}

#[test]
fn every_mistake_of_a_rules_file_is_named_at_once() {
    let repository = crate_with(&[("add", 100.0)]);
    let text = "version: 1\npolicy:\n  waivers:\n    - id: X\n      scope: '*'\n      reason: ''\n      owner: me\n      expires: tomorrow\nbench:\n  guard: 7\n";
    repository.write("t5.yml", text);

    let said = plain(&repository).arg("config").arg("check").end().ends_with(2);
    for line in ["t5.yml:5:", "t5.yml:6:", "t5.yml:8:", "t5.yml:10:"] {
        assert!(said.err.contains(line), "{line} is not in:\n{}", said.err);
    }

    repository.write("t5.yml", "version: 1\n");
    plain(&repository).arg("config").arg("check").end().ends_with(0);
}

#[test]
fn a_malformed_deny_toml_could_not_run() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.write("deny.toml", "[licenses\nallow = [\"MIT\"]\n").commit("Begin");
    repository.write("src/lib.rs", "//! Changed.\n").commit("Change");

    let said = run(&repository, &["--only", "policy"]).ends_with(4);
    assert!(said.file("report.md").contains("deny.toml"));
}

#[test]
fn without_cargo_deny_the_rest_of_the_run_is_not_lost() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");
    // A machine that has Rust and no cargo-deny, and may fetch nothing.
    let bin = repository.beside("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for name in ["cargo", "rustc", "rustup"] {
        let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.exists());
        if let Some(found) = found {
            std::os::unix::fs::symlink(found, bin.join(name)).unwrap();
        }
    }

    let said = start(&repository, &[])
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("CARGO_HOME", repository.beside("cargo home"))
        .end()
        .ends_with(4);

    assert_eq!(said.pair("add")["state"], "held");
    let report = said.file("report.md");
    assert!(report.contains("cargo install --locked cargo-deny@"), "{report}");
    let scans = said.receipt()["policy"]["scans"].clone();
    let audit = scans.as_array().unwrap().iter().filter(|scan| scan["source"] == "audit");
    assert!(audit.into_iter().all(|scan| scan["state"] == "finished"), "{scans:#}");
}

#[test]
fn a_budget_that_is_no_time_is_named() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    let said = run(&repository, &["--budget", "soon"]).ends_with(2);
    assert!(said.err.contains("--budget soon"), "{}", said.err);
}

#[test]
fn an_advisory_folder_that_is_not_there_is_named() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    let said =
        plain(&repository).arg("run").arg("--advisory-db=/no/such/folder").end().ends_with(2);
    assert!(said.err.contains("/no/such/folder: no such folder"), "{}", said.err);
}

#[test]
fn a_spent_budget_is_inconclusive_and_says_what_would_resolve_it() {
    // Exactly on the line nothing can be proved, and so many take turns that none is finished.
    let names: Vec<String> = (0..200).map(|number| format!("add{number}")).collect();
    let at = |time: f64| names.iter().map(|name| (name.as_str(), time)).collect::<Vec<_>>();
    let repository = crate_with(&at(100.0));
    repository.commit("Begin");
    repository.write("benches/speed.rs", &source(&at(100.0 / 0.955))).commit("On the line");

    let said = run(&repository, &["--only", "bench", "--budget", "1s"]).ends_with(3);

    assert_eq!(said.pair("add7")["state"], "inconclusive");
    assert!(said.file("report.md").contains("--budget"));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    let occupied = repository.beside("occupied");
    std::fs::write(&occupied, "a file").unwrap();

    let said = plain(&repository).arg("run").arg("--out").arg(&occupied).end().ends_with(4);
    assert!(said.err.contains("occupied"), "{}", said.err);
}

/// A file system of 16 KiB stands in for a full disk. It needs a mount of its own.
#[test]
fn no_space_left_is_said_and_nothing_half_written_stays() {
    let can_mount =
        ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"];
    let mend = "allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1";
    if !needs("no_space_left", &can_mount, mend) {
        return;
    }
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");
    let small = repository.beside("small");
    std::fs::create_dir(&small).unwrap();
    let mount = "mount -t tmpfs -o size=16k tmpfs \"$SMALL\" && \"$@\"; code=$?; \
        ls -A \"$SMALL\" >&2; exit $code";

    let said = plain(&repository)
        .arg("run")
        .arg("--only=bench")
        .arg("--out")
        .arg(&small)
        .env("SMALL", &small)
        .within(&["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh"])
        .end();

    assert_eq!(said.code, Some(4), "{}", said.err);
    assert!(said.err.contains("No space left on device"), "{}", said.err);
    assert!(said.err.contains("--out"), "the next step is named: {}", said.err);
    assert!(!said.err.contains(".part"), "{}", said.err);
}

#[test]
fn a_malformed_receipt_names_the_file_and_the_place() {
    let repository = crate_with(&[("add", 100.0)]);
    let path = repository.beside("receipt.json");
    std::fs::write(&path, "{\n  \"schema\": \"t5-receipt/1\",\n  oops\n}").unwrap();
    let said = plain(&repository).arg("report").arg(&path).end().ends_with(2);
    assert!(said.err.contains("receipt.json"), "{}", said.err);
    assert!(said.err.contains("line 3"), "{}", said.err);

    std::fs::write(&path, "{\"schema\": \"t5-receipt/99\"}").unwrap();
    let said = plain(&repository).arg("report").arg(&path).end().ends_with(2);
    assert!(said.err.contains("t5-receipt/99"), "{}", said.err);

    let said = plain(&repository).arg("verify").arg(&path).end().ends_with(1);
    assert!(said.err.contains("refused"), "{}", said.err);

    let said = plain(&repository).arg("report").arg("/no/such/receipt.json").end().ends_with(2);
    assert!(said.err.contains("/no/such/receipt.json"), "{}", said.err);
}
