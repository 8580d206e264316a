//! What somebody may have meant who speaks to the bot, but not in its grammar.

use strsim::damerau_levenshtein;

use super::{Command, Rerun};

/// The longest quotation of what somebody wrote, in characters.
const QUOTE_LIMIT: usize = 40;

/// Words of more bytes than this are like none of ours.
const WORD_LIMIT: usize = 24;

/// What may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// This, as it is spelled.
    This(&'static str),
    /// This command, which takes nothing more.
    NoMore(Command),
    /// A commit is missing, or is none.
    Sha,
    /// A filter that is empty, too long or cannot be typed; at most so many characters.
    Filter(usize),
    /// Some part of the gate.
    Part,
    /// Nobody knows.
    Anything,
}

/// The verbs of `/t5`, and how each is spelled.
const VERBS: &[(&str, &str)] = &[
    ("approve", "/t5 approve <sha>"),
    ("cancel", "/t5 cancel"),
    ("status", "/t5 status"),
    ("help", "/t5 help"),
    ("rerun", "/rerun-t5"),
];

/// Other words for the verbs.
const OTHER_VERBS: &[(&str, &str)] = &[
    ("approved", "/t5 approve <sha>"),
    ("allow", "/t5 approve <sha>"),
    ("stop", "/t5 cancel"),
    ("abort", "/t5 cancel"),
    ("retry", "/rerun-t5"),
    ("retest", "/rerun-t5"),
    ("run", "/rerun-t5"),
    ("rerun-t5", "/rerun-t5"),
    ("/rerun-t5", "/rerun-t5"),
    ("all", "/rerun-t5"),
    ("policy", "/rerun-t5 policy"),
    ("bench", "/rerun-t5 bench"),
];

/// The parts of `/rerun-t5`, and how each is spelled.
const PARTS: &[(&str, &str)] =
    &[("policy", "/rerun-t5 policy"), ("bench", "/rerun-t5 bench"), ("all", "/rerun-t5")];

/// Other words for the parts.
const OTHER_PARTS: &[(&str, &str)] = &[
    ("everything", "/rerun-t5"),
    ("benches", "/rerun-t5 bench"),
    ("benchmark", "/rerun-t5 bench"),
    ("benchmarks", "/rerun-t5 bench"),
    ("perf", "/rerun-t5 bench"),
    ("performance", "/rerun-t5 bench"),
    ("deny", "/rerun-t5 policy"),
    ("licenses", "/rerun-t5 policy"),
    ("advisories", "/rerun-t5 policy"),
];

/// What was meant by a first word that is none of ours; none if it need not be meant for us.
///
/// Other bots have commands of their own (`/rerun`, `/retest`, `/rerun-ci`), and a line may begin
/// with a path. So a word counts only if it is one key away from `/rerun-t5`, or two where it
/// speaks of `t5`, or if it glues `/t5` and one of its verbs together.
pub(super) fn of_first_word(word: &str) -> Option<Meant> {
    if word.len() > WORD_LIMIT {
        return None;
    }
    let word = word.replace('_', "-");
    let keys = damerau_levenshtein(&word, "/rerun-t5");
    if keys <= 1 || (keys == 2 && word.contains("t5")) {
        return Some(Meant::This("/rerun-t5"));
    }
    let rest = word.strip_prefix("/t5")?;
    let verb = rest.trim_start_matches(['-', ':', '.', ',', '!', '?', '/']);
    match verb {
        _ if verb.len() == rest.len() => None,
        "" => Some(Meant::Anything),
        _ => like(verb, VERBS).map(Meant::This),
    }
}

/// What was meant by a word after `/t5` that is no verb.
pub(super) fn of_verb(word: &str) -> Meant {
    exactly(word, OTHER_VERBS).or_else(|| like(word, VERBS)).map_or(Meant::Anything, Meant::This)
}

/// What was meant by a word after `/rerun-t5` that is no part of the gate.
pub(super) fn of_part(word: &str) -> Meant {
    exactly(word, OTHER_PARTS).or_else(|| like(word, PARTS)).map_or(Meant::Part, Meant::This)
}

fn exactly(word: &str, known: &[(&str, &'static str)]) -> Option<&'static str> {
    known.iter().find(|(name, _)| *name == word).map(|(_, spelled)| *spelled)
}

/// The nearest of these words, if it is one key away, or two keys of a word of five letters or
/// more.
fn like(word: &str, known: &[(&str, &'static str)]) -> Option<&'static str> {
    if word.len() > WORD_LIMIT {
        return None;
    }
    let near = known.iter().map(|(name, spelled)| (damerau_levenshtein(word, name), name, spelled));
    let near = near.min_by_key(|(keys, _, _)| *keys)?;
    let allowed = if near.1.len() >= 5 { 2 } else { 1 };
    (near.0 <= allowed).then_some(*near.2)
}

/// One line of Markdown for whoever wrote `line`.
pub(super) fn sentence(line: &str, meant: Meant) -> String {
    let line = quoted(line);
    match meant {
        Meant::This(spelled) => format!("{line} is no command. Did you mean `{spelled}`?"),
        Meant::NoMore(command) => {
            let spelled = match command {
                Command::Approve(_) => "/t5 approve <sha>".to_owned(),
                other => other.to_string(),
            };
            format!("{line} says more than `{spelled}` takes. Did you mean `{spelled}`?")
        }
        Meant::Sha => format!(
            "{line} names no commit. Approval is for one commit: `/t5 approve <sha>`, with all \
             40 digits, as the check run shows it."
        ),
        Meant::Filter(limit) => format!(
            "{line} has no usable filter. A filter is 1 to {limit} characters of a benchmark's \
             id: `{}`.",
            Command::Rerun(Rerun::Bench(Some("<filter>".to_owned())))
        ),
        Meant::Part => format!(
            "{line} names no part of the gate. There are `/rerun-t5`, `/rerun-t5 policy` and \
             `/rerun-t5 bench <filter>`."
        ),
        Meant::Anything => format!("{line} is no command. `/t5 help` lists them all."),
    }
}

/// The line as code: short, and with nothing in it that Markdown or a reader could mistake.
fn quoted(line: &str) -> String {
    let harmless = |c: char| match c {
        _ if c.is_ascii_alphanumeric() => c,
        '/' | '-' | '_' | '.' | ',' | ':' | ' ' => c,
        _ => '?',
    };
    let mut shown: String = line.chars().take(QUOTE_LIMIT).map(harmless).collect();
    shown.truncate(shown.trim_end().len());
    let more = if line.chars().nth(QUOTE_LIMIT).is_some() { "…" } else { "" };
    format!("`{shown}{more}`")
}
