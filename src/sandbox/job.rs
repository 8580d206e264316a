//! One command: what it is given, how it ends.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::{
    process::Pid,
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
};

use super::{
    Cancel,
    mark::{MARK, Mark},
    tree,
};

/// The most that is quoted of what a program wrote, in bytes.
const TAIL: usize = 4 << 10;

/// The most that is heard of a line, in bytes.
const LINE: usize = 4 << 10;

/// A command and everything it is given.
#[derive(Clone)]
pub struct Job {
    /// Absolute path, or a name that is looked up in `PATH` of [`Job::env`].
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Where it runs.
    pub dir: PathBuf,
    /// Its whole environment (and a mark of ours).
    pub env: BTreeMap<OsString, OsString>,
    /// It is killed after this long.
    pub wall: Duration,
    /// It is killed once standard output or error exceeds this many bytes.
    pub output: usize,
    /// The one core it may use.
    pub core: Option<usize>,
    /// Called with each line of standard error as it comes, for progress.
    pub on_line: Option<LineHook>,
}

/// Hears the lines that a job writes.
pub type LineHook = Arc<dyn Fn(&str) + Send + Sync>;

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal of somebody else's.
    Signaled(i32),
    /// We killed it: too slow.
    WallTime,
    /// We killed it: too talkative.
    Output,
    /// It took more memory than it may, and the kernel killed it or a part of it.
    Memory,
    /// We killed it: it filled the disk.
    Disk,
    /// We killed it: somebody asked us to stop.
    Cancelled,
}

/// What a job took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of all its processes.
    pub cpu: Duration,
    /// Who counted it.
    pub source: UsageSource,
    /// The most memory at once, in bytes, where it is known: of all its processes together and
    /// with the files that it read where a control group counted, else of its largest process.
    pub peak_memory: Option<u64>,
}

/// Who counted what a job took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageSource {
    /// The kernel, for the job's control group.
    Cgroup,
    /// Our own first process inside, from what was waited for: a program can hide children from it.
    FirstProcess,
}

impl UsageSource {
    /// As a receipt spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cgroup => "cgroup",
            Self::FirstProcess => "first process",
        }
    }
}

/// A file that a job left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// Relative to the folder where it was looked for.
    pub path: PathBuf,
    /// What it holds; none if that is more than was asked for.
    pub bytes: Option<Vec<u8>>,
}

/// What came of a job.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub ended: Ended,
    /// What it wrote to standard output, up to [`Job::output`] bytes.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, up to [`Job::output`] bytes.
    pub stderr: Vec<u8>,
    /// From start to end.
    pub wall: Duration,
    /// What it took; known of jobs in a [`Sandbox`](super::Sandbox) that came to their own end.
    pub usage: Option<Usage>,
    /// Files that it left, where some were asked for.
    pub files: Vec<Returned>,
}

impl Finished {
    /// A job that was not even started, because somebody asked us to stop.
    pub(super) fn cancelled() -> Self {
        Self {
            ended: Ended::Cancelled,
            stdout: Vec::new(),
            stderr: Vec::new(),
            wall: Duration::ZERO,
            usage: None,
            files: Vec::new(),
        }
    }

    /// Whether it came to its own end with code 0.
    pub fn success(&self) -> bool {
        self.ended == Ended::Exited(0)
    }

    /// Standard error as text; what is not UTF-8 is replaced.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Standard output as text; what is not UTF-8 is replaced.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The last `lines` lines of standard error, for a message; of very long ones the end.
    pub fn stderr_tail(&self, lines: usize) -> String {
        tail(&self.stderr, lines).join("\n")
    }
}

/// A job could not be started or watched.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The program is not there, or may not be run.
    #[error("cannot start {program}: {source}")]
    Start {
        /// Which program.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The sandbox cannot be entered.
    #[error(
        "the sandbox (isolation «{level}») cannot be entered: {reason}; `t5 doctor` says what is missing"
    )]
    Closed {
        /// How far it keeps apart.
        level: &'static str,
        /// Why.
        reason: String,
    },
    /// The kernel refused something that a job needs.
    #[error("cannot supervise {program}: {source}")]
    Supervise {
        /// Which program.
        program: String,
        /// Why.
        source: io::Error,
    },
}

