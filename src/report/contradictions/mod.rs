//! What cannot all be true at once, looked for before anything is shown.
//!
//! The gate itself writes no such receipt. One that was edited, or a mistake in the gate, must
//! end here and not in a report that reads well.

mod calibration;
mod perf;
mod policy;
mod workloads;

use std::collections::BTreeSet;

use crate::{
    receipt::{Receipt, SCHEMA, judge},
    verdict::Verdict,
};

/// Everything in a receipt and its verdict that contradicts something else in them; one
/// sentence each.
pub fn contradictions(receipt: &Receipt, verdict: &Verdict) -> Vec<String> {
    let mut found = Vec::new();
    run(receipt, &mut found);
    artifacts(receipt, &mut found);
    calibration::check(receipt, &mut found);
    if let Some(facts) = &receipt.policy {
        policy::check(receipt, facts, verdict, &mut found);
    }
    if let Some(facts) = &receipt.perf {
        perf::check(receipt, facts, verdict, &mut found);
    }
    if judge(receipt) != *verdict {
        found.push("the verdict is not the one that this receipt gives".to_owned());
    }
    found
}

fn run(receipt: &Receipt, found: &mut Vec<String>) {
    if receipt.schema != SCHEMA {
        found.push(format!("its schema is not {SCHEMA}"));
    }
    let run = &receipt.run;
    if run.finished < run.started {
        found.push(format!("it finished at {} before it began at {}", run.finished, run.started));
    }
    let changes = &receipt.changes;
    if changes.commits.len() > changes.commit_count as usize {
        found.push(format!(
            "{} commits are listed, and {} are all there are",
            changes.commits.len(),
            changes.commit_count
        ));
    }
}

fn artifacts(receipt: &Receipt, found: &mut Vec<String>) {
    let paths = receipt.artifacts.iter().map(|artifact| artifact.path.as_str());
    found.extend(repeated(paths).map(|path| format!("the artifact «{path}» is named twice")));
}

/// What comes more than once.
fn repeated<T: Ord + Copy>(items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    let mut seen = BTreeSet::new();
    let again: BTreeSet<T> = items.filter(|item| !seen.insert(*item)).collect();
    again.into_iter()
}
