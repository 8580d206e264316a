//! Findings of the policy scan, the waivers that cover them, and their judgement.
//!
//! Pure: `runner::scan` gathers the [`Facts`], this module judges them.

mod facts;

pub use facts::{
    Checked, DatabaseFact, DatabaseOrigin, Facts, Finding, FindingState, Location, Package,
    PolicyFile, PolicyOrigin, RefusedAdvisory, RuleEdit, Scan, ScanState, Severity, Side, Source,
    Waiver,
};
