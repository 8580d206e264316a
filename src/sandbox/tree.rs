//! Finds and kills everything that a job started.

use std::fs;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::mark::{MARK, Mark, Supervisor};

/// Kills the process group of `leader`, which must not have been reaped yet.
pub(super) fn kill_group(leader: Pid) {
    // The group may be gone already: then there is nothing to do.
    let _ = kill_process_group(leader, Signal::KILL);
}

/// Kills what still carries `mark`: children that left the group, daemons that left their parent.
pub(super) fn kill_marked(mark: &Mark) {
    let mark = mark.to_string();
    kill_where(|carried| carried == mark);
}

/// Kills what is left of a job when it goes out of scope, on every way out.
pub(super) struct Sweep {
    pub(super) mark: Mark,
}

impl Drop for Sweep {
    fn drop(&mut self) {
        kill_marked(&self.mark);
    }
}

/// Kills every process of a job whose supervisor is gone: a `t5` that was killed the hard way
/// could not end what it had started, and that would disturb what is measured next. Returns how
/// many there were.
///
/// Call it once at start. Jobs of a `t5` that lives are left alone, and so is whatever runs in
/// another process namespace: nobody can tell from here whether its supervisor lives.
pub fn sweep_orphans() -> usize {
    let Some(own) = Supervisor::this() else { return 0 };
    kill_where(|carried| {
        Mark::parse(carried).is_some_and(|mark| mark.supervisor.is_gone_beside(&own))
    })
}

/// Kills the processes whose mark is one of these; returns how many.
fn kill_where(wanted: impl Fn(&str) -> bool) -> usize {
    let mut killed = std::collections::BTreeSet::new();
    // A process may fork while we look; each pass sees the children of the last. One that turns into
    // another program has no environment for a moment, so one pass that finds nothing proves nothing.
    let mut quiet = 0;
    for _ in 0..16 {
        let found = marked(&wanted);
        quiet = if found.is_empty() { quiet + 1 } else { 0 };
        if quiet == 2 {
            break;
        }
        for pid in found {
            if kill_process(pid, Signal::KILL).is_ok() {
                killed.insert(pid.as_raw_nonzero());
            }
        }
    }
    killed.len()
}

fn marked(wanted: &impl Fn(&str) -> bool) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| carries(*pid, wanted))
        .filter_map(Pid::from_raw)
        .collect()
}

fn carries(pid: i32, wanted: &impl Fn(&str) -> bool) -> bool {
    // Unreadable means another user's or gone: neither is ours. A zombie's is empty.
    let Ok(environ) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    let prefix = format!("{MARK}=");
    environ
        .split(|byte| *byte == 0)
        .filter_map(|variable| variable.strip_prefix(prefix.as_bytes()))
        .any(|mark| wanted(&String::from_utf8_lossy(mark)))
}
