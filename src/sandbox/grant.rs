//! What a job may touch, and how much of it.

use std::path::PathBuf;

/// What a job may touch. Whatever is not named here is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Files and folders that it may read and execute, at their own paths. The programs and
    /// libraries of the system (`/usr` and what belongs to it) are always among them.
    pub read: Vec<PathBuf>,
    /// Files and folders that it may read at another path: where they lie, and where it sees them.
    /// Only namespaces can do that; at the lower levels they are not seen there.
    pub shown: Vec<(PathBuf, PathBuf)>,
    /// Folders that it may change, at their own paths.
    pub write: Vec<PathBuf>,
    /// A folder for its temporary files; what lies in it is gone when the job is.
    pub scratch: PathBuf,
    /// Whether it reaches the network.
    pub network: bool,
    /// How much it may take.
    pub limits: Limits,
}

/// How much a job may take of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, over all its processes, its temporary files among them. Where no cgroup
    /// can hold it, bytes of address space a process.
    pub memory: u64,
    /// Processes and threads at once.
    pub processes: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Bytes that the folders which it may change can hold, once it has written that much.
    pub disk: u64,
    /// Bytes of temporary files.
    pub scratch: u64,
    /// Seconds of processor time of one process.
    pub cpu_seconds: u64,
}

const GIB: u64 = 1 << 30;
/// Seconds that some questions may take whatever the limit of the rest is, such as which benchmarks
/// there are.
const SHORTEST: u64 = 60;

fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
}

impl Limits {
    /// Limits of a build on a machine with this much memory.
    ///
    /// A build may take what a machine has but for an eighth, which the gate and the system keep;
    /// 4096 tasks are sixteen threads of rustc a core on the largest runners; 32 GiB is more than
    /// any target folder that was seen; the largest single files are debug builds of a browser's
    /// size.
    pub fn of_build(machine_memory: u64, wall_seconds: u64) -> Self {
        Self {
            memory: (machine_memory - machine_memory / 8).max(GIB),
            processes: 4096,
            file: 8 * GIB,
            disk: 32 * GIB,
            scratch: 2 * GIB,
            cpu_seconds: wall_seconds.max(SHORTEST) * cores(),
        }
    }

    /// Limits of one measured process: it runs on one core, and its files are in memory.
    pub fn of_measurement(machine_memory: u64, wall_seconds: u64) -> Self {
        Self {
            processes: 512,
            file: GIB,
            scratch: GIB,
            ..Self::of_build(machine_memory, wall_seconds)
        }
    }
}

impl Grant {
    /// Nothing but the system's programs and a scratch folder.
    pub fn nothing(scratch: impl Into<PathBuf>, limits: Limits) -> Self {
        Self {
            read: Vec::new(),
            shown: Vec::new(),
            write: Vec::new(),
            scratch: scratch.into(),
            network: false,
            limits,
        }
    }

    /// May read these as well.
    #[must_use]
    pub fn reading<P: Into<PathBuf>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.read.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Sees `from` at `to`.
    #[must_use]
    pub fn showing(mut self, from: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Self {
        self.shown.push((from.into(), to.into()));
        self
    }

    /// May change these as well.
    #[must_use]
    pub fn writing<P: Into<PathBuf>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.write.extend(paths.into_iter().map(Into::into));
        self
    }
}
