//! One round of a benchmark whose sides run one whole process right after the other.

use super::{Open, Turn};
use crate::{
    perf::{BenchId, Order, PairState, Round, SeenSides, Turns},
    policy::Side,
    runner::{
        criterion::{RunError, Sample},
        pairing::{Plan, Surroundings, TargetPair},
    },
};

/// One round of one benchmark: both sides, in drawn order.
pub(super) async fn play(
    turn: &mut Turn<'_, '_>,
    plan: &Plan,
    open: &mut Open,
) -> Result<(), RunError> {
    let Some(pair) = plan.pairs.get(open.index) else { return Ok(()) };
    let (around, draw) = (turn.around, &mut *turn.draw);
    let (order, sides) = if draw.bool() {
        (Order::BaseFirst, [Side::Base, Side::Head])
    } else {
        (Order::HeadFirst, [Side::Head, Side::Base])
    };
    let (mut base, mut head) = (Vec::new(), Vec::new());
    let (mut base_seen, mut head_seen) = (None, None);
    for side in sides {
        match one(around, side, pair, &open.bench, draw).await {
            Ok(sample) => {
                open.throughput = sample.throughput;
                match side {
                    Side::Base => (base, base_seen) = (sample.slices, sample.seen),
                    Side::Head => (head, head_seen) = (sample.slices, sample.seen),
                }
            }
            Err(RunError::Trouble(trouble)) => {
                let name = if side == Side::Base { "base" } else { "head" };
                let note = Some(format!("{name}: {trouble}; {}", around.next(&trouble)));
                open.closed = Some((PairState::CouldNotRun, note));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    let seen = SeenSides::of(base_seen, head_seen);
    let round = open.next_round();
    open.rounds.push(Round {
        bench: open.bench.clone(),
        round,
        order,
        base,
        head,
        turns: Turns::default(),
        stage: open.stage,
        seen,
    });
    Ok(())
}

pub(super) async fn one(
    around: &Surroundings<'_>,
    side: Side,
    pair: &TargetPair,
    bench: &BenchId,
    draw: &mut fastrand::Rng,
) -> Result<Sample, RunError> {
    let env = around.guard.environment(draw);
    let executable = match side {
        Side::Base => &pair.base,
        Side::Head => &pair.head,
    };
    around.bench(side, executable, &env).sample(&bench.id, &around.guard.samples()).await
}
