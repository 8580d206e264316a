//! The receipt: all the facts of one run, and nothing that is judged.
//!
//! A receipt is append-only and versioned. Raw samples and tool output lie
//! beside it as artifacts; the receipt holds their digests.

mod calibration;
mod codec;
mod digest;
mod judge;
mod lines;
mod passes;
mod recorded;
mod samples;
mod signature;
mod verify;
mod workloads;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{config::Config, perf, policy};

pub use calibration::{
    Advice, Beside, CALIBRATION_FILE, CALIBRATION_LIMIT, CALIBRATION_SCHEMA, Calibration,
    CalibrationError, LastCalibration, Pass, decode_calibration, encode_calibration,
};
pub use codec::{RECEIPT_LIMIT, ReceiptError, decode, decode_verdict, encode, encode_verdict};
pub use digest::{digest, side_file};
pub use judge::{judge, judged_on};
pub use passes::{decode_passes, encode_passes};
pub use recorded::decode_recorded;
pub use samples::{SAMPLES_LIMIT, SamplesError, decode_rounds, encode_rounds};
pub use signature::{
    DigestSet, ENVELOPE_FILE, ENVELOPE_LIMIT, Envelope, EnvelopeError, KeyError, KeyId, ListedKeys,
    PAYLOAD_TYPE, PREDICATE_TYPE, PublicKey, PublicKeys, Sealed, SignedFile, Signer, Standing,
    Statement, StatementError, decode_envelope, decode_statement, pae, sign,
};
pub(crate) use verify::{Examined, examine, version_hint};
pub use verify::{FileError, Files, Refusal, Signed, Verified};
pub use workloads::{decode_workloads, encode_workloads};

/// The version of this format. A reader refuses what it does not know.
pub const SCHEMA: &str = "t5-receipt/1";

/// The receipt's name in the run's folder.
pub const RECEIPT_FILE: &str = "receipt.json";
/// The digest of the receipt's exact bytes, as `sha256sum` writes it.
pub const DIGEST_FILE: &str = "receipt.json.sha256";
/// The raw samples: an artifact of the receipt.
pub const SAMPLES_FILE: &str = "samples.jsonl";
/// The raw figures of workloads: an artifact of the receipt.
pub const WORKLOADS_FILE: &str = "workloads.jsonl";
/// The verdict: follows from the receipt.
pub const VERDICT_FILE: &str = "verdict.json";
/// The report: follows from receipt and verdict.
pub const REPORT_FILE: &str = "report.md";
/// The route for a program: follows from receipt and verdict.
pub const ROUTE_FILE: &str = "t5-route.json";

/// The facts of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which program, when, how.
    pub run: Run,
    /// What was compared.
    pub subject: Subject,
    /// The rules in force.
    pub rules: Rules,
    /// The machine.
    pub host: Host,
    /// Programs that took part, with their versions.
    pub tools: Vec<Tool>,
    /// What the change does, from git alone.
    pub changes: Changes,
    /// Absent if it was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<policy::Facts>,
    /// Absent if it was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perf: Option<perf::Facts>,
    /// The last calibration of this repository on this machine: a record of another measurement.
    /// Absent where the performance part was not asked for, and in receipts that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<LastCalibration>,
    /// Files beside the receipt that belong to it.
    pub artifacts: Vec<Artifact>,
}

/// One attempt at gating a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Unique on this host: start time and head.
    pub id: String,
    /// Version of this program.
    pub gate_version: String,
    /// When it began.
    pub started: Timestamp,
    /// When the last fact was in.
    pub finished: Timestamp,
    /// The command that repeats it.
    pub command: String,
    /// How the change's own code was kept apart: `none` is a plain child process.
    pub isolation: String,
    /// Which layers and limits held, in words: «namespaces (bubblewrap)», «memory 4 GiB (cgroup
    /// v2)». Empty where nothing held, and in receipts that do not say.
    #[serde(default)]
    pub layers: Vec<String>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Full object name.
    pub sha: String,
    /// First line of its message.
    pub subject: String,
    /// When it was committed.
    pub committed: Timestamp,
}

/// What was compared with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The repository's name (its folder's, on a laptop).
    pub repository: String,
    /// Where in the repository the crate or workspace lies; empty for its root.
    pub subfolder: String,
    /// The merge base; absent for a first commit.
    pub base: Option<Commit>,
    /// The change.
    pub head: Commit,
    /// Where rules come from: the tip of the target branch.
    pub rules: Option<Commit>,
    /// How base and head were chosen, in words («parent of HEAD», «--base main»).
    pub chosen: String,
    /// Uncommitted changes in the working tree, which were not gated: how many files.
    pub uncommitted: u32,
}

/// The rules in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// The rules file's path, or «built-in default».
    pub source: String,
    /// Of that file, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Every value, defaults filled in.
    pub config: Config,
}

/// The machine that the run took place on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Digest over what identifies this machine's speed; figures of another are context only.
    pub fingerprint: String,
    /// The processor's name.
    pub cpu: String,
    /// Logical processors.
    pub cpus: u32,
    /// Installed memory, in bytes.
    pub memory: u64,
    /// Operating system and kernel.
    pub os: String,
    /// Hypervisor, frequency governor and the like: what a reader of figures wants to know.
    pub notes: Vec<String>,
}

/// A program that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// As it says itself.
    pub version: String,
}

/// What the change does, from git alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Commits from base to head, the newest first, at most [`Changes::COMMITS`].
    pub commits: Vec<ChangedCommit>,
    /// All commits, also those that are not listed.
    pub commit_count: u32,
    /// Files by area.
    pub areas: Vec<Area>,
    /// Packages whose set of versions in the lock file changed.
    pub dependencies: Vec<DependencyChange>,
    /// Only files that no build looks at were touched.
    pub documentation_only: bool,
}

impl Changes {
    /// How many commits a receipt lists.
    pub const COMMITS: usize = 50;
}

/// One commit of the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedCommit {
    /// Full object name.
    pub sha: String,
    /// First line of its message.
    pub subject: String,
}

/// The files of one area: benches, policy, dependencies, source, tests, documentation, other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Its name.
    pub name: String,
    /// How many files.
    pub files: u32,
    /// Lines added; binary files count none.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// Up to ten paths, for the report.
    pub examples: Vec<String>,
}

/// One package of the lock file that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyChange {
    /// The package.
    pub name: String,
    /// Versions in the base.
    pub before: Vec<String>,
    /// Versions in the head.
    pub after: Vec<String>,
}

/// A file beside the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Relative to the receipt.
    pub path: String,
    /// What it holds.
    pub what: String,
    /// Of its exact bytes, in hex.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// Some text of a foreign file, short enough for one line of an error.
fn shortened(text: &str) -> String {
    const LIMIT: usize = 300;
    let mut short: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LIMIT).collect();
    if text.chars().nth(LIMIT).is_some() {
        short.push('…');
    }
    short
}
