//! Any text as a comment: what it asks for is asked for by its own text again, and quoting it
//! or showing it as code silences it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use t5_gate::command::{Said, parse};

fuzz_target!(|comment: &str| {
    match parse(comment) {
        Said::Nothing => {}
        Said::Command(command) => {
            assert_eq!(parse(&command.to_string()), Said::Command(command));
        }
        Said::Typo(line) => {
            assert!(line.chars().count() < 250 && !line.contains(['\n', '\r', '@', '#']), "{line}");
            assert_eq!(parse(&line), Said::Nothing);
        }
    }
    let quoted: String = comment.split(['\n', '\r']).map(|line| format!("> {line}\n")).collect();
    assert_eq!(parse(&quoted), Said::Nothing);
    let fence = "`".repeat(comment.len() + 3);
    assert_eq!(parse(&format!("{fence}\n{comment}\n{fence}")), Said::Nothing);
});
