//! Text that comes from a repository, made harmless where it is shown.
//!
//! Whoever writes a change chooses its subjects, package names and benchmark ids. None of
//! them may break a table, close a tag, notify a person, link to another issue, or show one
//! of the marks that only this program may show.

use std::fmt::Write as _;

/// A space of no width, written so that a reader of the raw text sees it. It takes mentions,
/// issue numbers, addresses and short names of emoji apart.
const APART: &str = "&#8203;";

/// Prose for Markdown: a table's cell, a list's item or a paragraph.
pub(super) fn text(raw: &str, limit: usize) -> String {
    let plain = clipped(raw, limit);
    let mut safe = String::with_capacity(plain.len() + 16);
    let mut rest = plain.as_str();
    if let Some(opening) = opens_a_block(rest) {
        push_entity(&mut safe, opening);
        rest = rest.get(opening.len_utf8()..).unwrap_or_default();
        // An entity is a number sign again before GitHub looks for issues.
        let number = opening == '#' && rest.starts_with(char::is_alphanumeric);
        safe.push_str(if number { APART } else { "" });
    }
    let mut before = None;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if let (true, Some(inner)) = (c == '`' && before != Some('`'), quoted(rest)) {
            safe.push_str(&format!("`{inner}`"));
            rest = rest.get(inner.len() + 1..).unwrap_or_default();
        } else {
            push_prose(&mut safe, before, c, rest);
        }
        before = Some(c);
    }
    safe
}

/// One character of prose; `before` and `rest` are what stands around it.
fn push_prose(safe: &mut String, before: Option<char>, c: char, rest: &str) {
    let follows = |wanted: char| before.is_some_and(|before| before.eq_ignore_ascii_case(&wanted));
    match c {
        '&' => safe.push_str("&amp;"),
        '<' => safe.push_str("&lt;"),
        '>' => safe.push_str("&gt;"),
        // A backslash before a pipe would be read in two ways by two readers.
        '|' | '\\' | '$' => push_entity(safe, c),
        '`' | '*' | '_' | '[' | ']' | '~' => safe.extend(['\\', c]),
        '.' if follows('w') => safe.push_str(&format!("{APART}.")),
        _ => {
            safe.push(c);
            let linking = match c {
                '@' | '#' => true,
                '-' => follows('h'),
                ':' => rest.starts_with("//") || names_an_emoji(rest),
                _ => false,
            };
            safe.push_str(if linking { APART } else { "" });
        }
    }
}

/// What would open a list, a heading, a quote or a rule at the start of a line.
fn opens_a_block(line: &str) -> Option<char> {
    let first = line.chars().next()?;
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = digits.len() < line.len() && digits.starts_with(['.', ')']);
    let spaced =
        |at: usize| line.get(at..).is_none_or(|rest| rest.is_empty() || rest.starts_with(' '));
    match first {
        '#' | '=' => Some(first),
        '-' | '+' if spaced(1) || line.starts_with("--") => Some(first),
        '0'..='9' if number && spaced(line.len() - digits.len() + 1) => Some(first),
        _ => None,
    }
}

/// The inside of a code span that somebody else wrote, where it can stay one.
fn quoted(rest: &str) -> Option<&str> {
    let (inner, after) = rest.split_once('`')?;
    let plain = !inner.trim().is_empty() && !inner.contains(['|', '\\']) && !anchors(inner);
    (plain && !after.starts_with('`')).then_some(inner)
}

/// Could it pass for one of our hidden anchors, where a program looks for them in the raw text?
fn anchors(text: &str) -> bool {
    text.contains("<!--")
}

fn names_an_emoji(rest: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || "+-_".contains(c);
    let after = rest.trim_start_matches(name);
    after.len() < rest.len() && after.starts_with(':')
}

