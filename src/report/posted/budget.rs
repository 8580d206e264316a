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
/// How many rows each table and each list may have, from all to none.
const STEPS: [Option<usize>; 11] = [
    None,
    Some(200),
    Some(100),
    Some(60),
    Some(40),
    Some(20),
    Some(10),
    Some(5),
    Some(2),
    Some(1),
    Some(0),
];

/// The first rendering that fits, each with fewer rows than the one before; whole rows are left
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
    STEPS.iter().find_map(|rows| {
        let text = render(rows.map(|rows| Limit { rows, rest: rest.clone() }));
        (text.chars().count() <= budget).then_some(text)
    })
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