impl Job {
    /// A job without arguments and environment, with generous limits.
    pub fn new(program: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            dir: dir.into(),
            env: BTreeMap::new(),
            wall: Duration::from_secs(3600),
            output: 64 << 20,
            core: None,
            on_line: None,
        }
    }

    /// Calls `hook` with each line of standard error as it comes.
    #[must_use]
    pub fn on_line(mut self, hook: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_line = Some(Arc::new(hook));
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I, A>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = A>,
        A: Into<OsString>,
    {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds one variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Adds many variables.
    #[must_use]
    pub fn envs(mut self, env: &BTreeMap<OsString, OsString>) -> Self {
        self.env.extend(env.iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// Runs it to its end, whatever that is. Dropping the future kills what was started.
    ///
    /// # Errors
    ///
    /// If it could not be started or watched; a command that fails is not an error.
    pub async fn run(&self, cancel: &Cancel) -> Result<Finished, SandboxError> {
        let sweep = Sweep { mark: Mark::fresh() };
        let started = Instant::now();
        let mut child = self.start(&sweep.mark).await?;
        let mut stdout = Capture::new(child.stdout.take(), self.output, None);
        let mut stderr = Capture::new(child.stderr.take(), self.output, self.on_line.clone());
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);

        let to_the_end = async {
            let exit = async {
                let status = child.wait().await.map_err(Stop::Lost)?;
                // A process left behind would hold the pipes open, and disturb what comes next.
                tree::kill_marked(&sweep.mark);
                Ok(status)
            };
            tokio::try_join!(exit, stdout.fill(), stderr.fill()).map(|(status, (), ())| status)
        };
        let ended = tokio::select! {
            biased;
            () = cancel.wait() => Ended::Cancelled,
            outcome = to_the_end => match outcome {
                Ok(status) => ended(status),
                Err(Stop::Full) => Ended::Output,
                Err(Stop::Lost(source)) => return Err(self.lost(source)),
            },
            () = tokio::time::sleep(self.wall) => Ended::WallTime,
        };
        let wall = started.elapsed();
        tracing::debug!(
            program = %self.program.display(),
            args = ?self.args,
            dir = %self.dir.display(),
            wall_ms = wall.as_millis(),
            ?ended,
            "job ended"
        );
        if let (Some(leader), Ended::Cancelled | Ended::Output | Ended::WallTime) = (leader, ended)
        {
            tree::kill_group(leader);
            drop(sweep);
            child.wait().await.map_err(|source| self.lost(source))?;
        }
        Ok(Finished {
            ended,
            stdout: stdout.bytes,
            stderr: stderr.bytes,
            wall,
            usage: None,
            files: Vec::new(),
        })
    }

    async fn start(&self, mark: &Mark) -> Result<Child, SandboxError> {
        let mut tries = 0;
        loop {
            match self.spawn(mark) {
                // Another thread forked while we were writing this executable and holds it open
                // for the moment between its fork and its exec.
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < 50 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(source) => {
                    let program = self.program.display().to_string();
                    return Err(SandboxError::Start { program, source });
                }
                Ok(child) => return Ok(child),
            }
        }
    }

    fn spawn(&self, mark: &Mark) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .current_dir(&self.dir)
            .env_clear()
            .envs(&self.env)
            .env(MARK, mark.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        match self.core {
            None => command.spawn(),
            Some(core) => spawn_on(core, &mut command),
        }
    }

    fn lost(&self, source: io::Error) -> SandboxError {
        SandboxError::Supervise { program: self.program.display().to_string(), source }
    }
}

/// A child inherits the affinity of the thread that forks it, so that is where it is set.
fn spawn_on(core: usize, command: &mut Command) -> io::Result<Child> {
    let before = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    one.set(core);
    sched_setaffinity(None, &one)?;
    let child = command.spawn();
    sched_setaffinity(None, &before)?;
    child
}

/// Kills what is left of a job when it goes out of scope, on every way out.
struct Sweep {
    mark: Mark,
}

impl Drop for Sweep {
    fn drop(&mut self) {
        tree::kill_marked(&self.mark);
    }
}

/// The lines that are complete by now and were not heard yet, and where the next one begins. No
/// byte is looked at twice, however long a line is: what was looked at before ends at `looked`.
pub(super) fn complete<'b>(
    bytes: &'b [u8],
    heard: usize,
    looked: &mut usize,
) -> Option<(&'b [u8], usize)> {
    let from = std::mem::replace(looked, bytes.len());
    let end = from + bytes.get(from..)?.iter().rposition(|byte| *byte == b'\n')?;
    Some((bytes.get(heard..end)?, end + 1))
}

/// Passes on lines, of very long ones the beginning.
pub(super) fn hear(lines: &[u8], hook: &LineHook) {
    for line in lines.split(|byte| *byte == b'\n') {
        let begin = line.get(..line.len().min(LINE)).unwrap_or_default();
        hook(String::from_utf8_lossy(begin).trim_end_matches('\r'));
    }
}

/// The last lines of what a program wrote, within [`TAIL`].
pub(super) fn tail(bytes: &[u8], lines: usize) -> Vec<String> {
    let end = bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default();
    let text = String::from_utf8_lossy(end);
    let all: Vec<String> = text.lines().map(str::to_owned).collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().to_vec()
}

enum Stop {
    Full,
    Lost(io::Error),
}

/// Reads a pipe into memory, and no more than it was allowed to.
struct Capture<P> {
    pipe: Option<P>,
    limit: usize,
    bytes: Vec<u8>,
    hook: Option<LineHook>,
    heard: usize,
    looked: usize,
}

impl<P: AsyncRead + Unpin> Capture<P> {
    fn new(pipe: Option<P>, limit: usize, hook: Option<LineHook>) -> Self {
        Self { pipe, limit, bytes: Vec::new(), hook, heard: 0, looked: 0 }
    }

    /// Passes on the lines that are complete by now.
    fn tell(&mut self) {
        let Some(hook) = &self.hook else { return };
        let Some((lines, heard)) = complete(&self.bytes, self.heard, &mut self.looked) else {
            return;
        };
        hear(lines, hook);
        self.heard = heard;
    }

    async fn fill(&mut self) -> Result<(), Stop> {
        let Some(mut pipe) = self.pipe.take() else { return Ok(()) };
        while pipe.read_buf(&mut self.bytes).await.map_err(Stop::Lost)? > 0 {
            self.tell();
            if self.bytes.len() > self.limit {
                self.bytes.truncate(self.limit);
                return Err(Stop::Full);
            }
        }
        Ok(())
    }
}

fn ended(status: std::process::ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .map_or_else(|| Ended::Signaled(status.signal().unwrap_or_default()), Ended::Exited)
}
