//! What follows a loss that was found: it is measured again, and then with both sides linked anew.
//! An improvement is measured again too.
//!
//! A loss is found by rounds that happened to show it. Fresh rounds have no such reason to, so they
//! are asked whether they find it too; the same looks replay on them, at a level of their own.
//! Whether the code is slower or only lies worse in memory, no rounds of one executable can tell:
//! hence orders of functions that nobody chose, and the mean over them.
//!
//! A confirmation takes failures away, and never adds one. So it is with an improvement: what fresh
//! rounds do not repeat is none, and what was proved beside it, that the benchmark held, stands.

use std::collections::BTreeMap;

use super::{
    clock::{Disagreement, disagreement},
    decide::judge_rounds,
    estimate::{Estimates, Levels, estimate, estimates, mean, settled},
    facts::{Confirmation, PairState, Relinked, Round, Rule, Stage},
};

/// What is to be done next for a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// More rounds have to be measured for this.
    MoreRounds(Stage),
    /// It is settled.
    Done(PairState),
}

/// The rounds of one benchmark by what they were measured for, each in the order they ran.
#[derive(Clone, Debug, Default)]
pub(super) struct Stages {
    pub(super) first: Vec<Round>,
    again: Vec<Round>,
    relinked: BTreeMap<u32, Vec<Round>>,
}

impl Stages {
    pub(super) fn of(rounds: &[Round]) -> Self {
        let mut stages = Self::default();
        for round in rounds {
            let of_stage = match round.stage {
                Stage::First => &mut stages.first,
                Stage::Again => &mut stages.again,
                Stage::Relinked(seed) => stages.relinked.entry(seed).or_default(),
            };
            of_stage.push(round.clone());
        }
        stages
    }
}

/// A loss or an improvement after it was measured again.
pub(super) struct Confirmed {
    pub(super) state: PairState,
    pub(super) confirmation: Confirmation,
    /// Of the rounds that were linked anew, or that repeat an improvement.
    pub(super) clock: Option<Disagreement>,
}

impl Rule {
    /// The chances of error of one look at rounds that repeat a finding.
    fn confirming(&self) -> Levels {
        let looks = self.all_looks();
        Levels { lower: self.beta / looks, upper: self.confirm.alpha / looks }
    }

    /// What the orders of functions are drawn from when both sides are linked anew.
    pub fn relink_seeds(&self, seed: u64) -> Vec<u32> {
        // A linker takes 0 for «no shuffling», and may read the number as a signed one.
        const LARGEST: u32 = 1 << 30;
        let mut draw = fastrand::Rng::with_seed(seed);
        let mut seeds: Vec<u32> = Vec::new();
        while seeds.len() < self.confirm.relinks as usize {
            let drawn = draw.u32(1..LARGEST);
            if !seeds.contains(&drawn) {
                seeds.push(drawn);
            }
        }
        seeds
    }

    /// How many of these rounds are full looks; none before the first.
    fn full_looks(&self, rounds: usize) -> usize {
        let full = self.looks.iter().map(|look| *look as usize).filter(|look| *look <= rounds);
        full.max().unwrap_or(0)
    }

    fn last_look(&self) -> usize {
        self.looks.last().map_or(0, |look| *look as usize)
    }
}

/// What to do next for a benchmark with these rounds of all stages.
///
/// Samples are looked at after as many rounds as the rule says, and at no other time: to ask after
/// every round costs no chance of error.
pub fn next_step(rounds: &[Round], rule: &Rule, seed: u64) -> Step {
    let stages = Stages::of(rounds);
    let full = rule.full_looks(stages.first.len());
    let looked = stages.first.get(..full).unwrap_or_default();
    match judge_rounds(looked, rule, seed).state {
        Some(PairState::Regressed) => after_a_loss(&stages, rule, seed),
        Some(PairState::Improved) if rule.confirm.improved => {
            after_an_improvement(&stages, rule, seed)
        }
        Some(state) => Step::Done(state),
        None if full < rule.last_look() => Step::MoreRounds(Stage::First),
        None => Step::Done(PairState::Inconclusive),
    }
}

fn after_a_loss(stages: &Stages, rule: &Rule, seed: u64) -> Step {
    let full = rule.full_looks(stages.again.len());
    let looked = stages.again.get(..full).unwrap_or_default();
    match repeat(looked, rule, seed) {
        None if full < rule.last_look() => return Step::MoreRounds(Stage::Again),
        Some(Repeated { proved: Some(PairState::Regressed), .. }) => {}
        _ => return Step::Done(PairState::Inconclusive),
    }
    let wanted = rule.confirm.relink_rounds as usize;
    let measured = |seed: &u32| stages.relinked.get(seed).map_or(0, Vec::len);
    let lacking = rule.relink_seeds(seed).into_iter().find(|seed| measured(seed) < wanted);
    match lacking {
        Some(seed) => Step::MoreRounds(Stage::Relinked(seed)),
        None => {
            let state = confirm(stages, rule, seed).map(|confirmed| confirmed.state);
            Step::Done(state.unwrap_or(PairState::Regressed))
        }
    }
}

