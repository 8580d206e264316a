//! One round of a bench target whose sides take turns slice by slice.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{By, Open, Turn};
use crate::{
    perf::{Harness, Order, PairState, Round, Stage, canary},
    policy::Side,
    runner::{
        calibrate::Injected,
        criterion::{Bench, RunError},
        gate::{
            duel::{Played, Trouble},
            pace::Pace,
            round::{Over, Player, round},
        },
        pairing::{Plan, Surroundings, TargetPair},
    },
    sandbox::{Ended, Finished, SandboxError},
};

/// Rounds of a benchmark that are measured again because one side seemed to work while the other
/// was measured. On a virtual machine that happened to one in some thousand rounds of benchmarks
/// that wait as they should, so that four times is no chance.
const BUSY_ROUNDS: u32 = 3;

/// The paces of a run's benchmarks: by target pair, then by id.
#[derive(Debug, Default)]
pub(super) struct Paces(BTreeMap<usize, BTreeMap<String, Pace>>);

/// Plays a round of every open benchmark of a target pair that takes turns.
pub(super) async fn play(
    turn: &mut Turn<'_, '_>,
    plan: &Plan,
    index: usize,
    open: &mut [Open],
) -> Result<(), RunError> {
    let around = turn.around;
    let Some(pair) = plan.pairs.get(index) else { return Ok(()) };
    let mut open: Vec<&mut Open> =
        open.iter_mut().filter(|one| one.plays(By::Turns) && one.index == index).collect();
    let wanted: BTreeSet<String> = open.iter().map(|one| one.bench.id.clone()).collect();
    let paces = turn.paces.0.entry(index).or_default();
    let over = both(around, pair, &wanted, paces, turn.draw, turn.injected).await?;
    if around.ctx.cancel.stopped() {
        return Err(RunError::Cancelled);
    }
    let how = ended(&over);
    let Some(round) = over.round else {
        for one in open {
            one.gave_nothing(&how);
        }
        return Ok(());
    };
    let mut played = round.played;
    let broke_in_one = played.values().any(Result::is_err);
    for one in &mut open {
        match played.remove(&one.bench.id) {
            Some(Ok(played)) => one.took(played),
            Some(Err(trouble @ Trouble::Busy(_))) => one.was_busy(&trouble),
            Some(Err(trouble)) => one.gave_nothing(&format!("{trouble}{how}")),
            // The one before it broke off: its turn comes in the next round.
            None if broke_in_one => {}
            None => {
                let trouble = round.broken.as_ref().map(Trouble::to_string);
                let trouble = trouble.unwrap_or_else(|| "it was not run".to_owned());
                one.gave_nothing(&format!("{trouble}{how}"));
            }
        }
    }
    Ok(())
}

async fn both(
    around: &Surroundings<'_>,
    pair: &TargetPair,
    wanted: &BTreeSet<String>,
    paces: &mut BTreeMap<String, Pace>,
    draw: &mut fastrand::Rng,
    injected: Option<Injected>,
) -> Result<Over, RunError> {
    let envs = [around.guard.environment(draw), around.guard.environment(draw)];
    let [base_env, head_env] = &envs;
    let base = around.bench(Side::Base, &pair.base, base_env);
    let head = around.bench(Side::Head, &pair.head, head_env);
    let home = around.guard.samples();
    // What a canary has to come to is known without.
    let own = pair.head.package == canary::PACKAGE;
    let injected = injected.filter(|_| !own);
    let job = |bench: &Bench<'_, '_>| {
        let ids = wanted.iter().map(String::as_str);
        if own { bench.canary() } else { bench.turns(ids, &home) }
    };
    let (base_door, head_door) = (&around.base_door, &around.head_door);
    let base = Player { job: job(&base), room: base.room, door: base_door, injected: None };
    let head = Player { job: job(&head), room: head.room, door: head_door, injected };
    let limit = Duration::from_secs(around.rules.process_seconds);
    Ok(round(around.ctx, [&base, &head], wanted, paces, draw, limit).await?)
}

impl Open {
    fn took(&mut self, played: Played) {
        self.throughput = played.throughput.or(self.throughput);
        self.rounds.push(Round {
            bench: self.bench.clone(),
            round: self.next_round(),
            order: played.turns.0.first().copied().unwrap_or(Order::BaseFirst),
            base: played.base,
            head: played.head,
            turns: played.turns,
            stage: self.stage,
            seen: played.seen,
            harness: Harness::Criterion,
        });
    }

    /// One side worked while the other was measured. The kernel may have charged a side late, or for
    /// work of its own; a benchmark that really works does so round after round.
    fn was_busy(&mut self, trouble: &Trouble) {
        self.busy += 1;
        if self.busy > BUSY_ROUNDS {
            self.gave_nothing(&trouble.to_string());
        } else {
            tracing::info!(bench = %self.bench, %trouble, "a round is measured again");
        }
    }

    /// It gave no round: if it never did, whole processes may get more out of it.
    fn gave_nothing(&mut self, why: &str) {
        if self.rounds.is_empty() {
            tracing::info!(bench = %self.bench, why, "measured as whole processes");
            self.by = By::Processes;
            return;
        }
        let (state, note) = match self.stage {
            // It was proved and confirmed; that its new executables fail takes nothing away.
            Stage::Relinked(_) => (PairState::Regressed, format!("linked anew: {why}")),
            _ => (PairState::CouldNotRun, format!("round {}: {why}", self.rounds.len() + 1)),
        };
        self.closed = Some((state, Some(note)));
    }
}

/// How processes ended, where one did not end well; in words that go on after others.
fn ended(over: &Over) -> String {
    let side = |name: &str, done: &Result<Finished, SandboxError>| match done {
        Ok(finished) if finished.ended == Ended::Exited(0) => None,
        Ok(finished) => {
            Some(format!("; {name}: {:?}: {}", finished.ended, finished.stderr_tail(3)))
        }
        Err(error) => Some(format!("; {name}: {error}")),
    };
    let sides = [side("base", &over.base), side("head", &over.head)];
    sides.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Open {
        Open {
            bench: canary::bench(canary::SAME),
            index: 0,
            by: By::Turns,
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

    #[test]
    fn a_benchmark_may_seem_busy_now_and_then_and_not_round_after_round() {
        let mut one = open();
        for _ in 0..BUSY_ROUNDS {
            one.was_busy(&Trouble::Busy(Side::Base));
            assert!(one.plays(By::Turns), "the round is measured again");
        }
        one.was_busy(&Trouble::Busy(Side::Base));
        assert!(one.plays(By::Processes), "it really works while it should wait");
    }
}
