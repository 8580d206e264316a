//! A lock file, read in-process: nothing of the change runs for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr as _,
};

use rustsec::Lockfile;
use toml_edit::{Array, Document, Item, TableLike, Value};

use super::chain::Dependents;
use crate::policy::Package;

/// Comparisons that the reader of lock files may make: it looks for each dependency among all
/// packages. Ten thousand packages with five dependencies each are just taken.
const COMPARISONS: usize = 500_000_000;

/// A lock file and the questions that are put to it.
#[derive(Clone, Debug)]
pub struct Lock {
    /// The parsed file.
    pub file: Lockfile,
    /// Its packages without a source: the workspace's own.
    pub members: BTreeSet<Package>,
    packages: BTreeSet<Package>,
    dependents: Dependents,
    lines: BTreeMap<Package, u32>,
}

/// A lock file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct BrokenLock {
    /// Where, counted from 1, if that is known.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
}

impl BrokenLock {
    fn text(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

impl Lock {
    /// Reads the text of a `Cargo.lock`.
    ///
    /// # Errors
    ///
    /// If [`packages`] refuses it.
    pub fn parse(text: &str) -> Result<Self, BrokenLock> {
        let file = packages(text)?;
        let mut dependents = Dependents::default();
        for package in &file.packages {
            let dependent = named(package.name.as_str(), &package.version);
            for dependency in &package.dependencies {
                let below = named(dependency.name.as_str(), &dependency.version);
                dependents.add(below, dependent.clone());
            }
        }
        let all = || file.packages.iter();
        let members = all().filter(|package| package.source.is_none());
        let named =
            |package: &rustsec::package::Package| named(package.name.as_str(), &package.version);
        Ok(Self {
            members: members.map(named).collect(),
            packages: all().map(named).collect(),
            dependents,
            lines: package_lines(text),
            file,
        })
    }

    /// How many packages it holds.
    pub fn len(&self) -> u32 {
        u32::try_from(self.file.packages.len()).unwrap_or(u32::MAX)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.file.packages.is_empty()
    }

    /// Whether it holds this package in this version.
    pub fn contains(&self, package: &Package) -> bool {
        self.packages.contains(package)
    }

    /// The shortest way from a workspace member down to `package`.
    pub fn chain(&self, package: &Package) -> Option<Vec<Package>> {
        self.dependents.chain(package, &self.members)
    }

    /// The line of the `[[package]]` of this package; of its first version if it names none.
    pub fn line(&self, package: &Package) -> Option<u32> {
        if package.version.is_empty() {
            let mut named = self.lines.iter().filter(|(known, _)| known.name == package.name);
            return named.next().map(|(_, line)| *line);
        }
        self.lines.get(package).copied()
    }
}

/// The packages of a `Cargo.lock`, and what they name.
///
/// # Errors
///
/// If it is not a lock file, with the line where that is known; if nobody could wait for it to be
/// read.
pub fn packages(text: &str) -> Result<Lockfile, BrokenLock> {
    readable(text)?;
    Lockfile::from_str(text).map_err(|error| broken(text, &error.to_string()))
}

fn named(name: &str, version: &rustsec::Version) -> Package {
    Package { name: name.to_owned(), version: version.to_string() }
}

/// Cargo writes one key a line, so the lines are found without another parse.
fn package_lines(text: &str) -> BTreeMap<Package, u32> {
    let mut lines = BTreeMap::new();
    let mut at = 0;
    let mut name = None;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim() == "[[package]]" {
            (at, name) = (number, None);
        } else if let Some(value) = quoted(line, "name = ") {
            name = Some(value.to_owned());
        } else if let (Some(version), Some(name)) = (quoted(line, "version = "), name.take()) {
            lines.entry(Package { name, version: version.to_owned() }).or_insert(at);
        }
    }
    lines
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.trim().strip_prefix('"')?.strip_suffix('"')
}

fn broken(text: &str, message: &str) -> BrokenLock {
    if let Err(error) = Document::parse(text) {
        let line = error.span().map(|span| line_of(text, span.start));
        return BrokenLock { line, message: one_line(error.message()) };
    }
    // Well-formed, but not a lock file: the line, where there is one, is in the message.
    let line = message.split_once(" at line ").and_then(|(_, rest)| {
        rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok())
    });
    let said = message.trim().lines().next_back().unwrap_or(message);
    BrokenLock { line, message: one_line(said) }
}

/// Refuses a file that names so many dependencies of so many packages that reading it takes too
/// long. What is no TOML is read, and refused, at once.
fn readable(text: &str) -> Result<(), BrokenLock> {
    let Ok(document) = Document::parse(text) else { return Ok(()) };
    let root: &dyn TableLike = document.as_table();
    let listed = root.get("package");
    let headed = listed.and_then(Item::as_array_of_tables).into_iter().flatten();
    let inline = listed.and_then(Item::as_array).into_iter().flatten();
    let headed = headed.map(|package| package.get("dependencies"));
    let inline = inline.filter_map(Value::as_inline_table).map(|package| {
        let package: &dyn TableLike = package;
        package.get("dependencies")
    });
    let length = |item: Option<&Item>| item.and_then(Item::as_array).map_or(0, Array::len);
    let counts: Vec<usize> = headed.chain(inline).map(length).collect();
    // The oldest format keeps checksums in a table, and looks there for each package.
    let checksums = root.get("metadata").and_then(Item::as_table_like).map_or(0, TableLike::len);
    let (packages, dependencies) = (counts.len(), counts.iter().sum::<usize>());
    if packages.saturating_mul(dependencies.saturating_add(checksums)) <= COMPARISONS {
        return Ok(());
    }
    let message = format!(
        "{packages} packages with {dependencies} dependencies and {checksums} checksums of their \
         own are more than is looked at"
    );
    Err(BrokenLock { line: None, message })
}

/// The lines of a text, to be asked for many of its byte offsets.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect(),
        )
    }

    /// The line, counted from 1, of a byte offset.
    pub(super) fn at(&self, offset: usize) -> u32 {
        let before = self.0.partition_point(|line_break| *line_break < offset);
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// The line, counted from 1, of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_offset_is_the_same_for_one_and_for_many() {
        for text in ["", "one", "one\n", "\n\n", "one\r\ntwo\n\nthree"] {
            let lines = Lines::of(text);
            for offset in 0..text.len() + 2 {
                assert_eq!(lines.at(offset), line_of(text, offset), "{text:?} at {offset}");
            }
        }
    }
}
