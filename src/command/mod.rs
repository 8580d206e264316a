//! What people say to the bot in a comment: the grammar of its commands.
//!
//! Pure: a comment's text in, what was meant out. A command stands at the start of a line of the
//! author's own text: not in a quote, in code, in HTML or in a comment that nobody sees. The
//! first line of a comment that speaks to the bot counts, and no other.

mod grammar;
mod lines;
mod typo;

use std::fmt;

/// What a comment asks for. Its text is the command again, as somebody would type it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `/rerun-t5`, `/rerun-t5 policy`, `/rerun-t5 bench`, `/rerun-t5 bench <filter>`.
    Rerun(Rerun),
    /// `/t5 approve <sha>`: seven to forty hexadecimal digits, in lower case; all forty are asked for
    /// where it counts.
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
    /// Ready to be posted: what it repeats of the comment is short and harmless.
    Typo(String),
}

/// Every command: how it is typed, and what it does.
pub const COMMANDS: &[(&str, &str)] = &[
    ("/rerun-t5", "run the whole gate again"),
    ("/rerun-t5 policy", "run licences, sources, bans and advisories again"),
    ("/rerun-t5 bench", "measure all benchmarks again"),
    ("/rerun-t5 bench <filter>", "measure the benchmarks whose id contains the text"),
    ("/t5 approve <sha>", "let a stranger's commit run, this one and no later one"),
    ("/t5 cancel", "stop what is queued or running"),
    ("/t5 status", "say where the gate stands"),
    ("/t5 help", "list these commands"),
];

/// Reads a comment. Words of commands are read in upper or lower case; `/t5 rerun` is
/// `/rerun-t5`. The first line that speaks to the bot counts, whatever follows it.
pub fn parse(comment: &str) -> Said {
    // Most comments say nothing to the bot, and need no Markdown to tell.
    if !comment.contains('/') {
        return Said::Nothing;
    }
    let mut said = lines::spoken(comment).into_iter().map(|line| grammar::read(&line));
    said.find(|said| *said != Said::Nothing).unwrap_or(Said::Nothing)
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rerun(Rerun::All) => f.write_str("/rerun-t5"),
            Self::Rerun(Rerun::Policy) => f.write_str("/rerun-t5 policy"),
            Self::Rerun(Rerun::Bench(None)) => f.write_str("/rerun-t5 bench"),
            Self::Rerun(Rerun::Bench(Some(filter))) => write!(f, "/rerun-t5 bench {filter}"),
            Self::Approve(sha) => write!(f, "/t5 approve {sha}"),
            Self::Cancel => f.write_str("/t5 cancel"),
            Self::Status => f.write_str("/t5 status"),
            Self::Help => f.write_str("/t5 help"),
        }
    }
}
