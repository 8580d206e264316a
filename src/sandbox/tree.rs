//! Finds and kills everything that a job started.

use std::{collections::BTreeSet, fs, pin::pin, thread, time::Duration};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::time::timeout;

use super::mark::{self, MARK, Mark, Supervisor};

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

impl Sweep {
    /// Kills what is left of a job whose first process has ended until its pipes are `closed`: a
    /// process left behind holds them open, and disturbs what comes next.
    pub(super) async fn until(&self, closed: impl Future<Output = ()>) {
        let mut closed = pin!(closed);
        let mut pause = Duration::from_millis(10);
        loop {
            kill_marked(&self.mark);
            if timeout(pause, &mut closed).await.is_ok() {
                return;
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }
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
    let mut killed = BTreeSet::new();
    // A process may fork while we look; each pass sees the children of the last, and only one that
    // finds nothing after one that found nothing proves anything.
    let mut quiet = 0;
    for _ in 0..PASSES {
        let pass = look(&wanted);
        quiet = if pass.is_quiet() { quiet + 1 } else { 0 };
        if quiet == 2 {
            break;
        }
        for pid in pass.found {
            if kill_process(pid, Signal::KILL).is_ok() {
                killed.insert(pid.as_raw_nonzero());
            }
        }
        if pass.undecided {
            thread::sleep(Duration::from_millis(1));
        }
    }
    killed.len()
}

/// How often the processes are looked through at most: one may be undecided for good.
const PASSES: usize = 16;

/// What was seen in one pass over all processes.
#[derive(Default)]
struct Pass {
    found: Vec<Pid>,
    /// Some process shows no environment, as one does while it turns into another program.
    undecided: bool,
}

impl Pass {
    fn is_quiet(&self) -> bool {
        self.found.is_empty() && !self.undecided
    }
}

fn look(wanted: &impl Fn(&str) -> bool) -> Pass {
    let mut pass = Pass::default();
    let Ok(entries) = fs::read_dir("/proc") else { return pass };
    let pids =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    for pid in pids {
        // Unreadable means another user's or gone: neither is ours.
        let Ok(environ) = fs::read(format!("/proc/{pid}/environ")) else { continue };
        if environ.is_empty() {
            pass.undecided |= mark::turns_into_another_program(pid);
        } else if carries(&environ, wanted) {
            pass.found.extend(Pid::from_raw(pid));
        }
    }
    pass
}

fn carries(environ: &[u8], wanted: &impl Fn(&str) -> bool) -> bool {
    let prefix = format!("{MARK}=");
    environ
        .split(|byte| *byte == 0)
        .filter_map(|variable| variable.strip_prefix(prefix.as_bytes()))
        .any(|mark| wanted(&String::from_utf8_lossy(mark)))
}
