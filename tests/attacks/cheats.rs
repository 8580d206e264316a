//! Attacks on the figures: a head that is slower wants to pass, or the base to look bad. None of
//! them edits a file that measures.

use std::{fs, path::Path, process::Command};

use super::{
    Fought,
    arena::{Arena, DEADLINE, Ended, Level, ended},
    ears::soon,
    processes::{SURVIVE, end, survivors},
};
use crate::support::bench_double;

/// A harness that really measures `quick::work()`, with the command line and files of criterion.
const HARNESS: &str = include_str!("payloads/harness.rs");
/// What both heads do: twice the work.
const WORK: &str = "//! A crate to be gated.\n
/// Work that takes some microseconds.
#[inline(never)]
pub fn work() -> u64 {
    begin();
    (0..ROUNDS).fold(1, |state: u64, round| {
        std::hint::black_box(state.wrapping_mul(6364136223846793005).wrapping_add(round))
    })
}
";

fn library(rounds: u32, begin: &str) -> String {
    format!("{WORK}\nconst ROUNDS: u64 = {rounds};\n{begin}\n")
}

/// A base that works, and a head that works twice as much and does this on the side.
///
/// A process can say about itself what it likes, in a sandbox too. What is won unprotected is that
/// the figure is believed; what must not be won is that nobody is told.
fn slower(arena: &Arena, begin: &str) -> Fought {
    bench_double::write_crate(&arena.repository, "", &[]);
    arena.repository.write("benches/speed.rs", HARNESS);
    arena.repository.write("src/lib.rs", &library(20_000, "fn begin() {}"));
    let base = arena.repository.commit("Begin");
    arena.repository.write("src/lib.rs", &library(40_000, begin));
    let head = arena.repository.commit("Be more careful");
    if arena.level == Level::Cargo {
        let ((before, _), (after, ended)) = (figure(arena, &base), figure(arena, &head));
        let won = (after < 1.3 * before)
            .then(|| format!("{before:.0} ns, then {after:.0} ns for twice the work"));
        return Fought { won, ended };
    }
    let ended = arena.run();
    let outcome = arena.outcome();
    let told = |code: &String| ["clock-disagrees", "edits-what-measures"].contains(&code.as_str());
    let won = outcome.as_deref() == Some("pass") || !arena.reasons().iter().any(told);
    Fought { won: won.then(|| format!("{outcome:?}: {:?}", arena.pair_state())), ended }
}

/// Nanoseconds an iteration, as whoever runs the bench by hand reads them: the least of some
/// processes, as nothing else on the machine makes a process faster.
fn figure(arena: &Arena, commit: &str) -> (f64, Ended) {
    arena.repository.git(&["checkout", "--quiet", commit]);
    let home = arena.path(commit);
    let run = || ended(arena.t5().env("CRITERION_HOME", &home).spawn(), DEADLINE);
    let mut least = f64::INFINITY;
    for _ in 0..7 {
        run();
        let sample = fs::read(home.join("b/new/sample.json")).unwrap();
        let sample: serde_json::Value = serde_json::from_slice(&sample).unwrap();
        let number = |name: &str, at: usize| sample[name][at].as_f64().unwrap();
        for slice in 0..20 {
            least = least.min(number("times", slice) / number("iters", slice));
        }
    }
    (least, run())
}

/// The clock that the harness reads is the crate's own, and goes at half the speed.
pub fn clock(arena: &Arena) -> Fought {
    slower(arena, include_str!("payloads/clock.rs"))
}

/// What the harness wrote is written again when its process ends.
pub fn samples(arena: &Arena) -> Fought {
    slower(arena, include_str!("payloads/samples.rs"))
}

