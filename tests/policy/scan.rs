//! Whole scans with the real cargo-deny.

use t5_gate::{
    policy::{
        DatabaseOrigin, FindingState, Location, PolicyOrigin, ScanState, Severity, Side, Source,
        disagreements, judge,
    },
    runner::scan::{DatabaseChoice, RuleFile, ScanError},
    verdict::Outcome,
};

use super::world::{Registry, World, finding, package, state, states};

const TIME: Registry = package("time", "0.1.43");
const TIME_ID: &str = "RUSTSEC-2020-0071";
const TODAY: &str = "2026-02-01";

fn codes(world: &World) -> Vec<(Outcome, String)> {
    let part = judge(&world.scan(), TODAY.parse().unwrap());
    part.reasons.into_iter().map(|reason| (reason.outcome, reason.code)).collect()
}

#[test]
fn two_clean_sides_have_no_findings_and_every_check_finished() {
    let world = World::new();

    let facts = world.scan();

    assert_eq!(facts.findings, []);
    assert_eq!(facts.policy_file.origin, PolicyOrigin::Shipped);
    assert_eq!(facts.policy_file.path, "config/deny.toml");
    assert_eq!((facts.checked.base_packages, facts.checked.head_packages), (Some(1), 1));
    assert_eq!(facts.scans.len(), 10);
    let finished = ScanState::Finished { errors: 0, warnings: 0 };
    assert!(facts.scans.iter().all(|scan| scan.state == finished), "{:#?}", facts.scans);
    assert_eq!(facts.database.origin, DatabaseOrigin::Directory);
    assert_eq!(facts.database.advisories, 8);
}

#[test]
fn an_introduced_advisory_fails_and_says_where_it_comes_from() {
    let world = World::new();
    world.head(&[package("chrono", "0.4.31").needs(&["time"]), TIME]);

    let facts = world.scan();

    for source in [Source::DenyAdvisories, Source::Audit] {
        let found = finding(&facts, source, TIME_ID);
        assert_eq!(found.state, FindingState::Introduced);
        assert_eq!(found.severity, Severity::Error);
        assert_eq!(found.band.as_deref(), Some("medium"));
        assert_eq!(found.aliases, ["CVE-2020-26235", "GHSA-wcg3-cvx6-7396"]);
        assert_eq!(found.why, "Potential segfault in the time crate");
        assert_eq!(found.published, Some("2020-11-18".parse().unwrap()));
        let chain: Vec<&str> = found.chain.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(chain, ["ours", "chrono", "time"]);
        assert_eq!(found.location, Some(Location { file: "Cargo.toml".to_owned(), line: 8 }));
    }
    let part = judge(&facts, TODAY.parse().unwrap());
    assert_eq!(part.outcome(), Some(Outcome::Fail));
    let reason = part.reasons.first().unwrap();
    assert_eq!(reason.code, "introduced-finding");
    // One advisory that both sources report is one reason.
    assert_eq!(part.reasons.iter().filter(|other| other.code == reason.code).count(), 1);
    for part in [TIME_ID, "medium", "time 0.1.43", "ours → chrono → time", "Cargo.toml:8", "Next:"]
    {
        assert!(reason.text.contains(part), "{part} is not in {}", reason.text);
    }
}

#[test]
fn an_advisory_in_both_sides_is_pre_existing_and_has_no_effect() {
    let world = World::new();
    world.base(&[TIME]);
    world.head(&[TIME, package("tiny", "1.0.0")]);

    let facts = world.scan();

    let before = FindingState::PreExisting;
    assert_eq!(
        states(&facts, TIME_ID),
        [(Source::DenyAdvisories, before), (Source::Audit, before)]
    );
    assert_eq!(codes(&world), [(Outcome::Attention, "database-age-unknown".to_owned())]);
}

#[test]
fn a_new_release_with_the_same_advisory_brings_nothing_in() {
    let world = World::new();
    world.base(&[package("time", "0.1.42")]);
    world.head(&[TIME]);

    let facts = world.scan();

    let found = finding(&facts, Source::Audit, TIME_ID);
    assert_eq!(
        (found.state, found.package.version.as_str()),
        (FindingState::PreExisting, "0.1.43")
    );
}

#[test]
fn an_advisory_that_the_head_gets_rid_of_is_fixed() {
    let world = World::new();
    world.base(&[TIME]);

    let facts = world.scan();

    let fixed = FindingState::Fixed;
    assert_eq!(states(&facts, TIME_ID), [(Source::DenyAdvisories, fixed), (Source::Audit, fixed)]);
    let location = finding(&facts, Source::Audit, TIME_ID).location.clone();
    assert_eq!(location, Some(Location { file: "Cargo.toml".to_owned(), line: 8 }));
}

