//! What a change does, from git alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    git::{Git, GitError},
    rule_files::TOOLCHAIN_FILES,
    scan::lock::packages,
};
use crate::receipt::{Area, ChangedCommit, Changes, DependencyChange};

/// One file that differs between base and head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Relative to the repository's top.
    pub path: String,
    /// Lines added; none for a binary file.
    pub added: u64,
    /// Lines removed; none for a binary file.
    pub removed: u64,
}

/// Lists the files that differ between two commits.
///
/// # Errors
///
/// If git fails.
pub async fn files(git: &Git<'_>, base: &str, head: &str) -> Result<Vec<ChangedFile>, GitError> {
    let args = ["diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", "--no-textconv"];
    let listed = git.bytes(args.into_iter().chain([base, head])).await?;
    Ok(String::from_utf8_lossy(&listed).split('\0').filter_map(changed_file).collect())
}

fn changed_file(line: &str) -> Option<ChangedFile> {
    let mut fields = line.splitn(3, '\t');
    let added = fields.next()?.parse().unwrap_or(0);
    let removed = fields.next()?.parse().unwrap_or(0);
    Some(ChangedFile { path: fields.next()?.to_owned(), added, removed })
}

/// Puts together what the change does.
///
/// # Errors
///
/// If git fails.
pub async fn changes(
    git: &Git<'_>,
    base: &str,
    head: &str,
    files: &[ChangedFile],
    locks: (Option<&str>, Option<&str>),
) -> Result<Changes, GitError> {
    let range = format!("{base}..{head}");
    let count = git.text(["rev-list", "--count", &range]).await?;
    let limit = format!("--max-count={}", Changes::COMMITS);
    let log = git.text(["log", &limit, "--format=%H %s", &range]).await?;
    Ok(Changes {
        commits: log.lines().filter_map(changed_commit).collect(),
        commit_count: count.parse().unwrap_or(0),
        areas: areas(files),
        dependencies: dependencies(locks.0, locks.1),
        documentation_only: !files.is_empty()
            && files.iter().all(|file| area_of(&file.path) == "documentation"),
    })
}

fn changed_commit(line: &str) -> Option<ChangedCommit> {
    let (sha, subject) = line.split_once(' ')?;
    Some(ChangedCommit { sha: sha.to_owned(), subject: subject.to_owned() })
}

fn areas(files: &[ChangedFile]) -> Vec<Area> {
    let mut areas: BTreeMap<&str, Area> = BTreeMap::new();
    for file in files {
        let name = area_of(&file.path);
        let area = areas.entry(name).or_insert_with(|| Area {
            name: name.to_owned(),
            files: 0,
            added: 0,
            removed: 0,
            examples: Vec::new(),
        });
        area.files += 1;
        area.added += file.added;
        area.removed += file.removed;
        if area.examples.len() < 10 {
            area.examples.push(file.path.clone());
        }
    }
    areas.into_values().collect()
}

/// The area that a path belongs to.
pub fn area_of(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let under = |folder: &str| {
        path.starts_with(&format!("{folder}/")) || path.contains(&format!("/{folder}/"))
    };
    match lower.as_str() {
        "cargo.lock" | "cargo.toml" => "dependencies",
        "deny.toml" | ".deny.toml" | "audit.toml" | "t5.yml" => "policy",
        _ if measures(path) => "benches",
        _ if is_documentation(&lower) => "documentation",
        // An image may be what a benchmark decodes, unless it lies with the documents.
        _ if is_image(&lower) && (under("docs") || under("doc")) => "documentation",
        _ if under("tests") || under("test") => "tests",
        _ if lower.ends_with(".rs") => "source",
        _ => "other",
    }
}

/// Whether a file looks as if it measured, by its path alone: enough to sort files into areas.
/// What is edited of what measures is found by [`super::measuring`].
fn measures(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let in_benches = path.starts_with("benches/") || path.contains("/benches/");
    let cargo_config = path.ends_with(".cargo/config.toml") || path.ends_with(".cargo/config");
    let in_sources = path.starts_with("src/") || path.contains("/src/");
    in_benches
        || cargo_config
        || TOOLCHAIN_FILES.contains(&name)
        || (name == "build.rs" && !in_sources)
}

/// Files that no build looks at. A `.txt` may be test data, so it is not among them.
pub(super) fn is_documentation(lower_name: &str) -> bool {
    let stem = lower_name.split('.').next().unwrap_or(lower_name);
    let by_end = [".md", ".rst", ".adoc"];
    let by_stem = ["license", "licence", "copying", "authors", "changelog", "codeowners", "notice"];
    by_end.iter().any(|end| lower_name.ends_with(end))
        || by_stem.iter().any(|known| stem == *known || stem.starts_with(&format!("{known}-")))
}

fn is_image(lower_name: &str) -> bool {
    [".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp"].iter().any(|end| lower_name.ends_with(end))
}

/// Packages whose set of versions differs between two lock files.
///
/// A lock file that does not parse changes nothing here; the scan is what reports it.
pub fn dependencies(base: Option<&str>, head: Option<&str>) -> Vec<DependencyChange> {
    let (before, after) = (versions(base), versions(head));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let of = |side: &BTreeMap<String, BTreeSet<String>>, name: &str| -> Vec<String> {
        side.get(name).into_iter().flatten().cloned().collect()
    };
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| DependencyChange {
            name: name.clone(),
            before: of(&before, name),
            after: of(&after, name),
        })
        .collect()
}

fn versions(lock: Option<&str>) -> BTreeMap<String, BTreeSet<String>> {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let parsed = lock.and_then(|text| packages(text).ok());
    for package in parsed.into_iter().flat_map(|lock| lock.packages) {
        versions.entry(package.name.to_string()).or_default().insert(package.version.to_string());
    }
    versions
}
