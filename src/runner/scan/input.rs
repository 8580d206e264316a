//! What a scan is given and what it gives back.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{DatabaseChoice, RuleFile, Strictness, rules::DenyRules, side::Checkout};
use crate::{config::PolicyRules, policy::Facts, receipt::Tool};

/// The rules that apply where a repository has none of its own.
pub const SHIPPED_RULES: &str = include_str!("../../../config/deny.toml");
/// Where they stand in this program's repository.
pub const SHIPPED_RULES_PATH: &str = "config/deny.toml";

/// What a scan is given.
#[derive(Clone, Debug)]
pub struct ScanInput {
    /// The folder of the base's checkout that holds its `Cargo.lock`; none for a first commit.
    pub base: Option<PathBuf>,
    /// The same of the head's checkout.
    pub head: PathBuf,
    /// Where in the repository that folder lies; empty for its root.
    pub prefix: String,
    /// When the base was committed.
    pub base_committed: Option<Timestamp>,
    /// The cargo-deny configuration of the rules commit; without one the shipped rules apply.
    pub deny: Option<RuleFile>,
    /// `deny.exceptions.toml` of the rules commit.
    pub exceptions: Option<RuleFile>,
    /// `audit.toml` of the rules commit.
    pub audit: Option<RuleFile>,
    /// The policy rules of the rules commit.
    pub rules: PolicyRules,
    /// Paths that the head changes, relative to the repository's root.
    pub changed: Vec<String>,
    /// Which sources are fetched from.
    pub strictness: Strictness,
    /// Where advisories come from.
    pub database: DatabaseChoice,
    /// Nothing may be fetched.
    pub offline: bool,
    /// Where raw output is kept: `deny-base.ndjson`, `deny-head.ndjson`.
    pub artifacts: PathBuf,
    /// A folder that may be thrown away afterwards.
    pub scratch: PathBuf,
    /// From [`tools::cargo_deny`](crate::runner::tools::cargo_deny), or why there is none: its
    /// checks then could not run, and the audit still speaks.
    pub cargo_deny: Result<PathBuf, MissingTool>,
}

/// A program that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingTool {
    /// What happened.
    pub reason: String,
    /// What a person can do.
    pub next: String,
}

/// What a scan gives back.
#[derive(Clone, Debug)]
pub struct ScanOutput {
    /// What was found out.
    pub facts: Facts,
    /// Files in [`ScanInput::artifacts`].
    pub artifacts: Vec<ScanArtifact>,
    /// Who found it out.
    pub tools: Vec<Tool>,
}

/// A file that a scan leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanArtifact {
    /// Its name in [`ScanInput::artifacts`].
    pub name: String,
    /// What it holds.
    pub what: String,
}

/// Starts of the names of files that carry a licence.
const LICENCES: [&str; 6] = ["licen", "copying", "copyright", "notice", "unlicense", "copyleft"];
/// Names of files that change which packages there are, or what they are.
const MANIFESTS: [&str; 2] = ["cargo.toml", "cargo.lock"];

impl ScanInput {
    /// Whether both sides have the very same packages, so that one scan answers for both.
    pub(super) fn same_packages(
        &self,
        base: &Checkout,
        head: &Checkout,
        rules: Option<&DenyRules>,
    ) -> bool {
        let matters = |path: &String| {
            let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
            MANIFESTS.contains(&name.as_str())
                || LICENCES.iter().any(|start| name.starts_with(start))
        };
        let builds = rules.is_some_and(|rules| rules.looks_into_builds);
        base.lock_text == head.lock_text && !builds && !self.changed.iter().any(matters)
    }
}
