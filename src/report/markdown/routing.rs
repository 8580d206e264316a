//! Where the change goes next, and everything that was said about it.

use super::header::part_status;
use crate::{
    receipt::Receipt,
    report::{
        escape::{code, text},
        limits,
        mark::Mark,
        page::Page,
        words,
    },
    verdict::{Outcome, Verdict},
};

pub(super) fn section(page: &mut Page, receipt: &Receipt, verdict: &Verdict) {
    page.heading(2, "Routing decision");
    let state = match Mark::run(receipt, verdict) {
        Mark::SKIPPED => "skipped",
        _ => words::outcome(verdict.outcome),
    };
    let mut lines = vec![format!("**State**: {state}")];
    lines.extend(verdict.parts.iter().map(|part| {
        format!("**Why**: {} {}", words::part(part.name).to_lowercase(), part_status(receipt, part))
    }));
    lines.push(format!("**Next**: {}", next(verdict)));
    page.bullets(lines);
    if verdict.routes.is_empty() {
        page.command(&receipt.run.command);
    }
    reasons(page, verdict);
}

pub(in crate::report) fn next(verdict: &Verdict) -> String {
    let routes: Vec<String> =
        verdict.routes.iter().map(|route| format!("`{}`", words::route(*route))).collect();
    match (routes.as_slice(), verdict.outcome) {
        ([], Outcome::CouldNotRun) => {
            "no route; deal with what could not run, then repeat:".to_owned()
        }
        ([], _) => "no route; repeat the run:".to_owned(),
        (some, _) => format!("NEXT → {}", some.join(", then ")),
    }
}

fn reasons(page: &mut Page, verdict: &Verdict) {
    let mut rows: Vec<_> = verdict
        .parts
        .iter()
        .flat_map(|part| part.reasons.iter().map(move |reason| (part.name, reason)))
        .collect();
    rows.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.outcome));
    let rows: Vec<[String; 4]> = rows
        .into_iter()
        .map(|(part, reason)| {
            [
                format!("{} {}", Mark::against(reason.outcome), words::outcome(reason.outcome)),
                words::part(part).to_lowercase(),
                code(&reason.code, limits::ID),
                text(&reason.text, limits::REASON),
            ]
        })
        .collect();
    let columns = ["Weight", "Part", "Code", "Reason"];
    page.long_table(columns, rows, limits::OPEN_ROWS, |folded| {
        words::counted(folded, "more reason", "more reasons")
    });
}
