//! One line that says how a job stands: the title of its check run and of its comment.

use super::{
    CheckStatus, Conclusion, EndedWithout, Posted, Stage,
    budget::TITLE_LIMIT,
    judged::{Bearing, Judged},
};
use crate::{
    report::{escape::terminal, limits, mark::Mark, tally::Pairs, words},
    verdict::{Outcome, Part, PartName},
};

/// Kinds of reasons that a title names.
const KINDS: usize = 3;

/// Plain text of one line: how the job stands and, where it is judged, why.
pub(super) fn title(posted: &Posted<'_>, judged: Option<&Judged<'_>>) -> String {
    let title = match (&posted.stage, judged) {
        (_, Some(judged)) => match posted.fails_in {
            Some(other) => {
                let here = of_judged(posted, judged);
                format!("Fail: this commit fails in pull request {}; here: {here}", other.pull)
            }
            None => of_judged(posted, judged),
        },
        (Stage::Queued { ahead, estimate }, _) => {
            let place = match ahead {
                0 => "next in line".to_owned(),
                ahead => format!("{} first", counted_come(*ahead)),
            };
            let until = estimate.map(|time| format!("; {}", until(time)));
            format!("Queued: {place}{}", until.unwrap_or_default())
        }
        (Stage::Running { phase, done, total, attempt, .. }, _) => {
            let count = if *total > 0 { format!(", {done} of {total}") } else { String::new() };
            let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
            format!("In progress: {}{count}{again}", terminal(phase, limits::ID))
        }
        (Stage::AwaitsApproval { .. }, _) => {
            "Waits for an approval: this is a stranger's change".to_owned()
        }
        (Stage::AwaitsSandbox { .. }, _) => {
            "Not run: this server has no sandbox for strangers' code".to_owned()
        }
        (Stage::Ended { how, .. }, _) => ended(*how).to_owned(),
        // `Judged::of` gives facts for this stage or refuses it.
        (Stage::Judged { .. }, None) => "Not shown".to_owned(),
    };
    terminal(&title, TITLE_LIMIT)
}

/// With a mark, for a heading of Markdown: `❌ fail`, `IN PROGRESS`.
pub(super) fn state(posted: &Posted<'_>, judged: Option<&Judged<'_>>) -> String {
    if let Some(judged) = judged {
        return judged.status();
    }
    match posted.stage {
        Stage::Queued { .. } => "IN PROGRESS (queued)".to_owned(),
        Stage::Running { .. } => "IN PROGRESS".to_owned(),
        Stage::AwaitsApproval { .. } => {
            format!("{} waits for an approval", Mark::against(Outcome::Attention))
        }
        Stage::AwaitsSandbox { .. } => format!("{} not run", Mark::against(Outcome::CouldNotRun)),
        Stage::Ended { how: EndedWithout::Superseded, .. } => {
            format!("{} superseded", Mark::SKIPPED)
        }
        Stage::Ended { how: EndedWithout::Cancelled, .. } => format!("{} cancelled", Mark::SKIPPED),
        Stage::Ended { how: EndedWithout::TimedOut, .. } => {
            format!("{} timed out", Mark::against(Outcome::CouldNotRun))
        }
        Stage::Ended { how: EndedWithout::Error, .. } | Stage::Judged { .. } => {
            let could_not_run = Outcome::CouldNotRun;
            format!("{} {}", Mark::against(could_not_run), words::outcome(could_not_run))
        }
    }
}

