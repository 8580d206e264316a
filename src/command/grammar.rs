//! From the words of a line to a command.

use super::{
    Command, Rerun, Said,
    typo::{self, Meant},
};

/// The longest filter of benchmarks in characters.
const FILTER_LIMIT: usize = 200;

/// What one line of an author's own text comes to.
pub(super) fn read(line: &str) -> Said {
    let (word, rest) = first(line);
    let said = match word.to_ascii_lowercase().as_str() {
        "/rerun-t5" => rerun(rest),
        "/t5" => to_t5(rest),
        _ => match typo::of_first_word(&word.to_lowercase()) {
            Some(meant) => Err(meant),
            None => return Said::Nothing,
        },
    };
    match said {
        Ok(command) => Said::Command(command),
        Err(meant) => Said::Typo(typo::sentence(line, meant)),
    }
}

/// The first word, and what follows it.
fn first(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

/// What follows `/rerun-t5`.
fn rerun(rest: &str) -> Result<Command, Meant> {
    let (part, rest) = first(rest);
    let scope = match part.to_ascii_lowercase().as_str() {
        "" | "all" => Rerun::All,
        "policy" => Rerun::Policy,
        "bench" if rest.is_empty() => Rerun::Bench(None),
        "bench" => return filter(rest).map(|filter| Command::Rerun(Rerun::Bench(Some(filter)))),
        other => return Err(typo::of_part(other)),
    };
    nothing_more(rest, Command::Rerun(scope))
}

/// A filter, which may be written as code, between as many backticks as one likes, to keep Markdown
/// from changing it.
fn filter(rest: &str) -> Result<String, Meant> {
    let mut filter = rest;
    while let Some(inner) = filter.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        filter = inner.trim();
    }
    let good = (1..=FILTER_LIMIT).contains(&filter.chars().count());
    if good && !filter.chars().any(|c| c.is_control() || turns_around(c)) {
        Ok(filter.to_owned())
    } else {
        Err(Meant::Filter(FILTER_LIMIT))
    }
}

/// Shows what stands around it in another order than it is written.
fn turns_around(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What follows `/t5`.
fn to_t5(rest: &str) -> Result<Command, Meant> {
    let (word, rest) = first(rest);
    match word.to_ascii_lowercase().as_str() {
        "approve" => approve(rest),
        "cancel" => nothing_more(rest, Command::Cancel),
        "status" => nothing_more(rest, Command::Status),
        "help" => nothing_more(rest, Command::Help),
        "rerun" => rerun(rest),
        other => Err(typo::of_verb(other)),
    }
}

/// Approval names a commit, so that what is pushed next is not approved along with it.
fn approve(rest: &str) -> Result<Command, Meant> {
    let (word, rest) = first(rest);
    let sha = word.trim_matches('`').to_ascii_lowercase();
    let good = (7..=40).contains(&sha.len()) && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    if good { nothing_more(rest, Command::Approve(sha)) } else { Err(Meant::Sha) }
}

fn nothing_more(rest: &str, command: Command) -> Result<Command, Meant> {
    if rest.is_empty() { Ok(command) } else { Err(Meant::NoMore(command)) }
}
