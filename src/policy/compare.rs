//! What one check saw on each side, matched into findings.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::civil::Date;

use super::{Finding, FindingState, Location, Package, Severity, Source};

/// One thing that a check saw on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which check.
    pub source: Source,
    /// As in [`Finding::id`].
    pub id: String,
    /// What tells two findings of the same id and package apart: a licence, a source. Two sides
    /// that differ in this hold different findings.
    pub detail: String,
    /// As in [`Finding::aliases`].
    pub aliases: Vec<String>,
    /// Before waivers.
    pub severity: Severity,
    /// As in [`Finding::band`].
    pub band: Option<String>,
    /// The package it is about.
    pub package: Package,
    /// One line for a person.
    pub why: String,
    /// From a workspace member down to the package.
    pub chain: Vec<Package>,
    /// Where to start.
    pub location: Option<Location>,
    /// The day an advisory was published.
    pub published: Option<Date>,
}

impl Seen {
    fn key(&self) -> (Source, String, String, String) {
        (self.source, self.id.clone(), self.package.name.clone(), self.detail.clone())
    }

    fn into_finding(self, state: FindingState) -> Finding {
        Finding {
            source: self.source,
            id: self.id,
            aliases: self.aliases,
            severity: self.severity,
            band: self.band,
            package: self.package,
            why: self.why,
            chain: self.chain,
            location: self.location,
            published: self.published,
            state,
        }
    }
}

/// Matches what was seen on both sides, and names each finding's state.
///
/// Two sides match by source, id, package name and detail; of several versions the same ones match
/// first, and what is left over pairs up in order, so that a version that moves from one affected
/// release to another keeps its finding. `base_day` is the day of the base commit: an advisory in
/// both sides that is younger is the database's doing. `in_base` answers for a side that could not
/// be scanned: whether this very package is known to be in the base.
pub fn compare(
    base: Vec<Seen>,
    head: Vec<Seen>,
    base_day: Option<Date>,
    in_base: impl Fn(&Seen) -> bool,
) -> Vec<Finding> {
    let mut before = by_key(base);
    let mut findings = Vec::new();
    for (key, head) in by_key(head) {
        let mut base = before.remove(&key).unwrap_or_default();
        for seen in matched_first(head, &base) {
            let state = match take_match(&mut base, &seen) {
                true => kept(&seen, base_day),
                false if in_base(&seen) => kept(&seen, base_day),
                false => FindingState::Introduced,
            };
            findings.push(seen.into_finding(state));
        }
        findings.extend(base.into_iter().map(|seen| seen.into_finding(FindingState::Fixed)));
    }
    let gone = before.into_values().flatten();
    findings.extend(gone.map(|seen| seen.into_finding(FindingState::Fixed)));
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    findings
}

type Key = (Source, String, String, String);

fn by_key(seen: Vec<Seen>) -> BTreeMap<Key, Vec<Seen>> {
    let mut groups: BTreeMap<Key, Vec<Seen>> = BTreeMap::new();
    for one in seen {
        let group = groups.entry(one.key()).or_default();
        if !group.iter().any(|other| other.package == one.package) {
            group.push(one);
        }
    }
    groups
}

/// Those whose exact version is in the base come first, so that they find their own match.
fn matched_first(mut head: Vec<Seen>, base: &[Seen]) -> Vec<Seen> {
    head.sort_by_key(|seen| !base.iter().any(|other| other.package == seen.package));
    head
}

fn take_match(base: &mut Vec<Seen>, seen: &Seen) -> bool {
    let exact = base.iter().position(|other| other.package == seen.package);
    let at = exact.or(if base.is_empty() { None } else { Some(0) });
    at.map(|at| base.remove(at)).is_some()
}

fn kept(seen: &Seen, base_day: Option<Date>) -> FindingState {
    match (seen.published, base_day) {
        (Some(published), Some(base_day)) if published > base_day => FindingState::DatabaseMoved,
        _ => FindingState::PreExisting,
    }
}

fn order(finding: &Finding) -> (FindingState, Reverse<Severity>, Source, &Package, &str) {
    let Finding { state, severity, source, package, id, .. } = finding;
    (*state, Reverse(*severity), *source, package, id)
}
