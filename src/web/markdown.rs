//! A report's Markdown as HTML that can do nothing but be read.
//!
//! A report may hold whatever the author of a change wrote. Of HTML in it only the few tags
//! that this gate writes itself are let through, as long as they are balanced; all else is
//! shown as the text that it is.

use std::fmt::Write as _;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// Tags that a report itself writes.
const TAGS: [&str; 3] = ["details", "summary", "code"];

/// Renders a report; its headings begin at the second level.
pub(super) fn to_html(markdown: &str) -> String {
    let mut shown = Shown::default();
    let events: Vec<Event<'_>> =
        Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|e| shown.event(e)).collect();
    let mut rendered = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut rendered, events.into_iter());
    for tag in shown.open.iter().rev() {
        let _ = write!(rendered, "</{tag}>");
    }
    rendered
}

#[derive(Default)]
struct Shown {
    /// Tags of [`TAGS`] that are open, the innermost last.
    open: Vec<&'static str>,
    /// Inside the first row of a table.
    heading: bool,
    /// Inside so many links that lead nowhere good.
    dropped: usize,
}

impl Shown {
    fn event<'m>(&mut self, event: Event<'m>) -> Option<Event<'m>> {
        match event {
            Event::Html(raw) => Some(Event::Html(self.raw(&raw).into())),
            Event::InlineHtml(raw) => Some(Event::InlineHtml(self.raw(&raw).into())),
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            other => Some(other),
        }
    }

    fn start<'m>(&mut self, tag: Tag<'m>) -> Option<Event<'m>> {
        let own = |text: &'static str| Some(Event::Html(CowStr::Borrowed(text)));
        match tag {
            Tag::Heading { level, .. } => Some(Event::Start(heading(lower(level)))),
            Tag::Link { ref dest_url, .. } if !leads_somewhere(dest_url) => {
                self.dropped += 1;
                None
            }
            // What a picture is called stays; nothing is fetched.
            Tag::Image { .. } => None,
            Tag::Table(_) => own(
                "<div class=\"scroll\" role=\"region\" aria-label=\"Table\" tabindex=\"0\"><table>",
            ),
            Tag::TableHead => {
                self.heading = true;
                own("<thead><tr>")
            }
            Tag::TableRow => own("<tr>"),
            Tag::TableCell if self.heading => own("<th scope=\"col\">"),
            Tag::TableCell => own("<td>"),
            other => Some(Event::Start(other)),
        }
    }

    fn end<'m>(&mut self, tag: TagEnd) -> Option<Event<'m>> {
        let own = |text: &'static str| Some(Event::Html(CowStr::Borrowed(text)));
        match tag {
            TagEnd::Heading(level) => Some(Event::End(TagEnd::Heading(lower(level)))),
            TagEnd::Link if self.dropped > 0 => {
                self.dropped -= 1;
                None
            }
            TagEnd::Image => None,
            TagEnd::Table => own("</tbody></table></div>\n"),
            TagEnd::TableHead => {
                self.heading = false;
                own("</tr></thead><tbody>\n")
            }
            TagEnd::TableRow => own("</tr>\n"),
            TagEnd::TableCell if self.heading => own("</th>"),
            TagEnd::TableCell => own("</td>"),
            other => Some(Event::End(other)),
        }
    }

    /// Raw HTML with everything escaped but our own tags and character references.
    fn raw(&mut self, raw: &str) -> String {
        let mut safe = String::with_capacity(raw.len() + 16);
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            let length = match c {
                '<' => self.tag(rest, &mut safe),
                '&' => reference(rest),
                _ => None,
            };
            let length = length.unwrap_or_else(|| {
                push_escaped(&mut safe, c);
                c.len_utf8()
            });
            if c == '&' && length > 1 {
                safe.push_str(rest.get(..length).unwrap_or_default());
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        safe
    }

    /// Writes one of our own tags, and tells its length.
    fn tag(&mut self, rest: &str, safe: &mut String) -> Option<usize> {
        for tag in TAGS {
            let opening = format!("<{tag}>");
            if rest.starts_with(&opening) {
                self.open.push(tag);
                safe.push_str(&opening);
                return Some(opening.len());
            }
            let closing = format!("</{tag}>");
            if rest.starts_with(&closing) && self.open.last() == Some(&tag) {
                self.open.pop();
                safe.push_str(&closing);
                return Some(closing.len());
            }
        }
        None
    }
}

fn heading<'m>(level: HeadingLevel) -> Tag<'m> {
    Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() }
}

/// One level further down: the page has a first heading of its own.
fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

/// Only pages of the web; a report has no others.
fn leads_somewhere(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://") || address.starts_with('#')
}

/// The length of a character reference such as `&#124;` or `&lt;`.
fn reference(rest: &str) -> Option<usize> {
    let (name, _) = rest.strip_prefix('&')?.split_once(';')?;
    let digits = name.strip_prefix('#');
    let known = match digits {
        Some(digits) => {
            (1..=7).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => ["amp", "lt", "gt", "quot"].contains(&name),
    };
    known.then(|| name.len() + 2)
}

fn push_escaped(safe: &mut String, c: char) {
    match c {
        '<' => safe.push_str("&lt;"),
        '>' => safe.push_str("&gt;"),
        '&' => safe.push_str("&amp;"),
        '"' => safe.push_str("&quot;"),
        '\'' => safe.push_str("&#39;"),
        other => safe.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_leave_the_first_level_to_the_page() {
        assert_eq!(to_html("# T5 gate"), "<h2>T5 gate</h2>\n");
        assert_eq!(to_html("###### deep"), "<h6>deep</h6>\n");
    }

    #[test]
    fn a_table_names_its_columns() {
        let html = to_html("| A | B |\n| --- | --- |\n| `x` | <code>a&#124;b</code> |\n");
        assert!(html.contains("<thead><tr><th scope=\"col\">A</th>"), "{html}");
        assert!(html.contains("<td><code>x</code></td><td><code>a|b</code></td></tr>"), "{html}");
    }

    #[test]
    fn our_own_tags_fold_what_is_long() {
        let html = to_html("<details><summary>14 more</summary>\n\n- one\n\n</details>\n");
        assert!(html.starts_with("<details><summary>14 more</summary>"), "{html}");
        assert!(html.contains("<li>one</li>") && html.ends_with("</details>\n"), "{html}");
    }

    #[test]
    fn what_is_left_open_is_closed_and_what_was_never_opened_is_text() {
        assert!(to_html("<details><summary>x").ends_with("</summary></details>"));
        assert!(to_html("</details>").contains("&lt;/details&gt;"));
    }
}
