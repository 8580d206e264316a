//! Sources that the rules refuse: held back before anybody is asked for anything.

use std::{fs, os::unix::fs::symlink, process::Command};

use t5_gate::{
    policy::{Facts, FindingState, Location, ScanState, Severity, Side, Source, judge},
    runner::scan::Strictness,
    verdict::Outcome,
};

use crate::support::elsewhere::Elsewhere;

use super::world::{World, finding, package, silence, state, write};

const TODAY: &str = "2026-02-01";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const SECRET: &str = "root:x:0:0:planted secret";

fn source(elsewhere: &Elsewhere) -> String {
    format!("git+http://{}/eve/evil?rev={COMMIT}", elsewhere.at)
}

fn rules(unknown_git: &str) -> String {
    format!("[licenses]\nallow = [\"MIT\"]\n[sources]\nunknown-git = \"{unknown_git}\"\n")
}

/// A head that takes `evil` from elsewhere, by its lock file.
fn world_with_locked(elsewhere: &Elsewhere) -> World {
    let mut world = World::new();
    world.input.offline = false;
    // One try is enough to see it try.
    let config = world.path("cargo-home/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    write(&config, &format!("{text}\n[net]\nretry = 0\n"));
    world.in_head(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"ours\"\nversion = \"0.1.0\"\nedition = \"2021\"\nlicense = \"MIT\"\n\n\
             [dependencies]\nevil = {{ git = \"http://{}/eve/evil\", rev = \"{COMMIT}\" }}\n",
            elsewhere.at
        ),
    );
    world.in_head(
        "Cargo.lock",
        &format!(
            "version = 4\n\n[[package]]\nname = \"evil\"\nversion = \"1.0.0\"\nsource = \"{}#{COMMIT}\"\n\n\
             [[package]]\nname = \"ours\"\nversion = \"0.1.0\"\ndependencies = [\n \"evil\",\n]\n",
            source(elsewhere)
        ),
    );
    world
}

fn outcome(facts: &Facts) -> (Option<Outcome>, String) {
    let part = judge(facts, TODAY.parse().unwrap());
    (part.outcome(), part.reasons.first().map(|reason| reason.text.clone()).unwrap_or_default())
}

#[test]
fn a_source_that_the_rules_refuse_is_never_called() {
    let elsewhere = Elsewhere::listen();
    let mut world = world_with_locked(&elsewhere);
    world.deny(&rules("allow"));
    world.scan();
    assert!(elsewhere.calls() > 0, "without the rule a change chooses whom this machine calls");

    world.deny(&rules("deny"));
    let facts = world.scan();

    assert_eq!(elsewhere.calls(), 0);
    let found = finding(&facts, Source::DenySources, "source-not-allowed");
    assert_eq!((found.severity, found.state), (Severity::Error, FindingState::Introduced));
    assert_eq!(found.package.name, "evil");
    assert_eq!(found.location, Some(Location { file: "Cargo.lock".to_owned(), line: 6 }));
    let chain: Vec<&str> = found.chain.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(chain, ["ours", "evil"]);
    let sources = state(&facts, Source::DenySources, Side::Head);
    assert_eq!(*sources, ScanState::Finished { errors: 1, warnings: 0 });
    let (reason, next) = silence(&facts, Source::DenyLicenses, Side::Head);
    assert!(reason.starts_with("nothing was fetched: evil 1.0.0 (Cargo.lock:6) comes from «git+"));
    assert!(next.contains("[sources] in deny.toml on the target branch"), "{next}");
    let (outcome, why) = outcome(&facts);
    assert_eq!(outcome, Some(Outcome::Fail), "a broken rule, not a scan that could not run");
    assert!(why.contains("brought in by ours → evil"), "{why}");
}

#[test]
fn a_source_that_only_a_manifest_names_is_never_called_either() {
    let elsewhere = Elsewhere::listen();
    let mut world = world_with_locked(&elsewhere);
    let unlocked = "version = 4\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";
    world.in_head("Cargo.lock", unlocked);
    world.deny(&rules("warn"));
    world.scan();
    assert!(
        elsewhere.calls() > 0,
        "cargo asks before it says that the lock file is not up to date"
    );

    world.input.strictness = Strictness::OnlyAllowed;
    let facts = world.scan();

    assert_eq!(elsewhere.calls(), 0);
    let found = finding(&facts, Source::DenySources, "source-not-allowed");
    assert_eq!(found.severity, Severity::Warning, "the rules themselves only warn");
    assert_eq!(found.location, Some(Location { file: "Cargo.toml".to_owned(), line: 8 }));
    assert_eq!(outcome(&facts).0, Some(Outcome::CouldNotRun));
}

#[test]
fn a_lock_file_that_is_no_plain_file_is_told_and_not_read() {
    for kind in ["link", "device", "pipe", "folder"] {
        let mut world = World::new();
        world.head(&[package("tiny", "1.0.0")]);
        let (secret, lock) = (world.path("secret"), world.path("head/Cargo.lock"));
        write(&secret, SECRET);
        fs::remove_file(&lock).unwrap();
        match kind {
            "link" => symlink(&secret, &lock).unwrap(),
            "device" => symlink("/dev/zero", &lock).unwrap(),
            "pipe" => {
                assert!(Command::new("mkfifo").arg(&lock).status().unwrap().success());
            }
            _ => fs::create_dir(&lock).unwrap(),
        }
        world.input.offline = false;

        let facts = world.scan();

        let (reason, _) = silence(&facts, Source::Audit, Side::Head);
        let said =
            if matches!(kind, "link" | "device") { "symbolic link" } else { "no plain file" };
        assert!(reason.contains(said), "{kind}: {reason}");
        assert!(!format!("{facts:?}").contains("planted"), "{kind}");
    }
}

#[test]
fn a_rule_file_that_is_a_link_shows_nothing_of_what_it_points_at() {
    let mut world = World::new();
    let secret = world.path("secret");
    write(&secret, SECRET);
    for name in ["t5.yml", "deny.toml"] {
        symlink(&secret, world.path("head").join(name)).unwrap();
        world.input.changed.push(name.to_owned());
    }

    let facts = world.scan();

    assert_eq!(facts.edits.len(), 2);
    assert!(!format!("{facts:?}").contains("planted"), "{:#?}", facts.edits);
}

#[test]
fn a_manifest_that_is_a_link_is_told_and_not_read() {
    let world = World::new();
    let (secret, manifest) = (world.path("secret"), world.path("head/Cargo.toml"));
    write(&secret, SECRET);
    fs::remove_file(&manifest).unwrap();
    symlink(&secret, &manifest).unwrap();

    let facts = world.scan();

    let (reason, next) = silence(&facts, Source::DenyLicenses, Side::Head);
    assert!(reason.contains("Cargo.toml is, or lies behind, a symbolic link"), "{reason}");
    assert!(next.contains("plain files"), "{next}");
    assert!(!format!("{facts:?}").contains("planted"));
}
