//! What follows a loss of a workload that was found, of time or of memory: fresh rounds have to
//! find it too.
//!
//! They had no part in finding it, and the same looks replay on them at a level of their own. A
//! confirmation takes failures away, and never adds one.

use super::{
    facts::{Again, Bounds, MemoryState, WorkloadPair, WorkloadRound, WorkloadRule, WorkloadState},
    judge::{WorkloadJudged, memory_bounds, throughput_bounds},
};
use crate::perf::estimate::Levels;

/// Takes away what these rounds do not find. Says whether more of them would tell more.
///
/// What they do not find is inconclusive: the first rounds and they contradict each other. Where
/// they ended before they could tell, it stands as it was found.
pub(super) fn confirm(
    judged: &mut WorkloadJudged,
    rounds: &[&WorkloadRound],
    limits: &WorkloadPair,
    rule: &WorkloadRule,
) -> bool {
    let Some(alpha) = rule.confirm else { return false };
    let mut open = false;
    if judged.state == Some(WorkloadState::Regressed) {
        let line = limits.line(rule);
        let prove = |seen: &[&WorkloadRound], levels| {
            let bounds = throughput_bounds(seen, rule, levels)?;
            let lost = (bounds.upper < line).then_some(true);
            let proved = lost.or((bounds.lower >= line).then_some(false));
            Some((bounds, proved))
        };
        let came = looks(rounds, limits, rule, alpha, prove);
        open |= came.open;
        judged.again = came.again;
        if came.gone {
            judged.state = Some(WorkloadState::Inconclusive);
        }
    }
    if let Some(memory) = judged.memory.as_mut().filter(|memory| memory.state == MemoryState::Grown)
    {
        let line = memory.line;
        let prove = |seen: &[&WorkloadRound], levels| {
            let bounds = memory_bounds(seen, rule, levels)?;
            let grown = (bounds.lower > line).then_some(true);
            let proved = grown.or((bounds.upper <= line).then_some(false));
            Some((bounds, proved))
        };
        let came = looks(rounds, limits, rule, alpha, prove);
        open |= came.open;
        memory.again = came.again;
        if came.gone {
            memory.state = MemoryState::Inconclusive;
        }
    }
    open
}

/// What rounds that repeat a finding come to.
#[derive(Default)]
struct Came {
    again: Option<Again>,
    /// Whether it is not to be believed any more.
    gone: bool,
    /// Whether more rounds would tell.
    open: bool,
}

/// Replays the looks; `prove` says of some rounds whether they find it too, or find the opposite.
fn looks(
    rounds: &[&WorkloadRound],
    limits: &WorkloadPair,
    rule: &WorkloadRule,
    alpha: f64,
    prove: impl Fn(&[&WorkloadRound], Levels) -> Option<(Bounds, Option<bool>)>,
) -> Came {
    let looks = rule.looks_within(limits.rounds);
    let count = f64::from(u32::try_from(looks.len().max(1)).unwrap_or(u32::MAX));
    let levels = Levels { lower: rule.beta / count, upper: alpha / count };
    let over = rounds.len() >= limits.rounds as usize;
    let mut came = Came { again: None, gone: over, open: !over };
    for &look in &looks {
        let look = look as usize;
        let seen = rounds.get(..look.min(rounds.len())).unwrap_or(rounds);
        let Some((bounds, proved)) = prove(seen, levels) else { break };
        came.again = Some(Again { bounds, confirmed: proved == Some(true) });
        if let Some(found) = proved {
            return Came { gone: !found, open: false, ..came };
        }
        if look >= rounds.len() {
            break;
        }
    }
    came
}
