//! The one comment of a pull request.

use super::{
    Posted, Stage,
    budget::{COMMENT_LIMIT, fitted, link},
    headline,
    judged::Judged,
    sections::{self, Detail},
};
use crate::{
    perf::{Pair, PairState, WorkloadPair},
    policy::FindingState,
    report::{
        Contradictions,
        escape::text,
        limits,
        markdown::{self, COMPARED, FINDING, WORKLOADS, compared_row, workload_row},
        page::{Limit, Page},
        tally::{gravity, workload_gravity},
        words,
    },
};

/// What the one comment begins with, so that it is found again.
pub const STICKY_MARKER: &str = "<!-- t5-gate:sticky -->";

/// Renders the one comment of a pull request, within GitHub's limit.
///
/// It holds no time but those of the facts, so that the same facts always give the same text.
///
/// # Errors
///
/// Refuses what contradicts itself.
pub fn sticky(posted: &Posted<'_>) -> Result<String, Contradictions> {
    let judged = Judged::of(&posted.stage)?;
    let render = |limit| comment(posted, judged.as_ref(), limit);
    Ok(fitted(COMMENT_LIMIT, posted.links, render).unwrap_or_else(|| {
        let address = posted.links.report.unwrap_or(posted.links.page);
        format!("{STICKY_MARKER}\n{}\n", link("The report is on its page", address))
    }))
}

fn comment(posted: &Posted<'_>, judged: Option<&Judged<'_>>, limit: Option<Limit>) -> String {
    let state = headline::state(posted, judged);
    let mut page = Page::limited(limit);
    page.block(&format!("{STICKY_MARKER}\n"));
    page.heading(2, &format!("T5 gate: {state}"));
    sections::subject(&mut page, posted);
    let evidence = match (judged, &posted.stage) {
        (Some(judged), _) => markdown::metrics(judged.receipt, judged.standing),
        (None, Stage::Running { phase, .. }) => format!("phase: {}", text(phase, limits::ID)),
        (None, _) => text(&headline::title(posted, None), limits::SENTENCE),
    };
    sections::ledger(&mut page, posted, &state, &evidence);
    sections::decision(&mut page, posted, judged);
    match judged {
        Some(judged) => {
            sections::notes(&mut page, posted, judged);
            sections::deciding(&mut page, judged);
            sections::trust(&mut page, judged);
            findings(&mut page, judged);
            benchmarks(&mut page, judged);
            workloads(&mut page, judged);
        }
        None => sections::unjudged(&mut page, posted, Detail::Phases),
    }
    sections::earlier(&mut page, posted.earlier);
    page.rule();
    sections::links(&mut page, posted);
    sections::commands(&mut page, posted);
    page.finish()
}

/// What the change brings in; everything else is in the report.
fn findings(page: &mut Page, judged: &Judged<'_>) {
    let Some(facts) = &judged.receipt.policy else {
        return;
    };
    let rows = markdown::findings(judged.receipt, facts, FindingState::Introduced);
    if rows.len() > 0 {
        let summary = words::counted(rows.len(), "finding introduced", "findings introduced");
        page.fold(&summary, |page| page.table(FINDING, rows));
    }
}

/// Every workload, the gravest first.
fn workloads(page: &mut Page, judged: &Judged<'_>) {
    let facts = judged.receipt.perf.as_ref().and_then(|facts| facts.workloads.as_ref());
    let mut pairs: Vec<&WorkloadPair> = facts.iter().flat_map(|facts| &facts.pairs).collect();
    if pairs.is_empty() {
        return;
    }
    pairs.sort_by_key(|pair| workload_gravity(pair));
    let summary = words::counted(pairs.len(), "workload", "workloads");
    page.fold(&summary, |page| {
        page.table(WORKLOADS, pairs.into_iter().map(workload_row));
    });
}

/// What was compared, the gravest first.
fn benchmarks(page: &mut Page, judged: &Judged<'_>) {
    let Some(facts) = &judged.receipt.perf else {
        return;
    };
    let mut compared: Vec<&Pair> =
        facts.pairs.iter().filter(|pair| pair.state != PairState::Unchanged).collect();
    if compared.is_empty() {
        return;
    }
    compared.sort_by_key(|pair| gravity(pair));
    let summary = words::counted(compared.len(), "benchmark compared", "benchmarks compared");
    page.fold(&summary, |page| {
        page.table(COMPARED, compared.into_iter().map(compared_row));
    });
}