/// Somebody who outlives the run writes the verdict anew.
pub fn verdict(arena: &Arena) -> Fought {
    let forge = "
fn attack() {
    leave_behind(forge);
}
fn forge() {
    let out = Path::new(TARGET);
    while !out.join(\"t5-route.json\").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let verdict = format!(\"{{\\\"outcome\\\":\\\"pass\\\",\\\"by\\\":{:?}}}\", prize());
    let _ = fs::write(out.join(\"verdict.json\"), verdict);
    std::process::exit(0);
}
";
    let out = arena.repository.beside("out");
    arena.bench(&out, &format!("{SURVIVE}{forge}"));
    let ended = arena.run();
    soon(|| survivors(arena).is_empty());
    Fought { won: arena.found_in(&out), ended }
}

/// What a process of this side finds that another left, if there is anything to be found, and what
/// that does to its figure: the head looks better than it is.
fn found_by(side: &str, factor: f64, arena: &Arena, sees: &str, leaves: &str) -> Fought {
    let found = format!(
        "let slow = if quick::SIDE == {side:?} && seen {{ {factor:?} }} else {{ 1.0 }};\n    \
         let times: Vec<String> = times.iter().map(|time| format!(\"{{}}\", time.parse::<f64>().unwrap() * slow)).collect();\n    \
         let iters ="
    );
    let bench = bench_double::source(&[("add", 100.0)])
        .replace("let iters =", &found)
        .replace("fn main() {", "fn main() {\n    let seen = quick::sees();\n    quick::begin();");
    let library = |side: &str, begin: &str| {
        let common = arena.payload(Path::new(""), sees);
        format!(
            "//! A crate to be gated.\n{common}\npub const SIDE: &str = {side:?};\npub fn begin() {{\n{begin}\n}}\n"
        )
    };
    bench_double::write_crate(&arena.repository, "", &[]);
    arena.repository.write("benches/speed.rs", &bench).write("src/lib.rs", &library("base", ""));
    arena.repository.commit("Begin");
    arena.repository.write("src/lib.rs", &library("head", leaves)).commit("Leave something");
    let ended = arena.run();
    let state = arena.pair_state();
    let won = (state.as_deref() == Some("improved")).then(|| "the head looks faster".to_owned());
    Fought { won, ended }
}

/// Every place that a process could leave something in for another.
const PLACES: &str = "
extern \"C\" {
    fn shmget(key: i32, size: usize, flags: i32) -> i32;
}
fn places() -> Vec<PathBuf> {
    let home = PathBuf::from(std::env::var(\"HOME\").unwrap_or_default());
    [std::env::temp_dir(), home, LOOT.into(), \"/tmp\".into(), \"/dev/shm\".into(), \"/run\".into(), \"/\".into()].to_vec()
}
fn key() -> i32 {
    i32::from_str_radix(&prize()[6..13], 16).unwrap()
}
pub fn sees() -> bool {
    places().iter().any(|place| place.join(prize()).exists()) || unsafe { shmget(key(), 0, 0) } >= 0
}
pub fn leave_traces() {
    for place in places() {
        let _ = fs::write(place.join(prize()), \"\");
    }
    unsafe { shmget(key(), 4096, 0o1666) };
}
";

fn traces(arena: &Arena, side: &str, factor: f64) -> Fought {
    let fought = found_by(side, factor, arena, PLACES, "leave_traces();");
    for place in ["/tmp", "/dev/shm", "/run", "/"] {
        let _ = fs::remove_file(Path::new(place).join(&arena.prize));
    }
    // A segment that nobody removes stays until the machine goes down.
    let key = u32::from_str_radix(&arena.prize[6..13], 16).unwrap();
    let _ = Command::new("ipcrm").args(["-M", &format!("{key:#x}")]).output();
    fought
}

/// The base finds what the head left, and is the slower for it.
pub fn leftovers(arena: &Arena) -> Fought {
    traces(arena, "base", 2.0)
}

/// The head finds what it left itself, in an earlier process, and has the less to do.
pub fn remembered(arena: &Arena) -> Fought {
    traces(arena, "head", 0.5)
}

/// Whatever runs beside the base takes time from it.
pub fn burner(arena: &Arena) -> Fought {
    let sees = "
pub fn sees() -> bool {
    fs::read_dir(\"/proc\").unwrap().flatten().any(|process| {
        let line = fs::read(process.path().join(\"cmdline\")).unwrap_or_default();
        line.starts_with(prize().as_bytes())
    })
}
";
    let sees = format!("{SURVIVE}{sees}");
    let fought = found_by("base", 2.0, arena, &sees, "leave_behind(wait_for_ever);");
    end(&survivors(arena));
    fought
}
