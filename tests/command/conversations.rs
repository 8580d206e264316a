//! Comments as people write them, and what the bot takes from them.

use insta::assert_snapshot;
use t5_gate::command::{COMMANDS, Command, Rerun, Said, parse};

use super::said;

const NOTHING: &str = "nothing";
const RERUN: &str = "does /rerun-t5";

fn conversations(table: &[(&str, &str)]) {
    for (comment, expected) in table {
        assert_eq!(said(comment), *expected, "{comment:?}");
    }
}

#[test]
fn every_command_does_what_it_says() {
    conversations(&[
        ("/rerun-t5", RERUN),
        ("/rerun-t5 all", RERUN),
        ("/rerun-t5 policy", "does /rerun-t5 policy"),
        ("/rerun-t5 bench", "does /rerun-t5 bench"),
        ("/rerun-t5 bench gemv/avx2", "does /rerun-t5 bench gemv/avx2"),
        ("/rerun-t5 bench   qk256: gemv 1024x1024  ", "does /rerun-t5 bench qk256: gemv 1024x1024"),
        ("/rerun-t5 bench `a_b_c*`", "does /rerun-t5 bench a_b_c*"),
        ("/rerun-t5 bench ``a_b``", "does /rerun-t5 bench a_b"),
        ("/rerun-t5 bench ```un-t5 bench ``", "does /rerun-t5 bench `un-t5 bench"),
        ("/t5 approve 0123ABCdef", "does /t5 approve 0123abcdef"),
        ("/t5 approve `0123abc`", "does /t5 approve 0123abc"),
        ("/t5 cancel", "does /t5 cancel"),
        ("/t5 status", "does /t5 status"),
        ("/t5 help", "does /t5 help"),
        ("/t5 rerun", RERUN),
        ("/t5 rerun bench gemv", "does /rerun-t5 bench gemv"),
    ]);
    assert_eq!(
        parse("/rerun-t5 bench Gemv"),
        Said::Command(Command::Rerun(Rerun::Bench(Some("Gemv".to_owned()))))
    );
}

#[test]
fn every_command_of_the_list_can_be_typed() {
    for (spelled, _) in COMMANDS {
        let typed = spelled.replace("<sha>", "0123abc").replace("<filter>", "gemv");
        assert_eq!(said(&typed), format!("does {typed}"));
    }
}

#[test]
fn a_command_may_stand_among_other_lines() {
    conversations(&[
        ("Thanks!\n\n/rerun-t5\n", RERUN),
        ("Thanks!\n/rerun-t5", RERUN),
        ("Thanks!\r\n\r\n/rerun-t5 policy\r\n", "does /rerun-t5 policy"),
        ("   /rerun-t5", RERUN),
        ("Fixed:\n- the one\n- the other\n/rerun-t5", RERUN),
        ("> why is this slow?\n\n/rerun-t5 bench", "does /rerun-t5 bench"),
        ("```\n/t5 cancel\n```\n/rerun-t5", RERUN),
        ("<!-- a template's hint -->\n/rerun-t5", RERUN),
        ("/retest\n/rerun-t5", RERUN),
        // What a mail program puts under a reply turns the line above into a heading.
        ("/rerun-t5\n--\nSent from a telephone", RERUN),
    ]);
}

#[test]
fn words_are_read_in_any_case_and_without_what_nobody_sees() {
    conversations(&[
        ("/Rerun-T5 Policy", "does /rerun-t5 policy"),
        ("/T5 CANCEL", "does /t5 cancel"),
        ("\u{feff}/rerun-t5", RERUN),
        ("\u{200b}/rerun\u{200d}-t5\u{200b} bench ge\u{2060}mv", "does /rerun-t5 bench gemv"),
        ("/rerun-t5\u{a0}policy", "does /rerun-t5 policy"),
        ("/t5\tstatus", "does /t5 status"),
    ]);
}

