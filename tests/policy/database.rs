//! The advisory database: what is left out, how old it is, and the snapshot.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use t5_gate::{
    policy::{DatabaseOrigin, Facts, FindingState, Source},
    runner::scan::{DatabaseChoice, ScanError, snapshot},
};

use super::world::{Registry, World, copy_folder, finding, package, states, write};

const COMMIT: &str = "bf5c0d245a92671908518d7e765914d437954ed6";
const PACKAGES: [Registry; 5] = [
    package("time", "0.1.43"),
    package("atty", "0.2.14"),
    package("paste", "1.0.15"),
    package("smallvec", "1.6.0"),
    package("markdown", "0.3.0"),
];

fn spoil(world: &mut World, path: &str, text: &[u8]) -> Facts {
    let database = world.own_database();
    let file = database.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    world.head(&[package("time", "0.1.43")]);
    world.scan()
}

#[test]
fn one_malformed_advisory_does_not_silence_the_others() {
    let good =
        fs::read_to_string(super::world::advisories().join("crates/paste/RUSTSEC-2024-0436.md"))
            .unwrap();
    let renamed = good.replace("RUSTSEC-2024-0436", "RUSTSEC-2024-9999");
    let other = good.replace("package = \"paste\"", "package = \"pasta\"");
    let kind = good.replace("\"unmaintained\"", "\"haunted\"").replace("0436", "0437");
    let twice = good.replace("package = \"paste\"", "package = \"pastry\"");
    let cases: [(&str, &[u8], &str); 10] = [
        ("crates/paste/RUSTSEC-2024-0001.md", b"", "does not start with"),
        ("crates/paste/RUSTSEC-2024-0001.md", b"\xff\xfe", "not text"),
        ("crates/paste/RUSTSEC-2024-0001.md", "ääääääääääääääää".as_bytes(), "does not start"),
        ("crates/paste/RUSTSEC-2024-0001.md", b"```toml\n[advisory\n```\n\n# x\n", "parse error"),
        ("crates/paste/RUSTSEC-2024-0001.md", b"```toml\nid = [\"\n", "parse error"),
        ("crates/paste/RUSTSEC-2024-0001.md", renamed.as_bytes(), "unlike its name"),
        ("crates/paste/RUSTSEC-2024-0436.md", other.as_bytes(), "unlike its folder"),
        ("crates/paste/RUSTSEC-2024-0437.md", kind.as_bytes(), "`haunted` is not known"),
        ("crates/pastry/RUSTSEC-2024-0436.md", twice.as_bytes(), "is there twice"),
        ("crates/paste/notes.txt", b"shopping list", "does not start with"),
    ];
    for (path, text, expected) in cases {
        let mut world = World::new();

        let facts = spoil(&mut world, path, text);

        let refused = &facts.database.refused;
        assert_eq!(refused.len(), 1, "{path}: {refused:#?}");
        assert_eq!(refused[0].file, path);
        assert!(refused[0].reason.contains(expected), "{}", refused[0].reason);
        let new = FindingState::Introduced;
        let both = [(Source::DenyAdvisories, new), (Source::Audit, new)];
        assert_eq!(states(&facts, "RUSTSEC-2020-0071"), both, "{path}");
    }
}

#[test]
fn a_draft_without_an_id_and_hidden_files_are_no_news() {
    let mut world = World::new();
    let database = world.own_database();
    let good = fs::read_to_string(database.join("crates/paste/RUSTSEC-2024-0436.md")).unwrap();
    let draft = good.replace("RUSTSEC-2024-0436", "RUSTSEC-0000-0000");
    write(&database.join("crates/paste/RUSTSEC-0000-0000.md"), &draft);
    write(&database.join("crates/paste/.DS_Store"), "");
    write(&database.join("crates/README"), "about");

    let facts = world.scan();

    assert_eq!(facts.database.refused, []);
    assert_eq!(facts.database.advisories, 8);
}

