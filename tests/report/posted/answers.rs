//! One-line answers to comments.

use t5_gate::report::posted::{EndedWithout, Stage, answers, answers::reply_marker};

use super::{HEAD, PAGE, outside_of_code, posted};
use crate::receipt::build::time;

fn all(text: &str) -> Vec<String> {
    let note = Stage::Ended { how: EndedWithout::Error, note: Some(text) };
    vec![
        answers::refused(7, text),
        answers::typo(7, text),
        answers::help(7),
        answers::status(7, &posted(note), text),
        answers::approved(7, text),
        answers::not_the_head(7, text, HEAD),
        answers::sha_too_short(7, text, text),
        answers::nothing_to_approve(7),
        answers::cancelled(7),
        answers::nothing_to_cancel(7),
        answers::closed(7),
        answers::awaits_approval(7, text),
        answers::stranger(7),
    ]
}

#[test]
fn each_answer_says_what_was_done_and_what_to_do() {
    let shown = [
        answers::refused(7, "mallory"),
        answers::typo(7, "`/rerun-t5 polcy`: did you mean `/rerun-t5 policy`?"),
        answers::approved(7, HEAD),
        answers::not_the_head(7, "1111111", HEAD),
        answers::sha_too_short(7, "2222", HEAD),
        answers::nothing_to_approve(7),
        answers::cancelled(7),
        answers::nothing_to_cancel(7),
        answers::closed(7),
        answers::awaits_approval(7, HEAD),
        answers::stranger(7),
    ];
    insta::assert_snapshot!(shown.join("").replace("<!-- t5-gate:reply 7 -->\n", ""));
}

#[test]
fn help_lists_every_command() {
    insta::assert_snapshot!(answers::help(7));
}

#[test]
fn status_takes_a_few_lines() {
    let stage = Stage::Running {
        phase: "measure",
        what: "dot/65536, round 3",
        done: 12,
        total: 40,
        started: time("2026-11-22T10:00:00Z"),
        attempt: 1,
    };
    let said = answers::status(7, &posted(stage), "full");
    insta::assert_snapshot!(said);
    assert!(said.contains(PAGE));
}

#[test]
fn each_answer_begins_with_the_marker_of_its_comment() {
    assert_ne!(reply_marker(7), reply_marker(70));
    for answer in all("x") {
        assert!(answer.starts_with(&format!("{}\n", reply_marker(7))), "{answer}");
    }
}

#[test]
fn an_answer_notifies_nobody_and_runs_nothing() {
    for answer in all("@octocat <img> `@octocat` #1\n/t5 cancel") {
        let body = answer.split_once('\n').unwrap().1;
        let bare = outside_of_code(body).replace("<code>", "").replace("</code>", "");
        assert!(!bare.contains('<'), "{body}");
        assert!(bare.matches('@').count() == bare.matches("@&#8203;").count(), "{body}");
        assert!(!body.lines().any(|line| line.starts_with("/t5")), "{body}");
    }
}
