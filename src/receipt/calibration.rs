//! A calibration: what a host told apart when it measured a repository against itself.
//!
//! It is a document of its own, `calibration.json`, with the raw samples beside it. A run's receipt
//! carries the last one of its repository and host, as a record of another measurement: nothing in
//! a verdict rests on it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Artifact, Commit, Host, ReceiptError,
    codec::{parse, pretty},
    shortened,
};
use crate::perf::{
    Rule,
    calibration::{Calibrated, Proportion},
    canary::Sings,
};

/// The version of this format. A reader refuses what it does not know.
pub const CALIBRATION_SCHEMA: &str = "t5-calibration/1";
/// The calibration's name in its folder; [`SAMPLES_FILE`](super::SAMPLES_FILE) lies beside it.
pub const CALIBRATION_FILE: &str = "calibration.json";
/// The largest calibration that is read or written, in bytes.
pub const CALIBRATION_LIMIT: u64 = 16 << 20;

/// All that one calibration found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// [`CALIBRATION_SCHEMA`].
    pub schema: String,
    /// When it began.
    pub started: Timestamp,
    /// When the last pass was over.
    pub finished: Timestamp,
    /// Version of this program.
    pub gate_version: String,
    /// The repository's name, as in a receipt.
    pub repository: String,
    /// Where in the repository the crate or workspace lies; empty for its root.
    pub subfolder: String,
    /// The commit that both sides are.
    pub commit: Commit,
    /// The machine.
    pub host: Host,
    /// What happened on it besides.
    pub beside: Beside,
    /// The toolchain that built it, as `rustc --version` names it.
    pub toolchain: String,
    /// How the code was kept apart.
    pub isolation: String,
    /// What every decision was made by.
    pub rule: Rule,
    /// The seeds of the passes are drawn from it.
    pub seed: u64,
    /// Passes that were asked for; fewer were measured where the budget was spent.
    pub asked: u32,
    /// In the order they ran.
    pub passes: Vec<Pass>,
    /// What they come to for each benchmark.
    pub benches: Vec<Calibrated>,
    /// What this host could do to resolve more.
    pub advice: Vec<Advice>,
    /// The raw samples: one round of a pass a line.
    pub samples: Artifact,
}

/// One decision of every benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// Share of the head's throughput that the gate injected as lost; 0 where it injected none.
    pub loss: f64,
    /// Orders and bootstraps were drawn from it.
    pub seed: u64,
    /// Wall time.
    pub seconds: f64,
    /// What the gate's own benchmarks said meanwhile.
    pub canaries: Sings,
}

/// What else the machine did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// Processes that ran or waited to, on average over the minute before anything of ours began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    /// Share of the processors' time that a hypervisor gave to others while measuring, as far as
    /// it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stolen: Option<f64>,
}

/// A setting of the host that bears on what can be resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// What it is: «frequency governor».
    pub what: String,
    /// How it stands; absent where this host does not show it, as many virtual machines do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// The command that changes it, or what to do; absent where nothing has to be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// What that is worth.
    pub worth: String,
}

/// What a run knew of the calibration of its repository on its host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum LastCalibration {
    /// There is none.
    Never,
    /// There is one, and it says nothing of this run.
    NotUsed {
        /// Why: it cannot be read, or is of another host or rule.
        reason: String,
    },
    /// The last one.
    Of {
        /// All of it.
        calibration: Box<Calibration>,
    },
}

impl Calibration {
    /// Whether its figures speak of a run on this host by this rule, and why not.
    ///
    /// # Errors
    ///
    /// Names what is another.
    pub fn speaks_of(&self, host: &Host, rule: &Rule) -> Result<(), String> {
        if self.host.fingerprint != host.fingerprint {
            return Err("it was measured on another host, or before this one was changed".into());
        }
        // How many benchmarks share the chance of error differs from run to run.
        let same = Rule { family: rule.family, ..self.rule.clone() };
        if same != *rule {
            return Err("its decisions were made by another rule than this run's".into());
        }
        Ok(())
    }

    /// Whether its bounds are those of its counts.
    ///
    /// # Errors
    ///
    /// Names the first that is not.
    pub fn figures(&self) -> Result<(), CalibrationError> {
        for bench in &self.benches {
            let losses = bench.losses.iter().map(|loss| &loss.found);
            let mut all = losses.chain([&bench.same.false_alarms]);
            if let Some(Proportion { hits, of, .. }) = all.find(|one| !one.follows()) {
                let bench = shortened(&bench.bench.to_string());
                return Err(CalibrationError::Bounds { bench, hits: *hits, of: *of });
            }
        }
        Ok(())
    }

    /// How many passes had the gate's own benchmarks come out as they have to.
    pub fn canaries(&self) -> Proportion {
        let count = |passes: usize| u32::try_from(passes).unwrap_or(u32::MAX);
        let good = self.passes.iter().filter(|pass| pass.canaries == Sings::True).count();
        Proportion::new(count(good), count(self.passes.len()))
    }
}

/// The exact bytes of a calibration.
///
/// # Errors
///
/// Refuses one that [`decode_calibration`] would not read back the same.
pub fn encode_calibration(calibration: &Calibration) -> Result<Vec<u8>, ReceiptError> {
    let bytes = pretty(calibration)?;
    match decode_calibration(&bytes) {
        Ok(back) if back == *calibration => Ok(bytes),
        Ok(_) => {
            Err(ReceiptError::NotRepresentable { problem: "it reads back differently".to_owned() })
        }
        Err(error) => Err(ReceiptError::NotRepresentable { problem: error.to_string() }),
    }
}

/// Why some bytes are no calibration that this program can use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationError {
    /// More bytes than [`CALIBRATION_LIMIT`].
    #[error("{bytes} bytes are more than a calibration may have ({CALIBRATION_LIMIT})")]
    TooLarge {
        /// How many there are.
        bytes: u64,
    },
    /// Not JSON, or JSON of another shape.
    #[error(transparent)]
    Broken(ReceiptError),
    /// Its `schema` is not ours.
    #[error("its schema is «{found}», and this program reads «{CALIBRATION_SCHEMA}»")]
    Foreign {
        /// What stands there.
        found: String,
    },
    /// A bound that is not the one of its counts.
    #[error("{bench}: the bounds of {hits} of {of} are not those that stand there")]
    Bounds {
        /// Which benchmark.
        bench: String,
        /// How often it happened.
        hits: u32,
        /// How often it could have.
        of: u32,
    },
}

/// Reads a calibration. Fields that this version does not know are ignored.
///
/// # Errors
///
/// Refuses what is too large, broken or of another schema, and bounds that do not follow from their
/// counts.
pub fn decode_calibration(bytes: &[u8]) -> Result<Calibration, CalibrationError> {
    #[derive(Deserialize)]
    struct Opening {
        schema: String,
    }

    let size = bytes.len() as u64;
    if size > CALIBRATION_LIMIT {
        return Err(CalibrationError::TooLarge { bytes: size });
    }
    // The schema first: what a newer gate writes may have another shape altogether.
    let Opening { schema } = parse(bytes).map_err(CalibrationError::Broken)?;
    if schema != CALIBRATION_SCHEMA {
        return Err(CalibrationError::Foreign { found: shortened(&schema) });
    }
    let calibration: Calibration = parse(bytes).map_err(CalibrationError::Broken)?;
    calibration.figures()?;
    Ok(calibration)
}
