//! Two benchmarks of the gate's own, whose outcome is known: do the rules tell them apart here?
//!
//! In `same` both sides do the same work; in `slower` the head does a known share more. They run as
//! every other benchmark does, in the same rounds and the same sandbox. A machine on which they come
//! out otherwise cannot be judged on.

use std::{
    ffi::OsString,
    hint::black_box,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::hook;
use crate::{
    perf::{BenchId, Harness, canary},
    policy::Side,
    runner::{build::Executable, pairing::TargetPair},
};

/// The first argument that makes this program a side's canary.
const ARGUMENT: &str = "canary";
/// Units of work in an iteration: some microseconds.
const UNITS: u64 = 100;

/// What this program does when it is started as a canary; none if it was not.
pub fn process(mut args: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if args.next()? != ARGUMENT {
        return None;
    }
    let head = args.next()? == word(Side::Head);
    let more = if head { canary::MORE_PERCENT } else { 0 };
    for (id, units) in [(canary::SAME, UNITS), (canary::SLOWER, UNITS * (100 + more) / 100)] {
        let mut run = |count: u64| {
            let started = std::time::Instant::now();
            for _ in 0..count {
                work(units);
            }
            started.elapsed().as_secs_f64() * 1e9
        };
        if !hook::answer(id, &(), true, &mut run) {
            return Some(ExitCode::FAILURE);
        }
    }
    Some(ExitCode::SUCCESS)
}

fn work(units: u64) {
    let mut all = 1_u64;
    for unit in 0..units * 100 {
        all = black_box(all ^ unit).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7);
    }
    black_box(all);
}

/// The arguments of a side's canary.
pub fn args(side: Side) -> [&'static str; 2] {
    [ARGUMENT, word(side)]
}

fn word(side: Side) -> &'static str {
    match side {
        Side::Base => "base",
        Side::Head => "head",
    }
}

/// The pair that is measured, of this program, and its benchmarks.
pub fn pair(program: &Path) -> (TargetPair, [BenchId; 2]) {
    let executable = Executable {
        package: canary::PACKAGE.to_owned(),
        target: canary::TARGET.to_owned(),
        folder: PathBuf::new(),
        path: program.to_owned(),
    };
    let pair = TargetPair {
        base: executable.clone(),
        head: executable,
        slices: true,
        harness: Harness::Criterion,
    };
    (pair, [canary::SAME, canary::SLOWER].map(canary::bench))
}
