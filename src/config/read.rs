//! `t5.yml`: from the tree to the rules.

use super::{
    BenchRules, Config, Mistakes, PolicyRules,
    mistake::{Found, Mistake, Place},
    name, pattern,
    scalar::{Wrong, checked, flag, length, number},
    section::Section,
    tree::{self, Node, Value},
    waiver, workload,
};

/// The version of the file's format that this program reads.
const VERSION: f64 = 1.0;

const FILE: &[&str] = &["version", "policy", "bench", "workloads"];
const POLICY: &[&str] = &["deny", "advisory-max-age", "waivers"];
const BENCH: &[&str] = &[
    "packages",
    "features",
    "all-features",
    "default-features",
    "profile",
    "targets",
    "exclude",
    "filter",
    "toolchain",
    "min-throughput",
    "guard",
    "budget",
    "process-limit",
    "build-limit",
];

const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// Reads a repository's `t5.yml`; what it leaves out has its default.
///
/// # Errors
///
/// With everything that is wrong with the file. Broken YAML ends the search at its first mistake,
/// and so does a version that this program does not know.
pub fn parse(text: &str) -> Result<Config, Mistakes> {
    let root = tree::read(text)?;
    let mut found = Found::default();
    version(&root, &mut found)?;
    let config = file(&root, &mut found);
    found.or(config)
}

/// Tells a missing version; stops at one that is not ours, which makes every other judgement void.
fn version(root: &Node, found: &mut Found) -> Result<(), Mistake> {
    let entries = match &root.value {
        Value::Map(entries) => entries.as_slice(),
        Value::Nothing => &[],
        // Told when the file is opened as a section.
        _ => return Ok(()),
    };
    let Some((_, node)) = entries.iter().find(|(key, _)| key.name == "version") else {
        let missing = Mistake::at(Place::START, "`version` is missing from the file");
        found.push(missing.hint("begin it with `version: 1`"));
        return Ok(());
    };
    match &node.value {
        Value::Number(number) if *number == VERSION => Ok(()),
        Value::Number(other) => {
            let message = format!("`version` is {other}, and this program reads {VERSION}");
            Err(Mistake::at(node.place, message))
        }
        other => {
            let what = format!("must be the number {VERSION}, not {}", other.described());
            Err(Wrong::new(what).of("`version`", node.place))
        }
    }
}

fn file(root: &Node, found: &mut Found) -> Config {
    let mut config = Config::default();
    let Some(mut file) = Section::open(root, "the file", FILE, found) else { return config };
    if let Some(node) = file.get("policy") {
        config.policy = policy(node, file.found());
    }
    if let Some(node) = file.get("bench") {
        config.bench = bench(node, file.found());
    }
    if let Some(node) = file.get("workloads") {
        config.workloads = workload::list(node, file.found());
    }
    config
}

fn policy(node: &Node, found: &mut Found) -> PolicyRules {
    let mut rules = PolicyRules::default();
    let Some(mut section) = Section::open(node, "`policy`", POLICY, found) else { return rules };
    section.set_optional("deny", &mut rules.deny, |node| checked(node, name::path));
    section.set("advisory-max-age", &mut rules.advisory_max_age_days, days);
    if let Some(nodes) = section.items("waivers") {
        rules.waivers = waiver::list(nodes, section.found());
    }
    rules
}

fn bench(node: &Node, found: &mut Found) -> BenchRules {
    let mut rules = BenchRules::default();
    let Some(mut section) = Section::open(node, "`bench`", BENCH, found) else { return rules };
    section.set_list("packages", &mut rules.packages, name::package);
    section.set_list("features", &mut rules.features, name::feature);
    section.set("all-features", &mut rules.all_features, flag);
    section.set("default-features", &mut rules.default_features, flag);
    section.set("profile", &mut rules.profile, |node| checked(node, name::profile));
    section.set_list("targets", &mut rules.targets, pattern::check);
    section.set_list("exclude", &mut rules.exclude, pattern::check);
    section.set_list("filter", &mut rules.filter, |_| Ok(()));
    section.set_optional("toolchain", &mut rules.toolchain, |node| checked(node, name::toolchain));
    section.set("min-throughput", &mut rules.min_throughput, min_throughput);
    section.set("guard", &mut rules.guard, guard);
    section.set("budget", &mut rules.budget_seconds, |node| seconds(node, DAY));
    section.set("process-limit", &mut rules.process_seconds, |node| seconds(node, HOUR));
    section.set("build-limit", &mut rules.build_seconds, |node| seconds(node, DAY));
    if rules.all_features && !rules.features.is_empty() {
        let place = section.get("all-features").map_or(section.place(), |node| node.place);
        let both = Mistake::at(place, "`all-features` and `features` exclude each other");
        section.tell(both.hint("keep one of them"));
    }
    rules
}

pub(super) fn min_throughput(node: &Node) -> Result<f64, Wrong> {
    match number(node)? {
        share if share > 0.0 && share < 1.0 => Ok(share),
        percent if (1.0..=100.0).contains(&percent) => {
            let wrong = Wrong::new(format!("must be more than 0 and less than 1, not {percent}"));
            Err(wrong.hint("95 % of the base is 0.95"))
        }
        other => Err(Wrong::new(format!("must be more than 0 and less than 1, not {other}"))),
    }
}

fn guard(node: &Node) -> Result<f64, Wrong> {
    match number(node)? {
        slack if (0.0..=0.05).contains(&slack) => Ok(slack),
        other => {
            let wrong = Wrong::new(format!("must be between 0 and 0.05, not {other}"));
            Err(wrong.hint("half a percent is 0.005"))
        }
    }
}

pub(super) fn seconds(node: &Node, longest: u64) -> Result<u64, Wrong> {
    match length(node)?.as_secs() {
        seconds if seconds <= longest => Ok(seconds),
        _ => Err(Wrong::new(format!("must be at most {}h", longest / HOUR))),
    }
}

fn days(node: &Node) -> Result<u32, Wrong> {
    let seconds = length(node)?.as_secs();
    if !seconds.is_multiple_of(DAY) {
        return Err(Wrong::new("must be whole days").hint("write it as in 30d"));
    }
    // A duration has at most 3650 days.
    u32::try_from(seconds / DAY).map_err(|_| Wrong::new("must be at most 3650d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the schema describes at `pointer`, sorted.
    fn described(pointer: &str) -> Vec<String> {
        let schema = include_str!("../../config/t5.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let properties = schema.pointer(pointer).unwrap().as_object().unwrap();
        let mut keys: Vec<String> = properties.keys().cloned().collect();
        keys.sort();
        keys
    }

    fn sorted(keys: &[&str]) -> Vec<String> {
        let mut keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        keys.sort();
        keys
    }

    #[test]
    fn the_schema_describes_the_keys_that_are_read_and_no_others() {
        assert_eq!(described("/properties"), sorted(FILE));
        assert_eq!(described("/properties/policy/properties"), sorted(POLICY));
        assert_eq!(described("/properties/bench/properties"), sorted(BENCH));
        assert_eq!(described("/$defs/waiver/properties"), sorted(waiver::KEYS));
        assert_eq!(described("/$defs/workload/properties"), sorted(workload::KEYS));
    }
}
