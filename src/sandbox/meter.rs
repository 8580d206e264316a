//! Reads the processor time that a room's programs take, while they run.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nix::{time::clock_getcpuclockid, unistd::Pid};

/// Reads the processor time that a room's programs have taken so far, while they run.
#[derive(Debug)]
pub struct Meter(By);

#[derive(Debug)]
enum By {
    /// The control group's own count, of all that ever ran in it.
    Group { file: PathBuf, two: bool },
    /// The kernel's clock of each process that lives.
    Processes { first: Pid, seen: Mutex<Seen> },
}

/// What processes had taken when they were last looked at.
#[derive(Debug, Default)]
struct Seen {
    living: BTreeMap<i32, Duration>,
    ended: Duration,
}

impl Meter {
    /// Reads what a control group counts: a file of version two, or of version one.
    pub(super) fn of_group(file: PathBuf, two: bool) -> Self {
        Self(By::Group { file, two })
    }

    /// Reads the clocks of a process and all its descendants: to nanoseconds, but what one that
    /// ends took since the last look is missed. None where they cannot be read.
    pub(super) fn of_processes(first: i32) -> Option<Self> {
        // A kernel that lists no children would let all but the first go unseen.
        fs::read(format!("/proc/{first}/task/{first}/children")).ok()?;
        let first = Pid::from_raw(first);
        let meter = Self(By::Processes { first, seen: Mutex::default() });
        meter.read().is_some().then_some(meter)
    }

    /// User and system time so far, never less than what was read before; none once the room is
    /// gone.
    pub fn read(&self) -> Option<Duration> {
        match &self.0 {
            By::Group { file, two } => of_group(&fs::read_to_string(file).ok()?, *two),
            By::Processes { first, seen } => {
                let now = clocks(*first)?;
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                Some(seen.take_in(now))
            }
        }
    }
}

fn of_group(text: &str, two: bool) -> Option<Duration> {
    if two {
        let micros = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
        return Some(Duration::from_micros(micros.trim().parse().ok()?));
    }
    Some(Duration::from_nanos(text.trim().parse().ok()?))
}

impl Seen {
    /// All that was ever seen, with this of those that live now.
    fn take_in(&mut self, now: BTreeMap<i32, Duration>) -> Duration {
        for (process, before) in &self.living {
            // One that has taken less than before is another, which has got its number.
            if now.get(process).is_none_or(|now| now < before) {
                self.ended += *before;
            }
        }
        self.living = now;
        self.ended + self.living.values().sum::<Duration>()
    }
}

/// What a process and its descendants have taken; none without the process itself.
fn clocks(first: Pid) -> Option<BTreeMap<i32, Duration>> {
    let mut found = BTreeMap::from([(first.as_raw(), clock(first)?)]);
    let mut open = vec![first];
    while let Some(parent) = open.pop() {
        for child in children(parent) {
            // One that ends meanwhile has no clock any more.
            if let Some(taken) = clock(child)
                && found.insert(child.as_raw(), taken).is_none()
            {
                open.push(child);
            }
        }
    }
    Some(found)
}

fn clock(process: Pid) -> Option<Duration> {
    clock_getcpuclockid(process).ok()?.now().ok().map(Duration::from)
}

/// The children of all threads of a process.
fn children(process: Pid) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let of_thread = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children")).ok();
    let listed: Vec<String> = threads.flatten().filter_map(of_thread).collect();
    let numbers = listed.iter().flat_map(|line| line.split_whitespace());
    numbers.filter_map(|number| number.parse().ok()).map(Pid::from_raw).collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    /// A shell, killed with all that it started at the end of a test.
    struct Shell(Child);

    impl Shell {
        fn runs(script: &str) -> Self {
            use std::os::unix::process::CommandExt as _;
            Self(Command::new("sh").args(["-c", script]).process_group(0).spawn().unwrap())
        }

        fn meter(&self) -> Meter {
            Meter::of_processes(i32::try_from(self.0.id()).unwrap()).unwrap()
        }
    }

    impl Drop for Shell {
        fn drop(&mut self) {
            let group = Pid::from_raw(i32::try_from(self.0.id()).unwrap());
            nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL).unwrap();
            self.0.wait().unwrap();
        }
    }

    /// Reads until so much was taken: it ends, or the test is ended from outside.
    fn until(meter: &Meter, taken: Duration) -> Duration {
        let begun = meter.read().unwrap();
        loop {
            let now = meter.read().unwrap();
            if now >= begun + taken {
                return now;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_process_that_works_is_seen_to_and_so_is_its_child() {
        let works = Shell::runs("while :; do :; done");
        until(&works.meter(), Duration::from_millis(20));
        let child_works = Shell::runs("sh -c 'while :; do :; done' & wait");
        until(&child_works.meter(), Duration::from_millis(20));
    }

    #[test]
    fn a_process_that_waits_takes_next_to_nothing() {
        let waits = Shell::runs("exec sleep 86385");
        let meter = waits.meter();
        let busy = Shell::runs("while :; do :; done");
        let begun = meter.read().unwrap();
        // While another works for long, it does not.
        until(&busy.meter(), Duration::from_millis(50));
        assert!(meter.read().unwrap() - begun < Duration::from_millis(20));
    }

    #[test]
    fn what_has_ended_stays_counted_and_a_number_may_come_again() {
        let of = |all: &[(i32, u64)]| {
            all.iter().map(|(process, ms)| (*process, Duration::from_millis(*ms))).collect()
        };
        let mut seen = Seen::default();
        assert_eq!(seen.take_in(of(&[(1, 5), (2, 10)])), Duration::from_millis(15));
        assert_eq!(seen.take_in(of(&[(1, 6)])), Duration::from_millis(16));
        assert_eq!(seen.take_in(of(&[(1, 6), (2, 1)])), Duration::from_millis(17));
        assert_eq!(seen.take_in(of(&[(1, 2), (2, 1)])), Duration::from_millis(19));
    }

    #[test]
    fn both_versions_of_a_control_group_are_read() {
        assert_eq!(
            of_group("usage_usec 1500\nuser_usec 1\n", true),
            Some(Duration::from_micros(1500))
        );
        assert_eq!(of_group("2500\n", false), Some(Duration::from_nanos(2500)));
        assert_eq!(of_group("", true), None);
    }

    #[test]
    fn a_process_that_is_gone_has_no_clock() {
        let mut gone = Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        assert!(Meter::of_processes(i32::try_from(gone.id()).unwrap()).is_none());
    }
}
