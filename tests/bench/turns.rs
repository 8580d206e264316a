//! What a switch between the sides costs: from a request until its answer is heard, less what the
//! slice itself took. Each process is pinned to one core, this one to another.
//!
//! ```sh
//! cargo bench --bench turns
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a bench says what it found, and ends where it cannot go on"
)]

use std::{
    os::unix::net::UnixListener,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use t5_gate::{
    policy::Side as Of,
    runner::gate::{canary, side::Side},
    sandbox::Cancel,
};

const T5: &str = env!("CARGO_BIN_EXE_t5");
const TURNS: usize = 2000;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let allowed = sched_getaffinity(None).unwrap();
    let cores: Vec<usize> = (0..1024).filter(|core| allowed.is_set(*core)).collect();
    // What starts a process hands its core down.
    pin(*cores.last().unwrap());
    let (mut base, base_process) = start(Of::Base, folder.path());
    let (mut head, head_process) = start(Of::Head, folder.path());
    pin(cores[0]);
    for side in [&mut base, &mut head] {
        side.announced().unwrap().unwrap();
    }
    for count in [1, 100] {
        let mut costs: Vec<f64> = Vec::new();
        for _ in 0..TURNS {
            for side in [&mut base, &mut head] {
                let answer = side.slice(0, count).unwrap();
                costs.push((answer.seen_ns - answer.reported) / 1e3);
            }
        }
        costs.sort_by(f64::total_cmp);
        println!(
            "a switch, slices of {count} iterations: {:.1} µs (median of {}; 99 %: {:.1} µs)",
            costs[costs.len() / 2],
            costs.len(),
            costs[costs.len() * 99 / 100]
        );
    }
    drop((base, head));
    for mut process in [base_process, head_process] {
        process.wait().unwrap();
    }
}

fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).unwrap();
}

fn start(of: Of, folder: &Path) -> (Side, Child) {
    let path = folder.join(if of == Of::Base { "base" } else { "head" });
    let listener = UnixListener::bind(&path).unwrap();
    let process = Command::new(T5).args(canary::args(of)).env("T5_GATE", &path).spawn().unwrap();
    let (stream, _) = listener.accept().unwrap();
    let limit = Duration::from_secs(10);
    (Side::new(stream, None, limit, &Cancel::default()).unwrap(), process)
}
