//! The cargo-deny configuration in force: the rules commit's, with our database put in.

use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, TableLike, Value, value};

use super::lock::{line_of, one_line};

/// The name that cargo-deny gives to the folder of the database at [`DATABASE_URL`].
pub(super) const DATABASE_FOLDER: &str = "advisory-db-3157b0e258782691";
/// The database that cargo-deny is told it looks at.
pub(super) const DATABASE_URL: &str = "https://github.com/RustSec/advisory-db";

/// A file of the rules commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// Relative to the repository's root.
    pub path: String,
    /// As it stands there.
    pub text: String,
}

/// A rule file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}: {message}", .line.map_or_else(String::new, |line| format!(":{line}")))]
pub struct BrokenRules {
    /// Relative to the repository's root.
    pub path: String,
    /// Counted from 1, where it is known.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
}

/// The configuration that cargo-deny is given, and what we read in it ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenyRules {
    /// As it stands in the rules commit.
    file: RuleFile,
    /// What `cargo metadata` is called with.
    pub graph: Graph,
    /// Advisories that it ignores.
    pub ignored: Vec<String>,
    /// It looks into the files of packages that build scripts run (`[bans.build]`).
    pub looks_into_builds: bool,
}

/// The flags of `cargo metadata` that the `[graph]` table asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// `--all-features`
    pub all_features: bool,
    /// `--no-default-features`
    pub no_default_features: bool,
    /// `--features`
    pub features: Vec<String>,
    /// `--filter-platform`, if the rules name exactly one target.
    pub platform: Option<String>,
}

impl Graph {
    /// As arguments of `cargo metadata`.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if self.all_features {
            arguments.push("--all-features".to_owned());
        }
        if self.no_default_features {
            arguments.push("--no-default-features".to_owned());
        }
        if !self.features.is_empty() {
            arguments.extend(["--features".to_owned(), self.features.join(",")]);
        }
        if let Some(platform) = &self.platform {
            arguments.extend(["--filter-platform".to_owned(), platform.clone()]);
        }
        arguments
    }
}

impl DenyRules {
    /// Reads a cargo-deny configuration.
    ///
    /// # Errors
    ///
    /// If it is not TOML. What cargo-deny itself makes of its keys it says when it runs.
    pub fn parse(file: &RuleFile) -> Result<Self, BrokenRules> {
        let document = document(file)?;
        let root: &dyn TableLike = document.as_table();
        Ok(Self {
            graph: graph(root),
            ignored: ignored(root),
            looks_into_builds: table(root, "bans").is_some_and(|bans| bans.contains_key("build")),
            file: file.clone(),
        })
    }

    /// The file for `--config`: the same rules over the database in `databases`.
    ///
    /// # Errors
    ///
    /// If its `advisories` is not a table.
    pub fn over(&self, databases: &Path) -> Result<String, BrokenRules> {
        let mut document = document(&self.file)?;
        let advisories = document.entry("advisories").or_insert_with(toml_edit::table);
        let Some(advisories) = advisories.as_table_like_mut() else {
            let message = "`advisories` must be a table".to_owned();
            return Err(BrokenRules { path: self.file.path.clone(), line: None, message });
        };
        let folder = databases.display().to_string();
        advisories.insert("db-path", value(folder));
        advisories.insert("db-urls", value(Array::from_iter([DATABASE_URL])));
        // The age of the database is ours to judge, by its commit and not by a file's time.
        advisories.insert("maximum-db-staleness", value("P36500D"));
        Ok(document.to_string())
    }
}

/// Advisories that an `audit.toml` ignores.
///
/// # Errors
///
/// If it is not TOML.
pub fn audit_ignored(file: &RuleFile) -> Result<Vec<String>, BrokenRules> {
    Ok(ignored(document(file)?.as_table()))
}

pub(super) fn document(file: &RuleFile) -> Result<DocumentMut, BrokenRules> {
    file.text.parse::<DocumentMut>().map_err(|error| BrokenRules {
        path: file.path.clone(),
        line: error.span().map(|span| line_of(&file.text, span.start)),
        message: one_line(error.message()),
    })
}

pub(super) fn table<'a>(root: &'a dyn TableLike, name: &str) -> Option<&'a dyn TableLike> {
    root.get(name).and_then(Item::as_table_like)
}

fn graph(root: &dyn TableLike) -> Graph {
    // Before there was a `[graph]`, its keys stood at the top; cargo-deny still takes them there.
    let get = |name: &str| {
        table(root, "graph").and_then(|graph| graph.get(name)).or_else(|| root.get(name))
    };
    let flag = |name| get(name).and_then(Item::as_bool).unwrap_or_default();
    let list = |name| get(name).and_then(Item::as_array).into_iter().flatten();
    let targets: Vec<&str> = list("targets").filter_map(triple).collect();
    Graph {
        all_features: flag("all-features"),
        no_default_features: flag("no-default-features"),
        features: list("features").filter_map(Value::as_str).map(str::to_owned).collect(),
        platform: match targets.as_slice() {
            [one] => Some((*one).to_owned()),
            _ => None,
        },
    }
}

fn triple(target: &Value) -> Option<&str> {
    target.as_str().or_else(|| target.as_inline_table()?.get("triple")?.as_str())
}

/// `advisories.ignore` has the same shape in `deny.toml` and `audit.toml`, but that cargo-deny also
/// takes tables, and package specifications for yanked releases.
fn ignored(root: &dyn TableLike) -> Vec<String> {
    let entries = table(root, "advisories")
        .and_then(|advisories| advisories.get("ignore"))
        .and_then(Item::as_array)
        .into_iter()
        .flatten();
    entries
        .filter_map(|entry| entry.as_str().or_else(|| entry.as_inline_table()?.get("id")?.as_str()))
        .map(str::to_owned)
        .collect()
}
