//! Which commits of a git repository a source asks for.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Where hosts keep commits that are on no branch: what anybody proposed, above all.
const REFS: &str = "refs/";
/// How often a text is decoded that may have been encoded more than once on its way through a
/// manifest, a lock file and cargo.
const DECODED: usize = 3;

/// What a manifest says to get this source of a lock file: without the commit, and with the
/// characters of a branch, tag or revision as they are.
pub(super) fn written(source: &str) -> String {
    let asked = source.split('#').next().unwrap_or_default();
    match asked.split_once('?') {
        Some((place, query)) => format!("{place}?{}", decoded(query)),
        None => asked.to_owned(),
    }
}

/// Whether a git source could ask for a `refs/…`, in whatever spelling a program may see through.
///
/// Cargo fetches a revision of that form by its name, and a commit in a lock file that is none as
/// if it were a revision.
pub(super) fn leads_anywhere(source: &str) -> bool {
    // A reader of URLs passes over tabs and line breaks.
    let mut text: String = source.chars().skip_while(|c| !"?#".contains(*c)).collect();
    for _ in 0..DECODED {
        text = decoded(&text).into_owned();
    }
    text.retain(|c| !c.is_control() && !c.is_whitespace());
    text.split(['?', '#', '&', '=']).any(|value| value.starts_with(REFS))
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}
