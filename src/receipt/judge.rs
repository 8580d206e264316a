//! From the facts to the verdict.

use jiff::{civil::Date, tz::TimeZone};

use super::Receipt;
use crate::{
    perf, policy,
    verdict::{Part, PartName, Skip, Verdict},
};

/// Judges a receipt. The day that waivers and the database's age are held against is the day
/// on which the run finished, so that the same receipt always gives the same verdict.
pub fn judge(receipt: &Receipt) -> Verdict {
    let policy = match &receipt.policy {
        Some(facts) => policy::judge(facts, judged_on(receipt)),
        None => Part::skipped(PartName::Policy, Skip::NotRequested),
    };
    let perf = match &receipt.perf {
        Some(facts) => perf::judge(facts, receipt.changes.documentation_only),
        None => Part::skipped(PartName::Perf, Skip::NotRequested),
    };
    Verdict::over(vec![policy, perf])
}

/// The day of the judgement: when the run finished, in UTC.
pub fn judged_on(receipt: &Receipt) -> Date {
    receipt.run.finished.to_zoned(TimeZone::UTC).date()
}
