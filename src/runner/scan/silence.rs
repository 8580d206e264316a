//! A check that gave no answer: why, and what a person can do.

use super::{
    input::MissingTool,
    lock::{BrokenLock, one_line},
    migration::migration,
    ndjson::Output,
    rules::{BrokenRules, RuleFile},
};
use crate::{
    policy::{ScanState, Severity},
    runner::beneath::BeneathError,
};

/// Characters of another program's message that a reason quotes.
const QUOTED: usize = 400;

/// Where the format of a cargo-deny configuration is explained.
const FORMAT: &str = "https://embarkstudios.github.io/cargo-deny/checks/cfg.html";

/// Why a check gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    /// What happened.
    pub(super) reason: String,
    /// What a person can do.
    pub(super) next: String,
}

impl From<Silence> for ScanState {
    fn from(silence: Silence) -> Self {
        Self::CouldNotRun { reason: silence.reason, next: silence.next }
    }
}

impl Silence {
    /// A lock file that cannot be read; `path` is relative to the repository's root.
    pub(super) fn lock(path: &str, broken: &BrokenLock) -> Self {
        let place = broken.line.map_or_else(String::new, |line| format!(":{line}"));
        Self {
            reason: format!("{path}{place} is broken: {}", broken.message),
            next: format!(
                "restore {path} from git, or run `cargo generate-lockfile`, and commit it"
            ),
        }
    }

    /// Nobody can tell what cargo would fetch.
    pub(super) fn unread(error: &BeneathError) -> Self {
        Self {
            reason: format!("nothing was fetched, because not all manifests can be read: {error}"),
            next: "commit plain files, reached through plain folders".to_owned(),
        }
    }

    /// A program that is not there.
    pub(super) fn tool(missing: &MissingTool) -> Self {
        Self { reason: missing.reason.clone(), next: missing.next.clone() }
    }

    /// Rules that cannot be read.
    pub(super) fn rules(broken: &BrokenRules) -> Self {
        Self {
            reason: format!("the rules cannot be read: {broken}"),
            next: format!("correct {} on the target branch", broken.path),
        }
    }

    /// cargo-deny came to no end over the rules in `file`.
    pub(super) fn deny(output: &Output, file: &RuleFile, ended: &str) -> Self {
        let path = &file.path;
        let refused = refused(output);
        if !refused.is_empty() {
            let steps = migration(file);
            let steps = match steps.is_empty() {
                true => String::new(),
                false => format!(": {}", steps.join("; ")),
            };
            return Self {
                reason: format!("cargo-deny refuses {path}: {}", refused.join(", ")),
                next: format!("migrate {path} on the target branch{steps} (see {FORMAT})"),
            };
        }
        let said = output.complaints.first().map_or_else(String::new, |said| one_line(said));
        let said = if said.is_empty() { ended.to_owned() } else { cut(&said) };
        Self {
            reason: format!("cargo-deny gave no summary: {said}"),
            next: "run `cargo deny check` there and look at what it prints".to_owned(),
        }
    }
}

/// What cargo-deny does not take in its configuration: findings are about packages, and what is
/// about no package is about the rules.
fn refused(output: &Output) -> Vec<String> {
    let about_rules = output
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error && found.graphs.is_empty());
    about_rules
        .map(|found| {
            let labels = found.labels.iter().map(|label| label.message.as_str());
            let said = std::iter::once(found.message.as_str()).chain(labels);
            let said = said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
            let at = found.labels.first().map(|label| label.span.as_str()).unwrap_or_default();
            format!("`{at}` ({})", cut(&one_line(&said)))
        })
        .collect()
}

/// The message of a program that failed, without its decoration.
pub(super) fn first_lines(text: &str) -> String {
    let said = text
        .lines()
        .map(str::trim)
        .skip_while(|line| !line.starts_with("error"))
        .filter(|line| !line.is_empty());
    let said: Vec<&str> = said.take(6).collect();
    match said.as_slice() {
        [] => cut(&one_line(text)),
        lines => cut(lines.join(" ").trim_start_matches("error: ")),
    }
}

fn cut(text: &str) -> String {
    let mut cut: String = text.chars().take(QUOTED).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}
