//! Every place where a job can stand, as a maintainer reads it.

use std::time::Duration;

use t5_gate::{
    perf::{Edit, PairState},
    policy::{FindingState, Location, RuleEdit, Severity, Waiver},
    receipt::judge,
    report::posted::{
        APPROVE, CANCEL, CheckStatus, Conclusion, Conclusions, EndedWithout, Links, Posted, RERUN,
        STICKY_MARKER, Stage, check_run, status, sticky,
    },
    verdict::{Outcome, Part, PartName, Skip, Verdict},
};

use super::{HEAD, PAGE, REPORT, characters, earlier, gates, posted, shown, within_limits};
use crate::receipt::build::{Gated, advisory, content, duplicate, empty, licence, time};

/// A stage of a run that stands alone.
fn judged<'a>(gated: &'a Gated, verdict: &'a Verdict) -> Stage<'a> {
    Stage::Judged { receipt: &gated.receipt, verdict, standing: verdict, kept: &[] }
}

fn with_report(stage: Stage<'_>) -> Posted<'_> {
    Posted { links: Links { page: PAGE, report: Some(REPORT) }, ..posted(stage) }
}

fn running() -> Stage<'static> {
    Stage::Running {
        phase: "measure",
        what: "dot/65536, round 3",
        done: 12,
        total: 40,
        started: time("2026-11-22T10:00:00Z"),
        attempt: 1,
    }
}

fn failing() -> Gated {
    let mut gated = content()
        .bench("sum/4096", 1_350_000.0, 1.08, 0.004, 10)
        .finding(licence(FindingState::Introduced))
        .finding(advisory(FindingState::Introduced))
        .finding(duplicate(FindingState::Introduced));
    gated.policy().edits =
        vec![RuleEdit { path: "deny.toml".to_owned(), summary: "accepts GPL-3.0-only".to_owned() }];
    gated.policy().waivers = vec![Waiver {
        id: "RUSTSEC-2023-0071".to_owned(),
        scope: "rsa".to_owned(),
        reason: "only signs test data".to_owned(),
        owner: "@octocat".to_owned(),
        expires: jiff::civil::date(2027, 6, 30),
    }];
    gated.perf().edits = vec![Edit::new("benches/kernels.rs", "bench code")];
    for pair in &mut gated.perf().pairs {
        pair.source = Some(Location { file: "Cargo.toml".to_owned(), line: 21 });
    }
    gated
}

fn risks() -> Vec<String> {
    vec![
        "build script `build.rs` would run".to_owned(),
        "new dependency `left-pad 1.0.0`".to_owned(),
        "the bench `benches/kernels.rs` is edited".to_owned(),
    ]
}

#[test]
fn queued() {
    let stage = Stage::Queued { ahead: 3, estimate: Some(Duration::from_secs(700)) };
    let gates = gates();
    let posted = Posted { gates: &gates, ..posted(stage) };
    insta::assert_snapshot!("queued", shown(&posted));
    insta::assert_snapshot!("queued_sticky", sticky(&posted).unwrap());
    assert_eq!(check_run(&posted).unwrap().status, CheckStatus::Queued);
}

#[test]
fn next_in_line() {
    let run = check_run(&posted(Stage::Queued { ahead: 0, estimate: None })).unwrap();
    assert_eq!(run.title, "Queued: next in line");
    assert!(run.summary.contains("no earlier run tells how long it takes"), "{}", run.summary);
    let long = Stage::Queued { ahead: 1, estimate: Some(Duration::from_secs(3 * 3600 + 120)) };
    let run = check_run(&posted(long)).unwrap();
    assert_eq!(run.title, "Queued: 1 job comes first; done in about 3 h 2 min");
}

#[test]
fn in_progress() {
    let posted = posted(running());
    insta::assert_snapshot!("running", shown(&posted));
    let comment = sticky(&posted).unwrap();
    insta::assert_snapshot!("running_sticky", comment);
    let Stage::Running { phase, started, attempt, .. } = posted.stage else { unreachable!() };
    let later = Stage::Running { phase, what: "dot/1", done: 13, total: 40, started, attempt };
    let later = Posted { stage: later, ..posted.clone() };
    assert_eq!(sticky(&later).unwrap(), comment, "no edit for a count");
    assert_ne!(check_run(&later).unwrap(), check_run(&posted).unwrap());
    let run = check_run(&posted).unwrap();
    assert_eq!(run.status, CheckStatus::InProgress);
    assert_eq!(run.text, None, "no report before there is a receipt");
    assert!(!run.summary.contains('✅'), "nothing is green before there is a receipt");
    assert_eq!(run.actions.first().map(|action| action.identifier), Some(CANCEL));
}

