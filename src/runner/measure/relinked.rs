//! The last stage of a loss: both sides linked anew, their functions in other orders.

use std::collections::BTreeSet;

use super::{MeasureError, Open, Turn, close, rounds::play_once};
use crate::{
    perf::{PairState, Stage},
    runner::{
        build::Relinker,
        pairing::{Plan, TargetPair},
    },
};

/// Measures every loss that was confirmed in each order of functions.
///
/// # Errors
///
/// If something of ours fails; what cannot be linked anew stands as it was found.
pub(super) async fn relinked(
    turn: &mut Turn<'_, '_>,
    relinker: Option<&Relinker<'_>>,
    open: &mut [Open],
) -> Result<(), MeasureError> {
    for order in turn.rule.relink_seeds(turn.seed) {
        let indices: BTreeSet<usize> =
            open.iter().filter(|one| one.waits()).map(|one| one.index).collect();
        if indices.is_empty() {
            return Ok(());
        }
        let Some(plan) = linked(turn, relinker, &indices, order, open).await? else {
            return Ok(());
        };
        for one in open.iter_mut().filter(|one| one.waits()) {
            one.stage = Stage::Relinked(order);
            one.linked = true;
        }
        let wanted = turn.rule.confirm.relink_rounds;
        let lacks = |one: &Open| one.linked && one.is_open() && one.next_round() < wanted;
        while open.iter().any(lacks) && play_once(turn, &plan, open).await? {}
        for one in open.iter_mut().filter(|one| one.linked) {
            one.linked = false;
            one.look(turn.rule, turn.seed);
        }
    }
    Ok(())
}

/// The plan with the executables of this order in place of the others; none if they are not to be
/// had, and then nothing waits for them any more.
async fn linked(
    turn: &Turn<'_, '_>,
    relinker: Option<&Relinker<'_>>,
    indices: &BTreeSet<usize>,
    order: u32,
    open: &mut [Open],
) -> Result<Option<Plan>, MeasureError> {
    let mut plan = turn.plan.clone();
    let pairs: Vec<&TargetPair> =
        indices.iter().filter_map(|index| turn.plan.pairs.get(*index)).collect();
    turn.around
        .ctx
        .progress
        .step("links both sides with their functions in another order".to_owned());
    let linked = match relinker {
        Some(relinker) => relinker.link(&pairs, order).await?,
        None => Err("nothing here can link".to_owned()),
    };
    match linked {
        Ok(pairs) => {
            for (index, pair) in indices.iter().zip(pairs) {
                if let Some(place) = plan.pairs.get_mut(*index) {
                    *place = pair;
                }
            }
            Ok(Some(plan))
        }
        Err(reason) => {
            let note = format!("its functions could not be put in another order: {reason}");
            close(open, Open::waits, PairState::Regressed, &note);
            Ok(None)
        }
    }
}
