//! A room of a job, entered once, in which programs run one after the other.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    os::{fd::OwnedFd, unix::net::UnixStream as Socket},
    time::{Duration, Instant},
};

use rustix::process::Pid;
use tokio::{
    io::AsyncWriteExt as _,
    net::UnixStream,
    process::{Child, Command},
};

use super::{
    Cancel, Ended, Finished, Grant, Isolation, Job, Returned, Sandbox, SandboxError, Usage,
    UsageSource,
    answer::{answer, read_message},
    cgroup::Group,
    disk::Watch,
    mark::{MARK, Mark},
    meter::Meter,
    protocol::{self, Collect, End, Hello, Outcome, Program},
    stream::Stream,
    tree::{self, Sweep},
};

/// Putting up all walls takes some milliseconds; a machine that needs longer than this is stuck.
const HELLO: Duration = Duration::from_secs(30);

/// How long the first process inside may take to end when it is told.
const PATIENCE: Duration = Duration::from_secs(2);

/// A room in which programs run one after the other. It is entered when the first one starts, and
/// again after one that had to be stopped; it is torn down when this is dropped.
#[derive(Debug)]
pub struct Session<'a> {
    sandbox: &'a Sandbox,
    grant: Grant,
    room: Option<Room>,
}

/// A room that was entered.
#[derive(Debug)]
struct Room {
    child: Child,
    leader: Option<Pid>,
    socket: UnixStream,
    out: Stream,
    err: Stream,
    group: Group,
    hello: Hello,
    /// How many programs have run in it.
    runs: u64,
}

impl<'a> Session<'a> {
    pub(super) fn new(sandbox: &'a Sandbox, grant: Grant) -> Self {
        Self { sandbox, grant, room: None }
    }

    /// Runs one program to its end, and ends whatever it leaves behind.
    ///
    /// # Errors
    ///
    /// If the room cannot be entered or the program not be started; a program that fails is not an
    /// error.
    pub async fn run(
        &mut self,
        job: &Job,
        collect: Option<&Collect>,
        cancel: &Cancel,
    ) -> Result<Finished, SandboxError> {
        if cancel.stopped() {
            return Ok(Finished::cancelled());
        }
        if let Some(room) = self.room.take()
            && let Some(finished) = self.run_in(room, job, collect, cancel).await?
        {
            return Ok(finished);
        }
        let room = Room::enter(self.sandbox, &self.grant).await?;
        let finished = self.run_in(room, job, collect, cancel).await?;
        finished.ok_or_else(|| unfit(job))
    }

    /// What came of the program; none if what an earlier one left in the room is in its way.
    async fn run_in(
        &mut self,
        mut room: Room,
        job: &Job,
        collect: Option<&Collect>,
        cancel: &Cancel,
    ) -> Result<Option<Finished>, SandboxError> {
        let below = self.sandbox.level() < Isolation::Full;
        let done = room.run(job, collect, &self.grant, below, cancel).await?;
        // A room in which something went wrong is not used again.
        Ok(done.map(|(finished, fit)| {
            self.room = fit.then_some(room);
            finished
        }))
    }

    /// Enters the room if that was not done yet, and gives what reads its programs' processor time
    /// while they run: the control group, or where there is none, the clocks of its processes. None
    /// where there are neither.
    ///
    /// # Errors
    ///
    /// If the room cannot be entered.
    pub async fn meter(&mut self) -> Result<Option<Meter>, SandboxError> {
        self.hello().await?;
        let Some(room) = &self.room else { return Ok(None) };
        let by_clocks =
            || room.leader.and_then(|leader| Meter::of_processes(leader.as_raw_nonzero().get()));
        Ok(room.group.meter().or_else(by_clocks))
    }

    /// Tears the room down, and waits until nothing is left of it.
    ///
    /// # Errors
    ///
    /// If its end cannot be waited for.
    pub async fn close(mut self) -> io::Result<()> {
        match &mut self.room {
            Some(room) => room.end().await,
            None => Ok(()),
        }
    }

    /// Enters the room if that was not done yet, and says which walls hold.
    pub(super) async fn hello(&mut self) -> Result<(Option<String>, bool), SandboxError> {
        if self.room.is_none() {
            self.room = Some(Room::enter(self.sandbox, &self.grant).await?);
        }
        let hello = self.room.as_ref().map(|room| &room.hello);
        Ok(hello.map(|hello| (hello.landlock.clone(), hello.seccomp)).unwrap_or_default())
    }
}

