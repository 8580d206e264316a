//! What the check run's summary and the comment have in common.

use super::{
    Earlier, GateState, Posted, Stage,
    budget::link,
    headline,
    judged::{Bearing, Judged},
};
use crate::{
    report::{
        escape::{code, text},
        limits,
        mark::Mark,
        markdown::{edit, next, part_status, short, summary_line},
        page::Page,
        words,
    },
    verdict::{Outcome, Part, Reason},
};

/// The steps of a run, in their order.
const PHASES: [(&str, &str); 3] = [
    ("checkout", "fetch the commits"),
    ("build", "check the policy, and build both sides"),
    ("measure", "measure head against base"),
];

/// Who asked for what, on which commit.
pub(super) fn subject(page: &mut Page, posted: &Posted<'_>) {
    let (by, how) = posted.asked;
    page.paragraph(&format!(
        "{} on {}, asked for by {} ({}); it runs {}.",
        code(posted.gate, limits::ID),
        short(posted.head),
        code(by, limits::ID),
        text(how, limits::SUBJECT),
        text(posted.scope, limits::SENTENCE)
    ));
}

/// How closely a text follows a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Every count.
    Counts,
    /// Its phases alone, for a text that should not be edited every few seconds.
    Phases,
}

/// What there is to say of a job that has come to no receipt.
pub(super) fn unjudged(page: &mut Page, posted: &Posted<'_>, detail: Detail) {
    match &posted.stage {
        Stage::Queued { .. } => phases(page, None, ""),
        Stage::Running { phase, what, done, total, started, attempt } => {
            let again = match attempt {
                0 | 1 => String::new(),
                attempt => format!(", attempt {attempt}: a runner went silent before"),
            };
            page.paragraph(&format!("It began at {started}{again}."));
            let count = if *total > 0 { format!(", {done} of {total}") } else { String::new() };
            let doing = match detail {
                Detail::Counts => format!(": {}{count}", text(what, limits::SENTENCE)),
                Detail::Phases => String::new(),
            };
            phases(page, Some(phase), &doing);
            page.paragraph("Figures are shown once the run has a receipt for them.");
        }
        Stage::AwaitsApproval { risks } => awaits_approval(page, posted, risks),
        Stage::AwaitsSandbox { risks, approved_by } => awaits_sandbox(page, risks, *approved_by),
        // The decision says it all.
        Stage::Ended { .. } | Stage::Judged { .. } => {}
    }
}

/// Which steps are done, which one runs, which are pending.
fn phases(page: &mut Page, current: Option<&str>, doing: &str) {
    let at = PHASES.iter().position(|(phase, _)| current == Some(*phase));
    let mut rows: Vec<[String; 3]> = PHASES
        .iter()
        .enumerate()
        .map(|(index, (phase, what))| {
            let state = match at {
                Some(at) if index < at => "done".to_owned(),
                Some(at) if index == at => format!("running{doing}"),
                _ => "pending".to_owned(),
            };
            [(*phase).to_owned(), (*what).to_owned(), state]
        })
        .collect();
    // A runner of another version may name a step that this one does not know.
    if let (Some(unknown), None) = (current, at) {
        rows.push([code(unknown, limits::ID), String::new(), format!("running{doing}")]);
    }
    page.table(["Phase", "What", "State"], rows);
}

fn awaits_approval(page: &mut Page, posted: &Posted<'_>, risks: &[String]) {
    page.paragraph(
        "This change comes from somebody without write permission, or from another repository. \
         Nothing of it has run, and nothing will until somebody with write permission approves \
         this very commit. A new push takes the approval back.",
    );
    list_risks(page, risks);
    page.paragraph("To let this commit run, press **Approve** on the check run, or comment:");
    page.command(&approval(posted.head));
}

/// The command that lets this very commit run.
pub(super) fn approval(head: &str) -> String {
    let sha: String = head.chars().filter(char::is_ascii_hexdigit).take(40).collect();
    format!("/t5 approve {sha}")
}

