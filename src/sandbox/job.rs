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
    sync::Notify,
};

use super::{
    Cancel, Ended, Finished, SandboxError,
    captured::{Captured, LineHook},
    mark::{MARK, Mark},
    tree::{Sweep, kill_group},
};

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
            let closed = Notify::new();
            let exit = async {
                let status = child.wait().await.map_err(Stop::Lost)?;
                sweep.until(closed.notified()).await;
                Ok(status)
            };
            let pipes = async {
                tokio::try_join!(stdout.fill(), stderr.fill())?;
                closed.notify_one();
                Ok(())
            };
            tokio::try_join!(exit, pipes).map(|(status, ())| status)
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
            kill_group(leader);
            drop(sweep);
            child.wait().await.map_err(|source| self.lost(source))?;
        }
        Ok(Finished {
            ended,
            stdout: stdout.kept.bytes,
            stderr: stderr.kept.bytes,
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
            Some(core) => pinned(core, || command.spawn()),
        }
    }

    fn lost(&self, source: io::Error) -> SandboxError {
        SandboxError::Supervise { program: self.program.display().to_string(), source }
    }
}

/// Starts a child on one core: it inherits the affinity of the thread that forks it, so that is where
/// it is set.
pub(super) fn pinned<T>(core: usize, spawn: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let before = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    one.set(core);
    sched_setaffinity(None, &one)?;
    let child = spawn();
    sched_setaffinity(None, &before)?;
    child
}

enum Stop {
    Full,
    Lost(io::Error),
}

/// Reads a pipe into memory, and no more than it was allowed to.
struct Capture<P> {
    pipe: Option<P>,
    kept: Captured,
}

impl<P: AsyncRead + Unpin> Capture<P> {
    fn new(pipe: Option<P>, limit: usize, hook: Option<LineHook>) -> Self {
        Self { pipe, kept: Captured::new(limit, hook) }
    }

    async fn fill(&mut self) -> Result<(), Stop> {
        let Some(mut pipe) = self.pipe.take() else { return Ok(()) };
        while pipe.read_buf(&mut self.kept.bytes).await.map_err(Stop::Lost)? > 0 {
            if !self.kept.note() {
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