impl Room {
    async fn enter(sandbox: &Sandbox, grant: &Grant) -> Result<Self, SandboxError> {
        let closed =
            |reason: String| SandboxError::Closed { level: sandbox.level().word(), reason };
        let failed = |error: io::Error| closed(error.to_string());
        let group = sandbox.cgroups().make(&grant.limits).map_err(failed)?;
        let (ours, theirs) = Socket::pair().map_err(failed)?;
        let (out, out_end) = Stream::pair().map_err(failed)?;
        let (err, err_end) = Stream::pair().map_err(failed)?;
        let mark = Mark::fresh();
        let call = sandbox.call(grant, group.folders(), &mark).map_err(failed)?;
        let (program, args) = call.split_first().ok_or_else(|| closed("no call".to_owned()))?;
        let child = Command::new(program)
            .args(args)
            .current_dir("/")
            .env_clear()
            // What a `t5` leaves that was killed the hard way, the next one finds by this.
            .env(MARK, mark.to_string())
            .stdin(OwnedFd::from(theirs))
            .stdout(out_end)
            .stderr(err_end)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        ours.set_nonblocking(true).map_err(failed)?;
        let socket = UnixStream::from_std(ours).map_err(failed)?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let hello = Hello { landlock: None, seccomp: false };
        let mut room = Self { child, leader, socket, out, err, group, hello, runs: 0 };
        match tokio::time::timeout(HELLO, read_message(&mut room.socket)).await {
            Ok(Ok(hello)) => room.hello = hello,
            Ok(Err(_)) => return Err(closed(room.last_words().await)),
            Err(_) => return Err(closed("it does not answer".to_owned())),
        }
        Ok(room)
    }

    /// What came of the program, and whether the room can be used again; none if an earlier
    /// program left it so that this one could not even start.
    async fn run(
        &mut self,
        job: &Job,
        collect: Option<&Collect>,
        grant: &Grant,
        below_full: bool,
        cancel: &Cancel,
    ) -> Result<Option<(Finished, bool)>, SandboxError> {
        let mark = below_full.then(Mark::fresh);
        let request = request(job, collect, mark.as_ref())?;
        let spent_before = self.group.spent();
        let killed_before = self.group.killed_for_memory();
        let peak_counts = self.group.forget_peak();
        self.out.begin(job.output, None);
        self.err.begin(job.output, job.on_line.clone());
        let watch = Watch::new(&grant.write, grant.limits.disk);
        let started = Instant::now();
        let lost =
            |source| SandboxError::Supervise { program: job.program.display().to_string(), source };
        let answer = tokio::select! {
            biased;
            () = cancel.wait() => Err(Some(Ended::Cancelled)),
            // Without an answer the first process itself is gone.
            answer = ask(&mut self.socket, &request, collect) => answer.map_err(|_| None),
            full = overflow(&mut self.out, &mut self.err) => match full {
                Ok(()) => Err(Some(Ended::Output)),
                Err(source) => return Err(lost(source)),
            },
            () = exceeded(&watch) => Err(Some(Ended::Disk)),
            () = tokio::time::sleep(job.wall) => Err(Some(Ended::WallTime)),
        };
        let wall = started.elapsed();
        // Where there is no namespace that does it.
        let sweep = mark.map(|mark| Sweep { mark });
        let (outcome, files) = match answer {
            Ok(answer) => answer,
            Err(ended) => {
                let finished = self.broken(ended, killed_before, job, wall).await?;
                return Ok(Some((finished, false)));
            }
        };
        // All that wrote is gone: what it wrote lies in the pipes.
        drop(sweep);
        if self.runs > 0 && matches!(outcome.end, End::NotClean | End::NotStarted(_)) {
            return Ok(None);
        }
        self.runs += 1;
        let drained = self.out.drain() && self.err.drain();
        let killed = self.group.killed_for_memory() > killed_before;
        let ended = match ended(outcome.end, job)? {
            _ if !drained => Ended::Output,
            Ended::Exited(1..) | Ended::Signaled(_) if killed => Ended::Memory,
            ended => ended,
        };
        let usage = self.usage(&outcome, spent_before, peak_counts);
        let finished = Finished {
            ended,
            stdout: self.out.taken(),
            stderr: self.err.taken(),
            wall: Duration::from_nanos(outcome.wall_ns).min(wall),
            usage: Some(usage),
            files,
        };
        log(job, &finished);
        Ok(Some((finished, drained && !killed)))
    }

    /// Tears the room down after something went wrong in it: why the program was ended, or nothing
    /// where the room itself is gone.
    async fn broken(
        &mut self,
        ended: Option<Ended>,
        killed_before: u64,
        job: &Job,
        wall: Duration,
    ) -> Result<Finished, SandboxError> {
        let lost =
            |source| SandboxError::Supervise { program: job.program.display().to_string(), source };
        self.end().await.map_err(lost)?;
        let _ = (self.out.drain(), self.err.drain());
        let killed = self.group.killed_for_memory() > killed_before;
        let Some(ended) = ended.or(killed.then_some(Ended::Memory)) else {
            let reason = io::Error::other(format!("its sandbox ended: {}", self.err.tail()));
            return Err(lost(reason));
        };
        let finished = Finished {
            ended,
            stdout: self.out.taken(),
            stderr: self.err.taken(),
            wall,
            usage: None,
            files: Vec::new(),
        };
        log(job, &finished);
        Ok(finished)
    }

