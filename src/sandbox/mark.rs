//! The mark that every process of a job carries, and what it says about who started it.

use std::{fmt, fs};

/// The variable that marks a job's processes.
pub(super) const MARK: &str = "T5_JOB";

/// Whose job a process belongs to, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The `t5` that started the job.
    pub(super) supervisor: Supervisor,
    job: u64,
}

/// One `t5` process, named so that no later process is taken for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Supervisor {
    /// The inode of its process namespace: process numbers mean nothing outside it.
    namespace: u64,
    pid: u32,
    /// When it started, in clock ticks since boot: a number that is used again has another.
    started: u64,
}

impl Mark {
    /// The mark of a new job of this process.
    pub(super) fn fresh() -> Self {
        let unknown = || Supervisor { namespace: 0, pid: std::process::id(), started: 0 };
        Self { supervisor: Supervisor::this().unwrap_or_else(unknown), job: fastrand::u64(..) }
    }

    /// Reads a mark; none if this version did not write it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = |radix| u64::from_str_radix(parts.next()?, radix).ok();
        let namespace = number(10)?;
        let pid = u32::try_from(number(10)?).ok()?;
        let (started, job) = (number(10)?, number(16)?);
        let supervisor = Supervisor { namespace, pid, started };
        parts.next().is_none().then_some(Self { supervisor, job })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Supervisor { namespace, pid, started } = &self.supervisor;
        write!(f, "{namespace}-{pid}-{started}-{:016x}", self.job)
    }
}

impl Supervisor {
    /// This very process; none where /proc does not say.
    pub(super) fn this() -> Option<Self> {
        let pid = std::process::id();
        let (_, started) = stat(pid)?;
        Some(Self { namespace: namespace()?, pid, started })
    }

    /// Whether it is sure that this one is gone, seen from a process beside it.
    pub(super) fn is_gone_beside(&self, own: &Self) -> bool {
        self.namespace == own.namespace && !self.lives()
    }

    fn lives(&self) -> bool {
        stat(self.pid).is_some_and(|(state, started)| {
            // A zombie supervises nothing any more.
            started == self.started && !matches!(state, 'Z' | 'X')
        })
    }
}

/// Whether a process that shows no environment may have one in a moment: zombies and the kernel's
/// own threads never will.
pub(super) fn turns_into_another_program(pid: i32) -> bool {
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let Some((_, after)) = text.rsplit_once(") ") else { return false };
    let mut fields = after.split(' ');
    let zombie = matches!(fields.next(), Some("Z" | "X"));
    // The state is field 3 of proc(5), the flags are field 9.
    let flags: u32 = fields.nth(5).and_then(|flags| flags.parse().ok()).unwrap_or_default();
    !zombie && flags & KERNEL_THREAD == 0
}

/// `PF_KTHREAD` of the kernel's `include/linux/sched.h`.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// State and start time of a process. Its name stands in between, in brackets, and may hold
/// brackets and spaces itself.
fn stat(pid: u32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = text.rsplit_once(") ")?;
    let mut fields = after.split(' ');
    let state = fields.next()?.chars().next()?;
    // The state is field 3 of proc(5), the start time field 22.
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}

fn namespace() -> Option<u64> {
    let link = fs::read_link("/proc/self/ns/pid").ok()?;
    link.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_its_supervisor_lives() {
        let mark = Mark::fresh();
        assert_eq!(Mark::parse(&mark.to_string()), Some(mark.clone()));
        assert!(!mark.supervisor.is_gone_beside(&Supervisor::this().unwrap()));
    }

    #[test]
    fn threads_of_the_kernel_turn_into_nothing() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(turns_into_another_program(own), "it is alive and no thread of the kernel");
        assert!(!turns_into_another_program(i32::MAX), "nobody has that number");
    }

    #[test]
    fn a_process_number_that_is_used_again_is_another_supervisor() {
        let own = Supervisor::this().unwrap();
        let earlier = Supervisor { started: own.started - 1, ..own.clone() };
        assert!(earlier.is_gone_beside(&own));
        let elsewhere = Supervisor { namespace: own.namespace + 1, ..earlier };
        assert!(!elsewhere.is_gone_beside(&own), "its numbers mean nothing here");
    }

    #[test]
    fn what_this_version_did_not_write_is_no_mark() {
        for text in ["", "123-00ff00ff00ff00ff", "1-2-3", "1-2-3-4-5", "1-x-3-4", "1-2--4"] {
            assert_eq!(Mark::parse(text), None, "{text}");
        }
    }
}
