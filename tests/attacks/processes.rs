//! Attacks on other processes: what they hold, and that they live.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{
    Fought,
    arena::{Arena, DEADLINE, ended},
    ears::soon,
    outer::Outer,
    reads::stolen,
};

const NOWHERE: &str = "";

pub fn environment(arena: &Arena) -> Fought {
    let attack = "
fn attack() {
    for (pid, _) in ancestors() {
        hunt(&fs::read(format!(\"/proc/{pid}/environ\")).unwrap_or_default());
    }
}
";
    arena.bench(Path::new(NOWHERE), attack);
    let ended = ended(arena.t5().env("T5_TEST_SECRET", &arena.prize).spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// A process of the test, with the prize in its command line; it ends with its standard input.
struct Bystander(Child);

impl Bystander {
    fn new(arena: &Arena) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "read line", "sh", "--password", &arena.prize]);
        Self(command.stdin(Stdio::piped()).spawn().unwrap())
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

pub fn command_lines(arena: &Arena) -> Fought {
    let attack = "
fn attack() {
    for process in fs::read_dir(\"/proc\").unwrap().flatten() {
        hunt(&fs::read(process.path().join(\"cmdline\")).unwrap_or_default());
    }
}
";
    arena.build_script(Path::new(NOWHERE), attack);
    let _bystander = Bystander::new(arena);
    stolen(arena)
}

/// Reads the stack of another process.
const STACK: &str = "
fn stack_of(pid: i32) -> Option<Vec<u8>> {
    use std::os::unix::fs::FileExt as _;
    let maps = fs::read_to_string(format!(\"/proc/{pid}/maps\")).ok()?;
    let line = maps.lines().find(|line| line.ends_with(\"[stack]\"))?;
    let (from, to) = line.split_whitespace().next()?.split_once('-')?;
    let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
    let mut bytes = vec![0; (to - from) as usize];
    fs::File::open(format!(\"/proc/{pid}/mem\")).ok()?.read_exact_at(&mut bytes, from).ok()?;
    Some(bytes)
}
";

/// The stack of a program begins with its environment.
pub fn memory(arena: &Arena) -> Fought {
    let attack = "
fn attack() {
    for pid in supervisors() {
        hunt(&stack_of(pid).unwrap_or_default());
    }
}
";
    let attack = &format!("{STACK}{attack}");
    arena.bench(Path::new(NOWHERE), attack);
    let ended = ended(arena.t5().env("T5_TEST_SECRET", &arena.prize).spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// Whoever may trace the gate may make it do anything.
pub fn trace(arena: &Arena) -> Fought {
    let attack = "
extern \"C\" {
    fn ptrace(request: i32, ...) -> i64;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
}
fn attack() {
    const ATTACH: i32 = 16;
    const DETACH: i32 = 17;
    const WALL: i32 = 0x4000_0000;
    for pid in supervisors() {
        unsafe {
            if ptrace(ATTACH, pid, 0usize, 0usize) == 0 {
                let mut status = 0;
                let stopped = waitpid(pid, &mut status, WALL) == pid;
                ptrace(DETACH, pid, 0usize, 0usize);
                if stopped {
                    tell(&prize());
                }
            }
        }
    }
}
";
    arena.bench(Path::new(NOWHERE), attack);
    stolen(arena)
}

/// The gate is gone, and with it the verdict. Only processes of the test are there to be killed.
pub fn kill_all(arena: &Arena) -> Fought {
    let attack = "
extern \"C\" {
    fn kill(pid: i32, signal: i32) -> i32;
}
fn attack() {
    let _ = fs::write(format!(\"{LOOT}/tried\"), \"\");
    unsafe {
        // The gate before its helper, at whose death it would kill this process.
        for pid in supervisors().into_iter().rev() {
            kill(pid, 9);
        }
        kill(-1, 9);
    }
}
";
    arena.build_script(Path::new(NOWHERE), attack);
    // The first process of a namespace is spared, so that is not to be the gate.
    let t5 = arena.t5().within(&["/bin/sh", "-c", "\"$@\"; exit $?", "sh"]);
    let ended = ended(Outer::processes().around(t5).spawn(), DEADLINE);
    let won = (!arena.judged()).then(|| "the gate came to no verdict".to_owned());
    Fought { won, ended }
}

/// The gate stands still for ever.
pub fn stop_supervisor(arena: &Arena) -> Fought {
    let attack = "
extern \"C\" {
    fn kill(pid: i32, signal: i32) -> i32;
}
fn attack() {
    for pid in supervisors() {
        if unsafe { kill(pid, 19) } == 0 {
            tell(&prize());
        }
    }
}
";
    arena.bench(Path::new(NOWHERE), attack);
    let child = arena.t5().spawn();
    let pid = child.id();
    // It is ours to reap, so it stays to be seen when it has come to its end.
    soon(|| matches!(state(pid), 'T' | 'Z'));
    let stopped = state(pid) == 'T';
    let ended = ended(child, if stopped { Duration::ZERO } else { DEADLINE });
    Fought { won: stopped.then(|| "the gate stands still".to_owned()), ended }
}

/// What the kernel says a process does: `T` for one that was stopped, `Z` for one that has ended.
fn state(pid: u32) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
}

/// A file that nobody can open any more but who holds it: 9 of whoever is started here.
fn holding(arena: &Arena, then: &str) -> Vec<String> {
    let file = arena.path("held");
    arena.plant(&file);
    let script = format!("exec 9<{file:?}; rm {file:?}; {then}");
    ["/bin/sh", "-c", &script, "sh"].map(str::to_owned).to_vec()
}

fn within(t5: crate::support::t5::T5, outer: &[String]) -> crate::support::t5::T5 {
    t5.within(&outer.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Reads what processes hold of files that are gone.
const READ_HELD: &str = "
fn read_held(pid: &str) {
    for descriptor in fs::read_dir(format!(\"/proc/{pid}/fd\")).into_iter().flatten().flatten() {
        let link = fs::read_link(descriptor.path()).unwrap_or_default();
        if link.to_string_lossy().ends_with(\"(deleted)\") {
            hunt(&fs::read(descriptor.path()).unwrap_or_default());
        }
    }
}
";

pub fn inherited_descriptor(arena: &Arena) -> Fought {
    let attack = format!("{READ_HELD}fn attack() {{\n    read_held(\"self\");\n}}\n");
    arena.bench(Path::new(NOWHERE), &attack);
    let t5 = within(arena.t5(), &holding(arena, "exec \"$@\""));
    let ended = ended(t5.spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// What `sh` holds, and the gate does not: so no child of the gate has inherited it.
pub fn others_descriptors(arena: &Arena) -> Fought {
    let attack = "
fn attack() {
    for (pid, _) in ancestors() {
        read_held(&pid.to_string());
    }
}
";
    arena.build_script(Path::new(NOWHERE), &format!("{READ_HELD}{attack}"));
    let t5 = within(arena.t5(), &holding(arena, "\"$@\" 9<&-; exit $?"));
    let ended = ended(t5.spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// The first process of the machine; here it is one of the test's, and holds a secret.
pub fn first_process(arena: &Arena) -> Fought {
    let attack = format!("{READ_HELD}fn attack() {{\n    read_held(\"1\");\n}}\n");
    arena.build_script(Path::new(NOWHERE), &attack);
    let t5 = within(arena.t5(), &holding(arena, "\"$@\" 9<&-; exit $?"));
    let ended = ended(Outer::processes().around(t5).spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// Runs where the first process is one of the test's.
fn beside_a_first_process(arena: &Arena) -> Fought {
    let t5 = arena.t5().within(&["/bin/sh", "-c", "\"$@\"; exit $?", "sh"]);
    let ended = ended(Outer::processes().around(t5).spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// In the sandbox that is the helper, which says what came of each program.
pub fn first_process_memory(arena: &Arena) -> Fought {
    let attack = format!(
        "{STACK}fn attack() {{\n    if stack_of(1).is_some() {{\n        tell(&prize());\n    }}\n}}\n"
    );
    arena.bench(Path::new(NOWHERE), &attack);
    beside_a_first_process(arena)
}

/// In the sandbox that is the socket by which the supervisor and its helper talk.
pub fn first_process_socket(arena: &Arena) -> Fought {
    let attack = "
extern \"C\" {
    fn syscall(number: i64, ...) -> i64;
}
fn attack() {
    const PIDFD_OPEN: i64 = 434;
    const PIDFD_GETFD: i64 = 438;
    let process = unsafe { syscall(PIDFD_OPEN, 1i64, 0i64) };
    let taken = unsafe { syscall(PIDFD_GETFD, process, 0i64, 0i64) };
    let opened = fs::OpenOptions::new().read(true).open(\"/proc/1/fd/0\");
    if taken >= 0 || opened.is_ok() {
        tell(&prize());
    }
}
";
    arena.bench(Path::new(NOWHERE), attack);
    beside_a_first_process(arena)
}

/// Leaves a process behind that no mark and no group gives away: it says so under a name that is
/// the prize, and lives until the test is over.
pub const SURVIVE: &str = "
extern \"C\" {
    fn setsid() -> i32;
    fn fork() -> i32;
    fn _exit(code: i32) -> !;
    fn alarm(seconds: u32) -> u32;
    fn pause() -> i32;
}
/// Gone once it is sure that the survivor is on its own.
fn leave_behind(then: fn()) {
    use std::os::unix::process::CommandExt as _;
    if std::env::args().next().as_deref() == Some(prize().as_str()) {
        unsafe { alarm(60) };
        println!(\"here\");
        then();
    }
    let (mut ready, told) = std::io::pipe().unwrap();
    if unsafe { fork() } == 0 {
        unsafe { setsid() };
        if unsafe { fork() } == 0 {
            drop(ready);
            let me = std::env::current_exe().unwrap();
            let null = || std::process::Stdio::null();
            let _ = std::process::Command::new(me)
                .arg0(prize())
                .args(std::env::args_os().skip(1))
                .env_clear()
                .current_dir(\"/\")
                .stdin(null())
                .stdout(told)
                .stderr(null())
                .exec();
        }
        unsafe { _exit(0) };
    }
    drop(told);
    let _ = ready.read(&mut [0; 4]);
}
fn wait_for_ever() {
    loop {
        unsafe { pause() };
    }
}
";

/// The processes that bear the prize as their name.
pub fn survivors(arena: &Arena) -> Vec<i32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let named = processes.filter(|process| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        line.starts_with(arena.prize.as_bytes())
    });
    named.filter_map(|process| process.file_name().to_str()?.parse().ok()).collect()
}

/// Ends what an attack has left behind.
pub fn end(survivors: &[i32]) {
    for pid in survivors {
        let pid = rustix::process::Pid::from_raw(*pid).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

pub fn survivor(arena: &Arena) -> Fought {
    let attack = format!("{SURVIVE}\nfn attack() {{\n    leave_behind(wait_for_ever);\n}}\n");
    arena.bench(Path::new(NOWHERE), &attack);
    let ended = arena.run();
    let left = survivors(arena);
    end(&left);
    let won = (!left.is_empty()).then(|| format!("{left:?} outlived the run"));
    Fought { won, ended }
}
