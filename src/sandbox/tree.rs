//! Finds and kills everything that a job started.

use std::fs;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The variable that marks a job's processes.
pub(super) const MARK: &str = "T5_JOB";

/// Kills the process group of `leader`, which must not have been reaped yet.
pub(super) fn kill_group(leader: Pid) {
    // The group may be gone already: then there is nothing to do.
    let _ = kill_process_group(leader, Signal::KILL);
}

/// Kills what still carries `mark`: children that left the group, daemons that left their parent.
pub(super) fn kill_marked(mark: &str) {
    let needle = format!("{MARK}={mark}");
    // A process may fork while we look; each pass sees the children of the last.
    for _ in 0..16 {
        let found = marked(needle.as_bytes());
        if found.is_empty() {
            return;
        }
        for pid in found {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn marked(needle: &[u8]) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| carries(*pid, needle))
        .filter_map(Pid::from_raw)
        .collect()
}

fn carries(pid: i32, needle: &[u8]) -> bool {
    // Unreadable means another user's or gone: neither is ours. A zombie's is empty.
    let Ok(environ) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environ.split(|byte| *byte == 0).any(|variable| variable == needle)
}
