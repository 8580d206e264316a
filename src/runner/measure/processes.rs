//! One round of a benchmark whose sides run whole processes.

use super::{Open, Turn, programs};
use crate::{
    perf::{BenchId, Harness, Order, PairState, Round, Seen, SeenSides, Slice, Throughput, Turns},
    policy::Side,
    runner::{
        criterion::{RunError, Sample},
        divan::Pace,
        pairing::{Plan, Surroundings, TargetPair},
    },
};

/// What a round gave of both sides.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) order: Order,
    pub(super) turns: Turns,
    pub(super) base: Vec<Slice>,
    pub(super) head: Vec<Slice>,
    pub(super) seen: Option<SeenSides>,
    pub(super) throughput: Option<Throughput>,
}

/// What went wrong, and on which side.
pub(super) type Failed = (Side, RunError);

/// One round of one benchmark, in drawn order.
pub(super) async fn play(
    turn: &mut Turn<'_, '_>,
    plan: &Plan,
    open: &mut Open,
) -> Result<(), RunError> {
    let Some(pair) = plan.pairs.get(open.index) else { return Ok(()) };
    let played = match pair.harness {
        Harness::Criterion => one_by_one(turn, pair, open).await,
        Harness::Divan => in_turns(turn, pair, open).await,
        Harness::Program => programs::at_once(turn, pair, open).await,
    };
    match played {
        Ok(played) => {
            open.throughput = played.throughput;
            open.rounds.push(Round {
                bench: open.bench.clone(),
                round: open.next_round(),
                order: played.order,
                base: played.base,
                head: played.head,
                turns: played.turns,
                stage: open.stage,
                seen: played.seen,
                harness: pair.harness,
            });
        }
        Err((side, RunError::Trouble(trouble))) => {
            let name = if side == Side::Base { "base" } else { "head" };
            let note = Some(format!("{name}: {trouble}; {}", turn.around.next(&trouble)));
            open.closed = Some((PairState::CouldNotRun, note));
        }
        Err((_, error)) => return Err(error),
    }
    Ok(())
}

/// A process of each side, one right after the other.
async fn one_by_one(
    turn: &mut Turn<'_, '_>,
    pair: &TargetPair,
    open: &Open,
) -> Result<Played, Failed> {
    let (around, draw) = (turn.around, &mut *turn.draw);
    let order = drawn(draw);
    let (mut base, mut head) = (None, None);
    for side in sides(order) {
        let sample = one(around, side, pair, &open.bench, draw).await;
        let sample = Some(sample.map_err(|error| (side, error))?);
        match side {
            Side::Base => base = sample,
            Side::Head => head = sample,
        }
    }
    let seen = |sample: &Option<Sample>| sample.as_ref().and_then(|sample| sample.seen);
    let seen = SeenSides::of(seen(&base), seen(&head));
    let throughput = head.as_ref().and_then(|sample| sample.throughput);
    let slices = |sample: Option<Sample>| sample.map(|sample| sample.slices).unwrap_or_default();
    let (base, head, turns) = (slices(base), slices(head), Turns::default());
    Ok(Played { order, turns, base, head, seen, throughput })
}

/// Some processes of each side, all with the same number of iterations, in turn.
async fn in_turns(
    turn: &mut Turn<'_, '_>,
    pair: &TargetPair,
    open: &mut Open,
) -> Result<Played, Failed> {
    let (around, draw) = (turn.around, &mut *turn.draw);
    let pace = match open.pace {
        Some(pace) => pace,
        None => {
            let env = around.guard.environment(draw);
            let bench = around.bench(Side::Base, &pair.base, &env);
            let pace = bench.pace(&open.bench.id).await;
            pace.map_err(|error| (Side::Base, error))?
        }
    };
    open.pace = Some(pace);
    let mut turns = Vec::new();
    let (mut base, mut head) = (Sum::default(), Sum::default());
    for _ in 0..pace.processes {
        let order = drawn(draw);
        for side in sides(order) {
            let sample = paced(around, side, pair, &open.bench, pace, draw).await;
            let sample = sample.map_err(|error| (side, error))?;
            match side {
                Side::Base => base.take(sample),
                Side::Head => head.take(sample),
            }
        }
        turns.push(order);
    }
    Ok(Played {
        order: turns.first().copied().unwrap_or(Order::BaseFirst),
        turns: Turns(turns),
        seen: SeenSides::of(base.seen(), head.seen()),
        base: base.slices,
        head: head.slices,
        throughput: None,
    })
}

/// The processes of one side.
#[derive(Debug, Default)]
struct Sum {
    slices: Vec<Slice>,
    seen: Vec<Seen>,
}

impl Sum {
    fn take(&mut self, sample: Sample) {
        self.slices.extend(sample.slices);
        self.seen.extend(sample.seen);
    }

    /// All of them together; none where one was not seen.
    fn seen(&self) -> Option<Seen> {
        let all = self.seen.len() == self.slices.len();
        let sum = |of: fn(&Seen) -> f64| self.seen.iter().map(of).sum();
        all.then(|| Seen { wall_ns: sum(|seen| seen.wall_ns), cpu_ns: sum(|seen| seen.cpu_ns) })
    }
}

async fn paced(
    around: &Surroundings<'_>,
    side: Side,
    pair: &TargetPair,
    bench: &BenchId,
    pace: Pace,
    draw: &mut fastrand::Rng,
) -> Result<Sample, RunError> {
    let env = around.guard.environment(draw);
    around.bench(side, pair.executable(side), &env).paced(&bench.id, pace).await
}

/// One process of one side.
pub(super) async fn one(
    around: &Surroundings<'_>,
    side: Side,
    pair: &TargetPair,
    bench: &BenchId,
    draw: &mut fastrand::Rng,
) -> Result<Sample, RunError> {
    let env = around.guard.environment(draw);
    let executable = around.bench(side, pair.executable(side), &env);
    match pair.harness {
        Harness::Criterion => executable.sample(&bench.id, &around.guard.samples()).await,
        Harness::Divan => {
            let pace = executable.pace(&bench.id).await?;
            executable.paced(&bench.id, pace).await
        }
        Harness::Program => programs::alone(around, side, pair, draw).await,
    }
}

/// Who goes first.
pub(super) fn drawn(draw: &mut fastrand::Rng) -> Order {
    if draw.bool() { Order::BaseFirst } else { Order::HeadFirst }
}

fn sides(order: Order) -> [Side; 2] {
    match order {
        Order::BaseFirst => [Side::Base, Side::Head],
        Order::HeadFirst => [Side::Head, Side::Base],
    }
}
