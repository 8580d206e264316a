//! The words of a judgement, and how the judgements of the parts become one.
//!
//! This module cannot fail and knows nothing of how facts were gathered.

use serde::{Deserialize, Serialize};

/// What a judged part, or the run as a whole, came to.
///
/// The order is the order of precedence: over the parts the greatest wins
/// (fail > could-not-run > inconclusive > attention > pass).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything that was asked was answered, and the answers are good.
    Pass,
    /// Nothing failed, but a person should look.
    Attention,
    /// It was measured, and the measurement cannot tell.
    Inconclusive,
    /// Something that exists or was configured gave nothing.
    CouldNotRun,
    /// A rule is broken.
    Fail,
}

/// A part of the gate that is judged on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartName {
    /// Licences, sources, bans and advisories.
    Policy,
    /// Benchmarks of base and head.
    Perf,
}

/// Why a part had nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    /// Neither side has anything that this part looks at, or the change cannot touch it.
    NoSurface,
    /// There is no commit to compare with.
    NoBase,
    /// The person who started the run asked for the other part alone.
    NotRequested,
}

/// One sentence of a judgement, with a code that machines can rely on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What this reason alone would make of the part.
    pub outcome: Outcome,
    /// Stable, kebab-case, for example `introduced-finding` or `regressed`.
    pub code: String,
    /// For a person: names the thing, and the next step where there is one.
    pub text: String,
}

impl Reason {
    /// Puts a reason together.
    pub fn new(outcome: Outcome, code: &str, text: impl Into<String>) -> Self {
        Self { outcome, code: code.to_owned(), text: text.into() }
    }
}

/// The judgement of one part: skipped, or judged by its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which part this is.
    pub name: PartName,
    /// Present when there was nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skip>,
    /// Everything that speaks for or against, the gravest first. Empty means pass.
    pub reasons: Vec<Reason>,
}

impl Part {
    /// A part that had nothing to do.
    pub fn skipped(name: PartName, skip: Skip) -> Self {
        Self { name, skipped: Some(skip), reasons: Vec::new() }
    }

    /// A part that was judged; sorts the reasons, the gravest first.
    pub fn judged(name: PartName, mut reasons: Vec<Reason>) -> Self {
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.outcome));
        Self { name, skipped: None, reasons }
    }

    /// The outcome of this part; none if it was skipped.
    pub fn outcome(&self) -> Option<Outcome> {
        if self.skipped.is_some() {
            return None;
        }
        Some(self.reasons.iter().map(|r| r.outcome).max().unwrap_or(Outcome::Pass))
    }
}

/// Where a change goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// A policy finding has to be dealt with.
    PolicyFixer,
    /// A regression, a broken objective, or a head that does not compile.
    PerfFixer,
    /// The gate is content: the next reader is the documentation's reviewer.
    PrDocReviewer,
}

/// What the gate makes of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The gravest outcome of the parts that were judged; pass if all were skipped.
    pub outcome: Outcome,
    /// The parts, in the order of [`PartName`].
    pub parts: Vec<Part>,
    /// Policy first when both apply; empty when the run has to be repeated instead.
    pub routes: Vec<Route>,
}

impl Verdict {
    /// Joins the parts: the gravest outcome wins, skipped parts do not count.
    pub fn over(mut parts: Vec<Part>) -> Self {
        parts.sort_by_key(|part| part.name);
        let outcome = parts.iter().filter_map(Part::outcome).max().unwrap_or(Outcome::Pass);
        let routes = routes(outcome, &parts);
        Self { outcome, parts, routes }
    }

    /// The part of that name, if the run had it.
    pub fn part(&self, name: PartName) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }
}

fn routes(outcome: Outcome, parts: &[Part]) -> Vec<Route> {
    match outcome {
        Outcome::Pass | Outcome::Attention => vec![Route::PrDocReviewer],
        Outcome::Inconclusive | Outcome::CouldNotRun => Vec::new(),
        Outcome::Fail => parts
            .iter()
            .filter(|part| part.outcome() == Some(Outcome::Fail))
            .map(|part| match part.name {
                PartName::Policy => Route::PolicyFixer,
                PartName::Perf => Route::PerfFixer,
            })
            .collect(),
    }
}
