//! Remarks at the lines of a change.

use std::cmp::Reverse;

use super::{
    Annotation, AnnotationLevel,
    budget::{MESSAGE_LIMIT, TITLE_LIMIT},
};
use crate::{
    perf::{self, Pair, PairState},
    policy::{self, Finding, FindingState, Location, Severity},
    receipt::{Receipt, judged_on},
    report::{
        escape::terminal,
        limits,
        tally::{Weight, waived, weight},
        units, words,
    },
};

/// Remarks on one check run: beyond this nobody reads them, and each fifty cost a request.
pub const ANNOTATIONS: usize = 200;
/// A path longer than this is no file of a repository that GitHub shows.
const PATH_LIMIT: usize = 1_000;

/// The gravest remarks, and how many there was no room for.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks {
    pub(super) shown: Vec<Annotation>,
    pub(super) left_out: usize,
}

/// Remarks on this run's own facts, failures first.
pub(super) fn annotations(receipt: &Receipt) -> Remarks {
    let mut all = Vec::new();
    if let Some(facts) = &receipt.policy {
        all.extend(facts.findings.iter().filter_map(|finding| of_finding(receipt, facts, finding)));
        all.extend(facts.edits.iter().filter_map(of_rule_edit));
    }
    if let Some(facts) = &receipt.perf {
        all.extend(facts.pairs.iter().filter_map(|pair| of_pair(facts, pair)));
        all.extend(facts.pairs.iter().filter_map(of_clock));
        all.extend(facts.edits.iter().filter_map(of_measuring_edit));
    }
    all.sort_by_key(|remark| Reverse(gravity(remark.level)));
    let left_out = all.len().saturating_sub(ANNOTATIONS);
    all.truncate(ANNOTATIONS);
    Remarks { shown: all, left_out }
}

fn gravity(level: AnnotationLevel) -> u8 {
    match level {
        AnnotationLevel::Notice => 0,
        AnnotationLevel::Warning => 1,
        AnnotationLevel::Failure => 2,
    }
}

/// A remark; none at a path that no repository has.
fn remark(
    path: &str,
    line: u32,
    level: AnnotationLevel,
    title: &str,
    message: &str,
) -> Option<Annotation> {
    let odd = path.is_empty()
        || path.starts_with('/')
        || path.chars().any(char::is_control)
        || path.chars().nth(PATH_LIMIT).is_some();
    (!odd).then(|| Annotation {
        path: path.to_owned(),
        line: line.max(1),
        level,
        title: terminal(title, TITLE_LIMIT),
        message: terminal(message, MESSAGE_LIMIT),
    })
}

fn of_finding(receipt: &Receipt, facts: &policy::Facts, finding: &Finding) -> Option<Annotation> {
    let Location { file, line } = finding.location.as_ref()?;
    let day = judged_on(receipt);
    let waived = waived(facts, finding, day);
    let level = match (finding.state, finding.severity) {
        (FindingState::Introduced, _) if waived => AnnotationLevel::Notice,
        _ if weight(facts, finding, day) == Weight::Fails => AnnotationLevel::Failure,
        (FindingState::Introduced, Severity::Note) => AnnotationLevel::Notice,
        (FindingState::Introduced, _) => AnnotationLevel::Warning,
        (FindingState::DatabaseMoved, Severity::Error) if !waived => AnnotationLevel::Warning,
        _ => return None,
    };
    let package = format!("{} {}", finding.package.name, finding.package.version);
    let state = if waived { "waived" } else { words::finding_state(finding.state) };
    let title = format!(
        "{}: {} in {} ({state})",
        words::key(finding.source),
        terminal(&finding.id, limits::ID),
        package.trim_end()
    );
    let chain: Vec<&str> =
        finding.chain.iter().take(limits::CHAIN).map(|package| package.name.as_str()).collect();
    let comes_in = match chain.as_slice() {
        [] | [_] => String::new(),
        some => format!(" It comes in by {}.", some.join(" → ")),
    };
    let why = finding.why.trim_end_matches('.');
    let says = words::tool(finding.source);
    remark(file, *line, level, &title, &format!("{why} (says {says}).{comes_in}"))
}

fn of_rule_edit(edit: &policy::RuleEdit) -> Option<Annotation> {
    let message = format!(
        "{}. The edit was not applied to this run; it takes effect after the merge, so a person \
         should read it.",
        edit.summary.trim_end_matches('.')
    );
    remark(&edit.path, 1, AnnotationLevel::Warning, "This change edits the gate's rules", &message)
}

fn of_measuring_edit(edit: &perf::Edit) -> Option<Annotation> {
    let what = match edit.what.trim_end_matches('.') {
        "" => String::new(),
        what => format!("{what}. "),
    };
    let message = format!(
        "{what}Look at this edit before trusting the figures: it bears on what is measured."
    );
    let title = "This pull request edits what measures it";
    remark(&edit.path, 1, AnnotationLevel::Notice, title, &message)
}

/// A clock that is not believed, where the benchmark is defined.
fn of_clock(pair: &Pair) -> Option<Annotation> {
    let Location { file, line } = pair.source.as_ref()?;
    let clock = words::disagreement(pair.clock.as_ref()?);
    let title = format!("{}: {clock}", terminal(&pair.bench.to_string(), limits::ID));
    let message = "Its figures prove nothing. The report says what was reported and what was seen.";
    remark(file, *line, AnnotationLevel::Warning, &title, message)
}

fn of_pair(facts: &perf::Facts, pair: &Pair) -> Option<Annotation> {
    let Location { file, line } = pair.source.as_ref()?;
    let estimate = pair.estimate.as_ref().filter(|_| pair.state == PairState::Regressed)?;
    let change = units::change(estimate);
    let title = format!("regressed: {} {change}", terminal(&pair.bench.to_string(), limits::ID));
    let message = format!(
        "Throughput {change} against the base after {}; the line is {}.",
        words::counted(estimate.rounds as usize, "round", "rounds"),
        units::share(facts.rule.line())
    );
    remark(file, *line, AnnotationLevel::Failure, &title, &message)
}
