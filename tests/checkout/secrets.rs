//! Where a token is looked for, and never found.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use t5_gate::sandbox::Cancel;

use super::{
    fake::{Fake, runner, work},
    place::Place,
};
use crate::support::bench_double::crate_with;

/// A build script, and a line for a benchmark, that note their own environment and that of every
/// process they can see.
fn spy(seen: &Path) -> String {
    format!(
        "let mut text = String::new();\n\
         for entry in std::fs::read_dir(\"/proc\").unwrap().flatten() {{\n\
             for file in [\"environ\", \"cmdline\"] {{\n\
                 if let Ok(bytes) = std::fs::read(entry.path().join(file)) {{\n\
                     text.push_str(&String::from_utf8_lossy(&bytes).replace('\\0', \"\\n\"));\n\
                 }}\n\
             }}\n\
         }}\n\
         std::fs::write({seen:?}, text).unwrap();\n"
    )
}

fn files_with(dir: &Path, needle: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            files_with(&path, needle, found);
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap();
            if bytes.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                found.push(path);
            }
        }
    }
}

/// A `git` that notes how it was called, and then is git.
fn noting_git(folder: &Path) -> PathBuf {
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|dir| dir.join("git"))
        .find(|path| path.exists())
        .unwrap();
    fs::create_dir_all(folder).unwrap();
    let script = format!(
        "#!/bin/sh\nprintf '%s ' \"$@\" >> '{log}'\necho >> '{log}'\n\
         [ -z \"$T5_GIT_TOKEN\" ] || echo \"$T5_GIT_TOKEN\" >> '{held}'\nexec '{real}' \"$@\"\n",
        log = folder.join("argv").display(),
        held = folder.join("held").display(),
        real = real.display(),
    );
    let path = folder.join("git");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    folder.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_seen_by_git_alone() {
    let repository = crate_with(&[("add", 100.0)]);
    let (by_build, by_bench) = (repository.beside("by-build"), repository.beside("by-bench"));
    repository.write("build.rs", &format!("fn main() {{\n{}}}\n", spy(&by_build)));
    let base = repository.commit("Begin");
    let looks = format!("fn main() {{\n{}", spy(&by_bench));
    repository.edit("benches/speed.rs", "fn main() {", &looks);
    let head = repository.commit("Look around");
    let place = Place::with(repository);
    place.put(&base, "refs/heads/main");
    place.put(&head, "refs/pull/12/head");
    let server = Fake::with(Some(work(&place, &head, &base)));
    let mut runner = runner(&place, &server);
    let noted = noting_git(&place.repository.beside("noting git"));
    let path = runner.env.get(std::ffi::OsStr::new("PATH")).unwrap().clone();
    let path =
        std::env::join_paths([noted.clone()].into_iter().chain(std::env::split_paths(&path)));
    runner.env.insert("PATH".into(), path.unwrap());

    runner.work_once(&Cancel::default()).await.unwrap();

    server.run();
    let token = place.token.as_str();
    let held = fs::read_to_string(noted.join("held")).unwrap();
    assert_eq!(held.lines().collect::<Vec<_>>(), [token], "one git had it: the one that fetched");
    let argv = fs::read_to_string(noted.join("argv")).unwrap();
    assert!(argv.contains(" fetch ") && !argv.contains(token), "{argv}");
    assert_eq!(place.server.command_lines_with_the_token(), Vec::<String>::new());
    assert!(place.server.asked().iter().any(|line| line.ends_with(" 200")), "it was let in");

    for seen in [by_build, by_bench] {
        let seen = fs::read_to_string(seen).unwrap();
        assert!(seen.contains("T5_JOB="), "it saw its own environment at least");
        assert!(!seen.contains(token), "the change's code saw the token");
    }
    let mut found = Vec::new();
    files_with(&place.cache(), token, &mut found);
    assert_eq!(found, Vec::<PathBuf>::new());
    for (name, bytes) in &server.told.lock().unwrap().files {
        assert!(!String::from_utf8_lossy(bytes).contains(token), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ended_while_the_runner_waited_is_replaced_by_a_new_one() {
    let repository = crate_with(&[("add", 100.0)]);
    let base = repository.commit("Begin");
    let head = repository.write("src/lib.rs", "//! Another word.\n").commit("Change");
    let place = Place::with(repository);
    place.put(&base, "refs/heads/main");
    place.put(&head, "refs/pull/12/head");
    let mut work = work(&place, &head, &base);
    let good = work.token.replace("ended long ago".into());
    let server = Fake::with(Some(work));
    *server.fresh.lock().unwrap() = good;
    runner(&place, &server).work_once(&Cancel::default()).await.unwrap();
    server.run();
    assert!(place.server.asked().iter().any(|line| line.ends_with(" 200")), "it was let in");
}
