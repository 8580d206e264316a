//! What the gate decides about commits whose truth is known: unchanged code, code that is only
//! placed otherwise, and losses by real extra work, on this machine as it is and beside a stress
//! loop. Every decision is one that `t5 run` came to on two commits that it built itself.
//!
//! ```sh
//! cargo bench --bench study                    all parts; takes an hour and more
//! cargo bench --bench study -- unchanged=8     one part, eight runs of its seven benchmarks
//! cargo bench --bench study -- table           what was decided so far
//! cargo bench --bench study -- peers=10        the same commits through other tools
//! ```
//!
//! Decisions are kept in `target/study`, so that parts can be run one by one. Let nothing else run
//! beside it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    missing_docs,
    unreachable_pub,
    reason = "a bench says what it found, and ends where it cannot go on"
)]

mod commits;
mod decisions;
mod family;
mod gate;
mod peers;
mod stress;
mod table;
mod usual;

use std::path::{Path, PathBuf};

use commits::Commits;

/// Runs of each part that make 700 decisions on unchanged code, and 100 at each loss.
const PARTS: [(&str, usize); 7] = [
    ("usual", 3),
    ("unchanged", 58),
    ("neutral", 22),
    ("stress", 22),
    ("losses", 15),
    ("family", 1),
    ("peers", 10),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let asked: Vec<&String> = words.iter().filter(|word| *word != "--bench").collect();
    let folder = folder();
    let commits = Commits::make(&folder);
    for (part, usual) in PARTS {
        let runs = asked.iter().find_map(|word| runs_of(word, part, usual));
        match runs.or(asked.is_empty().then_some(usual)) {
            None => {}
            Some(runs) if part == "peers" => peers::run(&commits, runs),
            Some(runs) if part == "usual" => usual::run(&commits, runs),
            Some(runs) if part == "family" => family::run(&folder, runs),
            Some(runs) => gate::run(&commits, part, runs),
        }
    }
    table::print(&folder);
}

/// `part` or `part=RUNS`.
fn runs_of(word: &str, part: &str, usual: usize) -> Option<usize> {
    let rest = word.strip_prefix(part)?;
    if rest.is_empty() { Some(usual) } else { rest.strip_prefix('=')?.parse().ok() }
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("study");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
