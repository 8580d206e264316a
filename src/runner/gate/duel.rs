//! A round: both sides in the same benchmarks, slice by slice in turn.

use std::collections::BTreeMap;

use super::{
    message::Announced,
    pace::Pace,
    side::{Answer, Side, SideError},
};
use crate::{
    perf::{Order, Seen, SeenSides, Slice, Throughput, Turns},
    policy::Side as Of,
};

/// While the other side has its slices, a process may take this share of their time …
const IDLE_SHARE: f64 = 0.03;
/// … and this much beyond that, for what the kernel does as it falls asleep, in nanoseconds.
const IDLE_NS: f64 = 0.5e6;

/// What one benchmark gave in a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Slices of the base.
    pub base: Vec<Slice>,
    /// Slices of the head, the same in number.
    pub head: Vec<Slice>,
    /// Who went first in each pair of them.
    pub turns: Turns,
    /// All slices of each side together, as the runner saw them; absent where processor time is
    /// not counted, or where the benchmark measures something else than time.
    pub seen: Option<SeenSides>,
    /// What an iteration processes.
    pub throughput: Option<Throughput>,
}

/// Why a benchmark gave nothing in a round.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A side gave no more answers.
    #[error("{}: {error}", name(*.side))]
    Side {
        /// Which one.
        side: Of,
        /// What happened.
        error: SideError,
    },
    /// A side works while the other is measured, on the same core.
    #[error("{}: it works while it is asked for nothing, beside the other side's slices", name(*.0))]
    Busy(Of),
    /// The sides are not in the same benchmark.
    #[error("the sides do not come to the same benchmarks in the same order")]
    Apart,
}

fn name(side: Of) -> &'static str {
    match side {
        Of::Base => "base",
        Of::Head => "head",
    }
}

/// What a round gave: a benchmark each, and why it ended early if it did.
#[derive(Debug, Default)]
pub struct Round {
    /// By the benchmark's id.
    pub played: BTreeMap<String, Result<Played, Trouble>>,
    /// What ended it before both processes came to their end.
    pub broken: Option<Trouble>,
}

/// Both sides of a round.
#[derive(Debug)]
pub struct Duel {
    /// The base's process.
    pub base: Side,
    /// The head's process.
    pub head: Side,
}

impl Duel {
    /// Plays every benchmark that `wanted` says yes to, and leaves the others out. Paces that are
    /// not known yet are found, and remembered.
    pub fn play(
        &mut self,
        wanted: &dyn Fn(&str) -> bool,
        paces: &mut BTreeMap<String, Pace>,
        draw: &mut fastrand::Rng,
    ) -> Round {
        let mut round = Round::default();
        loop {
            match self.benchmark(wanted, paces, draw, &mut round) {
                Ok(true) => {}
                Ok(false) => return round,
                Err(trouble) => {
                    round.broken = Some(trouble);
                    return round;
                }
            }
        }
    }

    /// One benchmark; false at the end of both sides.
    fn benchmark(
        &mut self,
        wanted: &dyn Fn(&str) -> bool,
        paces: &mut BTreeMap<String, Pace>,
        draw: &mut fastrand::Rng,
        round: &mut Round,
    ) -> Result<bool, Trouble> {
        let base = self.base.announced().map_err(of(Of::Base))?;
        let head = self.head.announced().map_err(of(Of::Head))?;
        let (id, about) = match (base, head) {
            (None, None) => return Ok(false),
            (Some(base), Some(head)) if base.id == head.id && base.timed == head.timed => {
                (base.id, Announced { id: String::new(), ..head })
            }
            _ => return Err(Trouble::Apart),
        };
        if wanted(&id) {
            match self.slices(&id, paces, draw) {
                Ok(played) => {
                    let throughput = about.throughput;
                    let seen = played.seen.filter(|_| about.timed);
                    round.played.insert(id, Ok(Played { throughput, seen, ..played }));
                }
                Err(trouble @ Trouble::Busy(_)) => {
                    round.played.insert(id, Err(trouble));
                }
                Err(trouble @ (Trouble::Side { .. } | Trouble::Apart)) => {
                    let ended = Trouble::Apart;
                    round.played.insert(id, Err(trouble));
                    return Err(ended);
                }
            }
        }
        self.base.go_on().map_err(of(Of::Base))?;
        self.head.go_on().map_err(of(Of::Head))?;
        Ok(true)
    }

