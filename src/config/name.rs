//! Which texts may name a package, a feature, a profile, a toolchain, a file.
//!
//! They end up on cargo's command line or in a path, so what cargo would refuse,
//! and what would be read as an option or leave the repository, is refused here.

use super::{mistake::shown, scalar::Wrong};

/// A package's name.
pub(super) fn package(text: &str) -> Result<(), Wrong> {
    let first = |c: char| c.is_alphabetic() || c == '_';
    let rest = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if is_name(text, first, rest) {
        return Ok(());
    }
    Err(wrong("package", text))
}

/// A feature, of any package or of one: `cpu` or `kernels/cpu`.
pub(super) fn feature(text: &str) -> Result<(), Wrong> {
    let (of, name) = match text.split_once('/') {
        Some((of, name)) => (Some(of), name),
        None => (None, text),
    };
    let first = |c: char| c.is_alphanumeric() || c == '_';
    let rest = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.');
    if is_name(name, first, rest) && of.is_none_or(|of| package(of).is_ok()) {
        return Ok(());
    }
    let wrong = wrong("feature", text);
    Err(if text.contains([',', ' ']) { wrong.hint("write one feature an entry") } else { wrong })
}

/// A cargo profile.
pub(super) fn profile(text: &str) -> Result<(), Wrong> {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = |c: char| first(c) || c == '-';
    if is_name(text, first, rest) { Ok(()) } else { Err(wrong("profile", text)) }
}

/// A toolchain that rustup knows by name.
pub(super) fn toolchain(text: &str) -> Result<(), Wrong> {
    if text.contains(['/', '\\']) {
        return Err(Wrong::new(format!("must name a toolchain, not the path {}", shown(text)))
            .hint("a toolchain by path would run the repository's own compiler"));
    }
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if is_name(text, |c| c.is_ascii_alphanumeric(), rest) {
        return Ok(());
    }
    Err(wrong("toolchain", text)
        .hint("write it as rustup does: 1.95.0, stable, nightly-2026-11-01"))
}

/// A component or a target of a toolchain.
pub(super) fn part(text: &str) -> Result<(), Wrong> {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_part = is_name(text, |c| c.is_ascii_alphanumeric(), rest);
    if is_part { Ok(()) } else { Err(wrong("part of a toolchain", text)) }
}

/// An example or a binary of a package.
pub(super) fn target(text: &str) -> Result<(), Wrong> {
    let first = |c: char| c.is_alphanumeric() || c == '_';
    let rest = |c: char| first(c) || c == '-';
    if is_name(text, first, rest) { Ok(()) } else { Err(wrong("target of cargo", text)) }
}

/// A workload, as a report and a samples file call it.
pub(super) fn workload(text: &str) -> Result<(), Wrong> {
    const LONGEST: usize = 64;
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.len() <= LONGEST && is_name(text, |c| c.is_ascii_alphanumeric(), rest) {
        return Ok(());
    }
    let hint = format!("letters, digits, `.`, `_` and `-`, at most {LONGEST} characters");
    Err(wrong("workload", text).hint(hint))
}

/// A file of the repository, from its root.
pub(super) fn path(text: &str) -> Result<(), Wrong> {
    if text.contains('\\') {
        return Err(Wrong::new(format!("must be a path with `/`, not {}", shown(text))));
    }
    let drive = text.chars().nth(1) == Some(':');
    if text.starts_with('/') || text.starts_with('~') || drive {
        let hint = "write it from the repository's root";
        return Err(Wrong::new(format!("must be a relative path, not {}", shown(text))).hint(hint));
    }
    if text.split('/').any(|part| part == "..") {
        return Err(Wrong::new(format!("must stay in the repository, not {}", shown(text))));
    }
    if text.split('/').any(|part| part.is_empty() || part == ".") {
        let wrong = Wrong::new(format!("must be a plain path to a file, not {}", shown(text)));
        return Err(wrong.hint("write it without `.` and empty parts"));
    }
    Ok(())
}

fn is_name(text: &str, first: impl Fn(char) -> bool, rest: impl Fn(char) -> bool) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(first) && characters.all(rest)
}

fn wrong(what: &str, text: &str) -> Wrong {
    Wrong::new(format!("must name a {what}, not {}", shown(text)))
}
