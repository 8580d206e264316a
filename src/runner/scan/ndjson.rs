//! What cargo-deny prints, line by line. Never fails: what cannot be read is kept as a complaint.

use serde::Deserialize;

use super::inclusion::Inclusion;
use crate::policy::Severity;

/// Characters of a line that a complaint keeps.
const COMPLAINT: usize = 500;
/// Diagnostics of one call. A tree with more is not looked at one by one by anybody, and each of
/// them costs a walk through the graph of packages.
pub const DIAGNOSTICS: usize = 5_000;
/// Bytes of one line. The graph of a large workspace makes one of some hundred kilobytes.
pub const LINE: usize = 16 << 20;
/// Labels and graphs of one diagnostic: of a package in a hundred versions there is one each.
const POINTS: usize = 200;
/// Characters of one text: a licence's whole expression, a source, a title.
pub(super) const TEXT: usize = 4_000;

/// All that one call of cargo-deny said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Each with its code.
    pub diagnostics: Vec<Diagnostic>,
    /// The last line. Without it cargo-deny did not come to its end, whatever its exit code says.
    pub summary: Option<Summary>,
    /// Errors that it logged, and lines that are not what they should be (a panic's).
    pub complaints: Vec<String>,
}

/// One diagnostic.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Help counts as a note.
    pub severity: Severity,
    /// `rejected`, `duplicate`, `vulnerability`, …; empty where it has none.
    pub code: String,
    /// For advisories, their title.
    pub message: String,
    /// Places that it points at.
    pub labels: Vec<Label>,
    /// The packages that it is about.
    pub graphs: Vec<Inclusion>,
    /// The advisory's id.
    pub advisory: Option<String>,
}

/// A place that a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Label {
    /// Often empty.
    #[serde(default)]
    pub message: String,
    /// The text there.
    #[serde(default)]
    pub span: String,
    /// Counted from 1, in a file that is not named.
    #[serde(default)]
    pub line: u32,
}

impl Label {
    fn cut(self) -> Self {
        Self { message: cut(&self.message, TEXT), span: cut(&self.span, TEXT), line: self.line }
    }
}

/// The counts of the last line; a check that did not run has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// `check licenses`
    pub licenses: Option<Counts>,
    /// `check sources`
    pub sources: Option<Counts>,
    /// `check bans`
    pub bans: Option<Counts>,
    /// `check advisories`
    pub advisories: Option<Counts>,
}

/// How many diagnostics one check gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Counts {
    /// Of error severity.
    pub errors: u32,
    /// Of warning severity.
    pub warnings: u32,
}

/// Reads what cargo-deny printed to standard error.
///
/// What is beyond a limit is never left out in silence: then there is no summary, as if cargo-deny
/// had not come to its end, and the first complaint says why.
pub fn read(bytes: &[u8]) -> Output {
    let mut output = Output::default();
    for line in String::from_utf8_lossy(bytes).lines().filter(|line| !line.trim().is_empty()) {
        if line.len() > LINE {
            return too_much("a longer line", LINE >> 20, "MiB");
        }
        let read = serde_json::from_str::<Line>(line).ok();
        if !read.is_some_and(|line| take(line, &mut output)) && output.complaints.len() < POINTS {
            output.complaints.push(cut(line, COMPLAINT));
        }
        if output.diagnostics.len() > DIAGNOSTICS {
            return too_much("more diagnostics", DIAGNOSTICS, "");
        }
    }
    output
}

fn too_much(what: &str, limit: usize, unit: &str) -> Output {
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let said = format!("it printed {what} than is read, at most {limit}{unit}");
    Output { complaints: vec![said], ..Output::default() }
}

pub(super) fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

#[derive(Deserialize)]
struct Line {
    r#type: String,
    fields: Fields,
}

/// The fields of all kinds of line. One struct, because the kind stands after the fields, and a
/// reader that has to go back would copy the whole graph first.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    severity: Option<String>,
    code: String,
    message: String,
    labels: Vec<Label>,
    graphs: Vec<Inclusion>,
    advisory: Option<Advisory>,
    level: Option<String>,
    licenses: Option<Counts>,
    sources: Option<Counts>,
    bans: Option<Counts>,
    advisories: Option<Counts>,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
}

/// Whether the line was of a kind that is known.
fn take(line: Line, output: &mut Output) -> bool {
    let fields = line.fields;
    match (line.r#type.as_str(), fields.severity.as_deref(), fields.level.as_deref()) {
        ("diagnostic", Some(severity), _) => {
            output.diagnostics.push(Diagnostic {
                severity: match severity {
                    "error" | "bug" => Severity::Error,
                    "warning" => Severity::Warning,
                    _ => Severity::Note,
                },
                code: cut(&fields.code, COMPLAINT),
                message: cut(&fields.message, TEXT),
                labels: fields.labels.into_iter().take(POINTS).map(Label::cut).collect(),
                graphs: fields.graphs.into_iter().take(POINTS).collect(),
                advisory: fields.advisory.map(|advisory| cut(&advisory.id, COMPLAINT)),
            });
            true
        }
        ("summary", ..) => {
            output.summary = Some(Summary {
                licenses: fields.licenses,
                sources: fields.sources,
                bans: fields.bans,
                advisories: fields.advisories,
            });
            true
        }
        ("log", _, Some("ERROR")) => {
            output.complaints.push(cut(&fields.message, TEXT));
            true
        }
        ("log", ..) => true,
        _ => false,
    }
}
