//! How a package comes in: the shortest way from a workspace member down to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::policy::Package;

/// Which packages depend on which: for each package, the ones that name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependents(BTreeMap<Package, BTreeSet<Package>>);

impl Dependents {
    /// Notes that `dependent` names `package`.
    pub fn add(&mut self, package: Package, dependent: Package) {
        self.0.entry(package).or_default().insert(dependent);
    }

    /// The shortest way from one of `members` down to `package`; of two equally short ones the
    /// first by name. None if no member is known to lead there.
    pub fn chain(&self, package: &Package, members: &BTreeSet<Package>) -> Option<Vec<Package>> {
        let mut below: BTreeMap<&Package, Option<&Package>> = BTreeMap::from([(package, None)]);
        let mut queue = VecDeque::from([package]);
        while let Some(at) = queue.pop_front() {
            if members.contains(at) {
                return Some(walk_down(at, &below));
            }
            for dependent in self.0.get(at).into_iter().flatten() {
                if !below.contains_key(dependent) {
                    below.insert(dependent, Some(at));
                    queue.push_back(dependent);
                }
            }
        }
        None
    }
}

fn walk_down<'a>(
    from: &'a Package,
    below: &BTreeMap<&'a Package, Option<&'a Package>>,
) -> Vec<Package> {
    let mut chain = vec![from.clone()];
    let mut at = from;
    while let Some(next) = below.get(at).copied().flatten() {
        chain.push(next.clone());
        at = next;
    }
    // A feature stands in cargo-deny's graphs as a package without a version: no step of its own.
    chain.retain(|package| !package.version.is_empty());
    chain
}
