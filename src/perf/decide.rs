//! From an estimate to a state, look by look.
//!
//! The test is sequential: after some numbers of rounds one looks, and stops as
//! soon as the answer is proved. Every look spends its share of the chances of
//! error (Bonferroni), so looking often costs power, never honesty.

use std::collections::BTreeMap;

use super::{
    canary::{Sings, sings},
    clock::{Disagreement, disagreement, doubted},
    confirm::{self, Stages},
    estimate::{Estimates, Levels, estimates, median, times},
    facts::{
        BenchId, Estimate, Estimator, Facts, Harness, Method, Pair, PairState, Reading, Round,
        Rule, Slice,
    },
    resolve::round_ns,
};

impl Rule {
    /// The chances of error of one look, counted from 0.
    pub fn levels(&self, look: usize) -> Levels {
        Levels {
            lower: self.beta / self.all_looks(),
            upper: self.alpha * self.spent_at(look) / f64::from(self.family.max(1)),
        }
    }

    /// The share of alpha that a look may spend; looks are counted from 0.
    pub fn spent_at(&self, look: usize) -> f64 {
        if self.spending.len() == self.looks.len() {
            let shares = || self.spending.iter().copied().map(|share| share.max(0.0));
            let all: f64 = shares().sum();
            if let Some(share) = shares().nth(look).filter(|_| all > 0.0 && all.is_finite()) {
                return share / all;
            }
        }
        1.0 / self.all_looks()
    }

    /// How many decisions share a run's chance of error evenly: every look at every benchmark.
    pub(super) fn shared_among(&self) -> f64 {
        f64::from(self.family.max(1)) * self.all_looks()
    }

    #[expect(clippy::cast_precision_loss, reason = "there are a handful of looks")]
    pub(super) fn all_looks(&self) -> f64 {
        self.looks.len().max(1) as f64
    }

    /// What an estimate that lies above the line for sure proves; none of any other.
    pub(super) fn proves_good(&self, estimate: &Estimate) -> Option<PairState> {
        let improved = estimate.ratio >= self.improved_at && estimate.lower > self.improved_sure;
        let good = if improved { PairState::Improved } else { PairState::Held };
        (estimate.lower >= self.line()).then_some(good)
    }

    /// What an estimate proves at a look, if it proves anything.
    fn proves(&self, estimate: &Estimate, rounds: &[Round], chance: f64) -> Option<PairState> {
        if let Some(good) = self.proves_good(estimate) {
            return Some(good);
        }
        let may_fail = match estimate.estimator {
            Estimator::Floor => true,
            Estimator::Paired => {
                estimate.rounds >= self.paired_fails_from || apart(rounds, self.line(), chance)
            }
        };
        (may_fail && estimate.upper < self.line()).then_some(PairState::Regressed)
    }
}

/// Whether even the head's fastest slice is slower than the base's slowest, by more than the line
/// allows, in so many rounds that chance cannot have kept them apart.
///
/// On a machine that runs whole processes at one of two speeds, a round puts the base at the fast
/// and the head at the slow one with a chance of at most a quarter.
fn apart(rounds: &[Round], line: f64, chance: f64) -> bool {
    let slowest_base = rounds.iter().flat_map(|round| times(&round.base)).fold(0.0, f64::max);
    let fastest_head =
        rounds.iter().flat_map(|round| times(&round.head)).fold(f64::INFINITY, f64::min);
    let by_chance = rounds.iter().fold(1.0, |chance, _| chance * 0.25);
    slowest_base < fastest_head * line && by_chance <= chance
}

/// What the rounds so far come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Present once there are enough rounds.
    pub estimate: Option<Estimate>,
    /// Present once something is proved.
    pub state: Option<PairState>,
    /// Both estimates, as far as there are any; `estimate` is one of them.
    pub both: Estimates,
    /// Present where the floor held, and the paired estimate proves that the head is slower.
    pub contention: Option<Estimate>,
    /// Present where the benchmark's own clock is not believed.
    pub clock: Option<Disagreement>,
}

/// Replays every look that the rounds allow, and stops at the first proof.
///
/// Rounds past the last full look are looked at once more, at the price of the
/// next look, so that a run that was cut short still uses all that it has.
///
/// Nothing is proved to be held by a clock that is not believed: where it is proved to be wrong,
/// the pair is inconclusive, and where it is merely in doubt, more rounds have to tell.
pub fn judge_rounds(rounds: &[Round], rule: &Rule, seed: u64) -> Judged {
    let mut last = Judged::default();
    for (index, &look) in rule.looks.iter().enumerate() {
        let look = look as usize;
        let seen = rounds.get(..look.min(rounds.len())).unwrap_or(rounds);
        last = look_at(seen, index, rule, seed);
        let more = rule.looks.last().is_some_and(|&all| look < all as usize);
        let good = matches!(last.state, Some(PairState::Held | PairState::Improved));
        if good && last.clock.is_some() {
            last.state = Some(PairState::Inconclusive);
        } else if good && more && doubted(seen, rule) {
            last.state = None;
        }
        if last.state == Some(PairState::Held) {
            last.contention = contention(seen, &last.both, rule, seed);
        }
        if last.state.is_some() || look >= rounds.len() {
            break;
        }
    }
    last
}

/// One look, whatever is thought of the clock.
fn look_at(seen: &[Round], look: usize, rule: &Rule, seed: u64) -> Judged {
    let levels = rule.levels(look);
    let both = estimates(seen, levels, rule, seed);
    let estimate = both.chosen().cloned();
    let state = estimate.as_ref().and_then(|found| rule.proves(found, seen, levels.upper));
    let clock = disagreement(seen, rule);
    Judged { estimate, state, both, contention: None, clock }
}