#[test]
fn a_phase_that_this_version_does_not_know_is_named() {
    let stage = Stage::Running {
        phase: "calibrate",
        what: "the machine against itself",
        done: 0,
        total: 0,
        started: time("2026-11-22T10:00:00Z"),
        attempt: 2,
    };
    let run = check_run(&posted(stage)).unwrap();
    assert_eq!(run.title, "In progress: calibrate (attempt 2)");
    assert!(run.summary.contains("| `calibrate` |"), "{}", run.summary);
}

#[test]
fn awaits_approval() {
    let risks = risks();
    let posted = posted(Stage::AwaitsApproval { risks: &risks });
    insta::assert_snapshot!("awaits_approval", shown(&posted));
    let run = check_run(&posted).unwrap();
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::ActionRequired));
    assert_eq!(run.actions.first().map(|action| action.identifier), Some(APPROVE));
    assert!(run.summary.contains("/t5 approve 222222222222"));
}

#[test]
fn awaits_a_sandbox() {
    let risks = risks();
    let stage = Stage::AwaitsSandbox { risks: &risks, approved_by: Some("hubot") };
    let posted = posted(stage);
    insta::assert_snapshot!("awaits_sandbox", shown(&posted));
    insta::assert_snapshot!("awaits_sandbox_sticky", sticky(&posted).unwrap());
    let run = check_run(&posted).unwrap();
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::ActionRequired));
    assert_eq!(run.actions, [], "there is nothing that a press could do");
    assert!(run.summary.contains("`hubot` approved this commit"));
}

#[test]
fn all_pass() {
    let gated = content().unchanged("tables", "lookup/256", 87.5);
    let verdict = judge(&gated.receipt);
    let gates = gates();
    let posted = Posted { gates: &gates, ..with_report(judged(&gated, &verdict)) };
    insta::assert_snapshot!("all_pass", shown(&posted));
    insta::assert_snapshot!("all_pass_sticky", sticky(&posted).unwrap());
    let run = check_run(&posted).unwrap();
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::Success));
    assert_eq!(run.actions.first().map(|action| action.identifier), Some(RERUN));
    let text = run.text.unwrap();
    assert!(text.contains("## Regression detection"), "the whole report fits");
    assert!(!text.contains("not read here"), "the other gates were read");
    assert!(text.contains("| T3 | core tests | `failure` |"));
}

#[test]
fn fails_in_both_parts() {
    let gated = failing();
    let verdict = judge(&gated.receipt);
    let posted = with_report(judged(&gated, &verdict));
    insta::assert_snapshot!("failing", shown(&posted));
    insta::assert_snapshot!("failing_sticky", sticky(&posted).unwrap());
    assert_eq!(check_run(&posted).unwrap().status, CheckStatus::Completed(Conclusion::Failure));
}

#[test]
fn attention_is_a_success_whose_title_says_so() {
    let mut gated = content();
    gated.perf().edits = vec![Edit::new("benches/kernels.rs", "bench code")];
    let verdict = judge(&gated.receipt);
    assert_eq!(verdict.outcome, Outcome::Attention);
    let run = check_run(&posted(judged(&gated, &verdict))).unwrap();
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::Success));
    assert_eq!(run.title, "Pass, with attention: what measures is edited");
}

#[test]
fn what_is_not_proved_asks_for_action_by_default() {
    let open = content().bench("alloc/64", 420.0, 1.03, 0.3, 54);
    let silent = content().silent("sum/4096", "the process ran longer than 60 s");
    for (gated, outcome) in [(open, Outcome::Inconclusive), (silent, Outcome::CouldNotRun)] {
        let verdict = judge(&gated.receipt);
        assert_eq!(verdict.outcome, outcome);
        let default = posted(judged(&gated, &verdict));
        let run = check_run(&default).unwrap();
        assert_eq!(run.status, CheckStatus::Completed(Conclusion::ActionRequired));
        assert!(run.summary.contains("`/rerun-t5`"), "{}", run.summary);
        let strict =
            Conclusions { inconclusive: Conclusion::Failure, could_not_run: Conclusion::Failure };
        let run = check_run(&Posted { conclusions: strict, ..default }).unwrap();
        assert_eq!(run.status, CheckStatus::Completed(Conclusion::Failure));
    }
}