#[test]
fn an_advisory_that_is_younger_than_the_base_is_the_databases_doing() {
    let mut world = World::new();
    world.base(&[TIME]);
    world.head(&[TIME, package("tiny", "1.0.0")]);
    world.input.base_committed = Some("2020-01-01T00:00:00Z".parse().unwrap());

    let facts = world.scan();

    let moved = FindingState::DatabaseMoved;
    assert_eq!(states(&facts, TIME_ID), [(Source::DenyAdvisories, moved), (Source::Audit, moved)]);
    assert!(codes(&world).contains(&(Outcome::Attention, "database-moved".to_owned())));
}

#[test]
fn an_introduced_licence_that_nobody_accepted_fails() {
    let world = World::new();
    world.head(&[package("copyleft", "1.0.0").licensed("GPL-3.0-only")]);

    let facts = world.scan();

    let found = finding(&facts, Source::DenyLicenses, "rejected");
    assert_eq!(found.state, FindingState::Introduced);
    assert_eq!(found.package.name, "copyleft");
    assert_eq!(found.why, "licence GPL-3.0-only is not accepted");
    assert_eq!(found.location, Some(Location { file: "Cargo.toml".to_owned(), line: 8 }));
    assert!(codes(&world).contains(&(Outcome::Fail, "introduced-finding".to_owned())));
}

#[test]
fn a_licence_that_changes_to_another_that_is_refused_is_introduced() {
    let world = World::new();
    world.base(&[package("shifty", "1.0.0").licensed("GPL-2.0-only")]);
    world.head(&[package("shifty", "1.1.0").licensed("GPL-3.0-only")]);

    let facts = world.scan();

    let (new, gone) = (FindingState::Introduced, FindingState::Fixed);
    let source = Source::DenyLicenses;
    assert_eq!(states(&facts, "rejected"), [(source, new), (source, gone)]);
}

#[test]
fn the_repositorys_own_rules_replace_the_shipped_ones() {
    let mut world = World::new();
    world.head(&[package("copyleft", "1.0.0").licensed("GPL-3.0-only")]);
    world.deny("[licenses]\nallow = [\"MIT\", \"GPL-3.0-only\"]\n[bans]\ndeny = [\"copyleft\"]\n");

    let facts = world.scan();

    assert_eq!(facts.policy_file.origin, PolicyOrigin::Repository);
    assert_eq!(facts.policy_file.path, "deny.toml");
    assert_eq!(states(&facts, "rejected"), []);
    assert_eq!(states(&facts, "banned"), [(Source::DenyBans, FindingState::Introduced)]);
}

#[test]
fn a_package_from_an_unknown_registry_is_refused() {
    let mut world = World::new();
    world.head(&[package("tiny", "1.0.0")]);
    world.deny("[licenses]\nallow = [\"MIT\"]\n[sources]\nunknown-registry = \"deny\"\nallow-registry = []\n");

    let facts = world.scan();

    let found = finding(&facts, Source::DenySources, "source-not-allowed");
    assert_eq!((found.severity, found.state), (Severity::Error, FindingState::Introduced));
}

#[test]
fn a_waiver_of_the_rules_covers_both_sources_until_it_expires() {
    let mut world = World::new();
    world.head(&[TIME]);
    world.waive("CVE-2020-26235", "time", "2026-12-31");
    assert!(!codes(&world).iter().any(|(outcome, _)| *outcome == Outcome::Fail));

    world.input.rules.waivers.clear();
    world.waive(TIME_ID, "time@0.1.43", "2026-02-10");
    assert!(codes(&world).contains(&(Outcome::Attention, "waiver-expiring".to_owned())));

    world.input.rules.waivers.clear();
    world.waive(TIME_ID, "time", "2026-01-31");
    assert!(codes(&world).contains(&(Outcome::Fail, "waiver-expired".to_owned())));
}

#[test]
fn a_waiver_that_the_head_writes_does_not_count_and_is_shown() {
    let mut world = World::new();
    world.head(&[TIME]);
    world.in_head(
        "t5.yml",
        "version: 1\npolicy:\n  waivers:\n    - id: RUSTSEC-2020-0071\n      scope: time\n      \
         reason: x\n      owner: eve\n      expires: 2030-01-01\n",
    );
    world.input.changed.push("t5.yml".to_owned());

    let facts = world.scan();

    assert!(facts.waivers.is_empty());
    let edit = facts.edits.first().unwrap();
    assert_eq!(edit.path, "t5.yml");
    assert!(
        edit.summary.contains("waives RUSTSEC-2020-0071 for time until 2030-01-01"),
        "{edit:?}"
    );
    let part = judge(&facts, TODAY.parse().unwrap());
    assert_eq!(part.outcome(), Some(Outcome::Fail));
    assert!(part.reasons.iter().any(|reason| reason.code == "rules-edited"));
}

