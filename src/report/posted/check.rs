//! The check run of a job.

use super::{
    CheckRun, Posted, actions,
    annotations::annotations,
    budget::{CHECK_LIMIT, fitted, link},
    headline,
    judged::Judged,
    sections::{self, Detail},
};
use crate::report::{
    Contradictions, markdown,
    page::{Limit, Page},
};

/// Renders the check run of a job, at whatever stage it is, within GitHub's limits.
///
/// # Errors
///
/// Refuses what contradicts itself.
pub fn check_run(posted: &Posted<'_>) -> Result<CheckRun, Contradictions> {
    let judged = Judged::of(&posted.stage)?;
    let judged = judged.as_ref();
    let remarks = judged.map(|judged| annotations(judged.receipt)).unwrap_or_default();
    let summary =
        fitted(CHECK_LIMIT, posted.links, |limit| summary(posted, judged, remarks.left_out, limit));
    let text = judged.map(|judged| {
        fitted(CHECK_LIMIT, posted.links, |limit| text(posted, judged, limit))
            .unwrap_or_else(|| elsewhere(posted, "The report has more characters than fit here"))
    });
    Ok(CheckRun {
        status: headline::status(posted, judged),
        title: headline::title(posted, judged),
        summary: summary
            .unwrap_or_else(|| elsewhere(posted, "The summary has more characters than fit here")),
        text,
        annotations: remarks.shown,
        actions: actions::actions(posted),
    })
}

fn summary(
    posted: &Posted<'_>,
    judged: Option<&Judged<'_>>,
    unremarked: usize,
    limit: Option<Limit>,
) -> String {
    let mut page = Page::limited(limit);
    sections::subject(&mut page, posted);
    if let (Some(other), Some(_)) = (posted.fails_in, judged) {
        page.paragraph(&format!(
            "**This very commit fails in pull request {}** ({}), which is open. A check run belongs \
             to a commit and would count there too, so this one fails whatever it found: mend that \
             pull request, or close it, and ask for another run.",
            other.pull,
            link("its run", other.page)
        ));
    }
    sections::decision(&mut page, posted, judged);
    match judged {
        Some(judged) => {
            sections::notes(&mut page, posted, judged);
            sections::deciding(&mut page, judged);
            sections::trust(&mut page, judged);
            page.heading(3, "On a machine of your own");
            page.command(&judged.receipt.run.command);
        }
        None => sections::unjudged(&mut page, posted, Detail::Counts),
    }
    if unremarked > 0 {
        page.paragraph(&format!(
            "Not every remark stands at its line: {unremarked} more are in the report."
        ));
    }
    sections::links(&mut page, posted);
    sections::earlier(&mut page, posted.earlier);
    if !posted.gates.is_empty() {
        page.heading(3, "Quality gates");
        sections::gates(&mut page, posted, &headline::state(posted, judged));
    }
    page.finish()
}

/// The report of this run, with the other gates as GitHub tells them.
fn text(posted: &Posted<'_>, judged: &Judged<'_>, limit: Option<Limit>) -> String {
    let mut page = Page::limited(limit);
    if let Some(only) = judged.differs_from_its_run() {
        page.paragraph(only);
    }
    markdown::sections(&mut page, judged.receipt, judged.verdict, |page| {
        page.heading(2, "Quality gates");
        sections::gates(page, posted, &judged.status());
    });
    page.finish()
}

fn elsewhere(posted: &Posted<'_>, why: &str) -> String {
    let address = posted.links.report.unwrap_or(posted.links.page);
    format!("{why}: {}.\n", link("read it on its page", address))
}