#[test]
fn a_database_that_changes_is_read_anew() {
    let mut world = World::new();
    let database = world.own_database();
    world.head(&[package("time", "0.1.43"), package("paste", "1.0.15")]);
    assert_eq!(states(&world.scan(), "RUSTSEC-2024-0436").len(), 2);

    fs::remove_file(database.join("crates/paste/RUSTSEC-2024-0436.md")).unwrap();

    let facts = world.scan();
    assert_eq!(states(&facts, "RUSTSEC-2024-0436"), []);
    assert_eq!(facts.database.advisories, 7);
}

#[test]
fn a_withdrawn_advisory_is_not_reported() {
    let world = World::new();
    world.head(&[package("markdown", "0.3.0")]);

    assert_eq!(world.scan().findings, []);
}

#[test]
fn a_directory_without_advisories_is_an_error_that_names_it() {
    let mut world = World::new();
    for made in [false, true] {
        let empty = world.path("empty");
        if made {
            fs::create_dir_all(empty.join("crates")).unwrap();
        }
        world.input.database = DatabaseChoice::Directory(empty.clone());

        let error = world.try_scan().unwrap_err();

        assert!(matches!(&error, ScanError::Database { path, .. } if *path == empty));
        assert!(error.to_string().contains("Next: "), "{error}");
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .current_dir(dir)
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(["-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", "2026-08-21T10:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-08-21T10:00:00Z");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The database as a repository, with one commit.
fn repository(world: &World) -> (String, std::path::PathBuf) {
    let origin = world.path("origin");
    copy_folder(&super::world::advisories(), &origin);
    git(&origin, &["init", "--quiet"]);
    git(&origin, &["add", "--all"]);
    git(&origin, &["commit", "--quiet", "-m", "advisories"]);
    (git(&origin, &["rev-parse", "HEAD"]), origin)
}

#[test]
fn a_checkout_of_a_database_has_its_commit_and_its_date() {
    let mut world = World::new();
    let (commit, origin) = repository(&world);
    // Git would run this program for other commands.
    git(&origin, &["config", "core.fsmonitor", "touch ../ran"]);
    world.input.database = DatabaseChoice::Directory(origin);

    let database = world.scan().database;

    assert_eq!(database.commit, Some(commit));
    assert_eq!(database.committed, Some("2026-08-21T10:00:00Z".parse().unwrap()));
    assert!(!world.path("ran").exists());
}

#[test]
fn a_plain_directory_inside_a_repository_is_not_dated_by_it() {
    let mut world = World::new();
    let (_, origin) = repository(&world);
    let inside = origin.join("vendored");
    copy_folder(&super::world::advisories(), &inside);
    world.input.database = DatabaseChoice::Directory(inside);

    let database = world.scan().database;

    assert_eq!((database.commit, database.committed), (None, None));
}

#[test]
fn a_database_is_fetched_once_and_serves_offline_afterwards() {
    let mut world = World::new();
    let (commit, origin) = repository(&world);
    let url = origin.to_str().unwrap().to_owned();
    world.input.database = DatabaseChoice::Auto { url: url.clone() };
    world.input.offline = false;

    let first = world.scan().database;

    assert_eq!(first.origin, DatabaseOrigin::Fetched { url });
    assert_eq!(first.commit, Some(commit));
    assert_eq!((first.advisories, first.fallback.as_deref()), (8, None));

    // Fresh: nobody is asked. Offline: nobody may be asked.
    fs::rename(&origin, world.path("gone")).unwrap();
    assert_eq!(world.scan().database, first);
    world.input.offline = true;
    assert_eq!(world.scan().database, first);
}

#[test]
fn a_copy_that_cannot_be_refreshed_serves_and_says_why() {
    let mut world = World::new();
    let (commit, origin) = repository(&world);
    world.input.database = DatabaseChoice::Auto { url: origin.to_str().unwrap().to_owned() };
    world.input.offline = false;
    world.scan();
    let stamp = fs::read_dir(world.path("cache/advisory-db"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join(".git/t5-fetched"))
        .find(|stamp| stamp.exists())
        .unwrap();
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(24 * 3600);
    fs::File::options().write(true).open(&stamp).unwrap().set_modified(yesterday).unwrap();
    fs::rename(&origin, world.path("gone")).unwrap();

    let database = world.scan().database;

    assert_eq!(database.commit, Some(commit));
    let why = database.fallback.unwrap();
    assert!(why.starts_with("the copy in the cache could not be refreshed: "), "{why}");

    // Back again, it is refreshed.
    fs::rename(world.path("gone"), &origin).unwrap();
    write(&origin.join("crates/paste/RUSTSEC-2024-0436.md"), "spoilt");
    git(&origin, &["commit", "--quiet", "--all", "-m", "spoilt"]);
    let database = world.scan().database;
    assert_eq!((database.advisories, database.fallback), (7, None));
}

#[test]
fn without_network_and_directory_the_snapshot_serves_and_says_why() {
    let mut world = World::new();
    world.head(&[package("time", "0.1.43")]);
    world.input.database = DatabaseChoice::rustsec();

    let facts = world.scan();

    assert_eq!(facts.database.origin, DatabaseOrigin::Snapshot);
    assert_eq!(facts.database.commit.as_deref(), Some(COMMIT));
    let why = facts.database.fallback.as_deref();
    assert_eq!(why, Some("this run is offline and no copy was ever fetched"));
    let found = finding(&facts, Source::DenyAdvisories, "RUSTSEC-2020-0071");
    assert_eq!((found.state, found.band.as_deref()), (FindingState::Introduced, Some("medium")));

    world.input.offline = false;
    world.input.database = DatabaseChoice::Auto { url: "/nonexistent/db".to_owned() };
    let why = world.scan().database.fallback.unwrap();
    assert!(why.starts_with("/nonexistent/db could not be fetched: "), "{why}");
}

#[test]
fn a_snapshot_gives_the_same_advisories_as_the_database_that_it_was_written_from() {
    let mut world = World::new();
    world.head(&PACKAGES);
    let reported = |facts: &Facts| -> BTreeSet<(Source, String, Option<String>, FindingState)> {
        let advisories = facts.findings.iter().filter(|one| one.published.is_some());
        advisories.map(|one| (one.source, one.id.clone(), one.band.clone(), one.state)).collect()
    };
    let full = reported(&world.scan());
    assert_eq!(full.len(), 10, "{full:#?}");

    // The embedded one was written from the database that the fixtures were taken from.
    world.input.database = DatabaseChoice::Snapshot;
    let facts = world.scan();
    assert!(reported(&facts).is_superset(&full));

    let out = world.path("snapshot.jsonl");
    let header = snapshot::write(
        &super::world::advisories(),
        COMMIT,
        "2026-08-21T00:00:00Z".parse().unwrap(),
        &out,
    )
    .unwrap();
    assert_eq!(header.advisories, 8);
    let text = fs::read_to_string(&out).unwrap();
    assert_eq!(snapshot::header(&text).unwrap(), header);
    assert!(!text.contains("segfault") && !text.contains("unmaintained;"), "titles are no facts");
    assert_eq!(text.lines().count(), 9);
}

#[test]
fn a_snapshot_that_cannot_be_written_says_where() {
    let error = snapshot::write(
        Path::new("/nonexistent"),
        COMMIT,
        "2026-08-21T00:00:00Z".parse().unwrap(),
        Path::new("/nonexistent/out"),
    )
    .unwrap_err();

    assert!(error.to_string().contains("/nonexistent"), "{error}");
    assert!(snapshot::header("{}").unwrap_err().to_string().contains("t5 advisories snapshot"));
}