#[test]
fn inconclusive_says_what_would_settle_it() {
    let gated = content().bench("alloc/64", 420.0, 1.03, 0.3, 54);
    let verdict = judge(&gated.receipt);
    insta::assert_snapshot!("inconclusive", shown(&posted(judged(&gated, &verdict))));
}

#[test]
fn a_change_of_documents_alone_says_what_was_skipped() {
    let mut gated = empty().with_policy().with_perf();
    gated.perf().builds.clear();
    gated.receipt.changes.documentation_only = true;
    let verdict = judge(&gated.receipt);
    let run = check_run(&posted(judged(&gated, &verdict))).unwrap();
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::Success));
    assert_eq!(run.title, "Pass: policy, performance skipped (no-surface)");
    assert!(run.summary.contains("the change holds nothing that this part looks at"));
}

#[test]
fn nothing_to_gate_is_a_success_that_says_what_was_skipped() {
    let mut gated = empty().with_perf();
    gated.perf().builds.clear();
    gated.receipt.changes.documentation_only = true;
    let own = judge(&gated.receipt);
    let skipped = |name| Part::skipped(name, Skip::NoSurface);
    let standing = Verdict::over(vec![skipped(PartName::Policy), skipped(PartName::Perf)]);
    let kept = [(PartName::Policy, "https://gate.example/runs/r0".to_owned())];
    let stage =
        Stage::Judged { receipt: &gated.receipt, verdict: &own, standing: &standing, kept: &kept };
    let run = check_run(&posted(stage)).unwrap();
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::Success));
    assert_eq!(
        run.title,
        "Nothing to gate: policy skipped (no-surface), performance skipped (no-surface)"
    );
    assert!(!run.summary.contains('✅'), "nothing was measured: {}", run.summary);
}

#[test]
fn half_a_gate_is_no_pass() {
    let gated = empty().with_policy();
    let verdict = judge(&gated.receipt);
    assert_eq!(verdict.outcome, Outcome::Pass, "the half that ran is content");
    let posted = posted(judged(&gated, &verdict));
    insta::assert_snapshot!("incomplete", shown(&posted));
    let run = check_run(&posted).unwrap();
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::ActionRequired));
    assert_eq!(t5_gate::report::posted::routes(&verdict), []);
}

#[test]
fn a_partial_rerun_keeps_the_other_part_and_says_from_where() {
    let first = failing();
    let before = judge(&first.receipt);
    let gated = empty().with_policy();
    let own = judge(&gated.receipt);
    let perf = before.part(PartName::Perf).unwrap().clone();
    let standing = Verdict::over(vec![own.part(PartName::Policy).unwrap().clone(), perf]);
    let kept = [(PartName::Perf, "https://gate.example/runs/r0".to_owned())];
    let earlier = [earlier(Outcome::Fail)];
    let stage =
        Stage::Judged { receipt: &gated.receipt, verdict: &own, standing: &standing, kept: &kept };
    let posted = Posted {
        earlier: &earlier,
        asked: ("hubot", "/rerun-t5 policy"),
        scope: "policy",
        ..with_report(stage)
    };
    insta::assert_snapshot!("kept", shown(&posted));
    insta::assert_snapshot!("kept_sticky", sticky(&posted).unwrap());
    let run = check_run(&posted).unwrap();
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::Failure), "the head still fails");
    assert!(run.text.unwrap().starts_with("This is the report of this run alone."));
}

