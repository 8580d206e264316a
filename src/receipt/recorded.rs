//! Slices that something else recorded: a line a benchmark and round, with the slices in pairs.
//!
//! ```json
//! {"bench":"dot","round":0,"iters":164,"pairs":[[0,7163.8,7430.9],[1,7344.9,6575.8]]}
//! ```
//!
//! A pair is its order (0: base first, 1: head first) and the nanoseconds an iteration of the base
//! and of the head; `iters` iterations were timed together in every slice.

use std::collections::BTreeMap;

use serde::{Deserialize, de::Error as _};

use super::samples::{SamplesError, read_rounds};
use crate::perf::{BenchId, Harness, Order, Round, Slice, Stage, Turns};

#[derive(Deserialize)]
struct Recorded {
    bench: String,
    #[expect(dead_code, reason = "it has to be there, and the order of lines says the same")]
    round: u32,
    iters: f64,
    pairs: Vec<(u8, f64, f64)>,
}

/// Reads recorded slices, or a run's samples, or lines of both.
///
/// A recorded benchmark has no package and no target, and an id alone. Its rounds are counted as
/// they stand there: where numbers begin anew, somebody recorded it in several sittings.
///
/// # Errors
///
/// Refuses what [`decode_rounds`](super::decode_rounds) refuses, by the same limits, and a pair in
/// an order that is neither 0 nor 1. That the last line does not end is no error here.
pub fn decode_recorded(bytes: &[u8]) -> Result<Vec<Round>, SamplesError> {
    let mut counted: BTreeMap<String, u32> = BTreeMap::new();
    read_rounds(bytes, |text| {
        /// What tells the two formats apart.
        #[derive(Deserialize)]
        struct Opening {
            #[serde(default)]
            pairs: Option<serde::de::IgnoredAny>,
        }
        let Opening { pairs } = serde_json::from_slice(text)?;
        match pairs {
            Some(_) => {
                let recorded: Recorded = serde_json::from_slice(text)?;
                let count = counted.entry(recorded.bench.clone()).or_default();
                *count += 1;
                round(recorded, *count - 1)
            }
            None => serde_json::from_slice(text),
        }
    })
}

fn round(recorded: Recorded, round: u32) -> serde_json::Result<Round> {
    let Recorded { bench, iters, pairs, .. } = recorded;
    let order = |order: &u8| match order {
        0 => Ok(Order::BaseFirst),
        1 => Ok(Order::HeadFirst),
        other => {
            let problem =
                format!("a pair's order is 0 (base first) or 1 (head first), not {other}");
            Err(serde_json::Error::custom(problem))
        }
    };
    let turns = pairs.iter().map(|(first, ..)| order(first)).collect::<serde_json::Result<_>>()?;
    let turns = Turns(turns);
    let first = turns.0.first().ok_or_else(|| serde_json::Error::custom("it has no pairs"))?;
    Ok(Round {
        bench: BenchId { package: String::new(), target: String::new(), id: bench },
        round,
        order: *first,
        base: pairs.iter().map(|(_, base, _)| Slice(iters, iters * base)).collect(),
        head: pairs.iter().map(|(.., head)| Slice(iters, iters * head)).collect(),
        turns,
        stage: Stage::First,
        seen: None,
        harness: Harness::Criterion,
    })
}