/// How GitHub is told where the job stands.
pub(super) fn status(posted: &Posted<'_>, judged: Option<&Judged<'_>>) -> CheckStatus {
    if let Some(judged) = judged {
        let own = judged.conclusion(posted.conclusions);
        let fails = own == Conclusion::Success && posted.fails_in.is_some();
        return CheckStatus::Completed(if fails { Conclusion::Failure } else { own });
    }
    match posted.stage {
        Stage::Queued { .. } => CheckStatus::Queued,
        Stage::Running { .. } => CheckStatus::InProgress,
        Stage::AwaitsApproval { .. } | Stage::AwaitsSandbox { .. } => {
            CheckStatus::Completed(Conclusion::ActionRequired)
        }
        Stage::Ended { how, .. } => CheckStatus::Completed(match how {
            EndedWithout::Superseded | EndedWithout::Cancelled => Conclusion::Cancelled,
            EndedWithout::TimedOut => Conclusion::TimedOut,
            EndedWithout::Error => posted.conclusions.could_not_run,
        }),
        Stage::Judged { .. } => CheckStatus::Completed(posted.conclusions.could_not_run),
    }
}

fn ended(how: EndedWithout) -> &'static str {
    match how {
        EndedWithout::Error => "Could not run: the gate came to no result",
        EndedWithout::Superseded => "Superseded: a newer job took its place",
        EndedWithout::Cancelled => "Cancelled before it came to a result",
        EndedWithout::TimedOut => "Timed out: it came to no result in its time",
    }
}

/// Why there is no verdict.
pub(super) fn ended_why(how: EndedWithout) -> &'static str {
    match how {
        EndedWithout::Error => "the gate came to no result",
        EndedWithout::Superseded => "a newer job took its place",
        EndedWithout::Cancelled => "it was cancelled before it came to a result",
        EndedWithout::TimedOut => "it came to no result in its time",
    }
}

/// `1 job comes`, `3 jobs come`.
pub(super) fn counted_come(ahead: u32) -> String {
    words::counted(ahead as usize, "job comes", "jobs come")
}

/// What earlier runs tell of the time until the end.
pub(super) fn until(time: std::time::Duration) -> String {
    // In whole minutes: more would promise more than earlier runs can tell.
    match time.as_secs().div_ceil(60) {
        0 | 1 => "done in about a minute".to_owned(),
        minutes @ 2..60 => format!("done in about {minutes} min"),
        minutes => format!("done in about {} h {} min", minutes / 60, minutes % 60),
    }
}

fn of_judged(posted: &Posted<'_>, judged: &Judged<'_>) -> String {
    let after = match judged.passes_after_a_fail(posted.earlier) {
        Some(_) => "; an earlier run of this commit failed",
        None => "",
    };
    match judged.bearing() {
        Bearing::Nothing => format!("Nothing to gate: {}{after}", parts(judged)),
        Bearing::Incomplete(missing) => {
            let (some, none): (Vec<PartName>, Vec<PartName>) =
                missing.iter().partition(|part| judged.in_part(**part));
            let names = |parts: &[PartName]| {
                let names = parts.iter().map(|part| words::part(*part).to_lowercase());
                names.collect::<Vec<_>>().join(" and ")
            };
            let mut said = Vec::new();
            if !none.is_empty() {
                said.push(format!("{} not run on this commit", names(&none)));
            }
            if !some.is_empty() {
                said.push(format!("{} run in part alone", names(&some)));
            }
            format!("Incomplete: {}{after}", said.join(", "))
        }
        Bearing::Outcome(Outcome::Pass) => format!("Pass: {}{after}", parts(judged)),
        Bearing::Outcome(Outcome::Attention) => {
            format!("Pass, with attention: {}{after}", reasons(judged))
        }
        Bearing::Outcome(Outcome::Inconclusive) => format!("Inconclusive: {}", reasons(judged)),
        Bearing::Outcome(Outcome::CouldNotRun) => format!("Could not run: {}", reasons(judged)),
        Bearing::Outcome(Outcome::Fail) => format!("Fail: {}", reasons(judged)),
    }
}

/// What passed, and what was skipped.
fn parts(judged: &Judged<'_>) -> String {
    let all: Vec<String> = judged.standing.parts.iter().map(|part| of_part(judged, part)).collect();
    all.join(", ")
}

