//! Checks that give no answer, each with a reason and a next step.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use t5_gate::{
    policy::{FindingState, ScanState, Side, Source, judge},
    runner::scan::{RuleFile, migration::migration},
    verdict::Outcome,
};

use super::world::{World, finding, package, silence, state, write};

const DENY: [Source; 4] =
    [Source::DenyLicenses, Source::DenySources, Source::DenyBans, Source::DenyAdvisories];

const OLD: &str = "[licenses]\nallow = [\"MIT\"]\nunlicensed = \"deny\"\ncopyleft = \"warn\"\n\n\
                   [advisories]\nvulnerability = \"deny\"\n";

#[test]
fn a_configuration_of_an_older_release_is_could_not_run_with_the_migration() {
    let mut world = World::new();
    world.deny(OLD);

    let facts = world.scan();

    for source in DENY {
        let (reason, next) = silence(&facts, source, Side::Head);
        assert!(reason.starts_with("cargo-deny refuses deny.toml: "), "{reason}");
        assert!(reason.contains("`unlicensed`") && reason.contains("`copyleft`"), "{reason}");
        assert!(next.starts_with("migrate deny.toml on the target branch: line 3, "), "{next}");
    }
    assert!(matches!(state(&facts, Source::Audit, Side::Head), ScanState::Finished { .. }));
    let part = judge(&facts, "2026-02-01".parse().unwrap());
    assert_eq!(part.outcome(), Some(Outcome::CouldNotRun));
}

