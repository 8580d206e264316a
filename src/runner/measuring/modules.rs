//! Which files a Rust source is made of, as far as its text tells.
//!
//! A bench target or a build script has helper modules wherever its text says so: `mod helper;`,
//! `#[path = "…"]`, `include!`. A macro can hide one from this reader; what the compiler lists
//! (see `runner::dep_info`) has it all the same.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::texts::{Texts, joined};
use crate::{policy::Side, runner::git::GitError};

/// Files of one root beyond which nobody follows.
const FOLLOWED: usize = 200;

/// Another file that a source names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// `mod name;`, inside of these inline modules, and its `#[path = "…"]` if it has one.
    Module {
        /// Inline modules around it, the outermost first.
        inside: Vec<String>,
        /// Its name.
        name: String,
        /// Where it says it lies.
        path: Option<String>,
    },
    /// `include!("…")`, `include_str!("…")`, `include_bytes!("…")`.
    Include(String),
}

/// Every file of a side that the source at `root` is made of; itself among them if it is there.
pub(super) async fn reached_from(
    root: &str,
    side: Side,
    texts: &mut Texts<'_>,
) -> Result<BTreeSet<String>, GitError> {
    let mut reached = BTreeSet::new();
    let mut open = vec![(root.to_owned(), true)];
    let mut tried = BTreeSet::new();
    while let Some((path, owns_folder)) = open.pop() {
        if tried.len() >= FOLLOWED || !tried.insert(path.clone()) {
            continue;
        }
        let Some(text) = texts.read(side, &path).await? else { continue };
        if path.ends_with(".rs") || owns_folder {
            open.extend(references(&text).iter().flat_map(|one| files(&path, owns_folder, one)));
        }
        reached.insert(path);
    }
    Ok(reached)
}

/// The files that a reference may mean, each with whether its modules lie beside it.
fn files(from: &str, owns_folder: bool, reference: &Reference) -> Vec<(String, bool)> {
    let file = Path::new(from);
    let folder = file.parent().unwrap_or(Path::new(""));
    match reference {
        Reference::Include(path) => {
            joined(folder, Path::new(path)).map(|p| (p, false)).into_iter().collect()
        }
        Reference::Module { inside, name, path } => {
            let own = match file.file_stem() {
                Some(stem) if !owns_folder => folder.join(stem),
                _ => folder.to_owned(),
            };
            let nested: PathBuf = inside.iter().fold(own, |at, module| at.join(module));
            if let Some(path) = path {
                // Inside of an inline module the path starts elsewhere than outside of one.
                let starts = if inside.is_empty() { folder } else { nested.as_path() };
                return joined(starts, Path::new(path)).map(|p| (p, true)).into_iter().collect();
            }
            let beside = joined(&nested, Path::new(&format!("{name}.rs")));
            let below = joined(&nested, Path::new(&format!("{name}/mod.rs")));
            beside.map(|p| (p, false)).into_iter().chain(below.map(|p| (p, true))).collect()
        }
    }
}

/// The other files that a source names, in the order of the text.
pub fn references(text: &str) -> Vec<Reference> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut inline: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut path) = (0_usize, None);
    for (at, token) in tokens.iter().enumerate() {
        let next = |by: usize| tokens.get(at + by);
        match (token, next(1), next(2)) {
            (Token::Word("path"), Some(Token::Mark('=')), Some(Token::Text(said))) => {
                path = Some((*said).to_owned());
            }
            (Token::Word("mod"), Some(Token::Word(name)), Some(Token::Mark(';'))) => {
                let inside = inline.iter().map(|(name, _)| name.clone()).collect();
                let name = (*name).to_owned();
                found.push(Reference::Module { inside, name, path: path.take() });
            }
            (Token::Word("mod"), Some(Token::Word(name)), Some(Token::Mark('{'))) => {
                inline.push(((*name).to_owned(), depth));
            }
            (
                Token::Word("include" | "include_str" | "include_bytes"),
                Some(Token::Mark('!')),
                Some(Token::Mark('(' | '[' | '{')),
            ) => {
                if let Some(Token::Text(said)) = next(3) {
                    found.push(Reference::Include((*said).to_owned()));
                }
            }
            (Token::Mark('{'), ..) => (depth, path) = (depth + 1, None),
            (Token::Mark('}'), ..) => {
                depth = depth.saturating_sub(1);
                inline.retain(|(_, opened)| *opened < depth);
                path = None;
            }
            (Token::Mark(';'), ..) => path = None,
            _ => {}
        }
    }
    found
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    /// The inside of a string, as it stands there.
    Text(&'t str),
    Mark(char),
}

