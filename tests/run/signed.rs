//! A run that somebody signs, and somebody else who checks it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use crate::support::{
    bench_double::crate_with,
    repository::Repository,
    t5::{Said, plain, run, start},
};

fn changed() -> Repository {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("src/lib.rs", "//! Changed.\n").commit("Change");
    repository
}

/// Makes a key; gives the file of the secret one, and that of the public one.
fn key(repository: &Repository, name: &str) -> (PathBuf, PathBuf) {
    let (secret, public) = (repository.beside(name), repository.beside(&format!("{name}.pub")));
    let said = plain(repository).arg("key").arg("new").arg("--out").arg(&secret).end().ends_with(0);
    fs::write(&public, said.out).unwrap();
    (secret, public)
}

fn signed(repository: &Repository, key: &Path) -> Said {
    start(repository, &["--only", "bench"]).arg("--sign").arg(key).end().ends_with(0)
}

fn verify(repository: &Repository, folder: &Path, keys: &[&Path]) -> Said {
    let mut t5 = plain(repository).arg("verify").arg(folder);
    for key in keys {
        t5 = t5.arg("--key").arg(key);
    }
    t5.end()
}

#[test]
fn a_key_is_made_for_its_owner_alone_and_never_overwritten() {
    let repository = changed();
    let (secret, public) = key(&repository, "key");
    let mode = fs::metadata(&secret).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let text = fs::read_to_string(&secret).unwrap();
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "its first line says what it is");
    let shown = fs::read_to_string(&public).unwrap();
    assert!(shown.starts_with("# key ") && shown.contains("-----BEGIN PUBLIC KEY-----"), "{shown}");
    assert!(!shown.contains("PRIVATE") && !shown.contains(text.lines().nth(1).unwrap()));

    let again = plain(&repository).arg("key").arg("public").arg("--key").arg(&secret).end();
    assert_eq!(again.ends_with(0).out, shown);
    let again = plain(&repository).arg("key").arg("new").arg("--out").arg(&secret).end();
    let again = again.ends_with(2);
    assert!(again.err.contains("a key is never overwritten"), "{}", again.err);
    assert_eq!(fs::read_to_string(&secret).unwrap(), text);
    assert_ne!(fs::read_to_string(key(&repository, "other").0).unwrap(), text);
}

#[test]
fn a_signed_run_is_checked_offline_by_its_public_key() {
    let repository = changed();
    let ((secret, public), (_, other)) = (key(&repository, "key"), key(&repository, "other"));
    let said = signed(&repository, &secret);
    let id = fs::read_to_string(&public).unwrap().lines().next().unwrap()[6..].to_owned();
    assert!(said.out.contains(&format!("signed by key {id}")), "{}", said.out);
    let folder = said.folder().to_owned();

    let good = verify(&repository, &folder, &[&other, &public]).ends_with(0);
    assert!(good.out.contains(&format!("intact, signed by key {id}")), "{}", good.out);
    let unchecked = verify(&repository, &folder, &[]).ends_with(0);
    assert!(unchecked.out.contains("not authenticated"), "{}", unchecked.out);
    assert!(unchecked.out.contains("is there and was not checked"), "{}", unchecked.out);
    let refused = verify(&repository, &folder, &[&other]).ends_with(1);
    assert!(refused.err.contains(&format!("it names key {id}")), "{}", refused.err);

    let samples = said.file("samples.jsonl").replacen("\"round\":0", "\"round\":1", 1);
    fs::write(folder.join("samples.jsonl"), samples).unwrap();
    let refused = verify(&repository, &folder, &[&public]).ends_with(1);
    assert!(refused.err.contains("samples.jsonl: its digest"), "{}", refused.err);
    fs::remove_file(folder.join("receipt.dsse.json")).unwrap();
    let refused = verify(&repository, &folder, &[&public]).ends_with(1);
    assert!(refused.err.contains("receipt.dsse.json: it is missing"), "{}", refused.err);
}

#[test]
fn nothing_of_the_key_is_in_what_a_run_leaves() {
    let repository = changed();
    let (secret, _) = key(&repository, "key");
    let said = signed(&repository, &secret);
    let inside = fs::read_to_string(&secret).unwrap().lines().nth(1).unwrap().to_owned();
    let path = secret.to_str().unwrap();
    let mut files = 0;
    for entry in fs::read_dir(said.folder()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&inside) && !text.contains(path) && !text.contains("--sign"));
        files += 1;
    }
    assert!(files >= 6, "{files}");
    assert!(!said.out.contains(&inside) && !said.err.contains(&inside));
}

#[test]
fn the_environment_may_name_the_key_and_a_run_without_one_claims_nothing() {
    let repository = changed();
    let (secret, public) = key(&repository, "key");
    let said = start(&repository, &["--only", "bench"]).env("T5_SIGNING_KEY", &secret).end();
    let folder = said.ends_with(0).folder().to_owned();
    verify(&repository, &folder, &[&public]).ends_with(0);

    // The same folder again, without a key.
    let said = run(&repository, &["--only", "bench"]).ends_with(0);
    assert_eq!(said.folder(), folder);
    assert!(!folder.join("receipt.dsse.json").exists(), "the earlier run's is gone");
    for text in [said.file("report.md"), said.file("receipt.json"), said.out, said.err] {
        assert!(!text.to_lowercase().contains("signed"), "{text}");
    }
    let unsigned = verify(&repository, &folder, &[]).ends_with(0);
    assert!(unsigned.out.contains("Nothing is signed"), "{}", unsigned.out);
}

#[test]
fn a_key_that_cannot_be_used_is_refused_before_anything_runs() {
    let repository = changed();
    let (secret, public) = key(&repository, "key");
    let refused = |path: &Path| {
        let said = start(&repository, &["--only", "bench"]).arg("--sign").arg(path).end();
        let said = said.ends_with(2);
        assert!(!said.folder().exists(), "nothing ran");
        said.err
    };
    for mode in [0o644, 0o640, 0o604, 0o660] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        let said = refused(&secret);
        assert!(said.contains("others on this machine may read this secret key"), "{said}");
        assert!(said.contains("chmod 600"), "{said}");
    }
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o400)).unwrap();
    let linked = repository.beside("link");
    symlink(&secret, &linked).unwrap();
    signed(&repository, &linked);
    fs::remove_dir_all(repository.beside("out")).unwrap();

    fs::set_permissions(&public, fs::Permissions::from_mode(0o600)).unwrap();
    let said = refused(&public);
    assert!(said.contains("nobody can sign with that"), "{said}");
    let said = refused(repository.dir());
    assert!(said.contains("no plain file"), "{said}");
    let said = refused(&repository.beside("none"));
    assert!(said.contains("`t5 key new --out FILE` makes one"), "{said}");
}

#[test]
fn a_secret_key_is_not_taken_for_a_public_one() {
    let repository = changed();
    let (secret, _) = key(&repository, "key");
    let said = verify(&repository, repository.dir(), &[&secret]).ends_with(2);
    assert!(said.err.contains("t5 key public --key FILE"), "{}", said.err);
}
