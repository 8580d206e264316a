//! What holds for every comment and every command.

use proptest::prelude::*;
use t5_gate::command::{Command, Rerun, Said, parse};

/// Text that is likely to mean something: what commands and Markdown are made of.
fn comments() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "/rerun-t5",
        "/t5",
        " ",
        "policy",
        "bench",
        "approve",
        "cancel",
        "0123abc",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "> ",
        "```",
        "~~~",
        "`",
        "    ",
        "\t",
        "- ",
        "1. ",
        "# ",
        "<!--",
        "-->",
        "<details>",
        "[",
        "](x)",
        "*",
        "_",
        "\\",
        "\u{200b}",
        "\u{feff}",
        "ä",
        "🟢",
        "\0",
        "--",
    ]);
    prop_oneof![
        3 => prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

fn commands() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Rerun(Rerun::All)),
        Just(Command::Rerun(Rerun::Policy)),
        Just(Command::Rerun(Rerun::Bench(None))),
        // Anything that can be seen, but for the spaces and the marks of code around it.
        "[!-_a-~äß→]([ -~äß→]{0,198}[!-_a-~äß→])?"
            .prop_map(|filter| Command::Rerun(Rerun::Bench(Some(filter)))),
        "[0-9a-f]{7,40}".prop_map(Command::Approve),
        Just(Command::Cancel),
        Just(Command::Status),
        Just(Command::Help),
    ]
}

/// Every line with something before it.
fn prefixed(comment: &str, prefix: &str) -> String {
    comment.split(['\n', '\r']).map(|line| format!("{prefix}{line}\n")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        rng_seed: proptest::test_runner::RngSeed::Fixed(5),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_comment_is_read_and_what_a_typo_says_is_one_harmless_line(comment in comments()) {
        if let Said::Typo(line) = parse(&comment) {
            prop_assert!(line.chars().count() < 250, "{line}");
            let harmless = line.starts_with('`') && !line.contains(['\n', '\r', '@', '#', '>']);
            prop_assert!(harmless || line.contains("<filter>") || line.contains("<sha>"), "{line}");
            prop_assert_eq!(parse(&line), Said::Nothing);
        }
    }

    #[test]
    fn a_command_that_was_read_is_read_again_from_its_own_text(comment in comments()) {
        if let said @ Said::Command(_) = parse(&comment) {
            let Said::Command(command) = &said else { unreachable!() };
            prop_assert_eq!(parse(&command.to_string()), said.clone());
        }
    }

    #[test]
    fn a_command_is_read_as_it_is_written(command in commands()) {
        prop_assert_eq!(parse(&command.to_string()), Said::Command(command.clone()));
        let among = format!("Hello,\n\n  {command} \r\nthanks");
        prop_assert_eq!(parse(&among), Said::Command(command));
    }

    #[test]
    fn quoting_any_comment_silences_it(comment in comments()) {
        prop_assert_eq!(parse(&prefixed(&comment, "> ")), Said::Nothing);
        prop_assert_eq!(parse(&prefixed(&comment, ">")), Said::Nothing);
    }

    #[test]
    fn showing_any_comment_as_code_silences_it(comment in comments()) {
        let fence = "`".repeat(comment.len() + 3);
        prop_assert_eq!(parse(&format!("{fence}\n{comment}\n{fence}")), Said::Nothing);
        prop_assert_eq!(parse(&prefixed(&comment, "    ")), Said::Nothing);
    }

    #[test]
    fn a_command_in_a_comment_that_nobody_sees_is_silent(command in commands()) {
        // A filter may hold what ends such a comment.
        prop_assume!(!command.to_string().contains('>'));
        prop_assert_eq!(parse(&format!("<!--\n{command}\n-->")), Said::Nothing);
    }
}
