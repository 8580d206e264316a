//! Measures base and head in rounds of fresh processes.
//!
//! All open benchmarks take turns, one round each, so that a disturbance of some
//! seconds hits none of them in all its rounds. Within a round the two sides run on one
//! core: slice by slice in turn where their criterion can be asked for that (`turns`),
//! else one whole process right after the other, in an order drawn by a coin (`processes`),
//! or, where a target is a program without a harness, both at once (`programs`).

mod processes;
mod programs;
mod relinked;
mod rounds;
mod turns;

use std::time::{Duration, Instant};

use self::turns::Paces;
use super::{
    build::{BuildError, Relinker},
    calibrate::Injected,
    criterion::RunError,
    divan::Pace,
    pairing::{Plan, Surroundings},
};
use crate::{
    perf::{
        BenchId, Order, Pair, PairState, Round, Rule, SeenSides, Stage, Step, Throughput, Turns,
        canary, next_step, round_ns,
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
    /// What processes of divan are asked for, once that is known.
    pace: Option<Pace>,
    /// Whether a program of its own is known to have an amount of work to do.
    by_amount: bool,
    /// What its next round is for.
    stage: Stage,
    /// Whether the executables at hand are linked for that.
    linked: bool,
    /// Rounds in which one side worked while the other was measured.
    busy: u32,
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

/// What every round is given.
#[derive(Debug)]
struct Turn<'a, 's> {
    around: &'a Surroundings<'s>,
    plan: &'a Plan,
    rule: &'a Rule,
    seed: u64,
    draw: &'a mut fastrand::Rng,
    paces: Paces,
    /// Time that was measured for.
    spent: Duration,
    /// What the head loses, in a calibration alone.
    injected: Option<Injected>,
}

/// Something of ours failed.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// While measuring.
    #[error(transparent)]
    Run(#[from] RunError),
    /// While linking anew.
    #[error(transparent)]
    Relink(#[from] BuildError),
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
    relinker: Option<&Relinker<'_>>,
) -> Result<Measured, MeasureError> {
    measure_either(around, plan, rule, seed, relinker, None).await
}

/// The same for a calibration, which may take something from the head and links nothing anew: the
/// sides are one, in whatever order its functions are.
///
/// # Errors
///
/// As [`measure`].
pub async fn measure_injected(
    around: &Surroundings<'_>,
    plan: &Plan,
    rule: &Rule,
    seed: u64,
    injected: Option<Injected>,
) -> Result<Measured, MeasureError> {
    measure_either(around, plan, rule, seed, None, injected).await
}

async fn measure_either(
    around: &Surroundings<'_>,
    plan: &Plan,
    rule: &Rule,
    seed: u64,
    relinker: Option<&Relinker<'_>>,
    injected: Option<Injected>,
) -> Result<Measured, MeasureError> {
    let mut draw = fastrand::Rng::with_seed(seed);
    let mut measured = readings(around, plan, &mut draw).await?;
    let mut open: Vec<Open> = plan.changed.iter().map(|one| Open::new(one, plan)).collect();
    let (paces, spent) = (Paces::default(), Duration::ZERO);
    let mut turn = Turn { around, plan, rule, seed, draw: &mut draw, paces, spent, injected };
    rounds::rounds(&mut turn, &mut open).await?;
    relinked::relinked(&mut turn, relinker, &mut open).await?;
    for one in open {
        let (state, note) = one.closed.unwrap_or((PairState::Inconclusive, None));
        let pair = stub(one.bench, state, one.throughput, note);
        measured.pairs.push(Pair { round_ns: round_ns(&one.rounds), ..pair });
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
            pace: None,
            by_amount: false,
            stage: Stage::First,
            linked: false,
            busy: 0,
            closed: None,
        }
    }

    fn plays(&self, by: By) -> bool {
        self.is_open() && self.by == by
    }

    /// Whether there is something to measure of it with the executables at hand.
    fn is_open(&self) -> bool {
        self.closed.is_none() && !self.waits()
    }

    /// Whether both sides have to be linked anew for it.
    fn waits(&self) -> bool {
        self.closed.is_none() && !self.linked && matches!(self.stage, Stage::Relinked(_))
    }

    /// Finds out what its next round is for, or that there is none.
    fn look(&mut self, rule: &Rule, seed: u64) {
        let decides = self.is_open() && rule.looks.contains(&self.next_round());
        if !decides && !self.waits() {
            return;
        }
        match next_step(&self.rounds, rule, seed) {
            // What a canary has to come to is known: there is nothing to confirm, and its rounds
            // tell what it came to.
            Step::MoreRounds(Stage::Again) if self.bench.package == canary::PACKAGE => {
                self.closed = Some((PairState::Inconclusive, None));
            }
            Step::MoreRounds(stage) => self.stage = stage,
            Step::Done(state) => self.closed = Some((state, None)),
        }
    }

    /// The number of its next round, counted in its stage.
    fn next_round(&self) -> u32 {
        let same = self.rounds.iter().filter(|round| round.stage == self.stage).count();
        u32::try_from(same).unwrap_or(u32::MAX)
    }
}

/// Closes those that `which` says yes to.
fn close(open: &mut [Open], which: impl Fn(&Open) -> bool, state: PairState, note: &str) {
    for one in open.iter_mut().filter(|one| which(one)) {
        one.closed = Some((state, Some(note.to_owned())));
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
        round_ns: None,
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
        match processes::one(around, Side::Head, pair, bench, draw).await {
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
                    harness: pair.harness,
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
