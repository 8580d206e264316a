//! Finds the bench targets of a checkout through cargo.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Context;
use crate::{
    config::{BenchRules, Program},
    sandbox::{Ended, Grant, Job, SandboxError},
};

/// A bench target that cargo knows of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BenchTarget {
    /// The package that holds it.
    pub package: String,
    /// Its name.
    pub name: String,
    /// The package's folder, relative to the checkout's root.
    pub folder: PathBuf,
    /// Features that it needs and that the rules do not turn on.
    pub lacks: Vec<String>,
    /// Its root source file, relative to the checkout's root; none if it lies outside.
    pub source: Option<PathBuf>,
}

/// Cargo could not read the workspace.
#[derive(Debug, thiserror::Error)]
pub enum BenchesError {
    /// Cargo could not be started.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Cargo refused.
    #[error("cargo metadata failed: {said}")]
    Refused {
        /// The end of what it said.
        said: String,
    },
    /// Cargo said something that this program does not understand.
    #[error("cargo metadata wrote something unexpected: {0}")]
    Unexpected(#[from] serde_json::Error),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Lists the bench targets of the workspace that `cargo` works in, and that belong to the rules'
/// packages.
///
/// # Errors
///
/// If cargo cannot read the workspace.
pub async fn bench_targets(
    ctx: &Context,
    cargo: Job,
    grant: &Grant,
    rules: &BenchRules,
) -> Result<Vec<BenchTarget>, BenchesError> {
    Ok(listed(&metadata(ctx, cargo, grant, rules).await?, &rules.packages)?)
}

/// An example or a binary that cargo knows of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProgramTarget {
    /// The package that holds it.
    pub package: String,
    /// Which of its programs.
    pub program: Program,
    /// The package's folder, relative to the checkout's root.
    pub folder: PathBuf,
    /// Features that it needs and that the rules do not turn on.
    pub lacks: Vec<String>,
    /// Its root source file, relative to the checkout's root; none if it lies outside.
    pub source: Option<PathBuf>,
}

/// Lists the examples and binaries of the workspace that `cargo` works in.
///
/// # Errors
///
/// If cargo cannot read the workspace.
pub async fn program_targets(
    ctx: &Context,
    cargo: Job,
    grant: &Grant,
    rules: &BenchRules,
) -> Result<Vec<ProgramTarget>, BenchesError> {
    Ok(programs(&serde_json::from_slice(&metadata(ctx, cargo, grant, rules).await?)?))
}

async fn metadata(
    ctx: &Context,
    cargo: Job,
    grant: &Grant,
    rules: &BenchRules,
) -> Result<Vec<u8>, BenchesError> {
    let job = cargo
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .args(rules.feature_args());
    let finished = ctx.sandbox.run(&job, grant, &ctx.cancel).await?;
    match finished.ended {
        Ended::Exited(0) => Ok(finished.stdout),
        Ended::Cancelled => Err(BenchesError::Cancelled),
        _ => Err(BenchesError::Refused { said: finished.stderr_tail(12) }),
    }
}

/// The bench targets in what `cargo metadata` printed, of the named packages or, where none is
/// named, of all that are members of the workspace; sorted.
///
/// # Errors
///
/// If it is not what cargo prints.
pub fn listed(metadata: &[u8], packages: &[String]) -> Result<Vec<BenchTarget>, serde_json::Error> {
    Ok(select(&serde_json::from_slice(metadata)?, packages))
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetaPackage>,
    workspace_members: BTreeSet<String>,
    workspace_root: PathBuf,
    resolve: Option<Resolve>,
}

#[derive(Deserialize)]
struct MetaPackage {
    id: String,
    name: String,
    manifest_path: PathBuf,
    targets: Vec<MetaTarget>,
}

#[derive(Deserialize)]
struct MetaTarget {
    name: String,
    kind: Vec<String>,
    #[serde(default)]
    src_path: PathBuf,
    #[serde(default, rename = "required-features")]
    required_features: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    #[serde(default)]
    features: BTreeSet<String>,
}

/// The features that are on, by package.
fn features(metadata: &Metadata) -> BTreeMap<&str, &BTreeSet<String>> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    nodes.map(|node| (node.id.as_str(), &node.features)).collect()
}

