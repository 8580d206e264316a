//! Two benchmarks of the gate's own: what they have to come to.

use serde::{Deserialize, Serialize};

use super::facts::{BenchId, Pair, PairState};

/// What stands where others have a package; none can be called so.
pub const PACKAGE: &str = "(t5)";
/// What stands where others have a bench target.
pub const TARGET: &str = "canary";
/// Both sides do the same work.
pub const SAME: &str = "same";
/// The head does [`MORE_PERCENT`] more.
pub const SLOWER: &str = "slower";
/// Time that the head of [`SLOWER`] takes more: a throughput of 94.3 %, just what has to be found.
pub const MORE_PERCENT: u64 = 6;

/// The name of a canary.
pub fn bench(id: &str) -> BenchId {
    BenchId { package: PACKAGE.to_owned(), target: TARGET.to_owned(), id: id.to_owned() }
}

/// What the canaries say of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sings {
    /// They came out as they have to, or there are none.
    True,
    /// One could not be decided.
    Unsure,
    /// One came out wrong, or gave nothing.
    False,
}

/// What these canaries say of the machine.
pub fn sings(canaries: &[Pair]) -> Sings {
    let of = |canary: &Pair| {
        let wanted = if canary.bench.id == SLOWER { PairState::Regressed } else { PairState::Held };
        match canary.state {
            state if state == wanted => Sings::True,
            PairState::Inconclusive => Sings::Unsure,
            _ => Sings::False,
        }
    };
    canaries.iter().map(of).fold(Sings::True, |worst, one| match (worst, one) {
        (Sings::False, _) | (_, Sings::False) => Sings::False,
        (Sings::Unsure, _) | (_, Sings::Unsure) => Sings::Unsure,
        (Sings::True, Sings::True) => Sings::True,
    })
}