#[test]
fn every_key_that_was_removed_has_its_step() {
    let file = |text: &str| RuleFile { path: "deny.toml".to_owned(), text: text.to_owned() };

    insta::assert_snapshot!(migration(&file(OLD)).join("\n"), @"
    line 3, `licenses.unlicensed`: delete it: a licence that is not in `licenses.allow` is refused now
    line 4, `licenses.copyleft`: delete it: a licence that is not in `licenses.allow` is refused now
    line 7, `advisories.vulnerability`: delete it: these are errors always now, and a single advisory can be put into `advisories.ignore`
    ");
    let level = migration(&file("[advisories]\nunmaintained = \"warn\"\nunsound = \"all\"\n"));
    assert_eq!(level.len(), 1);
    assert!(level[0].starts_with("line 2, `advisories.unmaintained`: say where"), "{level:?}");
    assert_eq!(migration(&file("[licenses\n")), [] as [String; 0]);
}

#[test]
fn a_configuration_that_is_no_toml_is_could_not_run_with_its_line() {
    let mut world = World::new();
    world.deny("[licenses]\nallow = [\"MIT\"]\nnot toml\n");

    let facts = world.scan();

    let (reason, next) = silence(&facts, Source::DenyBans, Side::Base);
    assert!(reason.contains("deny.toml:3: "), "{reason}");
    assert_eq!(next, "correct deny.toml on the target branch");
    assert!(matches!(state(&facts, Source::Audit, Side::Base), ScanState::Finished { .. }));
}

#[test]
fn an_audit_toml_that_is_no_toml_silences_the_audit_alone() {
    let mut world = World::new();
    let text = "[advisories]\nignore = [\n".to_owned();
    world.input.audit = Some(RuleFile { path: "audit.toml".to_owned(), text });

    let facts = world.scan();

    let (reason, _) = silence(&facts, Source::Audit, Side::Head);
    assert!(reason.contains("audit.toml"), "{reason}");
    assert!(matches!(state(&facts, Source::DenyBans, Side::Head), ScanState::Finished { .. }));
}

#[test]
fn a_broken_lock_file_of_the_head_is_could_not_run_with_file_and_line() {
    let mut world = World::new();
    world.in_head("Cargo.lock", "version = 4\n\n[[package]]\n<<<<<<< HEAD\nname = \"ours\"\n");
    world.input.prefix = String::new();

    let facts = world.scan();

    for source in DENY.into_iter().chain([Source::Audit]) {
        let (reason, next) = silence(&facts, source, Side::Head);
        assert!(reason.starts_with("Cargo.lock:4 is broken: "), "{reason}");
        assert!(next.contains("cargo generate-lockfile"), "{next}");
        assert!(matches!(state(&facts, source, Side::Base), ScanState::Finished { .. }));
    }
    assert_eq!(facts.checked.head_packages, 0);
}

#[test]
fn a_head_that_gave_no_answer_fixes_nothing() {
    let world = World::new();
    world.base(&[package("time", "0.1.43")]);
    world.in_head("Cargo.lock", "version = 4\n[[package]]\nname = 1\n");

    assert_eq!(world.scan().findings, []);
}

#[test]
fn a_broken_lock_file_of_the_base_leaves_the_heads_findings_standing() {
    let world = World::new();
    world.head(&[package("time", "0.1.43")]);
    write(&world.path("base/Cargo.lock"), "version = 4\n[[package]]\nname = \"ours\n");

    let facts = world.scan();

    silence(&facts, Source::Audit, Side::Base);
    assert_eq!(facts.checked.base_packages, None);
    let found = finding(&facts, Source::Audit, "RUSTSEC-2020-0071");
    assert_eq!(found.state, FindingState::Introduced);
}

#[test]
fn a_base_that_cargo_cannot_read_is_asked_for_its_lock_file() {
    let world = World::new();
    world.base(&[package("time", "0.1.43")]);
    world.head(&[package("time", "0.1.43"), package("paste", "1.0.15")]);
    write(&world.path("base/Cargo.toml"), "[package]\nname = \"ours\n");

    let facts = world.scan();

    let (reason, _) = silence(&facts, Source::DenyAdvisories, Side::Base);
    assert!(reason.starts_with("cargo metadata: "), "{reason}");
    let deny = |id| finding(&facts, Source::DenyAdvisories, id).state;
    assert_eq!(deny("RUSTSEC-2020-0071"), FindingState::PreExisting);
    assert_eq!(deny("RUSTSEC-2024-0436"), FindingState::Introduced);
}

#[test]
fn a_lock_file_that_lags_behind_its_manifest_is_could_not_run_with_the_command() {
    let world = World::new();
    world.head(&[package("paste", "1.0.15")]);
    world.in_head(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n",
    );

    let facts = world.scan();

    let (reason, next) = silence(&facts, Source::DenyLicenses, Side::Head);
    assert!(reason.contains("lock file"), "{reason}");
    assert_eq!(next, "run `cargo update --workspace` there and commit Cargo.lock");
}

/// A program in place of cargo-deny.
fn double(world: &mut World, script: &str) {
    let path: PathBuf = world.path("double");
    write(
        &path,
        &format!("#!/bin/sh\n[ \"$1\" = --version ] && exec echo cargo-deny 0.20.9\n{script}\n"),
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    world.input.cargo_deny = Ok(path);
}

#[test]
fn without_a_summary_line_nothing_is_concluded() {
    let log =
        r#"{"fields":{"level":"ERROR","message":"failed to load advisory database"},"type":"log"}"#;
    let cases = [
        ("echo \"thread 'main' panicked at src/x.rs\" >&2; exit 101", "thread 'main' panicked"),
        (&format!("echo '{log}' >&2; exit 1"), "failed to load advisory database"),
        ("exit 0", "it exited with 0"),
        ("kill -9 $$", "it was killed by signal 9"),
    ];
    for (script, expected) in cases {
        let mut world = World::new();
        double(&mut world, script);

        let facts = world.scan();

        for source in DENY {
            let (reason, next) = silence(&facts, source, Side::Head);
            assert!(reason.starts_with("cargo-deny gave no summary: "), "{reason}");
            assert!(reason.contains(expected), "{reason}");
            assert!(!next.is_empty());
        }
    }
}

#[test]
fn a_summary_that_leaves_a_check_out_is_no_answer_for_that_check() {
    let mut world = World::new();
    double(
        &mut world,
        r#"echo '{"fields":{"bans":{"errors":0,"warnings":0}},"type":"summary"}' >&2"#,
    );

    let output = world.try_scan().unwrap();

    let finished = ScanState::Finished { errors: 0, warnings: 0 };
    assert_eq!(state(&output.facts, Source::DenyBans, Side::Head), &finished);
    silence(&output.facts, Source::DenyLicenses, Side::Head);
    assert_eq!(output.tools[0].version, "0.20.9");
}
