//! What people say to the bot in a comment: the grammar of its commands.
//!
//! Pure: a comment's text in, what was meant out.

/// What a comment asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `/rerun-t5`, `/rerun-t5 policy`, `/rerun-t5 bench`, `/rerun-t5 bench <filter>`.
    Rerun(Rerun),
    /// `/t5 approve <sha>`: at least seven hexadecimal digits, in lower case.
    Approve(String),
    /// `/t5 cancel`.
    Cancel,
    /// `/t5 status`.
    Status,
    /// `/t5 help`.
    Help,
}

/// How much is run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rerun {
    /// All of it.
    All,
    /// Licences, sources, bans and advisories.
    Policy,
    /// All benchmarks, or those whose id contains the text.
    Bench(Option<String>),
}

/// What a comment comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It does not speak to the bot.
    Nothing,
    /// A command.
    Command(Command),
    /// It speaks to the bot, and is no command: one line that says what may have been meant.
    Typo(String),
}