#[test]
fn a_pass_after_a_fail_of_the_same_commit_is_said() {
    let gated = content();
    let verdict = judge(&gated.receipt);
    let earlier = [earlier(Outcome::Fail)];
    let posted = Posted { earlier: &earlier, ..posted(judged(&gated, &verdict)) };
    let run = check_run(&posted).unwrap();
    assert_eq!(
        run.title,
        "Pass: policy, performance (2 held); an earlier run of this commit failed"
    );
    for text in [run.summary, sticky(&posted).unwrap()] {
        assert!(
            text.contains(
                "[An earlier run](https://gate.example/runs/r0) of this very commit failed"
            ),
            "{text}"
        );
        assert!(text.contains("| 2026-11-22 09:30 UTC | `octocat` (opened) | everything | fail |"));
    }
}

#[test]
fn ended_without_a_receipt() {
    let ended = |how, note| check_run(&posted(Stage::Ended { how, note })).unwrap();
    let run = ended(EndedWithout::Superseded, None);
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::Cancelled));
    assert_eq!(run.actions, []);
    let run = ended(EndedWithout::Cancelled, Some("the pull request was closed"));
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::Cancelled));
    assert!(run.summary.contains("the pull request was closed"));
    let run = ended(EndedWithout::TimedOut, None);
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::TimedOut));
    let run = ended(EndedWithout::Error, Some("this clone lacks the base"));
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::ActionRequired));
    assert_eq!(run.actions.first().map(|action| action.identifier), Some(RERUN));
    let stage = Stage::Ended { how: EndedWithout::Error, note: Some("this clone lacks the base") };
    insta::assert_snapshot!("ended_sticky", sticky(&posted(stage)).unwrap());
}

#[test]
fn every_stage_keeps_githubs_limits_and_the_anchors_of_the_comment() {
    let (risks, gated) = (risks(), failing());
    let verdict = judge(&gated.receipt);
    let gates = gates();
    let stages = [
        Stage::Queued { ahead: 0, estimate: None },
        running(),
        Stage::AwaitsApproval { risks: &risks },
        Stage::AwaitsSandbox { risks: &risks, approved_by: None },
        judged(&gated, &verdict),
        Stage::Ended { how: EndedWithout::Error, note: None },
        Stage::Ended { how: EndedWithout::Superseded, note: None },
        Stage::Ended { how: EndedWithout::Cancelled, note: None },
        Stage::Ended { how: EndedWithout::TimedOut, note: None },
    ];
    for stage in stages {
        let posted = Posted { gates: &gates, ..posted(stage) };
        within_limits(&check_run(&posted).unwrap());
        let comment = sticky(&posted).unwrap();
        assert!(comment.starts_with(STICKY_MARKER));
        let table = comment.split("<!-- gates:start -->").nth(1).unwrap();
        let table = table.split("<!-- gates:end -->").next().unwrap();
        assert_eq!(table.lines().filter(|row| row.starts_with("| T")).count(), 6, "{table}");
        assert!(table.contains("| **T5** `integrative:gate:benchmarks` |"), "{table}");
        for word in ["**State**", "**Why**", "**Next**"] {
            assert!(comment.contains(word), "{word} in {comment}");
        }
        assert_eq!(sticky(&posted).unwrap(), comment, "the same facts, the same text");
        assert!(characters(&status(&posted).1) <= 140);
    }
}

#[test]
fn the_commit_status_follows_the_check_run() {
    let gated = failing();
    let verdict = judge(&gated.receipt);
    let (state, description) = status(&posted(judged(&gated, &verdict)));
    assert_eq!(state, "failure");
    assert_eq!(description, "Fail: 1 finding introduced, 1 benchmark regressed");
    assert_eq!(status(&posted(running())).0, "pending");
    let risks = risks();
    assert_eq!(status(&posted(Stage::AwaitsApproval { risks: &risks })).0, "error");
    let pass = content();
    let verdict = judge(&pass.receipt);
    assert_eq!(status(&posted(judged(&pass, &verdict))).0, "success");
}

#[test]
fn failures_come_first_among_the_remarks() {
    let mut gated = failing();
    let mut warning = duplicate(FindingState::Introduced);
    warning.severity = Severity::Note;
    warning.id = "info".to_owned();
    warning.location = Some(Location { file: "Cargo.lock".to_owned(), line: 0 });
    gated = gated.finding(warning);
    let verdict = judge(&gated.receipt);
    let run = check_run(&posted(judged(&gated, &verdict))).unwrap();
    let levels: Vec<String> =
        run.annotations.iter().map(|remark| format!("{:?}", remark.level)).collect();
    assert_eq!(levels, ["Failure", "Failure", "Warning", "Notice", "Notice", "Notice"]);
    within_limits(&run);
}

