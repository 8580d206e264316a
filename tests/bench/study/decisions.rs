//! What was decided so far, a line a decision.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// One decision on one benchmark.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// Of the study.
    pub part: String,
    /// Who decided: «t5», or a peer.
    pub by: String,
    pub variant: String,
    /// What is true, in thousandths of the throughput.
    pub loss: u32,
    pub bench: String,
    /// «regressed» found a loss.
    pub state: String,
    pub method: Option<String>,
    /// The head's throughput as a share of the base's, as far as it was told.
    pub ratio: Option<f64>,
    pub bounds: Option<[f64; 2]>,
    pub rounds: Option<u32>,
    /// Wall time of the whole decision, shared among the benchmarks of a run.
    pub seconds: f64,
    /// Whether something had to be built before it could be measured.
    pub built: bool,
}

fn file(folder: &Path) -> PathBuf {
    folder.join("decisions.jsonl")
}

pub fn keep(folder: &Path, decisions: &[Decision]) {
    let mut kept = fs::OpenOptions::new().create(true).append(true).open(file(folder)).unwrap();
    for decision in decisions {
        writeln!(kept, "{}", serde_json::to_string(decision).unwrap()).unwrap();
    }
}

pub fn all(folder: &Path) -> Vec<Decision> {
    let text = fs::read_to_string(file(folder)).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