/// The paired estimate of a floor that held, where it proves the opposite.
///
/// A floor is what the code does undisturbed. Where the sides took turns, all disturbances hit
/// both alike; if the head is slower nevertheless, it is slower beside other load.
fn contention(seen: &[Round], both: &Estimates, rule: &Rule, seed: u64) -> Option<Estimate> {
    let took_turns = seen.iter().all(|round| !round.turns.is_empty());
    both.floor.as_ref().filter(|_| took_turns)?;
    let chance = rule.floor.contention / rule.shared_among();
    let levels = Levels { lower: chance, upper: chance };
    estimates(seen, levels, rule, seed).paired.filter(|paired| paired.upper < rule.line())
}

/// Makes a pair of a benchmark's rounds, of all stages.
pub fn pair(bench: BenchId, rounds: &[Round], rule: &Rule, seed: u64) -> Pair {
    let stages = Stages::of(rounds);
    let judged = judge_rounds(&stages.first, rule, seed);
    let first = judged.state.unwrap_or(PairState::Inconclusive);
    let confirmed = match first {
        PairState::Regressed => confirm::confirm(&stages, rule, seed),
        PairState::Improved => confirm::confirm_improved(&stages, rule, seed),
        _ => None,
    };
    let (state, confirmation, clock) = match confirmed {
        Some(confirmed) => (confirmed.state, Some(confirmed.confirmation), confirmed.clock),
        None => (first, None, None),
    };
    let slices = |side: fn(&Round) -> &[Slice]| reading(stages.first.iter().flat_map(side));
    Pair {
        bench,
        state,
        method: method(rounds),
        estimate: judged.estimate,
        base: slices(|round| &round.base),
        head: slices(|round| &round.head),
        round_ns: round_ns(rounds),
        throughput: None,
        note: None,
        contention: judged.contention,
        confirmation,
        clock: judged.clock.or(clock),
        source: None,
    }
}

/// How the sides of these rounds were brought together; none where only one was run.
fn method(rounds: &[Round]) -> Option<Method> {
    let both = |round: &&Round| !round.base.is_empty() && !round.head.is_empty();
    let first = rounds.iter().find(both)?;
    Some(match first.harness {
        Harness::Criterion if first.turns.is_empty() => Method::ProcessPairs,
        Harness::Criterion => Method::Slices,
        Harness::Divan => Method::ProcessTurns,
        Harness::Program => Method::Duet,
    })
}

/// The absolute figure of some slices; none of nothing.
pub fn reading<'a>(slices: impl Iterator<Item = &'a Slice>) -> Option<Reading> {
    let slices: Vec<Slice> = slices.copied().collect();
    let times = times(&slices);
    let min_ns = times.iter().copied().fold(f64::INFINITY, f64::min);
    (!times.is_empty() && min_ns.is_finite()).then(|| Reading {
        slices: u32::try_from(times.len()).unwrap_or(u32::MAX),
        median_ns: median(times),
        min_ns,
    })
}

/// Computes the pairs of a receipt again from the raw samples.
///
/// What samples cannot say (a note, a throughput, a place, that a benchmark gave nothing)
/// is taken over; every figure and every state that rests on samples is not.
///
/// Where a canary came out wrong, nothing that was measured is believed.
pub fn recompute(facts: &Facts, rounds: &[Round]) -> Vec<Pair> {
    let believed = sings(&recompute_canaries(facts, rounds)) != Sings::False;
    let proved = |pair: &Pair| {
        matches!(pair.state, PairState::Held | PairState::Improved | PairState::Regressed)
    };
    let mut pairs = recompute_all(&facts.pairs, facts, rounds);
    for pair in pairs.iter_mut().filter(|pair| !believed && proved(pair)) {
        pair.state = PairState::Inconclusive;
        pair.note = Some("the gate's own canaries came out wrong on this machine".to_owned());
    }
    pairs
}

/// Computes the canaries of a receipt again from the raw samples.
pub fn recompute_canaries(facts: &Facts, rounds: &[Round]) -> Vec<Pair> {
    recompute_all(&facts.canaries, facts, rounds)
}

fn recompute_all(stated: &[Pair], facts: &Facts, rounds: &[Round]) -> Vec<Pair> {
    let mut own: BTreeMap<&BenchId, Vec<Round>> = BTreeMap::new();
    for round in rounds {
        own.entry(&round.bench).or_default().push(round.clone());
    }
    let of = |stated: &Pair| own.get(&stated.bench).map_or(&[][..], Vec::as_slice);
    stated.iter().map(|stated| recompute_pair(stated, facts, of(stated))).collect()
}

fn recompute_pair(stated: &Pair, facts: &Facts, rounds: &[Round]) -> Pair {
    let mut fresh = pair(stated.bench.clone(), rounds, &facts.rule, facts.seed);
    if matches!(stated.state, PairState::Unchanged | PairState::CouldNotRun) {
        fresh.state = stated.state;
        fresh.estimate = None;
        fresh.contention = None;
        fresh.confirmation = None;
        fresh.clock = None;
    }
    // Receipts from before it was counted do not have it.
    fresh.round_ns = fresh.round_ns.filter(|_| stated.round_ns.is_some());
    fresh.throughput = stated.throughput;
    fresh.source.clone_from(&stated.source);
    if fresh.state == stated.state {
        fresh.note.clone_from(&stated.note);
    }
    fresh
}
