//! Telling a program that has an amount of work to do from one that works for a time.

use t5_gate::perf::{Process, Try, works_by_amount};

/// A program whose processes are told apart by how they meet their core.
#[derive(Clone, Copy)]
enum Program {
    /// Has this many milliseconds of work at the machine's usual speed.
    Amount(f64),
    /// Works for this many milliseconds.
    Time(f64),
    /// Sleeps for this many milliseconds and works for two.
    Sleeps(f64),
}

/// A machine on which processes find so many others, and run at one of two speeds.
#[derive(Clone, Copy)]
struct Machine {
    others: f64,
    slow: f64,
}

const QUIET: Machine = Machine { others: 0.0, slow: 1.05 };
const LOADED: Machine = Machine { others: 1.5, slow: 1.3 };
const TWO_SPEEDS: Machine = Machine { others: 0.3, slow: 2.0 };

fn process(program: Program, machine: Machine, beside: f64, draw: &mut fastrand::Rng) -> Process {
    let others = beside + draw.f64() * machine.others;
    let share = 1.0 / (1.0 + others);
    let slow = (if draw.bool() { 1.0 } else { machine.slow }) * (0.95 + 0.1 * draw.f64());
    // A process that is over waits until it is given the core again.
    let late = others * 2.0 * draw.f64();
    let (wall, cpu) = match program {
        Program::Amount(work) => (work * slow / share + late, work * slow),
        Program::Time(time) => (time + late, (time + late) * share * (0.9 + 0.2 * draw.f64())),
        Program::Sleeps(time) => (time + late, 2.0 * slow),
    };
    let nanoseconds = |milliseconds: f64| (milliseconds * 1e6) as u64;
    Process { wall_ns: nanoseconds(wall), cpu_ns: nanoseconds(cpu), peak_bytes: None }
}

/// What is said of it, and that within twelve tries.
fn said(program: Program, machine: Machine, draw: &mut fastrand::Rng) -> bool {
    let mut tries = Vec::new();
    let said = (0..12).find_map(|_| {
        let alone = process(program, machine, 0.0, draw);
        tries.push(Try { alone, beside: process(program, machine, 1.0, draw) });
        works_by_amount(&tries)
    });
    said.expect("an answer")
}

/// How many of 500 programs are said to work by amount, and how many for a time.
fn counted(program: Program, machine: Machine) -> [usize; 2] {
    let mut draw = fastrand::Rng::with_seed(11);
    let said: Vec<_> = (0..500).map(|_| said(program, machine, &mut draw)).collect();
    [true, false].map(|answer| said.iter().filter(|said| **said == answer).count())
}

#[test]
fn on_a_quiet_machine_both_kinds_are_always_told() {
    assert_eq!(counted(Program::Amount(60.0), QUIET), [500, 0]);
    assert_eq!(counted(Program::Time(60.0), QUIET), [0, 500]);
    assert_eq!(counted(Program::Sleeps(60.0), QUIET), [500, 0], "the second kind alone is refused");
}

#[test]
fn beside_other_load_work_for_a_time_is_found_and_fixed_work_is_not_taken_for_it() {
    let [_, for_a_time] = counted(Program::Time(60.0), LOADED);
    assert!(for_a_time >= 490, "{for_a_time} of 500 found");
    let [_, mistaken] = counted(Program::Amount(60.0), LOADED);
    assert!(mistaken <= 2, "{mistaken} of 500 mistaken");
}

#[test]
fn on_a_machine_of_two_speeds_fixed_work_is_hardly_ever_taken_for_the_other_kind() {
    let [_, mistaken] = counted(Program::Amount(60.0), TWO_SPEEDS);
    assert!(mistaken <= 5, "{mistaken} of 500 mistaken");
    let [_, for_a_time] = counted(Program::Time(60.0), TWO_SPEEDS);
    assert!(for_a_time >= 490, "{for_a_time} of 500 found");
}

#[test]
fn two_tries_tell_nothing() {
    let mut draw = fastrand::Rng::with_seed(11);
    let mut process = |beside| process(Program::Time(60.0), QUIET, beside, &mut draw);
    let tries = [(); 2].map(|()| Try { alone: process(0.0), beside: process(1.0) });
    assert_eq!(works_by_amount(&tries), None);
}