fn of_part(judged: &Judged<'_>, part: &Part) -> String {
    let name = words::part(part.name).to_lowercase();
    if let Some(skip) = part.skipped {
        return format!("{name} skipped ({})", words::skip(skip));
    }
    if judged.page(part.name).is_some() {
        return format!("{name} (earlier run)");
    }
    let tally = judged.receipt.perf.as_ref().map(Pairs::of).filter(|tally| tally.all > 0);
    match (part.name, tally) {
        (PartName::Perf, Some(tally)) => format!("{name} ({})", tally.words()),
        _ => name,
    }
}

/// The reasons that decide, counted by their kind.
fn reasons(judged: &Judged<'_>) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    let all = judged.standing.parts.iter().flat_map(|part| &part.reasons);
    for reason in all.filter(|reason| reason.outcome == judged.standing.outcome) {
        match kinds.iter_mut().find(|(code, _)| *code == reason.code) {
            Some((_, count)) => *count += 1,
            None => kinds.push((&reason.code, 1)),
        }
    }
    let mut said: Vec<String> =
        kinds.iter().take(KINDS).map(|(code, count)| in_words(code, *count)).collect();
    if let Some(more @ 1..) = kinds.len().checked_sub(KINDS) {
        said.push(format!("and {}", words::counted(more, "other reason", "other reasons")));
    }
    said.join(", ")
}

/// A reason's code, as often as it is there, in words.
fn in_words(code: &str, count: usize) -> String {
    let counted = |one, many| words::counted(count, one, many);
    match code {
        "introduced-finding" => counted("finding introduced", "findings introduced"),
        "introduced-warning" => counted("warning introduced", "warnings introduced"),
        "database-moved" => counted("new advisory, old code", "new advisories, old code"),
        "waiver-expired" => counted("waiver expired", "waivers expired"),
        "waiver-expiring" => counted("waiver expires soon", "waivers expire soon"),
        "regressed" => counted("benchmark regressed", "benchmarks regressed"),
        "clock-disagrees" => counted("benchmark's clock disagrees", "benchmarks' clocks disagree"),
        "improved" => counted("benchmark improved much", "benchmarks improved much"),
        "benchmark-missing" => counted("benchmark is gone", "benchmarks are gone"),
        "inconclusive" => counted("benchmark undecided", "benchmarks undecided"),
        "slower-extent-unresolved" => counted(
            "benchmark is slower, how much is open",
            "benchmarks are slower, how much is open",
        ),
        "benchmark-could-not-run" => counted("benchmark gave nothing", "benchmarks gave nothing"),
        "target-could-not-run" => {
            counted("bench target gave nothing", "bench targets gave nothing")
        }
        "scan-could-not-run" => "a scan gave nothing".to_owned(),
        "head-does-not-build" => "the head does not build".to_owned(),
        "no-base" => "the base does not build".to_owned(),
        "workload-regressed" => counted("workload regressed", "workloads regressed"),
        "workload-memory" => counted("workload takes more memory", "workloads take more memory"),
        "workload-does-not-build" => counted("workload does not build", "workloads do not build"),
        "workload-could-not-run" => counted("workload gave nothing", "workloads gave nothing"),
        "workload-missing" => counted("workload is gone", "workloads are gone"),
        "workload-improved" => counted("workload improved much", "workloads improved much"),
        "workload-slower-extent-unresolved" => counted(
            "workload is slower, how much is open",
            "workloads are slower, how much is open",
        ),
        "workload-inconclusive" => counted("workload undecided", "workloads undecided"),
        "workload-memory-inconclusive" => {
            counted("workload's memory undecided", "workloads' memory undecided")
        }
        "rules-edited" => "the gate's rules are edited".to_owned(),
        "edits-what-measures" => "what measures is edited".to_owned(),
        other => {
            let times = if count > 1 { format!("{count} × ") } else { String::new() };
            format!("{times}{}", terminal(other, limits::ID))
        }
    }
}
