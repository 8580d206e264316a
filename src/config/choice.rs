//! What the bench rules choose: packages and features for cargo, targets, benchmarks.

use super::{BenchRules, pattern};

impl BenchRules {
    /// The flags by which cargo chooses packages and features; the profile is not among them.
    pub fn cargo_args(&self) -> Vec<String> {
        let mut args: Vec<String> = if self.packages.is_empty() {
            vec!["--workspace".to_owned()]
        } else {
            self.packages.iter().flat_map(|name| ["-p".to_owned(), name.clone()]).collect()
        };
        args.extend(self.feature_args());
        args
    }

    /// The flags by which cargo chooses features alone, as `cargo metadata` takes them too.
    pub fn feature_args(&self) -> Vec<String> {
        let mut args = Vec::new();
        if !self.default_features {
            args.push("--no-default-features".to_owned());
        }
        if self.all_features {
            args.push("--all-features".to_owned());
        }
        if !self.features.is_empty() {
            args.extend(["--features".to_owned(), self.features.join(",")]);
        }
        args
    }

    /// Whether a bench target is to be built and measured.
    pub fn selects_target(&self, name: &str) -> bool {
        let wanted = self.targets.is_empty() || pattern::any_matches(&self.targets, name);
        wanted && !pattern::any_matches(&self.exclude, name)
    }

    /// Whether a benchmark, by the id that its harness gives it, is to be measured.
    pub fn selects_bench(&self, id: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|part| id.contains(part.as_str()))
    }
}
