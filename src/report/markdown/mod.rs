//! The report as Markdown, section by section in the order of the gate's reports.

mod artifacts;
mod benches;
mod changes;
mod clocks;
mod database;
mod findings;
mod gates;
mod header;
mod policy;
mod regression;
mod routing;
mod summary;
mod waivers;
mod workloads;

pub(super) use benches::{COMPARED, compared_row, edit};
pub(super) use findings::{COLUMNS as FINDING, rows as findings};
pub(super) use header::{part_status, short};
pub(super) use routing::next;
pub(super) use summary::{line as summary_line, metrics};
pub(super) use workloads::{WORKLOADS, workload_row};

use super::{Contradictions, calibration, page::Page, refuse_contradictions};
use crate::{receipt::Receipt, verdict::Verdict};

/// Renders the whole report. The same receipt and verdict always give the same bytes.
///
/// # Errors
///
/// Refuses what contradicts itself.
pub fn markdown(receipt: &Receipt, verdict: &Verdict) -> Result<String, Contradictions> {
    refuse_contradictions(receipt, verdict)?;
    let mut page = Page::default();
    sections(&mut page, receipt, verdict, |page| gates::section(page, receipt, verdict));
    Ok(page.finish())
}

/// All sections of a report, with the other gates as whoever shows it knows them.
pub(super) fn sections(
    page: &mut Page,
    receipt: &Receipt,
    verdict: &Verdict,
    gates: impl FnOnce(&mut Page),
) {
    header::title(page, receipt, verdict);
    summary::section(page, receipt, verdict);
    summary::requirements(page);
    changes::section(page, receipt);
    policy::section(page, receipt);
    benches::section(page, receipt);
    regression::section(page, receipt);
    calibration::section(page, receipt);
    clocks::section(page, receipt);
    workloads::section(page, receipt);
    summary::evidence(page, receipt, verdict);
    gates(page);
    artifacts::section(page, receipt);
    routing::section(page, receipt, verdict);
    header::footer(page, receipt, verdict);
}
