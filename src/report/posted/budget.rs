//! GitHub's limits, and how a text is made to fit them.

use super::Links;
use crate::report::{escape::code, limits, page::Limit};

/// Characters of a check run's summary, and of its text.
pub const CHECK_LIMIT: usize = 65_535;
/// Characters of a comment.
pub const COMMENT_LIMIT: usize = 65_536;
/// Characters of a commit status's description.
pub const STATUS_LIMIT: usize = 140;
/// Characters of a title: GitHub names a limit for an annotation's; a check run has the same.
pub const TITLE_LIMIT: usize = 255;
/// Characters of an annotation's message: GitHub takes 64 KB, and nobody reads as much.
pub(super) const MESSAGE_LIMIT: usize = 4_000;
/// An address longer than this is none of ours.
const ADDRESS_LIMIT: usize = 1_000;
/// How many rows each table and each list may have where all of them do not fit.
const STEPS: [usize; 12] = [400, 200, 100, 60, 40, 30, 20, 10, 5, 2, 1, 0];

/// The rendering with the most rows that fits; whole rows are left
/// out, so nothing is ever cut inside a character, a table's row, a fence or a fold.
pub(super) fn fitted(
    budget: usize,
    links: Links<'_>,
    render: impl Fn(Option<Limit>) -> String,
) -> Option<String> {
    let rest = match links.report {
        Some(report) => link("the full report", report),
        None => link("the job's page", links.page),
    };
    let rendered =
        |rows: Option<usize>| render(rows.map(|rows| Limit { rows, rest: rest.clone() }));
    let fits = |text: &str| text.chars().count() <= budget;
    let whole = rendered(None);
    if fits(&whole) {
        return Some(whole);
    }
    // Fewer rows never take more room, so there is no need to try each step.
    let at = STEPS.partition_point(|rows| !fits(&rendered(Some(*rows))));
    let text = rendered(Some(*STEPS.get(at)?));
    fits(&text).then_some(text)
}

/// A link of Markdown; an address that could end it early is shown as it is instead.
pub(super) fn link(words: &str, address: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !"()<>[]|\\`\"'".contains(c);
    let web = address.starts_with("https://") || address.starts_with("http://");
    if web && address.len() <= ADDRESS_LIMIT && address.chars().all(plain) {
        return format!("[{words}]({address})");
    }
    format!("{words} ({})", code(address, limits::PATH))
}
