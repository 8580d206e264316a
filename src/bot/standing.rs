//! What several runs of one head come to together: a run of one part replaces that part alone.

use crate::{
    perf,
    queue::{Run, Scope},
    receipt::{self, Receipt},
    verdict::{Outcome, Part, PartName, Skip, Verdict},
};

/// The verdict on a head, and where its parts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Over the newest facts of each part.
    pub verdict: Verdict,
    /// Parts that an earlier run found out, wholly or in part, and the id of that run.
    pub kept: Vec<(PartName, String)>,
}

/// Puts a run together with the earlier ones of the same head, base and rules; others do not
/// count, since their facts answer another question.
pub fn standing(earlier: &[(Run, Receipt)], run: &Run, receipt: &Receipt) -> Standing {
    let same = |other: &&(Run, Receipt)| {
        other.0.head == run.head && other.0.base == run.base && other.0.rules == run.rules
    };
    let (mut policy, mut perf) = (None, None);
    for (other, receipt) in earlier.iter().filter(same) {
        add(&mut policy, &mut perf, other, receipt);
    }
    let before = (policy.clone(), perf.clone());
    add(&mut policy, &mut perf, run, receipt);

    let mut kept = Vec::new();
    if let (None, Some((_, from))) = (&receipt.policy, &before.0) {
        kept.push((PartName::Policy, from.clone()));
    }
    if let Some(Measured { from, .. }) = &before.1
        && (receipt.perf.is_none() || partial(run, receipt.perf.as_ref()))
    {
        kept.push((PartName::Perf, from.clone()));
    }
    let in_part = perf.as_ref().is_some_and(|perf| !perf.whole);
    let composed = Receipt {
        policy: policy.map(|(facts, _)| facts),
        perf: perf.map(|perf| perf.facts),
        ..receipt.clone()
    };
    let verdict = receipt::judge(&composed);
    if in_part && content(&verdict) {
        kept.retain(|(part, _)| *part != PartName::Perf);
        return Standing { verdict: not_measured(verdict), kept };
    }
    Standing { verdict, kept }
}

/// Whether the benchmarks that were measured are content.
fn content(verdict: &Verdict) -> bool {
    let outcome = verdict.part(PartName::Perf).and_then(Part::outcome);
    outcome.is_some_and(|outcome| outcome <= Outcome::Attention)
}

/// Some benchmarks that are content say nothing of the others, so the part was not run yet.
fn not_measured(verdict: Verdict) -> Verdict {
    let parts = verdict.parts.into_iter().map(|part| match part.name {
        PartName::Perf => Part::skipped(PartName::Perf, Skip::NotRequested),
        PartName::Policy => part,
    });
    Verdict::over(parts.collect())
}

type Kept<T> = Option<(T, String)>;

/// Measurements that runs of one head came to together.
#[derive(Clone)]
struct Measured {
    facts: perf::Facts,
    /// The run that the first of them are from.
    from: String,
    /// Every benchmark was asked for at least once.
    whole: bool,
}

fn add(
    policy: &mut Kept<crate::policy::Facts>,
    perf: &mut Option<Measured>,
    run: &Run,
    receipt: &Receipt,
) {
    if let Some(facts) = &receipt.policy {
        *policy = Some((facts.clone(), run.id.clone()));
    }
    let Some(facts) = &receipt.perf else { return };
    let partial = partial(run, Some(facts));
    match perf {
        Some(known) if partial => replace(&mut known.facts, facts),
        _ => {
            let (facts, from) = (facts.clone(), run.id.clone());
            *perf = Some(Measured { facts, from, whole: !partial });
        }
    }
}

/// Whether a run measured some benchmarks only, and came to figures for them. One that did not
/// even build speaks of the whole part.
fn partial(run: &Run, facts: Option<&perf::Facts>) -> bool {
    let filtered = matches!(&run.scope, Scope::Bench(filters) if !filters.is_empty());
    filtered && facts.is_some_and(|facts| !facts.pairs.is_empty())
}

/// Puts the pairs of a filtered run in the place of the earlier ones of the same name.
fn replace(whole: &mut perf::Facts, some: &perf::Facts) {
    for pair in &some.pairs {
        match whole.pairs.iter_mut().find(|known| known.bench == pair.bench) {
            Some(known) => known.clone_from(pair),
            None => whole.pairs.push(pair.clone()),
        }
    }
}
