//! The badge of a branch or a pull request: one small picture that needs nothing else.

use crate::verdict::Outcome;

/// What a badge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Badge {
    /// Everything passed.
    Passing,
    /// It passed, and a person should look.
    Attention,
    /// A rule is broken.
    Failing,
    /// Measured, and cannot tell.
    Inconclusive,
    /// Something gave nothing.
    CouldNotRun,
    /// A job is queued or runs.
    Running,
    /// Nothing was gated so far.
    Unknown,
}

impl From<Outcome> for Badge {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Passing,
            Outcome::Attention => Self::Attention,
            Outcome::Fail => Self::Failing,
            Outcome::Inconclusive => Self::Inconclusive,
            Outcome::CouldNotRun => Self::CouldNotRun,
        }
    }
}

impl Badge {
    /// The word, and the colour behind it: white on it has a contrast of 4.5 at least.
    fn face(self) -> (&'static str, &'static str) {
        match self {
            Self::Passing => ("passing", "#1a7f37"),
            Self::Attention => ("attention", "#8a5d00"),
            Self::Failing => ("failing", "#c4222c"),
            Self::Inconclusive => ("inconclusive", "#7544c9"),
            Self::CouldNotRun => ("could not run", "#b04700"),
            Self::Running => ("running", "#0860ca"),
            Self::Unknown => ("unknown", "#57606a"),
        }
    }
}

/// What stands on the left.
const LABEL: &str = "T5 gate";
const LABEL_COLOUR: &str = "#424a53";
/// Between a text and the edges of its field.
const PADDING: u32 = 6;

/// Renders a badge as SVG. The text is stretched or squeezed into the field that was made for
/// it, so no font cuts it off.
pub fn badge(state: Badge) -> String {
    let (word, colour) = state.face();
    let (label, message) = (width(LABEL), width(word));
    let (left, right) = (label + 2 * PADDING, message + 2 * PADDING);
    let all = left + right;
    let (label_at, message_at) = (PADDING, left + PADDING);
    let text = |at: u32, y: u32, width: u32, fill: &str, what: &str| {
        format!(r#"<text x="{at}" y="{y}" textLength="{width}" fill="{fill}">{what}</text>"#)
    };
    // A dark copy one pixel lower: the edge that flat badges have.
    let shadow = "#010101\" fill-opacity=\".3";
    [
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{all}" height="20" viewBox="0 0 {all} 20" role="img" aria-label="{LABEL}: {word}">"#
        ),
        format!("<title>{LABEL}: {word}</title>"),
        format!(r#"<clipPath id="t5"><rect width="{all}" height="20" rx="3"/></clipPath>"#),
        r#"<g clip-path="url(#t5)">"#.to_owned(),
        format!(r#"<rect width="{left}" height="20" fill="{LABEL_COLOUR}"/>"#),
        format!(r#"<rect x="{left}" width="{right}" height="20" fill="{colour}"/>"#),
        "</g>".to_owned(),
        r#"<g font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" aria-hidden="true">"#
            .to_owned(),
        text(label_at, 15, label, shadow, LABEL),
        text(label_at, 14, label, "#fff", LABEL),
        text(message_at, 15, message, shadow, word),
        text(message_at, 14, message, "#fff", word),
        "</g>".to_owned(),
        "</svg>\n".to_owned(),
    ]
    .join("\n")
}

/// Pixels that a text takes at this size in the first font of the list, near enough: it is
/// fitted into them.
fn width(text: &str) -> u32 {
    let tenths: u32 = text
        .chars()
        .map(|c| match c {
            'i' | 'l' => 30,
            ' ' | 'f' | 't' => 41,
            'r' => 47,
            'c' | 's' => 57,
            'w' | 'm' => 95,
            _ => 69,
        })
        .sum();
    tenths.div_ceil(10)
}
