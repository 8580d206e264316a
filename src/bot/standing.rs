//! What several runs of one head come to together: a run of one part replaces that part alone.

use crate::{
    perf,
    queue::{Run, Scope},
    receipt::{self, Receipt},
    verdict::{PartName, Verdict},
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
    if let Some((_, from)) = &before.1
        && (receipt.perf.is_none() || partial(run, receipt.perf.as_ref()))
    {
        kept.push((PartName::Perf, from.clone()));
    }
    let composed = Receipt {
        policy: policy.map(|(facts, _)| facts),
        perf: perf.map(|(facts, _)| facts),
        ..receipt.clone()
    };
    Standing { verdict: receipt::judge(&composed), kept }
}

type Kept<T> = Option<(T, String)>;

fn add(
    policy: &mut Kept<crate::policy::Facts>,
    perf: &mut Kept<perf::Facts>,
    run: &Run,
    receipt: &Receipt,
) {
    if let Some(facts) = &receipt.policy {
        *policy = Some((facts.clone(), run.id.clone()));
    }
    let Some(facts) = &receipt.perf else { return };
    match perf {
        Some((whole, _)) if partial(run, Some(facts)) => replace(whole, facts),
        _ => *perf = Some((facts.clone(), run.id.clone())),
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