#[test]
fn a_remark_at_no_file_of_a_repository_is_left_out() {
    for path in ["", "/etc/passwd", "a\nb"] {
        let mut finding = licence(FindingState::Introduced);
        finding.location = Some(Location { file: path.to_owned(), line: 1 });
        let gated = content().finding(finding);
        let verdict = judge(&gated.receipt);
        let run = check_run(&posted(judged(&gated, &verdict))).unwrap();
        assert_eq!(run.annotations, [], "{path:?}");
        assert!(run.summary.contains("introduced-finding"), "it is in the report all the same");
    }
}

#[test]
fn what_contradicts_itself_is_not_shown() {
    let gated = content();
    let pass = judge(&gated.receipt);
    let fail = judge(&failing().receipt);
    let foreign =
        Stage::Judged { receipt: &gated.receipt, verdict: &fail, standing: &fail, kept: &[] };
    let said = check_run(&posted(foreign.clone())).unwrap_err().to_string();
    assert!(said.contains("the verdict is not the one that this receipt gives"), "{said}");
    assert!(sticky(&posted(foreign.clone())).is_err());
    assert_eq!(status(&posted(foreign)).0, "error");

    let unnamed = Stage::Judged {
        receipt: &gated.receipt,
        verdict: &pass,
        standing: &fail,
        kept: &[(PartName::Policy, PAGE.to_owned())],
    };
    let said = check_run(&posted(unnamed)).unwrap_err().to_string();
    assert!(said.contains("what stands for Performance is not this run's"), "{said}");

    let mut green = fail.clone();
    green.outcome = Outcome::Pass;
    let all = [(PartName::Policy, PAGE.to_owned()), (PartName::Perf, PAGE.to_owned())];
    let bent =
        Stage::Judged { receipt: &gated.receipt, verdict: &pass, standing: &green, kept: &all };
    let said = check_run(&posted(bent)).unwrap_err().to_string();
    assert!(said.contains("does not follow from its own parts"), "{said}");

    let half = Verdict::over(vec![pass.part(PartName::Policy).unwrap().clone()]);
    let lost =
        Stage::Judged { receipt: &gated.receipt, verdict: &pass, standing: &half, kept: &[] };
    let said = check_run(&posted(lost)).unwrap_err().to_string();
    assert!(said.contains("Performance does not stand at all"), "{said}");
}

#[test]
fn a_kept_pass_is_not_green() {
    let gated = empty().with_policy();
    let own = judge(&gated.receipt);
    let kept = [(PartName::Perf, PAGE.to_owned())];
    let parts =
        vec![own.part(PartName::Policy).unwrap().clone(), Part::judged(PartName::Perf, vec![])];
    let standing = Verdict::over(parts);
    let stage =
        Stage::Judged { receipt: &gated.receipt, verdict: &own, standing: &standing, kept: &kept };
    let run = check_run(&posted(stage)).unwrap();
    assert_eq!(run.status, CheckStatus::Completed(Conclusion::Success));
    assert_eq!(run.title, "Pass: policy, performance (earlier run)");
    assert!(run.summary.contains("performance pass, kept from [an earlier run]"));
    assert!(!run.summary.contains("performance ✅"), "its facts are elsewhere: {}", run.summary);
}

#[test]
fn a_regression_is_remarked_at_its_target() {
    let gated = failing();
    assert_eq!(
        gated
            .receipt
            .perf
            .as_ref()
            .unwrap()
            .pairs
            .iter()
            .filter(|p| p.state == PairState::Regressed)
            .count(),
        1
    );
    let verdict = judge(&gated.receipt);
    let run = check_run(&posted(judged(&gated, &verdict))).unwrap();
    let at: Vec<(&str, u32)> = run
        .annotations
        .iter()
        .filter(|remark| remark.title.starts_with("regressed"))
        .map(|remark| (remark.path.as_str(), remark.line))
        .collect();
    assert_eq!(at, [("Cargo.toml", 21)]);
    assert_eq!(HEAD.len(), 40);
}