#[test]
fn nothing_that_the_head_puts_beside_its_manifest_configures_the_scan() {
    let world = World::new();
    world.head(&[package("copyleft", "1.0.0").licensed("GPL-3.0-only"), TIME]);
    world.in_head("deny.toml", "[licenses]\nallow = [\"MIT\", \"GPL-3.0-only\"]\n");
    world.in_head(
        "deny.exceptions.toml",
        "exceptions = [{ allow = [\"GPL-3.0-only\"], crate = \"copyleft\" }]\n",
    );
    world.in_head("audit.toml", "[advisories]\nignore = [\"RUSTSEC-2020-0071\"]\n");
    world.in_head(".cargo/audit.toml", "[advisories]\nignore = [\"RUSTSEC-2020-0071\"]\n");
    // Cargo would run this program for `cargo metadata` if it read the checkout's configuration.
    world.in_head(".cargo/config.toml", "[build]\nrustc-wrapper = \"/nonexistent/wrapper\"\n");
    world.in_head("rust-toolchain.toml", "[toolchain]\npath = \"/nonexistent/toolchain\"\n");

    let facts = world.scan();

    assert_eq!(states(&facts, "rejected"), [(Source::DenyLicenses, FindingState::Introduced)]);
    assert_eq!(states(&facts, TIME_ID).len(), 2);
}

#[test]
fn exceptions_of_the_rules_commit_count() {
    let mut world = World::new();
    world.head(&[package("copyleft", "1.0.0").licensed("GPL-3.0-only")]);
    world.input.exceptions = Some(RuleFile {
        path: "deny.exceptions.toml".to_owned(),
        text: "exceptions = [{ allow = [\"GPL-3.0-only\"], crate = \"copyleft\" }]\n".to_owned(),
    });

    assert_eq!(states(&world.scan(), "rejected"), []);
}

#[test]
fn what_the_rules_ignore_is_ignored_by_both_sources() {
    let mut world = World::new();
    world.head(&[TIME]);
    world.deny("[licenses]\nallow = [\"MIT\"]\n[advisories]\nignore = [{ id = \"RUSTSEC-2020-0071\", reason = \"x\" }]\n");

    let facts = world.scan();

    assert_eq!(facts.findings, []);
    assert_eq!(disagreements(&facts), []);
    assert_eq!(codes(&world), [(Outcome::Attention, "database-age-unknown".to_owned())]);
}

#[test]
fn the_audit_heeds_the_audit_toml_of_the_rules_and_the_two_then_disagree() {
    let mut world = World::new();
    world.head(&[TIME]);
    world.input.audit = Some(RuleFile {
        path: ".cargo/audit.toml".to_owned(),
        text: "[advisories]\nignore = [\"RUSTSEC-2020-0071\"]\n".to_owned(),
    });

    let facts = world.scan();

    let found = disagreements(&facts);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id.as_str(), found[0].only), (TIME_ID, Source::DenyAdvisories));
}

#[test]
fn an_unmaintained_package_is_a_warning_of_the_audit() {
    let mut world = World::new();
    world.head(&[package("paste", "1.0.15")]);
    world.deny("[licenses]\nallow = [\"MIT\"]\n[advisories]\nunmaintained = \"none\"\n");

    let facts = world.scan();

    let found = finding(&facts, Source::Audit, "RUSTSEC-2024-0436");
    assert_eq!((found.severity, found.band.as_deref()), (Severity::Warning, Some("unmaintained")));
    assert!(codes(&world).contains(&(Outcome::Attention, "introduced-warning".to_owned())));
}

#[test]
fn a_first_commit_has_no_base_and_everything_in_it_is_introduced() {
    let mut world = World::new();
    world.input.base = None;
    world.head(&[TIME]);

    let facts = world.scan();

    assert_eq!(finding(&facts, Source::Audit, TIME_ID).state, FindingState::Introduced);
    assert_eq!(state(&facts, Source::DenyBans, Side::Base), &ScanState::Absent);
    assert_eq!(facts.checked.base_packages, None);
}

#[test]
fn sides_with_the_same_packages_are_scanned_once_and_reported_twice() {
    let mut world = World::new();
    world.base(&[TIME]);
    world.head(&[TIME]);
    world.input.changed = vec!["src/lib.rs".to_owned()];

    let output = world.try_scan().unwrap();

    assert_eq!(finding(&output.facts, Source::Audit, TIME_ID).state, FindingState::PreExisting);
    assert!(!world.input.scratch.join("deny-base").exists());
    let names: Vec<&str> = output.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
    assert_eq!(names, ["deny-base.ndjson", "deny-head.ndjson"]);
    for name in names {
        let raw = std::fs::read_to_string(world.input.artifacts.join(name)).unwrap();
        assert!(raw.contains("\"type\":\"summary\""), "{name}: {raw}");
    }
}

