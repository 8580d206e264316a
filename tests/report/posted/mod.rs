//! What is shown on GitHub.

mod answers;
mod badges;
pub(crate) mod budgets;
mod files;
mod hostile;
mod stages;

use t5_gate::{
    report::posted::{CheckRun, Conclusions, Earlier, GateState, Links, Posted, Stage, check_run},
    verdict::Outcome,
};

use crate::receipt::build::time;

const HEAD: &str = "2222222222222222222222222222222222222222";
const PAGE: &str = "https://gate.example/jobs/j1";
const REPORT: &str = "https://gate.example/jobs/j1/report";

/// A job of the pull request that was just opened.
fn posted(stage: Stage<'_>) -> Posted<'_> {
    Posted {
        gate: "integrative:gate:benchmarks",
        head: HEAD,
        asked: ("octocat", "opened"),
        scope: "everything",
        links: Links { page: PAGE, report: None },
        stage,
        earlier: &[],
        gates: &[],
        conclusions: Conclusions::default(),
        fails_in: None,
    }
}

fn gates() -> Vec<GateState> {
    let gate = |gate: &str, what: &str, check: &str, state: Option<&str>| GateState {
        gate: gate.to_owned(),
        what: what.to_owned(),
        check: check.to_owned(),
        state: state.map(str::to_owned),
    };
    vec![
        gate("T1", "triage: format, clippy, build", "integrative:gate:triage", Some("success")),
        gate("T2", "feature matrix", "integrative:gate:features", Some("in_progress")),
        gate("T3", "core tests", "integrative:gate:tests", Some("failure")),
        gate("T4", "safety", "integrative:gate:safety", None),
        gate("T6", "documentation review", "integrative:gate:docs", None),
        gate("T7", "merge readiness", "integrative:gate:merge", None),
    ]
}

fn earlier(outcome: Outcome) -> Earlier {
    Earlier {
        page: "https://gate.example/runs/r0".to_owned(),
        finished: time("2026-11-22T09:30:00Z"),
        asked: ("octocat".to_owned(), "opened".to_owned()),
        scope: "everything".to_owned(),
        outcome,
    }
}

/// The whole check run, as one text that a person can read.
fn shown(posted: &Posted<'_>) -> String {
    let run = check_run(posted).unwrap();
    let mut shown = format!("{:?}\ntitle: {}\n", run.status, run.title);
    for action in &run.actions {
        shown.push_str(&format!(
            "[{}] {} ({})\n",
            action.label, action.description, action.identifier
        ));
    }
    for remark in &run.annotations {
        shown.push_str(&format!(
            "{}:{} {:?} «{}» {}\n",
            remark.path, remark.line, remark.level, remark.title, remark.message
        ));
    }
    shown.push_str(&format!("\n{}", run.summary));
    shown
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// Every limit of GitHub for a check run.
fn within_limits(run: &CheckRun) {
    assert!(characters(&run.title) <= 255, "{}", run.title);
    assert!(!run.title.contains('\n'));
    assert!(characters(&run.summary) <= 65_535, "{}", characters(&run.summary));
    if let Some(text) = &run.text {
        assert!(characters(text) <= 65_535, "{}", characters(text));
    }
    assert!(run.actions.len() <= 3);
    for action in &run.actions {
        assert!(characters(action.label) <= 20, "{}", action.label);
        assert!(characters(action.description) <= 40, "{}", action.description);
        assert!(characters(action.identifier) <= 20, "{}", action.identifier);
    }
    for remark in &run.annotations {
        assert!(characters(&remark.title) <= 255);
        assert!(remark.message.len() <= 64 * 1024);
        assert!(remark.line >= 1);
        assert!(!remark.message.is_empty(), "GitHub refuses an empty message");
    }
}

/// The text without its fences and code spans, which show anything as it is.
fn outside_of_code(page: &str) -> String {
    let mut fence: Option<String> = None;
    let mut kept = String::new();
    for line in page.lines() {
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => {
                fence = Some(line.chars().take_while(|c| *c == '`').collect());
            }
            None => {
                let (mut escaped, mut inside) = (false, false);
                for c in line.chars() {
                    inside ^= c == '`' && !escaped;
                    escaped = c == '\\' && !escaped && !inside;
                    if !inside {
                        kept.push(c);
                    }
                }
                assert!(!inside, "a code span is open at the end of {line:?}");
                kept.push('\n');
            }
        }
    }
    kept
}
