//! What would run if a stranger's change were gated, and what is risky about it.
//!
//! Read from the list of changed files alone: nothing of the change is fetched or run for it.

use crate::github::client::PullFile;

/// At most so many lines are shown; what is left out is counted.
const LINES: usize = 20;

/// What a person should know before they approve, a line each, the general ones first.
pub fn risks(files: &[PullFile]) -> Vec<String> {
    let mut lines = vec![
        "building runs every build script and procedural macro of the workspace and of all its \
         dependencies"
            .to_owned(),
        "measuring runs the bench executables of the head".to_owned(),
    ];
    let found: Vec<String> = files.iter().flat_map(of_file).collect();
    let left_out = found.len().saturating_sub(LINES);
    lines.extend(found.into_iter().take(LINES));
    if left_out > 0 {
        lines.push(format!("and {left_out} more such edits"));
    }
    lines
}

/// What an edit to this file can do.
fn of_file(file: &PullFile) -> Vec<String> {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let mut said = Vec::new();
    let mut say = |what: &str| said.push(format!("{} {}: {what}", file.status, file.path));
    let patch = file.patch.as_deref();
    if name == "build.rs" || in_folder(&file.path, "build") {
        say("build script, runs while building");
    }
    if in_folder(&file.path, ".cargo") || name == "rust-toolchain.toml" || name == "rust-toolchain"
    {
        say("can make cargo run programs of its own choice");
    }
    if in_folder(&file.path, "benches") {
        say("benchmark, runs while measuring");
    }
    match (name, patch) {
        ("Cargo.toml", patch) => {
            if patch.is_none_or(|patch| adds(patch, |line| line.contains("proc-macro"))) {
                say("may declare a procedural macro, which runs while building");
            }
            if patch.is_none_or(|patch| adds(patch, |line| line.starts_with("build"))) {
                say("may declare a build script");
            }
        }
        ("Cargo.lock", Some(patch)) => {
            let packages = new_packages(patch);
            if !packages.is_empty() {
                say(&format!("new in the lock file: {}", packages.join(", ")));
            }
        }
        ("Cargo.lock", None) => say("the lock file changed by too much to be listed here"),
        _ => {}
    }
    said
}

fn in_folder(path: &str, folder: &str) -> bool {
    path.split('/').rev().skip(1).any(|part| part == folder)
}

fn added(patch: &str) -> impl Iterator<Item = &str> {
    patch.lines().filter_map(|line| line.strip_prefix('+')).map(str::trim_start)
}

fn adds(patch: &str, wanted: impl Fn(&str) -> bool) -> bool {
    added(patch).any(wanted)
}

/// Names of packages that a patch of a lock file adds.
fn new_packages(patch: &str) -> Vec<String> {
    let mut names: Vec<String> = added(patch)
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    let left_out = names.len().saturating_sub(LINES);
    names.truncate(LINES);
    if left_out > 0 {
        names.push(format!("and {left_out} more"));
    }
    names
}
