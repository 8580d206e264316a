//! What a policy scan found out, as it stands in a receipt.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// One of the two commits that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The merge base.
    Base,
    /// The change.
    Head,
}

/// How much a finding weighs, before waivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Information only.
    Note,
    /// Worth a look; never fails by default.
    Warning,
    /// Breaks a rule; fails when introduced.
    Error,
}

/// Which tool and which of its checks speaks. Counts of different sources are never added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// `cargo deny check licenses`.
    DenyLicenses,
    /// `cargo deny check sources`.
    DenySources,
    /// `cargo deny check bans`.
    DenyBans,
    /// `cargo deny check advisories`: the resolved graph.
    DenyAdvisories,
    /// The `rustsec` library: every package of the lock file.
    Audit,
}

/// How a finding relates to the two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// In the head alone.
    Introduced,
    /// In both.
    PreExisting,
    /// In the base alone.
    Fixed,
    /// In both, and published after the base commit: the database moved, not the code.
    DatabaseMoved,
}

/// A package of a lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Package {
    /// As on its registry.
    pub name: String,
    /// As in the lock file; empty where a finding is about no version.
    #[serde(default)]
    pub version: String,
}

/// A place that a person can open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Relative to the repository's root.
    pub file: String,
    /// Counted from 1.
    pub line: u32,
}

/// One thing that a scan found, matched over both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check found it.
    pub source: Source,
    /// An advisory's id, or the code of cargo-deny's diagnostic (`rejected`, `banned`, …).
    pub id: String,
    /// Other names of the same thing (a CVE, a GHSA).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Before waivers.
    pub severity: Severity,
    /// The advisory's CVSS band («medium», …) or its kind («unmaintained», …), where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band: Option<String>,
    /// The package it is about; of the head where both sides have it.
    pub package: Package,
    /// One line for a person.
    pub why: String,
    /// How the package comes in: from a workspace member down to the package.
    pub chain: Vec<Package>,
    /// Where to start: the line of a `Cargo.toml`, else of `Cargo.lock`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The day an advisory was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Date>,
    /// Related to the two commits.
    pub state: FindingState,
}

/// Says that one known finding is accepted for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The [`Finding::id`] (or an alias) it covers.
    pub id: String,
    /// The package it covers: `name` or `name@version`; nothing is waived for everything.
    pub scope: String,
    /// Why this is acceptable.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts.
    pub expires: Date,
}

/// Where the rules of a run came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyOrigin {
    /// The default that this program ships.
    Shipped,
    /// A file of the rules commit.
    Repository,
}

/// The cargo-deny configuration that both sides were judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFile {
    /// Ours or the repository's.
    pub origin: PolicyOrigin,
    /// Its path in the rules commit, or `config/deny.toml` of this program.
    pub path: String,
    /// Of the file as it stands there, in hex.
    pub sha256: String,
}

/// Where the advisory database came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum DatabaseOrigin {
    /// Fetched with git.
    Fetched {
        /// Where from.
        url: String,
    },
    /// A directory that the operator named.
    Directory,
    /// The snapshot of facts that this program carries.
    Snapshot,
}

/// An advisory file that could not be read, and was left out so that the others still speak.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAdvisory {
    /// Relative to the database's root.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The advisory database that both tools were given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseFact {
    /// Where it came from.
    pub origin: DatabaseOrigin,
    /// Its commit, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The date of that commit: the database's true age counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<Timestamp>,
    /// How many advisories were read.
    pub advisories: u32,
    /// Files that were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedAdvisory>,
    /// Why the first choice did not serve (no network, …), where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// How one check ended on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum ScanState {
    /// It came to its own end and said so.
    Finished {
        /// Findings of error severity, as the tool counts them.
        errors: u32,
        /// Findings of warning severity.
        warnings: u32,
    },
    /// It gave no answer.
    CouldNotRun {
        /// What happened.
        reason: String,
        /// What a person can do.
        next: String,
    },
    /// There is no such side (a first commit).
    Absent,
}

/// One check on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Which check.
    pub source: Source,
    /// Of which commit.
    pub side: Side,
    /// How it ended.
    #[serde(flatten)]
    pub state: ScanState,
}

/// A file of the rules that the head edits; the edit counts only after the merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleEdit {
    /// Relative to the repository's root.
    pub path: String,
    /// What the edit does, in a few words («added», «12 lines changed», «waives RUSTSEC-… »).
    pub summary: String,
}

/// What was looked at: enough to word the report's sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Packages in the base's lock file; absent without a base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_packages: Option<u32>,
    /// Packages in the head's lock file.
    pub head_packages: u32,
}

/// All that the policy scan found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The rules for licences, sources and bans.
    pub policy_file: PolicyFile,
    /// The advisories.
    pub database: DatabaseFact,
    /// Older than this many days is attention.
    pub database_max_age_days: u32,
    /// How much was looked at.
    pub checked: Checked,
    /// Every check on every side, the ones that could not run among them.
    pub scans: Vec<Scan>,
    /// Sorted by state, severity, source, package.
    pub findings: Vec<Finding>,
    /// Those of the rules commit; what the head says does not count.
    pub waivers: Vec<Waiver>,
    /// Rules that the head edits.
    pub edits: Vec<RuleEdit>,
}