/// An identifier for Markdown: a package, a path, a benchmark, a command.
pub(super) fn code(raw: &str, limit: usize) -> String {
    let plain = clipped(raw, limit);
    if plain.is_empty() {
        return String::new();
    }
    let quiet = |c: char| !matches!(c, '`' | '|' | '\\');
    if plain.chars().all(quiet) && !anchors(&plain) {
        return format!("`{plain}`");
    }
    // A span of backticks cannot hold these in a table for every reader; a tag can.
    let mut safe = "<code>".to_owned();
    for c in plain.chars() {
        if c.is_ascii_punctuation() {
            push_entity(&mut safe, c);
        } else {
            safe.push(c);
        }
    }
    safe.push_str("</code>");
    safe
}

/// Several lines of a tool's output, in a fence that they cannot close.
pub(super) fn block(language: &str, raw: &str, lines: usize, width: usize) -> String {
    let kept: Vec<String> = raw.lines().map(|line| clipped_end(line, width)).collect();
    let left_out = kept.len().saturating_sub(lines);
    let longest = kept.iter().map(|line| longest_run(line, '`')).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let mut safe = format!("{fence}{language}\n");
    if left_out > 0 {
        let _ = writeln!(safe, "(lines left out before these: {left_out})");
    }
    for line in kept.iter().skip(left_out) {
        safe.push_str(line);
        safe.push('\n');
    }
    safe.push_str(&fence);
    safe.push('\n');
    safe
}

/// Text for a terminal: nothing that moves its cursor, changes its colour or its direction.
pub(super) fn terminal(raw: &str, limit: usize) -> String {
    clipped(raw, limit)
}

/// Several lines for a terminal or a log: without what a terminal obeys, but with line breaks.
pub fn printable(raw: &str) -> String {
    let shown = raw.lines().map(|line| clipped_end(line, usize::MAX));
    shown.collect::<Vec<_>>().join("\n")
}

/// One line without what cannot be seen, at most `limit` characters.
fn clipped(raw: &str, limit: usize) -> String {
    let one_line = clipped_end(raw, limit);
    one_line.trim().to_owned()
}

fn clipped_end(raw: &str, limit: usize) -> String {
    let mut visible = raw.chars().filter_map(shown).scan(0, bounded).flatten();
    let mut line: String = visible.by_ref().take(limit).collect();
    if visible.next().is_some() {
        line.pop();
        line.push('…');
    }
    line.truncate(line.trim_end().len());
    line
}

/// Letters carry at most two marks in nearly all writing; a pile of them covers other lines.
fn bounded(piled: &mut usize, c: char) -> Option<Option<char>> {
    const MOST: usize = 4;
    *piled = if combines(c) { *piled + 1 } else { 0 };
    Some((*piled <= MOST).then_some(c))
}