#[test]
fn quotes_code_and_what_is_hidden_are_not_meant() {
    conversations(&[
        ("> /rerun-t5", NOTHING),
        (">/rerun-t5\n> /t5 cancel", NOTHING),
        ("> > /rerun-t5", NOTHING),
        // GitHub shows this line as a part of the quote.
        ("> look\n/rerun-t5", NOTHING),
        ("> [!NOTE]\n> /rerun-t5", NOTHING),
        ("`/rerun-t5`", NOTHING),
        ("`` ` ``\n`\n/rerun-t5\n`", NOTHING),
        ("    /rerun-t5", NOTHING),
        ("\t/rerun-t5", NOTHING),
        ("```\n/rerun-t5\n```", NOTHING),
        ("~~~~ text\n```\n/rerun-t5\n~~~\n/rerun-t5\n~~~~", NOTHING),
        ("```\nnever closed\n\n/rerun-t5", NOTHING),
        ("- step:\n  ```\n  /rerun-t5\n  ```", NOTHING),
        ("<!--\n/rerun-t5\n-->", NOTHING),
        ("<!-- never closed\n\n/rerun-t5", NOTHING),
        ("see <!--\n/rerun-t5\n--> this", NOTHING),
        ("<details>\n/rerun-t5\n</details>", NOTHING),
        ("<pre>\n\n/rerun-t5\n\n</pre>", NOTHING),
        ("[a link\n/rerun-t5](https://example.org)", NOTHING),
        // A fence that is not one as GitHub shows it closes nothing.
        ("```\n`\u{200b}``\n/rerun-t5\n```", NOTHING),
    ]);
}

#[test]
fn prose_and_other_bots_commands_are_not_meant() {
    conversations(&[
        ("", NOTHING),
        ("please run /rerun-t5", NOTHING),
        ("rerun-t5", NOTHING),
        ("t5 cancel", NOTHING),
        ("- /rerun-t5", NOTHING),
        ("# /rerun-t5", NOTHING),
        ("\\/rerun-t5", NOTHING),
        ("/", NOTHING),
        ("/retest", NOTHING),
        ("/rerun", NOTHING),
        ("/rerun-ci", NOTHING),
        ("/rerun-all", NOTHING),
        ("/rerun-tests", NOTHING),
        ("/t500", NOTHING),
        ("/t6 cancel", NOTHING),
        ("/t5-small is a model", NOTHING),
        ("/t5x", NOTHING),
        ("/usr/bin/t5", NOTHING),
        ("/rerun-t5/config", NOTHING),
        ("//", NOTHING),
    ]);
}

#[test]
fn the_first_line_that_speaks_to_the_bot_counts() {
    conversations(&[
        ("/t5 cancel\n/rerun-t5", "does /t5 cancel"),
        ("/rerun-t5 policy\n\n/rerun-t5 bench", "does /rerun-t5 policy"),
        ("/t5 canzel\n/rerun-t5", "says `/t5 canzel` is no command. Did you mean `/t5 cancel`?"),
    ]);
}

/// One a line.
const TYPOS: &str = "\
/rerun-t6
/rerun_t5
/rerunt5 policy
/re-run-t5
/run-t5
/rerun-t5.
/rerun-t5 benchmarks
/rerun-t5 benhc gemv
/rerun-t5 polcy
/rerun-t5 policy please
/rerun-t5 is what to type
/rerun-t5 bench ``
/t5
/t5 aprove 0123abc
/t5 approve
/t5 approve 0123ab
/t5 approve main
/t5 approve 0123abc 4567def
/t5 rerun-t5
/t5 bench gemv
/t5 retry
/t5 hepl
/t5 stop
/t5 make it faster
/t5-cancel
/t5:status
/t5, please";