/// The text without comments, white space and character literals.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, comment(rest)),
            '"' => string(rest, 1, "\""),
            '\'' => (None, quote(rest)),
            'r' | 'b' if raw(rest).is_some() => match raw(rest) {
                Some((opening, hashes)) => {
                    string(rest, opening, &format!("\"{}", "#".repeat(hashes)))
                }
                None => (None, 1),
            },
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let length = end.unwrap_or(rest.len());
                (rest.get(..length).map(Token::Word), length)
            }
            c if c.is_whitespace() => (None, c.len_utf8()),
            c => (Some(Token::Mark(c)), c.len_utf8()),
        };
        tokens.extend(token);
        rest = rest.get(length..).unwrap_or_default();
    }
    tokens
}

/// The length of a comment, with the comments in it.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth.saturating_sub(1), at + 2);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of a character literal, or of the mark of a lifetime.
fn quote(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((after, escaped))) => {
            let from = after + escaped.len_utf8();
            text.get(from..).and_then(|rest| rest.find('\'')).map_or(1, |at| from + at + 1)
        }
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1,
    }
}

/// Where the inside of a raw string begins, and how many hashes close it.
fn raw(text: &str) -> Option<(usize, usize)> {
    let prefix = ["br", "r"].into_iter().find(|prefix| text.starts_with(prefix))?.len();
    let after = text.get(prefix..)?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after.get(hashes..)?.starts_with('"').then_some((prefix + hashes + 1, hashes))
}

/// A string whose inside begins at `opening`, and the length of all of it.
fn string<'t>(text: &'t str, opening: usize, closing: &str) -> (Option<Token<'t>>, usize) {
    let inside = text.get(opening..).unwrap_or_default();
    let plain = closing == "\"" && opening == 1;
    let end = if plain { unescaped_end(inside) } else { inside.find(closing) };
    let end = end.unwrap_or(inside.len());
    (inside.get(..end).map(Token::Text), (opening + end + closing.len()).min(text.len()))
}

fn unescaped_end(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.char_indices().find_map(|(at, letter)| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(inside: &[&str], name: &str, path: Option<&str>) -> Reference {
        let inside = inside.iter().map(|name| (*name).to_owned()).collect();
        Reference::Module { inside, name: name.to_owned(), path: path.map(str::to_owned) }
    }

    #[test]
    fn other_files_are_found_in_the_text() {
        let text = r##"
            // mod comment;
            /* mod /* inner */ outer; */
            const S: &str = "mod text; \" mod more;";
            const R: &str = r#"mod raw; " "#;
            fn f<'a>(c: &'a char) -> bool { *c == '"' || *c == '\'' || *c == '}' }
            mod plain;
            #[cfg(test)]
            #[path = "../shared/data.rs"]
            pub(crate) mod data;
            mod outer { pub mod inner; mod deep { mod deeper; } }
            mod last;
            include!("table.rs");
            const T: &str = include_str!("table.txt");
        "##;
        assert_eq!(
            references(text),
            [
                module(&[], "plain", None),
                module(&[], "data", Some("../shared/data.rs")),
                module(&["outer"], "inner", None),
                module(&["outer", "deep"], "deeper", None),
                module(&[], "last", None),
                Reference::Include("table.rs".to_owned()),
                Reference::Include("table.txt".to_owned()),
            ]
        );
    }

    #[test]
    fn a_reference_means_the_file_that_the_compiler_would_read() {
        let of = |from: &str, owns: bool, reference: Reference| -> Vec<String> {
            files(from, owns, &reference).into_iter().map(|(path, _)| path).collect()
        };
        let name = || module(&[], "helper", None);
        let beside = ["tests/bench/helper.rs", "tests/bench/helper/mod.rs"];
        assert_eq!(of("tests/bench/speed.rs", true, name()), beside);
        let below = ["tests/bench/speed/helper.rs", "tests/bench/speed/helper/mod.rs"];
        assert_eq!(of("tests/bench/speed.rs", false, name()), below);
        let path = module(&[], "data", Some("../data.rs"));
        assert_eq!(of("tests/bench/speed.rs", true, path), ["tests/data.rs"]);
        let outside = module(&[], "data", Some("../../../data.rs"));
        assert_eq!(of("tests/bench/speed.rs", true, outside), Vec::<String>::new());
    }

    #[test]
    fn a_text_that_is_no_rust_comes_to_an_end() {
        for text in [
            "'",
            "\"",
            "r#\"",
            "/*",
            "/*/",
            "b",
            "'\\",
            "mod",
            "mod x",
            "\u{1f600}'\u{1f600}",
            "br##",
        ] {
            references(text);
        }
    }
}
