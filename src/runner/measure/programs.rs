//! Bench targets that are programs of their own: whole processes of both sides at once.
//!
//! Such a program gives no times that could be read, so the runner counts: the processor time of a
//! process, from its start to its end. Both sides run at once on one core, as workloads do, so that
//! what disturbs one disturbs the other.
//!
//! That compares anything only if a process has an amount of work to do. One that works for a time
//! (most harnesses of people's own do: so many milliseconds, however often) spends the same whatever
//! its code costs, and a loss would be called «held». It gives itself away: beside another process it
//! has half of the core, and ends as soon as it does alone, having done half. So in the first
//! rounds each side also runs alone, until one round has shown that its work is fixed. A program that
//! sleeps, or mixes both kinds, cannot be told so: that the work is fixed stays an assumption, which
//! the report names.

use super::{
    Open, Turn,
    processes::{Failed, Played, drawn},
};
use crate::{
    perf::{Order, Process, Slice, Turns},
    policy::Side,
    runner::{
        criterion::{OUTPUT_LIMIT, RunError, Sample, Trouble},
        pairing::{Surroundings, TargetPair},
    },
    sandbox::Job,
};

/// A process starts within about one millisecond: of less work than this, in nanoseconds, too much
/// would be the start.
const LEAST_NS: u64 = 10_000_000;
/// Rounds in which a program has to show that its work is fixed. On a machine that runs whole
/// processes at one of two speeds, fixed work looks otherwise in a round with a chance of at most a
/// quarter: in all of them with one of 4096.
const ROUNDS: u32 = 6;
/// A program is busy if this share of its life is processor time.
const BUSY: f64 = 0.8;
/// Beside another process, fixed work takes twice the time and work for a time takes the same:
/// between them, nearer to the same.
const AS_SOON: f64 = 1.25;
/// Work for a time then spends half of the processor time, and fixed work all of it.
const HAVING_DONE: f64 = 0.8;

/// Whether the work of each side follows the time that it has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Adapting {
    rounds: u32,
    /// Whose work was seen to be fixed.
    fixed: [bool; 2],
}

/// Both sides at once; in the first rounds, each alone as well.
pub(super) async fn at_once(
    turn: &mut Turn<'_, '_>,
    pair: &TargetPair,
    open: &mut Open,
) -> Result<Played, Failed> {
    let (around, draw) = (turn.around, &mut *turn.draw);
    let order = drawn(draw);
    let base = job(around, Side::Base, pair, 2, draw);
    let head = job(around, Side::Head, pair, 2, draw);
    let on_base = run(around, Side::Base, &base);
    let on_head = run(around, Side::Head, &head);
    let (base, head) = match order {
        Order::BaseFirst => tokio::join!(on_base, on_head),
        Order::HeadFirst => {
            let (head, base) = tokio::join!(on_head, on_base);
            (base, head)
        }
    };
    let base = base.map_err(|error| (Side::Base, error))?;
    let head = head.map_err(|error| (Side::Head, error))?;
    open.adapting.look(around, pair, [&base, &head], draw).await?;
    let turns = Turns(vec![order]);
    let (base, head) = (vec![slice(&base)], vec![slice(&head)]);
    Ok(Played { order, turns, base, head, seen: None, throughput: None })
}

/// One process of one side, with the core for itself.
pub(super) async fn alone(
    around: &Surroundings<'_>,
    side: Side,
    pair: &TargetPair,
    draw: &mut fastrand::Rng,
) -> Result<Sample, RunError> {
    let process = run(around, side, &job(around, side, pair, 1, draw)).await?;
    Ok(Sample { slices: vec![slice(&process)], throughput: None, seen: None })
}

impl Adapting {
    /// Holds both processes of a round against one of each side alone, as long as that is needed.
    async fn look(
        &mut self,
        around: &Surroundings<'_>,
        pair: &TargetPair,
        beside: [&Process; 2],
        draw: &mut fastrand::Rng,
    ) -> Result<(), Failed> {
        let sides = [Side::Base, Side::Head].into_iter().zip(beside).zip(&mut self.fixed);
        for ((side, beside), fixed) in sides.filter(|(_, fixed)| !**fixed) {
            let alone = run(around, side, &job(around, side, pair, 1, draw)).await;
            let alone = alone.map_err(|error| (side, error))?;
            *fixed = !adapts(&alone, beside);
            if !*fixed && self.rounds + 1 >= ROUNDS {
                return Err((side, Trouble::Adapts.into()));
            }
        }
        self.rounds += 1;
        Ok(())
    }
}

/// Whether a process did less where it had less of the core.
fn adapts(alone: &Process, beside: &Process) -> bool {
    let busy = float(alone.cpu_ns) > BUSY * float(alone.wall_ns);
    let as_soon = float(beside.wall_ns) < AS_SOON * float(alone.wall_ns);
    let did_less = float(beside.cpu_ns) < HAVING_DONE * float(alone.cpu_ns);
    busy && as_soon && did_less
}

async fn run(around: &Surroundings<'_>, side: Side, job: &Job) -> Result<Process, RunError> {
    let process = around.apart(side).run(around.ctx, job).await?;
    if process.cpu_ns < LEAST_NS {
        return Err(Trouble::TooShort(process.cpu_ns / 1_000_000).into());
    }
    Ok(process)
}

/// A process of a side that shares its core with so many, itself included.
fn job(
    around: &Surroundings<'_>,
    side: Side,
    pair: &TargetPair,
    sharing: u32,
    draw: &mut fastrand::Rng,
) -> Job {
    let (room, executable) = (around.apart(side), pair.executable(side));
    let env = room.guard.environment(draw);
    let dir = room.workspace.join(&executable.folder);
    // What `cargo bench` says to every bench target.
    let mut job = Job::new(&executable.path, dir).envs(&env).args(["--bench"]);
    job.wall = around.limit() * sharing;
    job.output = OUTPUT_LIMIT;
    job.core = around.guard.core;
    job
}

fn slice(process: &Process) -> Slice {
    Slice(1.0, float(process.cpu_ns))
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds to fifteen digits are enough")]
fn float(nanoseconds: u64) -> f64 {
    nanoseconds as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(wall_ns: u64, cpu_ns: u64) -> Process {
        Process { wall_ns, cpu_ns, peak_bytes: None }
    }

    #[test]
    fn work_for_a_time_gives_itself_away_beside_another() {
        let alone = process(1000, 980);
        assert!(adapts(&alone, &process(1010, 500)), "the same time, half of the work");
        assert!(!adapts(&alone, &process(2010, 990)), "twice the time, all of the work");
        assert!(!adapts(&alone, &process(1000, 980)), "the other one ended at once");
        assert!(!adapts(&process(1000, 300), &process(1000, 200)), "it sleeps");
    }
}
