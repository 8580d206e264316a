//! A lock file, read in-process: nothing of the change runs for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr as _,
};

use rustsec::Lockfile;

use super::chain::Dependents;
use crate::policy::Package;

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
    /// If it is not a lock file, with the line where that is known.
    pub fn parse(text: &str) -> Result<Self, BrokenLock> {
        let file = Lockfile::from_str(text).map_err(|error| broken(text, &error.to_string()))?;
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
    if let Err(error) = toml_edit::Document::parse(text) {
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

/// The line, counted from 1, of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
