//! Findings of the policy scan, the waivers that cover them, and their judgement.
//!
//! Pure: `runner::scan` gathers the [`Facts`], this module judges them.

mod compare;
mod disagree;
mod facts;
mod judge;
mod waive;

pub use compare::{Seen, compare};
pub use disagree::{Disagreement, disagreements};
pub use facts::{
    Checked, DatabaseFact, DatabaseOrigin, Facts, Finding, FindingState, Location, Package,
    PolicyFile, PolicyOrigin, RefusedAdvisory, RuleEdit, Scan, ScanState, Severity, Side, Source,
    Waiver,
};
pub use judge::judge;
pub use waive::{ANNOUNCE_DAYS, Standing, WaiverState, standing, waiver_for, waiver_states};
