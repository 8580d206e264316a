//! The direction in which modules may know each other.

use std::{fs, path::Path};

/// What each pure module may name of the crate: edges → report → receipt → {policy, perf} →
/// verdict, config.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("verdict", &["verdict"]),
    ("config", &["config", "policy"]),
    ("policy", &["policy", "verdict", "config"]),
    ("perf", &["perf", "policy", "verdict", "config"]),
    ("receipt", &["receipt", "perf", "policy", "verdict", "config"]),
    ("report", &["report", "receipt", "perf", "policy", "verdict", "config"]),
    ("command", &["command"]),
];

/// What a pure module has no use for.
const IMPURE: &[&str] =
    &["std::fs", "std::env", "std::process", "std::net", "tokio", "Timestamp::now", "Instant::now"];

fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn sources_of(module: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module), &mut found);
    assert!(!found.is_empty(), "src/{module} has sources");
    found
}

/// The modules of this crate that a source names in its `use` declarations and paths.
fn named(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(std::mem::take(&mut word)),
                    _ if depth == 0 => word.push(letter),
                    _ => {}
                }
            }
            names.push(word);
        } else {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    let first = |name: String| name.trim().split("::").next().unwrap_or_default().trim().to_owned();
    names.into_iter().map(first).filter(|name| !name.is_empty()).collect()
}

#[test]
fn pure_modules_know_only_what_lies_below_them() {
    for (module, may) in MAY_NAME {
        for (path, source) in sources_of(module) {
            for name in named(&source) {
                assert!(may.contains(&name.as_str()), "{path} names crate::{name}");
            }
        }
    }
}

#[test]
fn pure_modules_do_no_io() {
    for (module, _) in MAY_NAME {
        for (path, source) in sources_of(module) {
            for impure in IMPURE {
                assert!(!source.contains(impure), "{path} uses {impure}");
            }
        }
    }
}

#[test]
fn the_environment_is_read_by_the_command_line_alone() {
    for module in [
        "runner", "sandbox", "host", "policy", "perf", "receipt", "report", "config", "store",
        "web", "bot", "command", "github", "queue",
    ] {
        // What is put into criterion runs in a process of its own.
        let ours = |path: &str| !path.ends_with("runner/gate/hook.rs");
        for (path, source) in sources_of(module).into_iter().filter(|(path, _)| ours(path)) {
            for reads in ["env::var", "env::args", "var_os("] {
                assert!(!source.contains(reads), "{path} uses {reads}");
            }
        }
    }
}

/// What is known in one place alone, and which.
const AT_HOME: &[(&str, &[&str])] = &[
    ("web", &["axum::", "askama::"]),
    ("github", &["octocrab::"]),
    ("store", &["sqlx::"]),
    ("sandbox", &["process::Command", "process::{Child, Command}"]),
];

#[test]
fn each_outside_thing_is_known_to_one_module() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    for (home, names) in AT_HOME {
        let (inside, outside): (Vec<_>, Vec<_>) =
            all.iter().partition(|(path, _)| path.contains(&format!("/src/{home}/")));
        for name in *names {
            for (path, source) in &outside {
                assert!(!source.contains(name), "{path} uses {name}");
            }
        }
        let known = |source: &str| names.iter().any(|name| source.contains(name));
        assert!(
            inside.iter().any(|(_, source)| known(source)),
            "src/{home} is the home of {names:?}"
        );
    }
}
