//! Attacks on the figures: a head that is slower wants to pass, or the base to look bad. None of
//! them edits a file that measures.

use std::path::Path;

use super::{
    Fought,
    arena::{Arena, Level},
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
    arena.repository.commit("Begin");
    arena.repository.write("src/lib.rs", &library(40_000, begin)).commit("Be more careful");
    let ended = arena.run();
    let (outcome, state) = (arena.outcome(), arena.pair_state());
    let won = match arena.level {
        Level::None => matches!(state.as_deref(), Some("held" | "improved")),
        Level::Full => {
            let told =
                |code: &String| ["clock-disagrees", "edits-what-measures"].contains(&code.as_str());
            outcome.as_deref() == Some("pass") || !arena.reasons().iter().any(told)
        }
    };
    Fought { won: won.then(|| format!("{outcome:?}: {state:?}")), ended }
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

/// A base whose process sees something of the head's, if there is anything to be seen, and is the
/// slower for it: the head looks better than it is.
fn seen_by_the_base(arena: &Arena, target: &Path, sees: &str, leaves: &str) -> Fought {
    let bench = bench_double::source(&[("add", 100.0)]).replace(
        "let iters =",
        "let slow = if quick::BASE && quick::sees() { 2.0 } else { 1.0 };\n    \
         let times: Vec<String> = times.iter().map(|time| format!(\"{}\", time.parse::<f64>().unwrap() * slow)).collect();\n    \
         let iters =",
    );
    let bench = bench.replace("fn main() {", "fn main() {\n    quick::begin();");
    let library = |base: bool, begin: &str| {
        let common = arena.payload(target, sees);
        format!(
            "//! A crate to be gated.\n{common}\npub const BASE: bool = {base};\npub fn begin() {{\n{begin}\n}}\n"
        )
    };
    bench_double::write_crate(&arena.repository, "", &[]);
    arena.repository.write("benches/speed.rs", &bench).write("src/lib.rs", &library(true, ""));
    arena.repository.commit("Begin");
    arena.repository.write("src/lib.rs", &library(false, leaves)).commit("Leave something");
    let ended = arena.run();
    let state = arena.pair_state();
    let won = (state.as_deref() == Some("improved")).then(|| "the head looks faster".to_owned());
    Fought { won, ended }
}

pub fn leftovers(arena: &Arena) -> Fought {
    let sees = "pub fn sees() -> bool {\n    std::env::temp_dir().join(\"left\").exists() \
        || Path::new(&std::env::var(\"HOME\").unwrap()).join(\"left\").exists()\n}\n";
    let leaves = "let _ = fs::write(std::env::temp_dir().join(\"left\"), \"\");\n    \
        let _ = fs::write(Path::new(&std::env::var(\"HOME\").unwrap()).join(\"left\"), \"\");";
    seen_by_the_base(arena, Path::new(""), sees, leaves)
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
    let fought = seen_by_the_base(
        arena,
        Path::new(""),
        &format!("{SURVIVE}{sees}"),
        "leave_behind(wait_for_ever);",
    );
    end(&survivors(arena));
    fought
}