/// Marks that are drawn over the letter before them.
fn combines(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

/// What is shown for a character; none for what cannot be seen.
fn shown(c: char) -> Option<char> {
    match c {
        '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        // Spaces of other widths, and a letter that looks like one.
        '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{2800}'
        | '\u{3000}' => Some(' '),
        c if c.is_control() => None,
        // Direction marks, zero widths, variation selectors, tags: they make one text look
        // like another.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => None,
        // Our own marks and what looks like them: only a receipt's facts may show them.
        '\u{2600}'..='\u{27bf}'
        | '\u{2b00}'..='\u{2bff}'
        | '\u{23e9}'..='\u{23ff}'
        | '\u{1f000}'..='\u{1faff}' => Some('\u{fffd}'),
        c => Some(c),
    }
}

fn push_entity(safe: &mut String, c: char) {
    // Writing to a String cannot fail.
    let _ = write!(safe, "&#{};", u32::from(c));
}

fn longest_run(line: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in line.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    #[test]
    fn prose_cannot_break_a_table_or_a_tag() {
        assert_eq!(
            text("a|b\n<img src=x> \\| `c`", 99),
            "a&#124;b &lt;img src=x&gt; &#92;&#124; `c`"
        );
        assert_eq!(text("# not a heading", 99), "&#35; not a heading");
        assert_eq!(text("1. not a list", 99), "&#49;. not a list");
        assert_eq!(text("1.95.0", 99), "1.95.0");
        assert_eq!(text("--- - x", 99), "&#45;-- - x");
    }

    #[test]
    fn nobody_is_notified_and_nothing_is_linked() {
        assert_eq!(text("by @octocat, fixes #12", 99), "by @&#8203;octocat, fixes #&#8203;12");
        assert_eq!(
            text("https://evil.example www.evil.example", 99),
            "https:&#8203;//evil.example www&#8203;.evil.example"
        );
        assert_eq!(text("GH-12", 99), "GH-&#8203;12");
        assert_eq!(text("#12", 99), "&#35;&#8203;12");
    }

    #[test]
    fn no_mark_comes_from_outside() {
        assert_eq!(
            text(":white_check_mark: ✅ ✔ 🟢", 99),
            ":&#8203;white\\_check\\_mark: \u{fffd} \u{fffd} \u{fffd}"
        );
        assert_eq!(code("✅", 9), "`\u{fffd}`");
    }

    #[test]
    fn identifiers_stay_readable() {
        assert_eq!(text("set `harness = false` in `a`", 99), "set `harness = false` in `a`");
        assert_eq!(text("a `b|c` ``d`` e`", 99), "a \\`b&#124;c\\` \\`\\`d\\`\\` e\\`");
        assert_eq!(text("Cargo.lock:73", 99), "Cargo.lock:73");
        assert_eq!(code("quantize/i2s/1024", 99), "`quantize/i2s/1024`");
        assert_eq!(code("a|b`c", 99), "<code>a&#124;b&#96;c</code>");
        assert_eq!(code(" \u{202e}\u{7}", 99), "");
        assert_eq!(code("<!--a", 99), "<code>&#60;&#33;&#45;&#45;a</code>");
        assert_eq!(text("`<!--a`", 99), "\\`&lt;!--a\\`");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(text("abcdef", 4), "abc…");
        assert_eq!(terminal("a\u{1b}[31mb", 99), "a[31mb");
    }

    #[test]
    fn output_cannot_close_its_fence() {
        assert_eq!(
            block("text", "one\n````\nthree", 2, 99),
            "`````text\n(lines left out before these: 1)\n````\nthree\n`````\n"
        );
    }

    #[test]
    fn nothing_moves_the_cursor_or_hides() {
        let raw = "a\u{1b}[2Jb\u{9b}31mc\u{7}\u{8}d\u{202e}e\u{2066}f\u{200b}g\u{feff}h\u{34f}i";
        assert_eq!(terminal(raw, 99), "a[2Jb31mcdefghi");
        assert_eq!(printable("t5: a\u{1b}]0;x\u{7}\r\n  b\u{202e}\rc"), "t5: a]0;x\n  b c");
        assert_eq!(terminal("a\u{a0}b\u{3000}c\u{2800}d", 99), "a b c d");
    }

    #[test]
    fn marks_do_not_pile_up_over_other_lines() {
        let piled = format!("a{}b", "\u{300}".repeat(50));
        assert_eq!(terminal(&piled, 99), format!("a{}b", "\u{300}".repeat(4)));
        assert_eq!(terminal("e\u{301}", 99), "e\u{301}");
    }

    /// What a reader of GitHub's Markdown sees of a page: the words in it, and what else it holds.
    fn seen(page: &str) -> (String, Vec<String>) {
        let (mut words, mut rest) = (String::new(), Vec::new());
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM;
        for event in Parser::new_ext(page, options) {
            match event {
                Event::Text(text) | Event::Code(text) => words.push_str(&text),
                Event::SoftBreak | Event::HardBreak => words.push(' '),
                Event::InlineHtml(tag) if matches!(&*tag, "<code>" | "</code>") => {}
                Event::Start(Tag::Paragraph | Tag::Item | Tag::List(None)) | Event::End(_) => {}
                Event::Start(Tag::Table(_) | Tag::TableHead | Tag::TableRow | Tag::TableCell) => {}
                other => rest.push(format!("{other:?}")),
            }
        }
        (words, rest)
    }

    fn bare(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace() && !"\u{200b}`".contains(*c)).collect()
    }

    fn reads_as_it_was_written(raw: &str) -> Result<(), TestCaseError> {
        let expected = bare(&clipped(raw, 200));
        for safe in [text(raw, 200), code(raw, 200)] {
            let pages = [
                format!("before\n\n{safe}\n\nafter"),
                format!("before\n\n- {safe}\n\nafter"),
                format!("before\n\n| a | b |\n|---|---|\n| {safe} | after |\n"),
            ];
            for (page, around) in pages.iter().zip(["before", "before", "beforeab"]) {
                let (words, rest) = seen(page);
                prop_assert_eq!(rest, Vec::<String>::new(), "{}", page);
                prop_assert_eq!(bare(&words), format!("{}{}after", around, expected), "{}", page);
            }
            let outside = outside_of_spans(&safe);
            let lower = outside.to_ascii_lowercase();
            for linking in ["://", "www.", "gh-1", "gh-2"] {
                prop_assert!(!lower.contains(linking), "{}", safe);
            }
            for (at, _) in outside.match_indices(['@', '#']) {
                let next = outside.get(at + 1..).and_then(|rest| rest.chars().next());
                prop_assert!(!next.is_some_and(char::is_alphanumeric), "{}", safe);
            }
        }
        Ok(())
    }

    /// Without code, in which GitHub links nothing, and with entities as they are shown.
    fn outside_of_spans(safe: &str) -> String {
        if safe.starts_with("<code>") && safe.ends_with("</code>") {
            return String::new();
        }
        let mut outside = String::new();
        let mut inside = false;
        let mut before = None;
        // Before entities are read: a backslash that is written as one escapes nothing.
        for c in safe.chars() {
            if c == '`' && before != Some('\\') {
                inside = !inside;
                // What stands on both sides of a span does not touch.
                outside.push(' ');
            } else if !inside {
                outside.push(c);
            }
            before = Some(c);
        }
        without_entities(&outside)
    }

    /// Numbered entities as the characters that a browser shows.
    fn without_entities(safe: &str) -> String {
        let mut parts = safe.split("&#");
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (number, rest) = part.split_once(';').unwrap_or(("", part));
            shown.extend(number.parse().ok().and_then(char::from_u32));
            shown.push_str(rest);
        }
        shown
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn any_text_reads_as_it_was_written_and_as_nothing_else(raw in any::<String>()) {
            reads_as_it_was_written(&raw)?;
        }

        #[test]
        fn any_markup_reads_as_it_was_written_and_as_nothing_else(
            raw in "[-\\\\`|<>@#*_~:&$^=+.!/\\[\\](){}a-z1 \n]{0,30}",
        ) {
            reads_as_it_was_written(&raw)?;
        }

        #[test]
        fn any_pieces_read_as_they_were_written(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "@octocat", "@org/team", "#12", "GH-12", "gh-2", "o/r#1", "o/r@0123abc", "https://e.example",
                "www.e.example", "[a](b)", "![a](b)", "[^1]", "[x]: y", "- [ ] ", "> [!NOTE]", "```", "~~~",
                "`a`", "``", "`@x`", "<!--", "-->", "<br>", "&amp;", "&#64;", "&lt;b&gt;", ":tada:",
                "$x$", "$$", "1) ", "# ", "---", "***", "|", "\\", "\n", "\r", "\t", " ", "a",
                "\u{202e}", "\u{1b}[0m", "\u{200b}", "✅", "a@b.example", "mailto:a@b.example", "==",
            ]), 0..8),
        ) {
            reads_as_it_was_written(&pieces.concat())?;
        }

        #[test]
        fn a_block_ends_where_we_end_it(raw in "[`~\na \r#]{0,60}") {
            let page = format!("{}\nafter", block("text", &raw, 20, 40));
            let (_, rest) = seen(&page);
            let fences = rest.iter().filter(|event| event.contains("CodeBlock")).count();
            prop_assert_eq!((fences, rest.len()), (1, 1), "{}", page);
        }
    }
}
