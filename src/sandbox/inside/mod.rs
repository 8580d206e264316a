//! The helper inside: the first process of a job, which runs one program after the other, ends
//! what each leaves behind, and says what it took.

mod filter;
mod ruleset;
mod take;

use std::{
    fs, io,
    os::{fd::AsFd as _, unix::net::UnixStream, unix::process::CommandExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    signal::{Signal, kill},
};
use rustix::{
    process::{DumpableBehavior, Resource, Rlimit, WaitOptions},
    thread::{
        CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities,
    },
};

use super::{
    clear::empty,
    job::pinned,
    protocol::{self, End, Hello, Outcome, Program, Walls},
};

/// Serves the supervisor at standard input until it goes away.
///
/// # Errors
///
/// If a wall cannot be put up, or the supervisor says what nobody understands.
pub(super) fn serve(walls: &Walls) -> io::Result<()> {
    // Nobody inside may look into this process, whose user they share.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    if !first() {
        let own = rustix::process::getpid();
        // What loses its parent becomes ours, so that its processor time is counted.
        rustix::process::set_child_subreaper(Some(own))?;
    }
    limit(walls)?;
    if walls.unprivileged {
        give_up()?;
    }
    let landlock = if walls.landlock { Some(ruleset::put_up(walls)?) } else { None };
    if walls.seccomp {
        filter::put_up()?;
    }
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    protocol::write(&mut socket, &Hello { landlock, seccomp: walls.seccomp })?;
    let programs = listen(socket.try_clone()?);
    for program in programs {
        let (outcome, files) = run(&program, walls);
        protocol::write(&mut socket, &outcome)?;
        for bytes in files {
            io::Write::write_all(&mut socket, &bytes)?;
        }
    }
    Ok(())
}

/// Whether this is the first process of a process namespace.
fn first() -> bool {
    std::process::id() == 1
}

/// Hears requests, and ends this process, and with it the namespace, when the supervisor is gone.
fn listen(mut socket: UnixStream) -> mpsc::Receiver<Program> {
    let (tell, hear) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok(Some(program)) = protocol::read(&mut socket) {
            if tell.send(program).is_err() {
                break;
            }
        }
        std::process::exit(0);
    });
    hear
}

/// Gives up every capability, for good: what this process starts cannot get one back.
fn give_up() -> io::Result<()> {
    for capability in CapabilitySet::all().iter() {
        // One that this kernel does not know, or that is not ours to give up, is not there.
        let _ = remove_capability_from_bounding_set(capability);
    }
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    set_capabilities(None, sets)?;
    Ok(rustix::thread::set_no_new_privs(true)?)
}

fn limit(walls: &Walls) -> io::Result<()> {
    let set = |resource, most| {
        let before = rustix::process::getrlimit(resource);
        // A limit that is lower already stays as it is.
        let most = before.maximum.map_or(most, |maximum| maximum.min(most));
        let both = Rlimit { current: Some(most), maximum: Some(most) };
        rustix::process::setrlimit(resource, both)
    };
    set(Resource::Core, 0)?;
    set(Resource::Fsize, walls.file)?;
    set(Resource::Cpu, walls.cpu_seconds.max(1))?;
    if let Some(bytes) = walls.address_space {
        set(Resource::As, bytes)?;
    }
    if let Some(processes) = walls.processes {
        set(Resource::Nproc, processes)?;
    }
    Ok(())
}

fn run(program: &Program, walls: &Walls) -> (Outcome, Vec<Vec<u8>>) {
    // What is mounted below an emptied folder stays.
    let kept: Vec<PathBuf> = walls.read.iter().chain(&walls.write).map(PathBuf::from).collect();
    let ended = |end| Outcome { end, wall_ns: 0, cpu_ns: 0, peak: 0, files: Vec::new() };
    if walls.emptied.iter().any(|folder| empty(folder.as_ref(), &kept).is_err()) {
        return (ended(End::NotClean), Vec::new());
    }
    let before = spent();
    let started = Instant::now();
    let mut child = match spawn(program) {
        Ok(child) => child,
        Err(error) => {
            let number = error.raw_os_error().unwrap_or(0);
            return (ended(End::NotStarted(number)), Vec::new());
        }
    };
    let end = wait(&mut child);
    let wall = started.elapsed();
    end_the_rest(walls);
    let after = spent();
    let (files, bytes) = program.collect.as_ref().map(take::take).unwrap_or_default();
    let outcome = Outcome {
        end,
        wall_ns: nanoseconds(wall),
        cpu_ns: nanoseconds(after.0.saturating_sub(before.0)),
        peak: after.1,
        files,
    };
    (outcome, bytes)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn spawn(program: &Program) -> io::Result<Child> {
    let mut command = Command::new(&program.program);
    command
        .args(&program.args)
        .current_dir(&program.dir)
        .env_clear()
        .envs(&program.env)
        .stdin(Stdio::null())
        .process_group(0);
    match program.core {
        None => command.spawn(),
        Some(core) => pinned(core, || command.spawn()),
    }
}

fn wait(child: &mut Child) -> End {
    use std::os::unix::process::ExitStatusExt as _;
    match child.wait() {
        Err(_) => End::Signaled(0),
        Ok(status) => status
            .code()
            .map_or_else(|| End::Signaled(status.signal().unwrap_or_default()), End::Exited),
    }
}

/// Kills and reaps everything that a program left.
///
/// The first process of a namespace ends everybody. Elsewhere «everybody» is everybody on the machine:
/// there, behind a ruleset, whatever lost its parent has become a child of this process, and children
/// are ended until none is left. Without any walls the supervisor finds what is left by its mark.
fn end_the_rest(walls: &Walls) {
    if first() {
        loop {
            let _ = kill(nix::unistd::Pid::from_raw(-1), Signal::SIGKILL);
            if rustix::process::wait(WaitOptions::empty()).is_err() {
                break;
            }
        }
        return;
    }
    loop {
        let left = if walls.landlock { children() } else { Vec::new() };
        if left.is_empty() {
            // Without walls, and where a kernel lists no children, they are left to the mark.
            while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
            return;
        }
        for child in left {
            let _ = kill(nix::unistd::Pid::from_raw(child), Signal::SIGKILL);
        }
        if rustix::process::wait(WaitOptions::empty()).is_err() {
            return;
        }
    }
}

/// The children of all threads of this process.
fn children() -> Vec<i32> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

/// Processor time of all children that were waited for, and the largest resident set among them.
fn spent() -> (Duration, u64) {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return (Duration::ZERO, 0) };
    let time = |spent: nix::sys::time::TimeVal| {
        use nix::sys::time::TimeValLike as _;
        Duration::from_micros(u64::try_from(spent.num_microseconds()).unwrap_or(0))
    };
    let peak = u64::try_from(usage.max_rss()).unwrap_or(0).saturating_mul(1024);
    (time(usage.user_time()) + time(usage.system_time()), peak)
}
