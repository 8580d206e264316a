//! The report as Markdown, section by section in the order of the gate's reports.

mod artifacts;
mod benches;
mod changes;
mod database;
mod findings;
mod gates;
mod header;
mod policy;
mod regression;
mod routing;
mod summary;
mod waivers;

pub(super) use summary::line as summary_line;

use super::{Contradictions, page::Page, refuse_contradictions};
use crate::{receipt::Receipt, verdict::Verdict};

/// Renders the whole report. The same receipt and verdict always give the same bytes.
///
/// # Errors
///
/// Refuses what contradicts itself.
pub fn markdown(receipt: &Receipt, verdict: &Verdict) -> Result<String, Contradictions> {
    refuse_contradictions(receipt, verdict)?;
    let mut page = Page::default();
    header::title(&mut page, receipt, verdict);
    summary::section(&mut page, receipt, verdict);
    summary::requirements(&mut page);
    changes::section(&mut page, receipt);
    policy::section(&mut page, receipt);
    benches::section(&mut page, receipt);
    regression::section(&mut page, receipt);
    summary::evidence(&mut page, receipt, verdict);
    gates::section(&mut page, receipt, verdict);
    artifacts::section(&mut page, receipt);
    routing::section(&mut page, receipt, verdict);
    header::footer(&mut page, receipt, verdict);
    Ok(page.finish())
}
