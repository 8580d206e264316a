//! What people say to the bot.

mod any;
mod conversations;

use t5_gate::command::{self, Said};

/// A comment's outcome in one line.
fn said(comment: &str) -> String {
    match command::parse(comment) {
        Said::Nothing => "nothing".to_owned(),
        Said::Command(command) => format!("does {command}"),
        Said::Typo(line) => format!("says {line}"),
    }
}