#[test]
fn a_typo_is_told_what_may_have_been_meant() {
    let told: Vec<String> = TYPOS.lines().map(said).collect();
    assert_snapshot!(told.join("\n"), @"
    says `/rerun-t6` is no command. Did you mean `/rerun-t5`?
    says `/rerun_t5` is no command. Did you mean `/rerun-t5`?
    says `/rerunt5 policy` is no command. Did you mean `/rerun-t5`?
    says `/re-run-t5` is no command. Did you mean `/rerun-t5`?
    says `/run-t5` is no command. Did you mean `/rerun-t5`?
    says `/rerun-t5.` is no command. Did you mean `/rerun-t5`?
    says `/rerun-t5 benchmarks` is no command. Did you mean `/rerun-t5 bench`?
    says `/rerun-t5 benhc gemv` is no command. Did you mean `/rerun-t5 bench`?
    says `/rerun-t5 polcy` is no command. Did you mean `/rerun-t5 policy`?
    says `/rerun-t5 policy please` says more than `/rerun-t5 policy` takes. Did you mean `/rerun-t5 policy`?
    says `/rerun-t5 is what to type` names no part of the gate. There are `/rerun-t5`, `/rerun-t5 policy` and `/rerun-t5 bench <filter>`.
    says `/rerun-t5 bench ??` has no usable filter. A filter is 1 to 200 characters of a benchmark's id: `/rerun-t5 bench <filter>`.
    says `/t5` is no command. `/t5 help` lists them all.
    says `/t5 aprove 0123abc` is no command. Did you mean `/t5 approve <sha>`?
    says `/t5 approve` names no commit. Approval is for one commit: `/t5 approve <sha>`, with all 40 digits, as the check run shows it.
    says `/t5 approve 0123ab` names no commit. Approval is for one commit: `/t5 approve <sha>`, with all 40 digits, as the check run shows it.
    says `/t5 approve main` names no commit. Approval is for one commit: `/t5 approve <sha>`, with all 40 digits, as the check run shows it.
    says `/t5 approve 0123abc 4567def` says more than `/t5 approve <sha>` takes. Did you mean `/t5 approve <sha>`?
    says `/t5 rerun-t5` is no command. Did you mean `/rerun-t5`?
    says `/t5 bench gemv` is no command. Did you mean `/rerun-t5 bench`?
    says `/t5 retry` is no command. Did you mean `/rerun-t5`?
    says `/t5 hepl` is no command. Did you mean `/t5 help`?
    says `/t5 stop` is no command. Did you mean `/t5 cancel`?
    says `/t5 make it faster` is no command. `/t5 help` lists them all.
    says `/t5-cancel` is no command. Did you mean `/t5 cancel`?
    says `/t5:status` is no command. Did you mean `/t5 status`?
    says `/t5, please` is no command. `/t5 help` lists them all.
    ");
}

#[test]
fn a_filter_has_its_limits() {
    let long = |length: usize| format!("/rerun-t5 bench {}", "ä".repeat(length));
    assert_eq!(said(&long(200)), format!("does {}", long(200)));
    assert_snapshot!(said(&long(201)), @"says `/rerun-t5 bench ????????????????????????…` has no usable filter. A filter is 1 to 200 characters of a benchmark's id: `/rerun-t5 bench <filter>`.");
    assert_snapshot!(said("/rerun-t5 bench a\u{7}b"), @"says `/rerun-t5 bench a?b` has no usable filter. A filter is 1 to 200 characters of a benchmark's id: `/rerun-t5 bench <filter>`.");
    assert_snapshot!(said("/rerun-t5 bench a\u{202e}b"), @"says `/rerun-t5 bench a?b` has no usable filter. A filter is 1 to 200 characters of a benchmark's id: `/rerun-t5 bench <filter>`.");
}

#[test]
fn what_a_typo_repeats_is_short_and_harmless() {
    assert_snapshot!(
        said("/t5 `](https://evil.example) @everyone #1 <img src=x> \u{202e}🟢 |"), @"says `/t5 ???https://evil.example? ?everyone ?…` is no command. `/t5 help` lists them all."
    );
    assert_snapshot!(said(&format!("/rerun-t5 {}", "x".repeat(60_000))), @"says `/rerun-t5 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` names no part of the gate. There are `/rerun-t5`, `/rerun-t5 policy` and `/rerun-t5 bench <filter>`.");
}
