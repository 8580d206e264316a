//! Round by round, until everything is proved or the budget is spent.

use std::time::{Duration, Instant};

use super::{By, MeasureError, Open, Turn, Unit, close, processes, turns};
use crate::{
    perf::PairState,
    runner::{criterion::RunError, pairing::Plan},
};

/// Measures whatever the executables at hand can tell.
///
/// # Errors
///
/// If something of ours fails.
pub(super) async fn rounds(turn: &mut Turn<'_, '_>, open: &mut [Open]) -> Result<(), MeasureError> {
    let plan = turn.plan;
    while play_once(turn, plan, open).await? {
        for one in &mut *open {
            one.look(turn.rule, turn.seed);
        }
    }
    Ok(())
}

/// One round of everything that is open, in drawn order; false where nothing is, or no more may be.
///
/// # Errors
///
/// If something of ours fails.
pub(super) async fn play_once(
    turn: &mut Turn<'_, '_>,
    plan: &Plan,
    open: &mut [Open],
) -> Result<bool, RunError> {
    let mut units = units(open);
    turn.draw.shuffle(&mut units);
    let any = !units.is_empty();
    let budget = Duration::from_secs(turn.around.rules.budget_seconds);
    for unit in units {
        if turn.spent >= budget {
            spent(open, budget);
            return Ok(false);
        }
        tell(turn, open, unit, budget.saturating_sub(turn.spent));
        let started = Instant::now();
        match unit {
            Unit::Target(index) => turns::play(turn, plan, index, open).await?,
            Unit::One(index) => {
                if let Some(one) = open.get_mut(index) {
                    processes::play(turn, plan, one).await?;
                }
            }
        }
        turn.spent += started.elapsed();
    }
    Ok(any)
}

/// What there is to run in the next round.
fn units(open: &[Open]) -> Vec<Unit> {
    let mut units = Vec::new();
    for (index, one) in open.iter().enumerate() {
        let unit = match one.by {
            _ if !one.is_open() => continue,
            By::Turns => Unit::Target(one.index),
            By::Processes => Unit::One(index),
        };
        if !units.contains(&unit) {
            units.push(unit);
        }
    }
    units
}

fn tell(turn: &Turn<'_, '_>, open: &[Open], unit: Unit, left: Duration) {
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
    turn.around.ctx.progress.counted(what, closed, open.len() as u64, Some(left));
}

fn spent(open: &mut [Open], budget: Duration) {
    let note = format!(
        "the budget of {} s was spent before it was proved; a larger --budget would resolve more",
        budget.as_secs()
    );
    close(open, |one| one.closed.is_none(), PairState::Inconclusive, &note);
}
