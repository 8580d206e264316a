//! Attacks that take more than their share. Unprotected they run inside a limit of the test's own,
//! a little larger than what they want.

use std::{fs, path::Path};

use super::{
    Fought,
    arena::{Arena, DEADLINE, Level, ended},
    outer::Outer,
};
use crate::support::t5::T5;

const NOWHERE: &str = "";

/// The run, inside a limit of the test's own where nothing else protects.
fn run(arena: &Arena, outer: impl Fn() -> Outer) -> Fought {
    run_as(arena, |t5| t5, outer)
}

fn run_as(arena: &Arena, with: impl Fn(T5) -> T5, outer: impl Fn() -> Outer) -> Fought {
    let outer = (arena.level != Level::Full).then(outer);
    let t5 = outer.iter().fold(with(arena.t5()), |t5, outer| outer.around(t5));
    let ended = ended(t5.spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// Starts this many processes that all live at once, if it can.
fn fork_bomb(count: u32) -> String {
    let attack = "
extern \"C\" {
    fn fork() -> i32;
    fn _exit(code: i32) -> !;
}
fn attack() {
    let (mut end, held) = std::io::pipe().unwrap();
    let mut held = Some(held);
    for _ in 0..COUNT {
        match unsafe { fork() } {
            0 => {
                held = None;
                // They all end with this process.
                let _ = end.read(&mut [0]);
                drop(held);
                unsafe { _exit(0) }
            }
            -1 => return,
            _ => {}
        }
    }
    tell(&prize());
}
";
    attack.replace("COUNT", &count.to_string())
}

pub fn processes(arena: &Arena) -> Fought {
    arena.bench(Path::new(NOWHERE), &fork_bomb(2000));
    run(arena, || Outer::group("pids", 2500).unwrap_or_else(|| Outer::each("nproc", 6000)))
}

pub fn processes_of_a_build(arena: &Arena) -> Fought {
    arena.build_script(Path::new(NOWHERE), &fork_bomb(4500));
    run(arena, || Outer::group("pids", 5000).unwrap_or_else(|| Outer::each("nproc", 9000)))
}

pub fn memory(arena: &Arena) -> Fought {
    let attack = "
fn attack() {
    let mut held: Vec<Vec<u8>> = Vec::new();
    while held.len() < 1024 {
        let mut chunk: Vec<u8> = Vec::new();
        if chunk.try_reserve_exact(1 << 20).is_err() {
            return;
        }
        chunk.resize(1 << 20, held.len() as u8 | 1);
        held.push(chunk);
    }
    if std::hint::black_box(&held).iter().all(|chunk| chunk[4096] != 0) {
        tell(&prize());
    }
}
";
    arena.bench(Path::new(NOWHERE), attack);
    let limited = |t5: T5| match arena.level {
        Level::Full => t5.arg("--memory-limit").arg("700M"),
        _ => t5,
    };
    run_as(arena, limited, || {
        Outer::group("memory", 2 << 30).unwrap_or_else(|| Outer::each("data", 2 << 30))
    })
}

/// Fills `folder()` with files of 100 MiB, up to so many, and gives how it ended.
const FILL: &str = "
fn fill(files: usize) -> std::io::Result<()> {
    let chunk = vec![1; 1 << 20];
    let paths: Vec<PathBuf> = (0..files).map(|file| folder().join(format!(\"bomb-{file}\"))).collect();
    let filled = paths.iter().try_for_each(|path| {
        let mut file = fs::File::create(path)?;
        (0..100).try_for_each(|_| file.write_all(&chunk))
    });
    for path in &paths {
        let _ = fs::remove_file(path);
    }
    filled
}
";

/// The run, with a cache on a small disk of its own.
fn on_a_small_disk(arena: &Arena, mebibytes: u32) -> Fought {
    let cache = arena.cache();
    fs::create_dir_all(&cache).unwrap();
    let ended = ended(Outer::disk(&cache, mebibytes).around(arena.t5()).spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// The disk that the gate's cache lies on has no room left, for the gate nor for anybody else.
pub fn target(arena: &Arena) -> Fought {
    let attack = "
fn folder() -> PathBuf {
    std::env::var(\"OUT_DIR\").unwrap().into()
}
fn attack() {
    if fill(40).is_err_and(|error| error.kind() == std::io::ErrorKind::StorageFull) {
        tell(&prize());
    }
}
";
    arena.build_script(Path::new(NOWHERE), &format!("{FILL}{attack}"));
    on_a_small_disk(arena, 2500)
}

pub fn temporary(arena: &Arena) -> Fought {
    let attack = "
fn folder() -> PathBuf {
    std::env::temp_dir()
}
fn attack() {
    if fill(12).is_ok() {
        tell(&prize());
    }
}
";
    arena.bench(Path::new(NOWHERE), &format!("{FILL}{attack}"));
    on_a_small_disk(arena, 1600)
}