fn programs(metadata: &Metadata) -> Vec<ProgramTarget> {
    let on = features(metadata);
    let members = &metadata.workspace_members;
    let packages = metadata.packages.iter().filter(|package| members.contains(&package.id));
    let of = |package: &MetaPackage, target: &MetaTarget| {
        let is = |kind: &str| target.kind.iter().any(|other| other == kind);
        let program = match () {
            () if is("example") => Program::Example(target.name.clone()),
            () if is("bin") => Program::Bin(target.name.clone()),
            () => return None,
        };
        Some(ProgramTarget {
            package: package.name.clone(),
            program,
            folder: folder_of(package, &metadata.workspace_root),
            lacks: lacking(target, on.get(package.id.as_str()).copied()),
            source: target.src_path.strip_prefix(&metadata.workspace_root).ok().map(Into::into),
        })
    };
    packages
        .flat_map(|package| package.targets.iter().filter_map(|target| of(package, target)))
        .collect()
}

fn select(metadata: &Metadata, packages: &[String]) -> Vec<BenchTarget> {
    let on = features(metadata);
    let wanted = |package: &&MetaPackage| {
        metadata.workspace_members.contains(&package.id)
            && (packages.is_empty() || packages.contains(&package.name))
    };
    let mut targets: Vec<BenchTarget> = metadata
        .packages
        .iter()
        .filter(wanted)
        .flat_map(|package| {
            let features = on.get(package.id.as_str());
            let benches =
                package.targets.iter().filter(|target| target.kind.iter().any(|k| k == "bench"));
            benches.map(move |target| BenchTarget {
                package: package.name.clone(),
                name: target.name.clone(),
                folder: folder_of(package, &metadata.workspace_root),
                lacks: lacking(target, features.copied()),
                source: target.src_path.strip_prefix(&metadata.workspace_root).ok().map(Into::into),
            })
        })
        .collect();
    targets.sort();
    targets
}

fn folder_of(package: &MetaPackage, root: &Path) -> PathBuf {
    let folder = package.manifest_path.parent().unwrap_or(root);
    folder.strip_prefix(root).unwrap_or(folder).to_owned()
}

fn lacking(target: &MetaTarget, on: Option<&BTreeSet<String>>) -> Vec<String> {
    let is_on = |feature: &String| on.is_some_and(|features| features.contains(feature));
    target.required_features.iter().filter(|feature| !is_on(feature)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benches_of_members_are_listed_with_the_features_they_lack() {
        let metadata = serde_json::json!({
            "workspace_root": "/w",
            "workspace_members": ["a 0.1.0"],
            "packages": [
                { "id": "a 0.1.0", "name": "a", "manifest_path": "/w/crates/a/Cargo.toml", "targets": [
                    { "name": "a", "kind": ["lib"] },
                    { "name": "speed", "kind": ["bench"], "src_path": "/w/crates/a/benches/speed.rs" },
                    { "name": "gpu", "kind": ["bench"], "required-features": ["cuda", "std"] },
                ]},
                { "id": "dep 1.0.0", "name": "dep", "manifest_path": "/r/dep/Cargo.toml", "targets": [
                    { "name": "theirs", "kind": ["bench"] },
                ]},
            ],
            "resolve": { "nodes": [{ "id": "a 0.1.0", "features": ["std"] }] },
        });
        let listed = select(&serde_json::from_value(metadata).unwrap(), &[]);
        let names: Vec<_> = listed.iter().map(|t| (t.name.as_str(), t.lacks.join(","))).collect();
        assert_eq!(names, [("gpu", "cuda".to_owned()), ("speed", String::new())]);
        assert!(listed.iter().all(|target| target.folder == Path::new("crates/a")));
        let sources: Vec<_> = listed.iter().map(|target| target.source.as_deref()).collect();
        assert_eq!(sources, [None, Some(Path::new("crates/a/benches/speed.rs"))]);
    }
}