    /// The group counts what every process took, also those that hide from being waited for.
    fn usage(&mut self, outcome: &Outcome, before: Option<Duration>, peak_counts: bool) -> Usage {
        let spent =
            before.zip(self.group.spent()).map(|(before, after)| after.saturating_sub(before));
        let own = Duration::from_nanos(outcome.cpu_ns);
        let peak = if peak_counts { self.group.peak() } else { None };
        // The helper remembers the largest of all that it ran, so only the first is one program's.
        let own_peak = (self.runs == 1).then_some(outcome.peak);
        Usage {
            cpu: spent.unwrap_or(own),
            source: if spent.is_some() { UsageSource::Cgroup } else { UsageSource::FirstProcess },
            peak_memory: peak.or(own_peak),
        }
    }

    /// Ends the first process inside, and waits until nothing of the job is left: its folders are
    /// ours again only then.
    async fn end(&mut self) -> io::Result<()> {
        // At the end of its socket it ends by itself, and the kernel ends all others before it.
        let _ = self.socket.shutdown().await;
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            if let Some(leader) = self.leader {
                tree::kill_group(leader);
            }
            let _ = self.child.start_kill();
            self.child.wait().await?;
        }
        let empty = async {
            while !self.group.is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        // A process that cannot even be killed hangs in the kernel, and writes nothing any more.
        let _ = tokio::time::timeout(PATIENCE, empty).await;
        Ok(())
    }

    async fn last_words(&mut self) -> String {
        let _ = self.end().await;
        self.err.begin(64 << 10, None);
        self.err.drain();
        self.err.tail()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // The first process inside ends when the socket closes, and everything with it; the group
        // of this process may have members beside it where there is no process namespace.
        if let Some(leader) = self.leader
            && self.child.try_wait().ok().flatten().is_none()
        {
            tree::kill_group(leader);
        }
    }
}

fn log(job: &Job, finished: &Finished) {
    tracing::debug!(
        program = %job.program.display(),
        args = ?job.args,
        dir = %job.dir.display(),
        wall_ms = finished.wall.as_millis(),
        ended = ?finished.ended,
        usage = ?finished.usage,
        "job ended"
    );
}

fn ended(end: End, job: &Job) -> Result<Ended, SandboxError> {
    let program = || job.program.display().to_string();
    match end {
        End::Exited(code) => Ok(Ended::Exited(code)),
        End::Signaled(signal) => Ok(Ended::Signaled(signal)),
        End::NotStarted(number) => {
            let source = io::Error::from_raw_os_error(number);
            Err(SandboxError::Start { program: program(), source })
        }
        End::NotClean => Err(unfit(job)),
    }
}

fn unfit(job: &Job) -> SandboxError {
    let source = io::Error::other("what an earlier program left cannot be removed");
    SandboxError::Supervise { program: job.program.display().to_string(), source }
}

fn request(
    job: &Job,
    collect: Option<&Collect>,
    mark: Option<&Mark>,
) -> Result<Vec<u8>, SandboxError> {
    let refused =
        |source| SandboxError::Start { program: job.program.display().to_string(), source };
    let text = |text: &OsStr| {
        let not_text = || io::Error::other(format!("«{}» is not UTF-8", text.display()));
        text.to_str().map(str::to_owned).ok_or_else(not_text)
    };
    let pair = |(name, value): (&OsString, &OsString)| Ok((text(name)?, text(value)?));
    let whole = || -> io::Result<Vec<u8>> {
        let mut env: BTreeMap<String, String> =
            job.env.iter().map(pair).collect::<io::Result<_>>()?;
        if let Some(mark) = mark {
            env.insert(MARK.to_owned(), mark.to_string());
        }
        let args = job.args.iter().map(|arg| text(arg)).collect::<io::Result<_>>()?;
        let (program, dir) = (text(job.program.as_os_str())?, text(job.dir.as_os_str())?);
        let collect = collect.cloned();
        protocol::framed(&Program { program, args, dir, env, core: job.core, collect })
    };
    whole().map_err(refused)
}

async fn ask(
    socket: &mut UnixStream,
    request: &[u8],
    collect: Option<&Collect>,
) -> io::Result<(Outcome, Vec<Returned>)> {
    socket.write_all(request).await?;
    answer(socket, collect).await
}

/// Ends once one of them holds more than it may.
async fn overflow(out: &mut Stream, err: &mut Stream) -> io::Result<()> {
    tokio::select! {
        full = out.fill() => full,
        full = err.fill() => full,
    }
}

async fn exceeded(watch: &Watch) {
    loop {
        tokio::time::sleep(watch.next_look()).await;
        if watch.exceeded() {
            return;
        }
    }
}
