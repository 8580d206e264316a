//! Measures base and head in pairs of fresh processes.
//!
//! All open benchmarks take turns, one round each, so that a disturbance of some
//! seconds hits none of them in all its rounds. Within a round the two sides run
//! right after each other on one core, in an order drawn by a coin.

use std::time::{Duration, Instant};

use super::{
    criterion::{RunError, Sample},
    pairing::{Plan, Surroundings, TargetPair},
};
use crate::{
    perf::{
        BenchId, Order, Pair, PairState, Round, Rule, SeenSides, Stage, Throughput, Turns,
        judge_rounds,
    },
    policy::Side,
};

/// Unchanged benchmarks get a short reading each, as long as that takes no longer than this.
const READINGS: Duration = Duration::from_secs(60);

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// One for each benchmark of both sides; the figures are still to be computed.
    pub pairs: Vec<Pair>,
    /// The raw samples.
    pub rounds: Vec<Round>,
}

struct Open {
    bench: BenchId,
    index: usize,
    rounds: Vec<Round>,
    throughput: Option<Throughput>,
    /// Set once nothing more is to be measured.
    closed: Option<(PairState, Option<String>)>,
}

/// Measures everything that the plan names, until it is proved or the budget is spent.
///
/// # Errors
///
/// If something of ours fails; a benchmark that gives nothing is a pair that could not run.
pub async fn measure(
    around: &Surroundings<'_>,
    plan: &Plan,
    rule: &Rule,
    seed: u64,
) -> Result<Measured, RunError> {
    let mut draw = fastrand::Rng::with_seed(seed);
    let mut measured = readings(around, plan, &mut draw).await?;
    let mut open: Vec<Open> = plan.changed.iter().map(Open::new).collect();
    rounds(around, plan, rule, seed, &mut open, &mut draw).await?;
    for one in open {
        let (state, note) = one.closed.unwrap_or((PairState::Inconclusive, None));
        measured.pairs.push(stub(one.bench, state, one.throughput, note));
        measured.rounds.extend(one.rounds);
    }
    measured.pairs.sort_by(|one, other| one.bench.cmp(&other.bench));
    Ok(measured)
}

impl Open {
    fn new((bench, index): &(BenchId, usize)) -> Self {
        Self {
            bench: bench.clone(),
            index: *index,
            rounds: Vec::new(),
            throughput: None,
            closed: None,
        }
    }
}

fn stub(
    bench: BenchId,
    state: PairState,
    throughput: Option<Throughput>,
    note: Option<String>,
) -> Pair {
    let (base, head) = (None, None);
    Pair {
        bench,
        state,
        method: None,
        estimate: None,
        base,
        head,
        throughput,
        note,
        contention: None,
        confirmation: None,
        clock: None,
        source: None,
    }
}

/// One short reading of each unchanged benchmark: context for a person, not a comparison.
async fn readings(
    around: &Surroundings<'_>,
    plan: &Plan,
    draw: &mut fastrand::Rng,
) -> Result<Measured, RunError> {
    let mut measured = Measured::default();
    let started = Instant::now();
    let total = plan.unchanged.len() as u64;
    for (done, (bench, index)) in plan.unchanged.iter().enumerate() {
        around.ctx.progress.counted(format!("{bench} (unchanged)"), done as u64, total, None);
        let Some(pair) = plan.pairs.get(*index) else { continue };
        if started.elapsed() > READINGS {
            let note = Some("not read: there are too many to read all".to_owned());
            measured.pairs.push(stub(bench.clone(), PairState::Unchanged, None, note));
            continue;
        }
        match one(around, Side::Head, pair, bench, draw).await {
            Ok(sample) => {
                measured.rounds.push(Round {
                    bench: bench.clone(),
                    round: 0,
                    order: Order::BaseFirst,
                    base: Vec::new(),
                    head: sample.slices,
                    turns: Turns::default(),
                    stage: Stage::First,
                    seen: SeenSides::of(None, sample.seen),
                });
                let throughput = sample.throughput;
                measured.pairs.push(stub(bench.clone(), PairState::Unchanged, throughput, None));
            }
            Err(RunError::Trouble(trouble)) => {
                let note = Some(trouble.to_string());
                measured.pairs.push(stub(bench.clone(), PairState::CouldNotRun, None, note));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(measured)
}

async fn rounds(
    around: &Surroundings<'_>,
    plan: &Plan,
    rule: &Rule,
    seed: u64,
    open: &mut [Open],
    draw: &mut fastrand::Rng,
) -> Result<(), RunError> {
    let budget = Duration::from_secs(around.rules.budget_seconds);
    let started = Instant::now();
    let last = rule.looks.last().copied().unwrap_or(0);
    for round in 0..last {
        let mut turn: Vec<usize> = (0..open.len()).collect();
        draw.shuffle(&mut turn);
        let left = open.iter().filter(|one| one.closed.is_none()).count() as u64;
        if left == 0 {
            return Ok(());
        }
        for index in turn {
            let Some(one) = open.get_mut(index).filter(|one| one.closed.is_none()) else {
                continue;
            };
            if started.elapsed() >= budget {
                close_all(open, around.rules.budget_seconds);
                return Ok(());
            }
            let what = format!("{}, round {}", one.bench, round + 1);
            let closed = plan.changed.len() as u64 - left;
            let time = budget.saturating_sub(started.elapsed());
            around.ctx.progress.counted(what, closed, plan.changed.len() as u64, Some(time));
            play(around, plan, one, round, draw).await?;
            if rule.looks.contains(&(round + 1)) && one.closed.is_none() {
                one.closed = judge_rounds(&one.rounds, rule, seed).state.map(|state| (state, None));
            }
        }
    }
    Ok(())
}

fn close_all(open: &mut [Open], budget: u64) {
    for one in open.iter_mut().filter(|one| one.closed.is_none()) {
        let note = format!(
            "the budget of {budget} s was spent after {} rounds; a larger --budget would resolve more",
            one.rounds.len()
        );
        one.closed = Some((PairState::Inconclusive, Some(note)));
    }
}

/// One round of one benchmark: both sides, in drawn order.
async fn play(
    around: &Surroundings<'_>,
    plan: &Plan,
    open: &mut Open,
    round: u32,
    draw: &mut fastrand::Rng,
) -> Result<(), RunError> {
    let Some(pair) = plan.pairs.get(open.index) else { return Ok(()) };
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
    open.rounds.push(Round {
        bench: open.bench.clone(),
        round,
        order,
        base,
        head,
        turns: Turns::default(),
        stage: Stage::First,
        seen,
    });
    Ok(())
}

async fn one(
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
