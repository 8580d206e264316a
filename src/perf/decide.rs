//! From an estimate to a state, look by look.
//!
//! The test is sequential: after some numbers of rounds one looks, and stops as
//! soon as the answer is proved. Every look spends its share of the chances of
//! error (Bonferroni), so looking often costs power, never honesty.

use std::collections::BTreeMap;

use super::{
    canary::{Sings, sings},
    clock::{Disagreement, disagreement, doubted},
    estimate::{Levels, estimate, median, times},
    facts::{
        BenchId, Estimate, Estimator, Facts, Method, Pair, PairState, Reading, Round, Rule, Slice,
    },
};

impl Rule {
    /// The chances of error of one look.
    pub fn levels(&self) -> Levels {
        Levels { lower: self.beta / self.all_looks(), upper: self.alpha / self.shared_among() }
    }

    /// How many decisions share a run's chance of error: every look at every benchmark.
    pub(super) fn shared_among(&self) -> f64 {
        f64::from(self.family.max(1)) * self.all_looks()
    }

    #[expect(clippy::cast_precision_loss, reason = "there are a handful of looks")]
    fn all_looks(&self) -> f64 {
        self.looks.len().max(1) as f64
    }

    /// What an estimate proves, if it proves anything.
    fn proves(&self, estimate: &Estimate, rounds: &[Round]) -> Option<PairState> {
        if estimate.lower >= self.line() {
            let improved =
                estimate.ratio >= self.improved_at && estimate.lower > self.improved_sure;
            return Some(if improved { PairState::Improved } else { PairState::Held });
        }
        let chance = self.levels().upper;
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
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Present once there are enough rounds.
    pub estimate: Option<Estimate>,
    /// Present once something is proved.
    pub state: Option<PairState>,
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
    let levels = rule.levels();
    let mut last = Judged { estimate: None, state: None, clock: None };
    for &look in &rule.looks {
        let look = look as usize;
        let seen = rounds.get(..look.min(rounds.len())).unwrap_or(rounds);
        last.estimate = estimate(seen, levels, rule.line(), seed);
        last.clock = disagreement(seen, rule);
        let proved = last.estimate.as_ref().and_then(|estimate| rule.proves(estimate, seen));
        let more = rule.looks.last().is_some_and(|&all| look < all as usize);
        last.state = match proved {
            Some(PairState::Held | PairState::Improved) if last.clock.is_some() => {
                Some(PairState::Inconclusive)
            }
            Some(PairState::Held | PairState::Improved) if more && doubted(seen, rule) => None,
            proved => proved,
        };
        if last.state.is_some() || look >= rounds.len() {
            break;
        }
    }
    last
}

/// Makes a pair of a benchmark's rounds.
pub fn pair(bench: BenchId, rounds: &[Round], rule: &Rule, seed: u64) -> Pair {
    let judged = judge_rounds(rounds, rule, seed);
    Pair {
        bench,
        state: judged.state.unwrap_or(PairState::Inconclusive),
        method: method(rounds),
        estimate: judged.estimate,
        base: reading(rounds.iter().flat_map(|round| &round.base)),
        head: reading(rounds.iter().flat_map(|round| &round.head)),
        throughput: None,
        note: None,
        clock: judged.clock,
        source: None,
    }
}

/// How the sides of these rounds were brought together; none where only one was run.
fn method(rounds: &[Round]) -> Option<Method> {
    let both = |round: &&Round| !round.base.is_empty() && !round.head.is_empty();
    let first = rounds.iter().find(both)?;
    Some(if first.turns.is_empty() { Method::ProcessPairs } else { Method::Slices })
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
        fresh.clock = None;
    }
    fresh.throughput = stated.throughput;
    fresh.source.clone_from(&stated.source);
    if fresh.state == stated.state {
        fresh.note.clone_from(&stated.note);
    }
    fresh
}
