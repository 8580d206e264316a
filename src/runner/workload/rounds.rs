//! The rounds of one workload.

use std::time::{Duration, Instant};

use super::{Planned, Rooms};
use crate::{
    config::{Threads, Workload},
    perf::{
        Order, Process, Stage, Together, WorkloadPair, WorkloadRound, WorkloadRule, WorkloadState,
        judge_workload,
    },
    policy::Side,
    runner::{build::Executable, criterion::RunError},
};

/// Undisturbed runs of each side: a median needs three.
const UNDISTURBED: u32 = 3;

/// The processes of a round, the base's and the head's.
type Processes = (Option<Process>, Option<Process>);

/// Measures one workload, until all is proved or its limits are reached.
///
/// # Errors
///
/// If something of ours fails.
pub(super) async fn measure(
    rooms: &Rooms<'_>,
    planned: Planned,
    rule: &WorkloadRule,
    draw: &mut fastrand::Rng,
) -> Result<(WorkloadPair, Vec<WorkloadRound>), RunError> {
    let Planned { workload, mut pair, executables } = planned;
    let Some((base, head)) = executables else { return Ok((pair, Vec::new())) };
    let mut one = One { rooms, workload: &workload, base, head, rounds: Vec::new() };
    let unchanged = pair.state == WorkloadState::Unchanged;
    let done = match unchanged {
        true => one.reading(draw).await,
        false => one.compare(&pair, rule, draw).await,
    };
    match done {
        Ok(note) => pair.note = note,
        Err((side, RunError::Trouble(trouble))) => {
            let side = if side == Side::Base { "base" } else { "head" };
            let next = rooms.next(&trouble, &workload);
            pair.state = WorkloadState::CouldNotRun;
            pair.note = Some(format!("{side}: {trouble}; {next}"));
        }
        Err((_, error)) => return Err(error),
    }
    Ok((pair, one.rounds))
}

/// A workload that is being measured.
struct One<'r, 's> {
    rooms: &'r Rooms<'s>,
    workload: &'r Workload,
    base: Executable,
    head: Executable,
    rounds: Vec<WorkloadRound>,
}

/// What went wrong, and on which side.
type Failed = (Side, RunError);

impl One<'_, '_> {
    /// One run of an unchanged program: context for a person, not a comparison.
    async fn reading(&mut self, draw: &mut fastrand::Rng) -> Result<Option<String>, Failed> {
        self.rooms.ctx.progress.step(format!("workload {} (unchanged)", self.workload.name));
        let head = self.alone(Side::Head, draw).await?;
        self.keep((Stage::First, 0), None, Order::HeadFirst, (None, Some(head)));
        Ok(None)
    }

    /// Undisturbed runs, then rounds, then rounds that repeat a loss. Says why it ended, where that was too early.
    async fn compare(
        &mut self,
        limits: &WorkloadPair,
        rule: &WorkloadRule,
        draw: &mut fastrand::Rng,
    ) -> Result<Option<String>, Failed> {
        let budget = Duration::from_secs(self.workload.budget_seconds);
        let started = Instant::now();
        for round in 0..UNDISTURBED {
            let (order, processes) = self.one_by_one(draw).await?;
            self.keep((Stage::First, round), None, order, processes);
        }
        let looks = rule.looks_within(self.workload.rounds);
        let (mut stage, mut round) = (Stage::First, 0);
        loop {
            if started.elapsed() >= budget {
                return Ok(Some(self.spent(stage, round)));
            }
            let progress = &self.rooms.ctx.progress;
            let what = if stage == Stage::First { "round" } else { "once more, round" };
            progress.step(format!("workload {}, {what} {}", self.workload.name, round + 1));
            let (together, (order, processes)) = match self.workload.threads {
                Threads::One => (Together::Duet, self.at_once(draw).await?),
                Threads::Many => (Together::Alternation, self.one_by_one(draw).await?),
            };
            self.keep((stage, round), Some(together), order, processes);
            round += 1;
            if looks.contains(&round) {
                match judge_workload(&self.rounds, limits, rule).next {
                    None => return Ok(None),
                    Some(next) if next != stage => (stage, round) = (next, 0),
                    Some(_) => {}
                }
            }
        }
    }

    /// Why it ended too early.
    fn spent(&self, stage: Stage, rounds: u32) -> String {
        let budget = self.workload.budget_seconds;
        match stage {
            Stage::First => format!(
                "its budget of {budget} s was spent after {rounds} rounds; a larger one in t5.yml \
                 would resolve more"
            ),
            _ => format!(
                "its budget of {budget} s was spent after {rounds} rounds that repeat its loss; a \
                 larger one in t5.yml would confirm it or take it away"
            ),
        }
    }

    fn keep(
        &mut self,
        (stage, round): (Stage, u32),
        together: Option<Together>,
        order: Order,
        (base, head): Processes,
    ) {
        let workload = self.workload.name.clone();
        self.rounds.push(WorkloadRound { workload, round, stage, together, order, base, head });
    }

    /// Both sides, one after the other in drawn order.
    async fn one_by_one(&self, draw: &mut fastrand::Rng) -> Result<(Order, Processes), Failed> {
        let order = drawn(draw);
        let (base, head) = match order {
            Order::BaseFirst => {
                let base = self.alone(Side::Base, draw).await?;
                (base, self.alone(Side::Head, draw).await?)
            }
            Order::HeadFirst => {
                let head = self.alone(Side::Head, draw).await?;
                (self.alone(Side::Base, draw).await?, head)
            }
        };
        Ok((order, (Some(base), Some(head))))
    }

    async fn alone(&self, side: Side, draw: &mut fastrand::Rng) -> Result<Process, Failed> {
        let (room, executable) = match side {
            Side::Base => (&self.rooms.base, &self.base),
            Side::Head => (&self.rooms.head, &self.head),
        };
        let job = room.job(self.workload, executable, self.rooms.core, draw);
        room.run(self.rooms.ctx, &job).await.map_err(|error| (side, error))
    }

    /// Both sides at once on one core; which of them is started first is drawn.
    async fn at_once(&self, draw: &mut fastrand::Rng) -> Result<(Order, Processes), Failed> {
        let order = drawn(draw);
        let Rooms { ctx, base, head, core } = self.rooms;
        let mut base_job = base.job(self.workload, &self.base, *core, draw);
        let mut head_job = head.job(self.workload, &self.head, *core, draw);
        // Each has half of the core, so it may take twice as long.
        base_job.wall *= 2;
        head_job.wall *= 2;
        let (on_base, on_head) = match order {
            Order::BaseFirst => tokio::join!(base.run(ctx, &base_job), head.run(ctx, &head_job)),
            Order::HeadFirst => {
                let (on_head, on_base) =
                    tokio::join!(head.run(ctx, &head_job), base.run(ctx, &base_job));
                (on_base, on_head)
            }
        };
        // What fails alone is blamed on its own side; where both do, the base is what is mended first.
        match (on_base, on_head) {
            (Ok(base), Ok(head)) => Ok((order, (Some(base), Some(head)))),
            (Err(error), _) => Err((Side::Base, error)),
            (_, Err(error)) => Err((Side::Head, error)),
        }
    }
}

fn drawn(draw: &mut fastrand::Rng) -> Order {
    if draw.bool() { Order::BaseFirst } else { Order::HeadFirst }
}
