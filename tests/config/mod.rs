//! A repository's rules: what `t5.yml` may say, and how the gate answers when it says something else.

mod choice;
mod defaults;
mod duration;
mod hostile;
mod mistakes;
mod schema;
mod server;
mod toolchain;
mod workloads;

use proptest::test_runner::Config;
use t5_gate::config;

/// A failing input is printed in its smallest form; write it down as a test of its own.
fn unrecorded() -> Config {
    Config { failure_persistence: None, ..Config::default() }
}

/// What `t5 config check` would say about a file.
fn told(text: &str) -> String {
    match config::parse(text) {
        Ok(_) => "no mistake".to_owned(),
        Err(mistakes) => mistakes.to_string(),
    }
}

/// The same about one key under `bench`, without the place.
fn told_of_bench(line: &str) -> String {
    without_places(&told(&format!("version: 1\nbench:\n  {line}\n")))
}

/// The same about one key under `policy`, without the place.
fn told_of_policy(line: &str) -> String {
    without_places(&told(&format!("version: 1\npolicy:\n  {line}\n")))
}

fn without_places(told: &str) -> String {
    let messages = told.lines().map(|line| line.splitn(4, ':').nth(3).unwrap_or(line).trim());
    messages.collect::<Vec<_>>().join("\n")
}
