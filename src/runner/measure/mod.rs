//! Measures base and head in rounds of fresh processes.
//!
//! All open benchmarks take turns, one round each, so that a disturbance of some
//! seconds hits none of them in all its rounds. Within a round the two sides run on one
//! core: slice by slice in turn where their criterion can be asked for that ([`turns`]),
//! else one whole process right after the other, in an order drawn by a coin.

mod turns;

use std::time::{Duration, Instant};

use self::turns::Paces;
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
    /// Of its target pair.
    index: usize,
    by: By,
    rounds: Vec<Round>,
    throughput: Option<Throughput>,
    /// Set once nothing more is to be measured.
    closed: Option<(PairState, Option<String>)>,
}

/// How a benchmark's sides are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// Slice by slice in turn.
    Turns,
    /// Process by process.
    Processes,
}

/// What is run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// All open benchmarks of a target pair that take turns.
    Target(usize),
    /// One benchmark.
    One(usize),
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
    let mut open: Vec<Open> = plan.changed.iter().map(|one| Open::new(one, plan)).collect();
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
    fn new((bench, index): &(BenchId, usize), plan: &Plan) -> Self {
        let turns = plan.pairs.get(*index).is_some_and(|pair| pair.slices);
        Self {
            bench: bench.clone(),
            index: *index,
            by: if turns { By::Turns } else { By::Processes },
            rounds: Vec::new(),
            throughput: None,
            closed: None,
        }
    }

    fn plays(&self, by: By) -> bool {
        self.closed.is_none() && self.by == by
    }

    /// Looks at the rounds so far, if their number is one at which one looks; after the last look
    /// there is nothing more to measure.
    fn look(&mut self, rule: &Rule, seed: u64) {
        let rounds = u32::try_from(self.rounds.len()).unwrap_or(u32::MAX);
        if self.closed.is_some() || !rule.looks.contains(&rounds) {
            return;
        }
        let last = rule.looks.last().is_some_and(|last| rounds >= *last);
        let state = judge_rounds(&self.rounds, rule, seed).state;
        self.closed = state.or(last.then_some(PairState::Inconclusive)).map(|state| (state, None));
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
    let mut paces = Paces::default();
    loop {
        let mut units = units(open);
        draw.shuffle(&mut units);
        if units.is_empty() {
            return Ok(());
        }
        for unit in units {
            if started.elapsed() >= budget {
                close_all(open, around.rules.budget_seconds);
                return Ok(());
            }
            tell(around, open, unit, budget.saturating_sub(started.elapsed()));
            match unit {
                Unit::Target(index) => {
                    turns::play(around, plan, index, open, &mut paces, draw).await?;
                }
                Unit::One(index) => {
                    if let Some(one) = open.get_mut(index) {
                        play(around, plan, one, draw).await?;
                    }
                }
            }
        }
        for one in &mut *open {
            one.look(rule, seed);
        }
    }
}

/// What there is to run in the next round.
fn units(open: &[Open]) -> Vec<Unit> {
    let mut units = Vec::new();
    for (index, one) in open.iter().enumerate() {
        let unit = match one.by {
            _ if one.closed.is_some() => continue,
            By::Turns => Unit::Target(one.index),
            By::Processes => Unit::One(index),
        };
        if !units.contains(&unit) {
            units.push(unit);
        }
    }
    units
}

fn tell(around: &Surroundings<'_>, open: &[Open], unit: Unit, left: Duration) {
    let named = open.iter().enumerate().find(|(index, one)| match unit {
        Unit::Target(target) => one.plays(By::Turns) && one.index == target,
        Unit::One(this) => *index == this,
    });
    let Some((_, one)) = named else { return };
    let what = match unit {
        Unit::Target(_) => format!("{}/{}", one.bench.package, one.bench.target),
        Unit::One(_) => one.bench.to_string(),
    };
    let what = format!("{what}, round {}", one.rounds.len() + 1);
    let closed = open.iter().filter(|one| one.closed.is_some()).count() as u64;
    around.ctx.progress.counted(what, closed, open.len() as u64, Some(left));
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
    let round = u32::try_from(open.rounds.len()).unwrap_or(u32::MAX);
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