    fn slices(
        &mut self,
        id: &str,
        paces: &mut BTreeMap<String, Pace>,
        draw: &mut fastrand::Rng,
    ) -> Result<Played, Trouble> {
        let pace = match paces.get(id) {
            Some(pace) => *pace,
            None => {
                let pace = Pace::find(&mut self.base).map_err(of(Of::Base))?;
                paces.insert(id.to_owned(), pace);
                pace
            }
        };
        // Fresh processes: their first slice pays for pages and caches that no other does.
        let warm = pace.timed.div_ceil(2);
        self.base.slice(0, warm).map_err(of(Of::Base))?;
        self.head.slice(0, warm).map_err(of(Of::Head))?;
        let before = [self.base.spent_ns(), self.head.spent_ns()];
        let mut heard = Heard::default();
        for _ in 0..pace.turns {
            let order = if draw.bool() { Order::BaseFirst } else { Order::HeadFirst };
            let sides = match order {
                Order::BaseFirst => [Of::Base, Of::Head],
                Order::HeadFirst => [Of::Head, Of::Base],
            };
            for side in sides {
                let (process, other, heard) = match side {
                    Of::Base => (&mut self.base, &self.head, &mut heard.base),
                    Of::Head => (&mut self.head, &self.base, &mut heard.head),
                };
                let idle = other.spent_ns();
                heard.answers.push(process.slice(pace.untimed, pace.timed).map_err(of(side))?);
                heard.others_ns +=
                    other.spent_ns().zip(idle).map_or(0.0, |(after, before)| after - before);
            }
            heard.turns.0.push(order);
        }
        let after = [self.base.spent_ns(), self.head.spent_ns()];
        heard.played(pace, before, after)
    }
}

fn of(side: Of) -> impl Fn(SideError) -> Trouble {
    move |error| Trouble::Side { side, error }
}

#[derive(Default)]
struct Heard {
    base: HeardSide,
    head: HeardSide,
    turns: Turns,
}

#[derive(Default)]
struct HeardSide {
    answers: Vec<Answer>,
    /// Processor time that the other side took meanwhile, in nanoseconds.
    others_ns: f64,
}

impl Heard {
    fn played(
        self,
        pace: Pace,
        before: [Option<f64>; 2],
        after: [Option<f64>; 2],
    ) -> Result<Played, Trouble> {
        if self.base.disturbed() {
            return Err(Trouble::Busy(Of::Head));
        }
        if self.head.disturbed() {
            return Err(Trouble::Busy(Of::Base));
        }
        let [base_spent, head_spent] = [0, 1]
            .map(|side: usize| Some(after.get(side)?.as_ref()? - before.get(side)?.as_ref()?));
        let seen = |side: &HeardSide, spent: Option<f64>| {
            Some(Seen { wall_ns: side.wall_ns(), cpu_ns: spent? })
        };
        let seen = seen(&self.base, base_spent).zip(seen(&self.head, head_spent));
        #[expect(clippy::cast_precision_loss, reason = "iterations of a slice are below 2^52")]
        let slice = |answer: &Answer| Slice(pace.timed as f64, answer.reported);
        Ok(Played {
            base: self.base.answers.iter().map(slice).collect(),
            head: self.head.answers.iter().map(slice).collect(),
            turns: self.turns,
            seen: seen.and_then(|(base, head)| SeenSides::of(Some(base), Some(head))),
            throughput: None,
        })
    }
}

impl HeardSide {
    /// All its slices as the runner saw them, in nanoseconds.
    fn wall_ns(&self) -> f64 {
        self.answers.iter().map(|answer| answer.seen_ns).sum()
    }

    /// Whether the other side worked beside them.
    fn disturbed(&self) -> bool {
        self.others_ns > self.wall_ns() * IDLE_SHARE + IDLE_NS
    }
}