fn awaits_sandbox(page: &mut Page, risks: &[String], approved_by: Option<&str>) {
    page.paragraph(
        "This change comes from somebody without write permission, or from another repository. \
         **This server runs no stranger's code, whatever anyone approves**: its host lacks the \
         sandbox that could hold such code (`t5 doctor` there says what is missing). So nothing \
         of this change has run, and this is no statement about the change.",
    );
    if let Some(by) = approved_by {
        page.paragraph(&format!(
            "{} approved this commit. The approval is kept, and counts once the host has such a sandbox.",
            code(by, limits::ID)
        ));
    }
    list_risks(page, risks);
}

fn list_risks(page: &mut Page, risks: &[String]) {
    if risks.is_empty() {
        return;
    }
    page.paragraph("What would run, and what is risky about it:");
    page.bullets(risks.iter().map(|risk| text(risk, limits::SENTENCE)));
}

/// State, why and next, as the ledger of a pull request has them.
pub(super) fn decision(page: &mut Page, posted: &Posted<'_>, judged: Option<&Judged<'_>>) {
    let state = headline::state(posted, judged);
    let mut lines = Vec::new();
    match judged {
        None => {
            lines.push(format!("**State**: {state}"));
            lines.push(format!("**Why**: {}", why_unjudged(posted)));
            lines.push(format!("**Next**: {}", next_unjudged(posted)));
        }
        Some(judged) => {
            let meaning = match judged.bearing() {
                Bearing::Nothing => "no part had anything to do",
                Bearing::Incomplete(_) => "what ran is content, and not everything was run",
                Bearing::Outcome(outcome) => words::meaning(outcome),
            };
            lines.push(format!("**State**: {state}: {meaning}"));
            lines.extend(judged.standing.parts.iter().map(|part| why(judged, part)));
            lines.push(format!("**Next**: {}", next_judged(judged)));
        }
    }
    page.bullets(lines);
}

fn why(judged: &Judged<'_>, part: &Part) -> String {
    let name = words::part(part.name).to_lowercase();
    if let (true, Some(own)) = (judged.in_part(part.name), judged.verdict.part(part.name)) {
        let summary = summary_line(judged.receipt, own);
        return format!("**Why**: {name} run in part alone: {summary}");
    }
    match judged.page(part.name) {
        None => format!(
            "**Why**: {name} {}: {}",
            part_status(judged.receipt, part),
            summary_line(judged.receipt, part)
        ),
        Some(page) => {
            let kept = format!("kept from {}", link("an earlier run", page));
            let said = match (part.skipped, part.outcome()) {
                (Some(skip), _) => format!("skipped ({})", words::skip(skip)),
                // Without the green mark: the facts behind it are not in this run's receipt.
                (None, Some(Outcome::Pass) | None) => words::outcome(Outcome::Pass).to_owned(),
                (None, Some(outcome)) => {
                    format!("{} {}", Mark::against(outcome), words::outcome(outcome))
                }
            };
            format!("**Why**: {name} {said}, {kept}")
        }
    }
}

fn next_judged(judged: &Judged<'_>) -> String {
    match judged.bearing() {
        Bearing::Incomplete(_) => "no route; `/rerun-t5` runs all of it".to_owned(),
        _ if judged.standing.routes.is_empty() => {
            let next = next(judged.standing);
            format!("{} `/rerun-t5`", next.trim_end_matches(':').replace("the run", "it with"))
        }
        _ => next(judged.standing),
    }
}

fn why_unjudged(posted: &Posted<'_>) -> String {
    match &posted.stage {
        Stage::Queued { ahead, estimate } => {
            let place = match ahead {
                0 => "it is next in line for a runner".to_owned(),
                ahead => format!("{} first", headline::counted_come(*ahead)),
            };
            let until = match estimate {
                Some(time) => format!("{}, going by earlier runs", headline::until(*time)),
                None => "no earlier run tells how long it takes".to_owned(),
            };
            format!("{place}; {until}")
        }
        Stage::Running { .. } => "it is being run, so nothing is decided yet".to_owned(),
        Stage::AwaitsApproval { .. } => {
            "it is a stranger's change, and nobody has approved this commit".to_owned()
        }
        Stage::AwaitsSandbox { .. } => {
            "it is a stranger's change, and this server has no sandbox to run it in".to_owned()
        }
        Stage::Ended { how, note } => match note {
            Some(note) => format!("{}: {}", headline::ended_why(*how), text(note, limits::REASON)),
            None => headline::ended_why(*how).to_owned(),
        },
        Stage::Judged { .. } => "it is not shown".to_owned(),
    }
}

