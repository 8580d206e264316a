//! Bench targets that are programs of their own: whole processes of both sides at once.
//!
//! Such a program gives no times that could be read, so the runner counts: the processor time of a
//! process, from its start to its end. Both sides run at once on one core, as workloads do, so that
//! what disturbs one disturbs the other.
//!
//! That compares anything only if a process has an amount of work to do. One that works for a time
//! (most harnesses of people's own do: so many milliseconds, however often) spends the same whatever
//! its code costs, and a loss would be called «held». So it is tried first, by processes that have
//! the core for themselves and others that share it: see [`works_by_amount`].

use super::{
    Open, Turn,
    processes::{Failed, Played, drawn},
};
use crate::{
    perf::{Order, Process, Slice, Try, Turns, works_by_amount},
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

/// A process of each side, both at once.
pub(super) async fn at_once(
    turn: &mut Turn<'_, '_>,
    pair: &TargetPair,
    open: &mut Open,
) -> Result<Played, Failed> {
    let (around, draw) = (turn.around, &mut *turn.draw);
    if !open.by_amount {
        find_out(around, pair, draw).await?;
        open.by_amount = true;
    }
    let (order, [base, head]) = duet(around, pair, draw).await?;
    let turns = Turns(vec![order]);
    let (base, head) = (vec![slice(&base)], vec![slice(&head)]);
    Ok(Played { order, turns, base, head, seen: None, throughput: None })
}

/// Makes sure that processes of both sides have an amount of work to do.
///
/// # Errors
///
/// With the side whose processes work for a time.
async fn find_out(
    around: &Surroundings<'_>,
    pair: &TargetPair,
    draw: &mut fastrand::Rng,
) -> Result<(), Failed> {
    let (mut base, mut head) = (Tries::default(), Tries::default());
    while base.are_open() || head.are_open() {
        let (_, [beside_base, beside_head]) = duet(around, pair, draw).await?;
        base.one(around, Side::Base, pair, beside_base, draw).await?;
        head.one(around, Side::Head, pair, beside_head, draw).await?;
    }
    Ok(())
}

/// The tries of one side.
#[derive(Default)]
struct Tries(Vec<Try>);

impl Tries {
    fn are_open(&self) -> bool {
        works_by_amount(&self.0).is_none()
    }

    /// One more, as long as that is needed.
    async fn one(
        &mut self,
        around: &Surroundings<'_>,
        side: Side,
        pair: &TargetPair,
        beside: Process,
        draw: &mut fastrand::Rng,
    ) -> Result<(), Failed> {
        if !self.are_open() {
            return Ok(());
        }
        let alone = run(around, side, &job(around, side, pair, 1, draw)).await;
        let alone = alone.map_err(|error| (side, error))?;
        self.0.push(Try { alone, beside });
        match works_by_amount(&self.0) {
            Some(false) => Err((side, Trouble::Adapts.into())),
            Some(true) | None => Ok(()),
        }
    }
}

/// A process of each side at once on one core; who is started first is drawn.
async fn duet(
    around: &Surroundings<'_>,
    pair: &TargetPair,
    draw: &mut fastrand::Rng,
) -> Result<(Order, [Process; 2]), Failed> {
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
    Ok((order, [base, head]))
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
