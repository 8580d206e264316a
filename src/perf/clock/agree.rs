//! Whether reported and seen times agree, over the rounds of one benchmark.
//!
//! The round is the unit, as it is for the estimate. Of each round one figure is taken: the head's
//! rest less the base's, less what is allowed, as a share of the head's reported time. Under honest
//! noise, which both sides share, it is below zero by what is allowed. «Unlike» is said where the
//! lower bound of its mean (Student's t over rounds) is above zero: for wall time, or for processor
//! time, which is disturbed less, if the median of wall time points the same way (a head that uses
//! more threads spends more processor time, and lies about nothing). The chance of error is shared
//! among benchmarks, looks and the two measures. Heavy tails and outliers widen the bound: they
//! cost power, and make no false alarm.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::super::{
    estimate::{count, mean, median, settled, spread},
    facts::{Round, Rule},
};
use super::{
    ClockRule, Disagreement, Measure, Seen, Told,
    rest::{Process, narrow, rests, usual},
};
use crate::policy::Side;

/// No bound with fewer rounds: the spread would be a guess.
const LEAST_ROUNDS: usize = 3;

/// The processes of the rounds in which both sides were seen.
struct Sides {
    base: Vec<Process>,
    head: Vec<Process>,
}

impl Sides {
    fn of(rounds: &[Round], rule: &ClockRule) -> Self {
        let both = rounds.iter().filter_map(|round| {
            let seen = round.seen?;
            let turns = !round.turns.is_empty();
            let base = Process::of(&round.base, turns, seen.base?, rule)?;
            Some((base, Process::of(&round.head, turns, seen.head?, rule)?))
        });
        let (mut base, mut head): (Vec<Process>, Vec<Process>) = both.unzip();
        narrow(&mut base, &mut head, rule);
        Self { base, head }
    }

    /// For each round, the head's surplus over the base, and how far it is beyond what is allowed;
    /// both as shares of the head's reported time.
    fn excess(&self, of: impl Fn(&Seen) -> f64, rule: &ClockRule) -> Vec<(f64, f64)> {
        let usual = usual(&self.base, &of);
        let base = rests(&self.base, &of, usual);
        let head = rests(&self.head, &of, usual);
        let processes = self.base.iter().zip(&self.head);
        processes
            .zip(base.into_iter().zip(head))
            .map(|((one, other), (base, head))| {
                let whole = measuring(one, other, rule);
                let surplus = (head - base) / whole;
                (surplus, surplus - allowed(one, other, base, rule) / whole - rule.share)
            })
            .collect()
    }

    /// The process that reported most beyond its life, and how many there are; of the head first.
    fn impossible(&self, rule: &ClockRule) -> Option<Disagreement> {
        let of_side = |side: Side, processes: &[Process]| {
            let surplus = |process: &Process| process.reported - process.seen.wall_ns;
            let odd = |process: &&Process| {
                surplus(process) > process.seen.wall_ns * rule.slip_share + rule.slip_ns
            };
            let worst = processes
                .iter()
                .filter(odd)
                .max_by(|one, other| surplus(one).total_cmp(&surplus(other)))?;
            Some(Disagreement::Impossible {
                side,
                processes: u32::try_from(processes.iter().filter(odd).count()).unwrap_or(u32::MAX),
                reported_ns: worst.reported,
                wall_ns: worst.seen.wall_ns,
            })
        };
        of_side(Side::Head, &self.head).or_else(|| of_side(Side::Base, &self.base))
    }
}

/// The measuring time that a head's rest is held against, in nanoseconds: what it reported, and no
/// less than it was asked for. Where the sides took turns, both were asked for the same iterations.
fn measuring(base: &Process, head: &Process, rule: &ClockRule) -> f64 {
    let asked = if head.turns { base.reported } else { rule.measure_ns };
    head.reported.max(asked)
}

/// By how many nanoseconds the head's rest may honestly be larger, beside a share of what was
/// reported.
fn allowed(base: &Process, head: &Process, rest: f64, rule: &ClockRule) -> f64 {
    // Set-up that is done for each iteration is done more often for a head that is faster.
    let oftener = (head.iterations / base.iterations - 1.0).max(0.0) * rest;
    // A warm-up of the benchmark's own ends on a doubling as ours does, and nobody knows which.
    // The gate, which has the sides take turns, leaves it none.
    let own_warm_up = !head.turns && rest > rule.own_warm_up_ns;
    let larger = if own_warm_up { rest } else { rule.rest * rest };
    oftener + larger
}

/// How the benchmark's clock and the runner's disagree, if that is proved.
///
/// Rounds that were not seen from outside on both sides take no part.
pub fn disagreement(rounds: &[Round], rule: &Rule) -> Option<Disagreement> {
    let sides = Sides::of(rounds, &rule.clock);
    sides.impossible(&rule.clock).or_else(|| unlike(&sides, rule))
}

/// Whether the head's surplus, proved or not, is so near to what is allowed that more rounds have
/// to tell before a pair may be called held.
pub fn doubted(rounds: &[Round], rule: &Rule) -> bool {
    let excess = Sides::of(rounds, &rule.clock).excess(|seen| seen.wall_ns, &rule.clock);
    let excess: Vec<f64> = excess.into_iter().map(|(_, beyond)| beyond).collect();
    median(excess) > -rule.clock.doubt
}

fn unlike(sides: &Sides, rule: &Rule) -> Option<Disagreement> {
    if sides.head.len() < LEAST_ROUNDS {
        return None;
    }
    let wall = sides.excess(|seen| seen.wall_ns, &rule.clock);
    let cpu = sides.excess(|seen| seen.cpu_ns, &rule.clock);
    let wall_agrees = median(wall.iter().map(|(_, beyond)| *beyond).collect()) > 0.0;
    let by_wall = proved(&wall, rule).map(|beyond| (Measure::Wall, &wall, beyond));
    let by_cpu = || proved(&cpu, rule).filter(|_| wall_agrees).map(|b| (Measure::Cpu, &cpu, b));
    let (by, excess, beyond) = by_wall.or_else(by_cpu)?;
    let surplus: Vec<f64> = excess.iter().map(|(surplus, _)| *surplus).collect();
    Some(Disagreement::Unlike {
        by,
        base: told(&sides.base),
        head: told(&sides.head),
        share: settled(mean(&surplus)),
        beyond: settled(beyond),
        rounds: u32::try_from(surplus.len()).unwrap_or(u32::MAX),
    })
}

/// The lower bound of the mean excess, if it is above zero.
fn proved(excess: &[(f64, f64)], rule: &Rule) -> Option<f64> {
    const MEASURES: f64 = 2.0;
    let beyond: Vec<f64> = excess.iter().map(|(_, beyond)| *beyond).collect();
    let chance = rule.clock.alpha / (rule.shared_among() * MEASURES);
    let student = StudentsT::new(0.0, 1.0, count(&beyond) - 1.0).ok()?;
    let error = spread(&beyond) / count(&beyond).sqrt();
    let lower = mean(&beyond) - student.inverse_cdf(1.0 - chance) * error;
    (lower.is_finite() && settled(lower) > 0.0).then_some(lower)
}

fn told(processes: &[Process]) -> Told {
    let middle = |of: fn(&Process) -> f64| median(processes.iter().map(of).collect());
    Told {
        reported_ns: middle(|process| process.reported),
        wall_ns: middle(|process| process.seen.wall_ns),
        cpu_ns: middle(|process| process.seen.cpu_ns),
    }
}
