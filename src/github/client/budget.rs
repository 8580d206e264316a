//! How much of GitHub's patience is used up: pure, so that a test can say what time it is.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{CallError, judge::Wait};

/// GitHub counts so many points a minute: 1 for a read, 5 for a change.
const POINTS_A_MINUTE: u32 = 900;
/// GitHub lets so much be created in a minute.
const CREATIONS_A_MINUTE: u32 = 80;
/// GitHub lets so much be created in an hour.
const CREATIONS_AN_HOUR: u32 = 500;

const MINUTE: SignedDuration = SignedDuration::from_secs(60);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What a request costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// 1 for a read, 5 for a change.
    pub(super) points: u32,
    /// It makes something that people see.
    pub(super) creates: bool,
}

/// What one installation has used.
#[derive(Debug, Default)]
pub(super) struct Budget {
    points: VecDeque<(Timestamp, u32)>,
    created: VecDeque<(Timestamp, u32)>,
    blocked: Option<(Timestamp, String)>,
    limits_in_a_row: u32,
}

impl Budget {
    /// Whether GitHub asked to wait beyond this time.
    pub(super) fn open(&self, now: Timestamp) -> Result<(), CallError> {
        match self.blocked.as_ref().filter(|(until, _)| *until > now) {
            Some((until, why)) => Err(CallError::Limited { until: *until, why: why.clone() }),
            None => Ok(()),
        }
    }

    /// Spends what a request costs, or says when there will be enough.
    pub(super) fn spend(&mut self, cost: Cost, now: Timestamp) -> Result<(), CallError> {
        self.open(now)?;
        self.blocked = None;
        forget(&mut self.points, MINUTE, now);
        forget(&mut self.created, HOUR, now);
        let creations = u32::from(cost.creates);
        let waits = [
            free_at(&self.points, MINUTE, POINTS_A_MINUTE, cost.points, now),
            free_at(&self.created, MINUTE, CREATIONS_A_MINUTE, creations, now),
            free_at(&self.created, HOUR, CREATIONS_AN_HOUR, creations, now),
        ];
        if let Some(until) = waits.into_iter().flatten().max() {
            let why = "this gate keeps below what GitHub lets an App do in a minute and an hour";
            return Err(CallError::Limited { until, why: why.to_owned() });
        }
        self.points.push_back((now, cost.points));
        if cost.creates {
            self.created.push_back((now, 1));
        }
        Ok(())
    }

    /// GitHub answered with something else than a limit.
    pub(super) fn answered(&mut self) {
        self.limits_in_a_row = 0;
    }

    /// GitHub asked to wait. Nothing is sent before the time that this returns.
    pub(super) fn limited(&mut self, wait: Wait, why: &str, now: Timestamp) -> Timestamp {
        let until = match wait {
            Wait::For(pause) => later(now, pause),
            Wait::Until(reset) => reset,
            Wait::Unsaid => later(now, doubled(self.limits_in_a_row)),
        };
        // A clock that runs ahead of GitHub's must not turn waiting into hammering.
        let until = until.max(later(now, SignedDuration::from_secs(1)));
        self.limits_in_a_row = self.limits_in_a_row.saturating_add(1);
        // Answers to requests that were under way together may come in any order.
        let until = self.blocked.as_ref().map_or(until, |(before, _)| until.max(*before));
        self.blocked = Some((until, why.to_owned()));
        until
    }
}

/// A minute after the first limit, twice as long after each further one, an hour at most.
fn doubled(limits_before: u32) -> SignedDuration {
    let minutes = 1_i64.checked_shl(limits_before).unwrap_or(60).clamp(1, 60);
    SignedDuration::from_mins(minutes)
}

fn later(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

fn forget(spent: &mut VecDeque<(Timestamp, u32)>, window: SignedDuration, now: Timestamp) {
    while spent.front().is_some_and(|(at, _)| later(*at, window) <= now) {
        spent.pop_front();
    }
}

/// When `cost` more fits under `cap` in any `window`; none if it does now.
fn free_at(
    spent: &VecDeque<(Timestamp, u32)>,
    window: SignedDuration,
    cap: u32,
    cost: u32,
    now: Timestamp,
) -> Option<Timestamp> {
    if cost == 0 {
        return None;
    }
    let recent = spent.iter().filter(|(at, _)| later(*at, window) > now);
    let mut used: u32 = recent.clone().map(|(_, cost)| cost).sum();
    let mut free = None;
    for (at, before) in recent {
        if used.saturating_add(cost) <= cap {
            break;
        }
        used -= before;
        free = Some(later(*at, window));
    }
    free
}