#[test]
fn a_second_scan_of_the_same_manifests_does_not_ask_cargo_again() {
    let world = World::new();
    world.head(&[TIME]);
    let first = world.scan();
    // Whoever is asked now finds that it cannot answer.
    let spoilt = world.path("stand-ins/time-0.1.43/.cargo-checksum.json");
    std::fs::write(&spoilt, "spoilt").unwrap();

    assert_eq!(world.scan(), first);

    // A manifest that changes is a new question.
    let manifest = std::fs::read_to_string(world.path("head/Cargo.toml")).unwrap();
    world.in_head("Cargo.toml", &manifest.replace("license = \"MIT\"", "license = \"ISC\""));
    let facts = world.scan();
    assert!(matches!(state(&facts, Source::DenyBans, Side::Head), ScanState::CouldNotRun { .. }));
}

#[test]
fn a_locked_package_that_becomes_part_of_the_graph_is_introduced_for_cargo_deny_alone() {
    let mut world = World::new();
    world.deny("[licenses]\nallow = [\"MIT\"]\n");
    world.base(&[TIME]);
    world.head(&[TIME]);
    let manifest = std::fs::read_to_string(world.path("base/Cargo.toml")).unwrap();
    let optional = "time = { version = \"=0.1.43\", optional = true }";
    let manifest = manifest.replace("time = \"=0.1.43\"", optional);
    super::world::write(&world.path("base/Cargo.toml"), &manifest);

    let facts = world.scan();

    let (new, before) = (FindingState::Introduced, FindingState::PreExisting);
    assert_eq!(states(&facts, TIME_ID), [(Source::DenyAdvisories, new), (Source::Audit, before)]);
}

#[test]
fn a_member_beside_a_package_at_the_root_is_looked_at() {
    let world = World::new();
    world.head(&[package("copyleft", "1.0.0").licensed("GPL-3.0-only")]);
    let lock = std::fs::read_to_string(world.path("head/Cargo.lock")).unwrap();
    let member = std::fs::read_to_string(world.path("head/Cargo.toml")).unwrap();
    let root = "[workspace]\nmembers = [\"member\"]\n\n[package]\nname = \"root\"\n\
                version = \"0.1.0\"\nedition = \"2021\"\nlicense = \"MIT\"\n";
    world.in_head("member/Cargo.toml", &member);
    world.in_head("member/src/lib.rs", "");
    world.in_head("Cargo.toml", root);
    world.in_head(
        "Cargo.lock",
        &format!("{lock}\n[[package]]\nname = \"root\"\nversion = \"0.1.0\"\n"),
    );

    let facts = world.scan();

    let found = finding(&facts, Source::DenyLicenses, "rejected");
    let place = Location { file: "member/Cargo.toml".to_owned(), line: 8 };
    assert_eq!(found.location, Some(place));
}

#[test]
fn a_workspace_in_a_subfolder_has_its_places_told_from_the_root() {
    let mut world = World::new();
    let root = "[workspace]\nmembers = [\"one\"]\nresolver = \"2\"\n\n[workspace.dependencies]\n\
                time = \"=0.1.43\"\n";
    world.head(&[TIME]);
    let lock = std::fs::read_to_string(world.path("head/Cargo.lock")).unwrap();
    for side in ["base", "head"] {
        let folder = world.path(side).join("deep/down");
        let member = "[package]\nname = \"ours\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                      license = \"MIT\"\n[dependencies]\ntime.workspace = true\n";
        super::world::write(&folder.join("Cargo.toml"), root);
        super::world::write(&folder.join("Cargo.lock"), &lock);
        super::world::write(&folder.join("one/Cargo.toml"), member);
        super::world::write(&folder.join("one/src/lib.rs"), "");
    }
    world.input.prefix = "deep/down".to_owned();
    world.input.base = Some(world.path("base/deep/down"));
    world.input.head = world.path("head/deep/down");

    let facts = world.scan();

    let place = finding(&facts, Source::DenyAdvisories, TIME_ID).location.clone();
    assert_eq!(place, Some(Location { file: "deep/down/Cargo.toml".to_owned(), line: 6 }));
}

#[test]
fn a_side_without_a_lock_file_is_an_error_that_names_it() {
    let world = World::new();
    std::fs::remove_file(world.path("head/Cargo.lock")).unwrap();

    let error = world.try_scan().unwrap_err();

    assert!(matches!(error, ScanError::NoLockFile { side: Side::Head, .. }));
    assert!(error.to_string().contains("cargo generate-lockfile"), "{error}");
}

#[test]
fn a_scan_that_is_stopped_says_so() {
    let mut world = World::new();
    let ctx = world.context();
    ctx.cancel.stop();
    world.input.database = DatabaseChoice::Snapshot;

    let error = world.try_scan_in(&ctx).unwrap_err();

    assert!(matches!(error, ScanError::Cancelled), "{error}");
}
