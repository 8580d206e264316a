//! The chain of gates. A run reads none of the others; whoever posts a report may have.

use super::header::status;
use crate::{
    receipt::Receipt,
    report::{mark::Mark, page::Page},
    verdict::Verdict,
};

const GATES: [(&str, &str); 7] = [
    ("T1", "triage: format, clippy, build"),
    ("T2", "feature matrix"),
    ("T3", "core tests"),
    ("T4", "safety"),
    ("T5", "policy and performance"),
    ("T6", "documentation review"),
    ("T7", "merge readiness"),
];

pub(super) fn section(page: &mut Page, receipt: &Receipt, verdict: &Verdict) {
    page.heading(2, "Quality gates");
    page.table(
        ["Gate", "What it looks at", "Status"],
        GATES.map(|(gate, what)| {
            let status = if gate == "T5" {
                status(receipt, verdict)
            } else {
                format!("{} not read here", Mark::NOT_MEASURED)
            };
            [gate.to_owned(), what.to_owned(), status]
        }),
    );
}