fn next_unjudged(posted: &Posted<'_>) -> &'static str {
    use super::EndedWithout::{Cancelled, Error, Superseded, TimedOut};
    match posted.stage {
        Stage::Queued { .. } | Stage::Running { .. } => "wait; this text changes by itself",
        Stage::AwaitsApproval { .. } => "somebody with write permission reads the change",
        Stage::AwaitsSandbox { .. } => {
            "somebody with write permission reads the change and, if they would build it \
             themselves, gates it on a machine of their own with `t5 run`"
        }
        Stage::Ended { how: Superseded, .. } => "the newer job tells",
        Stage::Ended { how: Cancelled, .. } => {
            "«Re-run» runs it again, as `/rerun-t5` does while a pull request is open"
        }
        Stage::Ended { how: Error | TimedOut, .. } | Stage::Judged { .. } => {
            "no route; deal with what could not run, then repeat it with `/rerun-t5`"
        }
    }
}

/// What a reader must know of the earlier runs before believing the verdict.
pub(super) fn notes(page: &mut Page, posted: &Posted<'_>, judged: &Judged<'_>) {
    if let Some(failed) = judged.passes_after_a_fail(posted.earlier) {
        page.paragraph(&format!(
            "{} {} of this very commit failed, and this one is content. Nothing in the commit \
             changed in between: look why before trusting it.",
            Mark::against(Outcome::Attention),
            link("An earlier run", &failed.page)
        ));
    }
    if let Bearing::Incomplete(missing) = judged.bearing() {
        let missing: Vec<String> =
            missing.iter().map(|part| words::part(*part).to_lowercase()).collect();
        let whole = match judged.standing.parts.iter().any(|part| judged.in_part(part.name)) {
            true => "Not run as a whole",
            false => "Not run",
        };
        page.paragraph(&format!(
            "{} {whole} on this commit so far: {}. Content with one half is no pass.",
            Mark::against(Outcome::CouldNotRun),
            missing.join(" and ")
        ));
    }
}

/// The reasons that decide.
pub(super) fn deciding(page: &mut Page, judged: &Judged<'_>) {
    let standing = judged.standing;
    let decides =
        |reason: &&Reason| reason.outcome == standing.outcome && reason.outcome != Outcome::Pass;
    let of_part = |part: &Part| -> Vec<String> {
        let kept = match judged.page(part.name) {
            Some(page) => format!(" (kept from {})", link("an earlier run", page)),
            None => String::new(),
        };
        let line = |reason: &Reason| {
            let mark = Mark::against(reason.outcome);
            let (code, text) = (code(&reason.code, limits::ID), text(&reason.text, limits::REASON));
            format!("{mark} {code} {text}{kept}")
        };
        part.reasons.iter().filter(decides).map(line).collect()
    };
    let reasons: Vec<String> = standing.parts.iter().flat_map(of_part).collect();
    if reasons.is_empty() {
        return;
    }
    page.heading(3, "What decides");
    let more = reasons.len().saturating_sub(limits::DECIDING);
    page.numbered(reasons.into_iter().take(limits::DECIDING));
    if more > 0 {
        page.paragraph(&format!("And {more} more in the report."));
    }
}

/// What bears on whether the figures can be believed: edits of what measures, and clocks.
pub(super) fn trust(page: &mut Page, judged: &Judged<'_>) {
    let Some(facts) = judged.receipt.perf.as_ref() else {
        return;
    };
    if !facts.edits.is_empty() {
        page.paragraph(&format!(
            "{} This pull request edits what measures it; read these edits before trusting the \
             figures:",
            Mark::against(Outcome::Attention)
        ));
        page.bullets(facts.edits.iter().take(limits::DECIDING).map(edit));
        if let Some(more @ 1..) = facts.edits.len().checked_sub(limits::DECIDING) {
            page.paragraph(&format!("And {more} more in the report."));
        }
    }
    let unlike = facts.pairs.iter().filter(|pair| pair.clock.is_some()).count();
    if unlike > 0 {
        let what = words::counted(unlike, "benchmark", "benchmarks");
        page.paragraph(&format!(
            "{} The clock of {what} is not believed: what a process reported and what the runner \
             saw of it disagree. The report has both under «Clocks».",
            Mark::against(Outcome::Inconclusive)
        ));
    }
}

/// Earlier runs of the head, the newest first.
pub(super) fn earlier(page: &mut Page, runs: &[Earlier]) {
    if runs.is_empty() {
        return;
    }
    page.heading(3, "Earlier runs of this commit");
    let rows = runs.iter().rev().map(|run| {
        let (by, how) = (&run.asked.0, &run.asked.1);
        [
            run.finished.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            format!("{} ({})", code(by, limits::ID), text(how, limits::SUBJECT)),
            text(&run.scope, limits::SENTENCE),
            words::outcome(run.outcome).to_owned(),
            link("its page", &run.page),
        ]
    });
    page.long_table(
        ["Finished", "Asked for by", "Ran", "Its own outcome", "Page"],
        rows,
        limits::OPEN_ROWS,
        |folded| words::counted(folded, "more run", "more runs"),
    );
}

/// The chain of gates as the head's check runs tell it; this gate's own row among them.
pub(super) fn gates(page: &mut Page, posted: &Posted<'_>, own: &str) {
    let row = |gate: &GateState| {
        [
            text(&gate.gate, limits::ID),
            text(&gate.what, limits::SUBJECT),
            reported(gate),
            code(&gate.check, limits::ID),
        ]
    };
    let own = [
        "T5".to_owned(),
        "policy and performance".to_owned(),
        own.to_owned(),
        code(posted.gate, limits::ID),
    ];
    page.table(["Gate", "What it looks at", "Status", "Check"], in_order(posted.gates, row, own));
}

/// The ledger between its anchors: `Gate | Status | Evidence`.
pub(super) fn ledger(page: &mut Page, posted: &Posted<'_>, own: &str, evidence: &str) {
    let row = |gate: &GateState| {
        let name =
            format!("{} {}", text(&gate.gate, limits::ID), text(&gate.what, limits::SUBJECT));
        let evidence = match gate.state {
            Some(_) => format!("check {}", code(&gate.check, limits::ID)),
            None => format!("no check {} on this commit", code(&gate.check, limits::ID)),
        };
        [name, reported(gate), evidence]
    };
    let own =
        [format!("**T5** {}", code(posted.gate, limits::ID)), own.to_owned(), evidence.to_owned()];
    page.block("<!-- gates:start -->\n");
    page.table(["Gate", "Status", "Evidence"], in_order(posted.gates, row, own));
    page.block("<!-- gates:end -->\n");
}

/// As GitHub spells it and without a mark: this gate has no facts of another.
fn reported(gate: &GateState) -> String {
    match &gate.state {
        Some(state) => code(state, limits::ID),
        None => "not reported".to_owned(),
    }
}

/// The gates of the chain, this one's row at its place.
fn in_order<const N: usize>(
    gates: &[GateState],
    row: impl Fn(&GateState) -> [String; N],
    own: [String; N],
) -> Vec<[String; N]> {
    let (before, after): (Vec<&GateState>, Vec<&GateState>) =
        gates.iter().partition(|gate| gate.gate.as_str() < "T5");
    let mut rows: Vec<[String; N]> = before.into_iter().map(&row).collect();
    rows.push(own);
    rows.extend(after.into_iter().map(&row));
    rows
}

/// What a person can say where the job stands.
pub(super) fn commands(page: &mut Page, posted: &Posted<'_>) {
    let first = match posted.stage {
        Stage::Queued { .. } | Stage::Running { .. } => "`/t5 cancel` stops this; ",
        Stage::AwaitsApproval { .. } | Stage::AwaitsSandbox { .. } => "",
        Stage::Judged { .. } | Stage::Ended { .. } => "`/rerun-t5` runs the gate again; ",
    };
    page.paragraph(&format!("{first}`/t5 help` lists what can be said."));
}

/// Where everything lies.
pub(super) fn links(page: &mut Page, posted: &Posted<'_>) {
    let mut all = vec![link("Status, artifacts and raw samples", posted.links.page)];
    all.extend(posted.links.report.map(|report| link("The whole report", report)));
    page.paragraph(&all.join(" · "));
}
