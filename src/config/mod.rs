//! A repository's own rules: `t5.yml`. Text in, valid value out.
//!
//! [`parse`] reads the file in two steps: YAML into a tree in which every value
//! knows its place, then the tree into the types below, telling every mistake
//! and not only the first. `config/t5.schema.json` describes the same file, and
//! `config/t5.default.yml` is the file that says nothing but the defaults.

mod choice;
pub mod duration;
mod mistake;
mod name;
mod pattern;
mod read;
mod scalar;
mod section;
pub mod server;
pub mod toolchain;
mod tree;
mod waiver;
mod workload;

use serde::{Deserialize, Serialize};

pub use mistake::{Mistake, Mistakes};
pub use read::parse;
pub use workload::{Program, Threads, Workload};

use crate::policy::Waiver;

/// The rules of a repository. What a file leaves out has the default written here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Licences, sources, bans, advisories.
    pub policy: PolicyRules,
    /// What to build and measure, and by which rule.
    pub bench: BenchRules,
    /// Whole programs that are run on both sides and compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<Workload>,
}

/// Rules of the policy part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyRules {
    /// Path of a cargo-deny configuration in the repository; else the first of
    /// `deny.toml`, `.deny.toml`, `.cargo/deny.toml` that exists, else the shipped default.
    pub deny: Option<String>,
    /// A database older than this many days is attention.
    pub advisory_max_age_days: u32,
    /// Accepted findings.
    pub waivers: Vec<Waiver>,
}

impl Default for PolicyRules {
    fn default() -> Self {
        Self { deny: None, advisory_max_age_days: 30, waivers: Vec::new() }
    }
}

/// Rules of the performance part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchRules {
    /// Packages whose benches count; empty means the whole workspace.
    pub packages: Vec<String>,
    /// Passed to cargo as `--features`.
    pub features: Vec<String>,
    /// Passed to cargo as `--all-features`.
    pub all_features: bool,
    /// `false` is passed to cargo as `--no-default-features`.
    pub default_features: bool,
    /// Cargo profile of the bench executables.
    pub profile: String,
    /// Bench targets to build (glob patterns); empty means all.
    pub targets: Vec<String>,
    /// Bench targets to leave out (glob patterns).
    pub exclude: Vec<String>,
    /// Only benchmarks whose id contains one of these; empty means all.
    pub filter: Vec<String>,
    /// Toolchain for both sides instead of the one that the rules commit names.
    pub toolchain: Option<String>,
    /// Throughput of the head ÷ base below which a benchmark has regressed.
    pub min_throughput: f64,
    /// Slack on that line.
    pub guard: f64,
    /// Seconds that all measuring together may take.
    pub budget_seconds: u64,
    /// Seconds that one process of a benchmark may take.
    pub process_seconds: u64,
    /// Seconds that one build may take.
    pub build_seconds: u64,
}

impl Default for BenchRules {
    fn default() -> Self {
        Self {
            packages: Vec::new(),
            features: Vec::new(),
            all_features: false,
            default_features: true,
            profile: "bench".to_owned(),
            targets: Vec::new(),
            exclude: Vec::new(),
            filter: Vec::new(),
            toolchain: None,
            min_throughput: 0.95,
            guard: 0.005,
            budget_seconds: 600,
            process_seconds: 60,
            build_seconds: 3600,
        }
    }
}
