//! What measures, rather than what is measured, and what the head edits of it.
//!
//! Everything is read from the two commits, never from a folder that code of the change could
//! write into. A plain source file is never among it.

mod harness;
mod manifest;
mod modules;
mod texts;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    benches::BenchTarget,
    changes::{ChangedFile, is_documentation},
    git::{Git, GitError},
    rule_files::{AUDIT_FILES, DENY_FILES, EXCEPTION_FILES, TOOLCHAIN_FILES},
};
use crate::{perf::Edit, policy::Side};
use texts::{Texts, joined};

pub use harness::harness_edits;
pub use manifest::{build_script, package_edits, root_edits};
pub use modules::{Reference, references};

/// Where to look for edits of what measures.
#[derive(Debug)]
pub struct Change<'a> {
    /// Knows both commits.
    pub git: &'a Git<'a>,
    /// The merge base.
    pub base: &'a str,
    /// The change.
    pub head: &'a str,
    /// What differs between them.
    pub files: &'a [ChangedFile],
    /// Where in the repository the workspace lies.
    pub workspace: &'a Path,
    /// The bench targets of both sides.
    pub benches: &'a [BenchTarget],
    /// Root source files of the examples that workloads run, relative to the workspace, on either
    /// side: an example says what is done how often, so it measures as a bench does. A binary is
    /// what is measured.
    pub examples: &'a BTreeSet<PathBuf>,
    /// Sources of bench crates as the compiler lists them, relative to the repository's root.
    pub sources: &'a BTreeSet<String>,
}

/// Finds what the head edits of what measures, in the order of the files.
///
/// # Errors
///
/// If git cannot be started, or was cancelled.
pub async fn edits(change: &Change<'_>) -> Result<Vec<Edit>, GitError> {
    let changed: BTreeSet<&str> = change.files.iter().map(|file| file.path.as_str()).collect();
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for path in &changed {
        let what = by_path(path);
        found.entry(path).or_default().extend(what.map(str::to_owned));
    }
    let mut texts = Texts::new(change.git, change.base, change.head);
    in_manifests(change, &mut texts, &changed, &mut found).await?;
    let open: BTreeSet<&str> =
        found.iter().filter(|(_, whats)| whats.is_empty()).map(|(path, _)| *path).collect();
    for (path, what) in reached(change, &mut texts, &open).await? {
        if let Some(path) = open.get(path.as_str()) {
            found.entry(path).or_default().insert(what);
        }
    }
    // What the text does not tell, the compiler may.
    for (path, whats) in &mut found {
        if whats.is_empty() && change.sources.contains(*path) {
            whats.insert("source of a bench, as the compiler lists it".to_owned());
        }
    }
    let told = found.into_iter().filter(|(_, whats)| !whats.is_empty());
    Ok(told
        .map(|(path, whats)| Edit::new(path, whats.into_iter().collect::<Vec<_>>().join("; ")))
        .collect())
}

/// What a file is by its place alone, if it measures wherever it is found.
fn by_path(path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.split('/').collect();
    let (name, folders) = parts.split_last()?;
    let rules = DENY_FILES.iter().chain(&EXCEPTION_FILES).chain(&AUDIT_FILES);
    // A module of a library may be called benches as well.
    let benches = folders.iter().position(|folder| *folder == "benches");
    let inside = folders.iter().position(|folder| *folder == "src");
    let is_bench = benches.is_some_and(|at| inside.is_none_or(|src| at < src));
    if folders.contains(&".cargo") {
        // Those are rules of the policy, and shown there.
        let policy =
            rules.into_iter().any(|rule| path == *rule || path.ends_with(&format!("/{rule}")));
        return (!policy).then_some("cargo's configuration");
    }
    if TOOLCHAIN_FILES.contains(name) {
        return Some("toolchain");
    }
    (is_bench && !is_documentation(&name.to_ascii_lowercase())).then_some("bench code")
}

/// Edits of the workspace's root manifest, of its lock file, and of manifests with benches.
async fn in_manifests<'c>(
    change: &Change<'_>,
    texts: &mut Texts<'_>,
    changed: &BTreeSet<&'c str>,
    found: &mut BTreeMap<&'c str, BTreeSet<String>>,
) -> Result<(), GitError> {
    let at = |folder: &Path, name: &str| joined(change.workspace, &folder.join(name));
    let root = at(Path::new(""), "Cargo.toml");
    let packages: BTreeSet<Option<String>> =
        change.benches.iter().map(|bench| at(&bench.folder, "Cargo.toml")).collect();
    let lock = at(Path::new(""), "Cargo.lock");
    for path in changed {
        let (is_root, is_lock) = (Some(*path) == root.as_deref(), Some(*path) == lock.as_deref());
        let is_package = packages.contains(&Some((*path).to_owned()));
        if !is_root && !is_lock && !is_package {
            continue;
        }
        let before = texts.read(Side::Base, path).await?;
        let after = texts.read(Side::Head, path).await?;
        let (before, after) = (before.as_deref(), after.as_deref());
        let told = found.entry(path).or_default();
        if is_lock {
            told.extend(harness_edits(before, after));
        }
        if is_root {
            told.extend(root_edits(before, after));
        }
        if is_package {
            told.extend(package_edits(before, after));
        }
    }
    Ok(())
}

/// Files that bench targets and build scripts are made of, with what they are; only where one of
/// `open` could be among them.
async fn reached(
    change: &Change<'_>,
    texts: &mut Texts<'_>,
    open: &BTreeSet<&str>,
) -> Result<BTreeMap<String, String>, GitError> {
    let mut all = BTreeMap::new();
    if open.is_empty() {
        return Ok(all);
    }
    let mut roots: BTreeMap<String, String> = BTreeMap::new();
    for side in [Side::Base, Side::Head] {
        for script in texts.build_scripts(side).await? {
            roots.insert(script, "build script".to_owned());
        }
    }
    for bench in change.benches {
        let source = bench.source.as_deref().and_then(|path| joined(change.workspace, path));
        roots.extend(source.map(|path| (path, format!("bench {}", bench.name))));
    }
    for example in change.examples {
        let source = joined(change.workspace, example);
        roots.extend(source.map(|path| (path, "example that a workload runs".to_owned())));
    }
    for (root, name) in roots {
        for side in [Side::Base, Side::Head] {
            for path in modules::reached_from(&root, side, texts).await? {
                let what = if path == root { name.clone() } else { format!("used by {name}") };
                all.entry(path).or_insert(what);
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::by_path;

    #[test]
    fn a_place_alone_tells_what_measures() {
        let told = |path: &str| by_path(path).unwrap_or("nothing");
        assert_eq!(told("benches/speed.rs"), "bench code");
        assert_eq!(told("crates/a/benches/support/data.json"), "bench code");
        assert_eq!(told("benches/src/lib.rs"), "bench code");
        assert_eq!(told(".cargo/config.toml"), "cargo's configuration");
        assert_eq!(told("crates/a/.cargo/config"), "cargo's configuration");
        assert_eq!(told("rust-toolchain"), "toolchain");
        for plain in [
            "src/lib.rs",
            "src/benches/mod.rs",
            "src/build.rs",
            "build.rs",
            "benches/README.md",
            ".cargo/audit.toml",
            "Cargo.toml",
            "src/rust-toolchain.rs",
            "",
        ] {
            assert_eq!(told(plain), "nothing", "{plain}");
        }
    }
}