fn after_an_improvement(stages: &Stages, rule: &Rule, seed: u64) -> Step {
    let full = rule.full_looks(stages.again.len());
    let again = stages.again.get(..full).unwrap_or_default().to_vec();
    if repeat(&again, rule, seed).is_none() && full < rule.last_look() {
        return Step::MoreRounds(Stage::Again);
    }
    let looked = Stages { again, ..Stages::default() };
    let confirmed = confirm_improved(&looked, rule, seed);
    Step::Done(confirmed.map_or(PairState::Improved, |confirmed| confirmed.state))
}

/// What the rounds that repeat a finding come to.
struct Repeated {
    estimates: Estimates,
    proved: Option<PairState>,
    /// After the last look.
    over: bool,
}

/// Replays the looks on rounds that repeat a finding. None before anything is proved or all looks
/// are over.
fn repeat(rounds: &[Round], rule: &Rule, seed: u64) -> Option<Repeated> {
    looks(rounds, rule, seed).filter(|repeated| repeated.proved.is_some() || repeated.over)
}

fn looks(rounds: &[Round], rule: &Rule, seed: u64) -> Option<Repeated> {
    let mut last = None;
    for &look in &rule.looks {
        let look = look as usize;
        let seen = rounds.get(..look.min(rounds.len())).unwrap_or(rounds);
        let estimates = estimates(seen, rule.confirming(), rule, seed);
        let Some(estimate) = estimates.chosen() else { break };
        let lost = (estimate.upper < rule.line()).then_some(PairState::Regressed);
        let proved = rule.proves_good(estimate).or(lost);
        let over = seen.len() >= rule.last_look();
        last = Some(Repeated { estimates, proved, over });
        if proved.is_some() || look >= rounds.len() {
            break;
        }
    }
    last
}

/// What a loss is after all that was measured of it since. None where it was not measured again,
/// or too little for an estimate.
///
/// A loss that was proved stands, unless it is taken away: where rounds ran out before they could
/// tell, or nothing could be linked anew, it stands as it was found.
pub(super) fn confirm(stages: &Stages, rule: &Rule, seed: u64) -> Option<Confirmed> {
    let repeated = looks(&stages.again, rule, seed)?;
    let again = repeated.estimates.chosen()?.clone();
    let confirmed = repeated.proved == Some(PairState::Regressed);
    let mut confirmation =
        Confirmation { again, confirmed, relinked: Vec::new(), over_layouts: None };
    if !confirmed {
        let gone = repeated.proved.is_some() || repeated.over;
        let state = if gone { PairState::Inconclusive } else { PairState::Regressed };
        return Some(Confirmed { state, confirmation, clock: None });
    }
    let relinked = relinked(stages, rule, seed);
    if relinked.len() >= rule.confirm.relinks as usize {
        let logs: Vec<f64> = relinked.iter().map(|one| one.estimate.ratio.ln()).collect();
        confirmation.over_layouts =
            Some(settled(mean(&logs).exp())).filter(|mean| mean.is_finite());
    }
    confirmation.relinked = relinked;
    let clock = stages.relinked.values().find_map(|rounds| disagreement(rounds, rule));
    let gone = confirmation.over_layouts.is_some_and(|mean| mean >= rule.line());
    // A clock that is not believed takes no loss away.
    let state = if gone && clock.is_none() { PairState::Layout } else { PairState::Regressed };
    Some(Confirmed { state, confirmation, clock })
}

/// What an improvement is after all that was measured of it since. None where the rule has none
/// repeated, where it was not measured again, or too little for an estimate.
///
/// It stands where rounds ran out before they could tell: to ask for one look too many is the
/// smaller mistake.
pub(super) fn confirm_improved(stages: &Stages, rule: &Rule, seed: u64) -> Option<Confirmed> {
    let repeated = looks(&stages.again, rule, seed).filter(|_| rule.confirm.improved)?;
    let again = repeated.estimates.chosen()?.clone();
    let clock = disagreement(&stages.again, rule);
    let state = match repeated.proved {
        // Nothing is proved to be held by a clock that is not believed, nor by two that disagree.
        _ if clock.is_some() => PairState::Inconclusive,
        Some(PairState::Regressed) => PairState::Inconclusive,
        Some(PairState::Improved) => PairState::Improved,
        None if !repeated.over => PairState::Improved,
        _ => PairState::Held,
    };
    let confirmed = repeated.proved == Some(PairState::Improved);
    let confirmation = Confirmation { again, confirmed, relinked: Vec::new(), over_layouts: None };
    Some(Confirmed { state, confirmation, clock })
}

/// The orders of functions that were measured to the end.
fn relinked(stages: &Stages, rule: &Rule, seed: u64) -> Vec<Relinked> {
    let wanted = (rule.confirm.relink_rounds as usize).max(1);
    stages
        .relinked
        .iter()
        .filter_map(|(order, rounds)| {
            let estimate = estimate(rounds.get(..wanted)?, rule.confirming(), rule, seed)?;
            Some(Relinked { seed: *order, estimate })
        })
        .collect()
}
