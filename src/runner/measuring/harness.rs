//! The version of a benchmark's harness, as the lock file has it.

use std::collections::{BTreeMap, BTreeSet};

use crate::runner::scan::lock::packages;

/// Packages that take the times of benchmarks.
pub(super) const HARNESSES: [&str; 16] = [
    "criterion",
    "criterion2",
    "criterion-plot",
    "criterion-perf-events",
    "codspeed",
    "codspeed-criterion-compat",
    "codspeed-divan-compat",
    "divan",
    "divan-macros",
    "iai",
    "iai-callgrind",
    "gungraun",
    "tango-bench",
    "bencher",
    "brunch",
    "microbench",
];

/// A version, and where it comes from: registry or repository, and the digest of what lies there.
type Origin = (String, String);

/// Harnesses of which two lock files hold other versions, or the same ones from elsewhere.
///
/// A lock file that does not parse changes nothing here; the scan is what reports it.
pub fn harness_edits(before: Option<&str>, after: Option<&str>) -> Vec<String> {
    let (before, after) = (harnesses(before), harnesses(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| match (versions(&before, name), versions(&after, name)) {
            (before, after) if before == after => format!("{name} {after} from elsewhere"),
            (before, after) if before.is_empty() => format!("{name} {after} added"),
            (before, after) if after.is_empty() => format!("{name} {before} removed"),
            (before, after) => format!("{name} {before} → {after}"),
        })
        .collect()
}

fn versions(side: &BTreeMap<String, BTreeSet<Origin>>, name: &str) -> String {
    let versions: BTreeSet<&str> =
        side.get(name).into_iter().flatten().map(|(version, _)| version.as_str()).collect();
    versions.into_iter().collect::<Vec<_>>().join(", ")
}

fn harnesses(lock: Option<&str>) -> BTreeMap<String, BTreeSet<Origin>> {
    let mut found: BTreeMap<String, BTreeSet<Origin>> = BTreeMap::new();
    let parsed = lock.and_then(|text| packages(text).ok());
    for package in parsed.into_iter().flat_map(|lock| lock.packages) {
        if HARNESSES.contains(&package.name.as_str()) {
            let source = package.source.map(|source| source.to_string()).unwrap_or_default();
            let digest = package.checksum.map(|digest| digest.to_string()).unwrap_or_default();
            let origin = (package.version.to_string(), format!("{source} {digest}"));
            found.entry(package.name.to_string()).or_default().insert(origin);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::harness_edits;

    fn lock(packages: &[(&str, &str, &str)]) -> String {
        let mut text = "version = 4\n".to_owned();
        for (name, version, rest) in packages {
            text.push_str(&format!(
                "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{rest}"
            ));
        }
        text
    }

    fn told(before: &[(&str, &str, &str)], after: &[(&str, &str, &str)]) -> String {
        harness_edits(Some(&lock(before)), Some(&lock(after))).join("; ")
    }

    #[test]
    fn another_version_of_a_harness_is_named() {
        let old = ("criterion", "0.5.1", "");
        assert_eq!(told(&[old], &[("criterion", "0.8.2", "")]), "criterion 0.5.1 → 0.8.2");
        assert_eq!(
            told(&[old], &[old, ("criterion", "0.8.2", "")]),
            "criterion 0.5.1 → 0.5.1, 0.8.2"
        );
        assert_eq!(told(&[], &[("divan", "0.1.0", "")]), "divan 0.1.0 added");
        assert_eq!(told(&[old], &[]), "criterion 0.5.1 removed");
        assert_eq!(told(&[old, ("serde", "1.0.0", "")], &[old, ("serde", "1.0.1", "")]), "");
    }

    #[test]
    fn the_same_version_from_elsewhere_is_another_one() {
        let registry = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"0000000000000000000000000000000000000000000000000000000000000001\"\n";
        let mine = ("criterion", "0.5.1", "");
        assert_eq!(
            told(&[("criterion", "0.5.1", registry)], &[mine]),
            "criterion 0.5.1 from elsewhere"
        );
        assert_eq!(harness_edits(Some("broken"), None), Vec::<String>::new());
    }
}
