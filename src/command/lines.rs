//! Which lines of a comment are meant, and not quoted, shown as code or hidden.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

/// The lines of a comment that begin, as GitHub shows them, with text of the author's own: no
/// quote, no code, no HTML and no comment in it. A line of a list counts only if it does not
/// begin with the list's own mark. Without spaces around them, and without characters that
/// nobody sees.
pub(super) fn spoken(comment: &str) -> Vec<String> {
    let spoken = plain_text(comment);
    let mut lines = Vec::new();
    let mut start = 0;
    for line in comment.split_inclusive(['\n', '\r']) {
        let visible = line.find(|c: char| !c.is_whitespace() && !unseen(c));
        let at = visible.map(|visible| start + visible);
        if at.is_some_and(|at| covers(&spoken, at)) {
            lines.push(line.chars().filter(|c| !unseen(*c)).collect::<String>().trim().to_owned());
        }
        start += line.len();
    }
    lines
}

/// Where plain text stands, in ascending order.
fn plain_text(comment: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    // How deep in something that is not the author's own plain text.
    let mut apart = 0_usize;
    let mut around = Vec::new();
    for (event, range) in Parser::new_ext(comment, Options::empty()).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                let plain =
                    matches!(tag, Tag::Paragraph | Tag::Heading { .. } | Tag::List(_) | Tag::Item);
                apart += usize::from(!plain);
                around.push(plain);
            }
            Event::End(_) => {
                apart -= usize::from(around.pop() == Some(false));
            }
            Event::Text(_) if apart == 0 => ranges.push(range),
            _ => {}
        }
    }
    ranges
}

fn covers(ranges: &[Range<usize>], at: usize) -> bool {
    let after = ranges.partition_point(|range| range.end <= at);
    ranges.get(after).is_some_and(|range| range.contains(&at))
}

/// Takes no room where it is shown: it comes along when text is copied from a page.
fn unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}
