//! `cargo metadata` of one side: what cargo-deny looks at, and where the manifests are.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::{ScanError, Silence, kept::Place, rules::Graph, silence::first_lines};
use crate::{
    policy::Package,
    runner::{Context, rooms::Rooms},
    sandbox::Ended,
};

/// What `cargo metadata` said about one side.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    /// Where it is, as cargo printed it.
    pub(super) path: PathBuf,
    /// The manifests of packages that lie in the checkout.
    pub(super) manifests: BTreeMap<Package, PathBuf>,
    /// The folder of the workspace.
    pub(super) workspace: PathBuf,
}

#[derive(Deserialize)]
struct Document {
    packages: Vec<Listed>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    version: String,
    source: Option<String>,
    manifest_path: PathBuf,
}

/// What cargo is asked about.
pub(super) struct Question<'a> {
    /// What cargo is granted, with a scratch folder of this call's own.
    pub(super) rooms: &'a Rooms<'a>,
    /// The repository's root.
    pub(super) repository: &'a Path,
    /// The folder in it that holds the lock file.
    pub(super) workspace: &'a Path,
    /// Flags that the rules ask for.
    pub(super) graph: &'a Graph,
    /// Nothing may be fetched.
    pub(super) offline: bool,
}

impl Question<'_> {
    /// Asks cargo, unless an earlier scan asked the very same.
    pub(super) async fn ask(&self, ctx: &Context) -> Result<Result<Metadata, Silence>, ScanError> {
        let arguments = self.graph.arguments();
        let cargo = &self.rooms.toolchain().cargo;
        let place = Place::of(ctx, self.repository, self.workspace, &arguments, cargo);
        let place = place.map_err(ScanError::file(self.repository))?;
        let kept = place.get().and_then(|json| read(&json, place.path()).ok());
        if let Some((metadata, true)) = kept {
            return Ok(Ok(metadata));
        }
        let json = match self.call(ctx, arguments).await? {
            Ok(json) => json,
            Err(silence) => return Ok(Err(silence)),
        };
        place.put(&json).map_err(ScanError::file(place.path()))?;
        Ok(read(&json, place.path()).map(|(metadata, _)| metadata).map_err(|message| Silence {
            reason: format!("the answer of cargo metadata cannot be read: {message}"),
            next: "run `cargo metadata --format-version 1` there and look at what it prints"
                .to_owned(),
        }))
    }

    /// Cargo runs outside of the checkout and is told the manifest: the configuration and the toolchain
    /// file of the checkout have no say in which programs are run.
    async fn call(
        &self,
        ctx: &Context,
        arguments: Vec<String>,
    ) -> Result<Result<Vec<u8>, Silence>, ScanError> {
        let mut job = self
            .rooms
            .cargo_fetching(Path::new("/"))
            .args(["metadata", "--format-version", "1", "--locked", "--color", "never"])
            .args(["--manifest-path".into(), self.workspace.join("Cargo.toml").into_os_string()])
            .args(arguments);
        if self.offline {
            job = job.args(["--offline"]);
        }
        // Without sources in the cache this downloads them.
        job.wall = Duration::from_secs(1800);
        job.output = 256 << 20;
        let grant = self.rooms.fetching(self.repository);
        let done = ctx.sandbox.run(&job, &grant, &ctx.cancel).await?;
        match done.ended {
            Ended::Exited(0) => Ok(Ok(done.stdout)),
            Ended::Cancelled => Err(ScanError::Cancelled),
            _ => {
                let said = first_lines(&done.stderr_text());
                let next = next(&said, self.offline);
                Ok(Err(Silence { next, reason: format!("cargo metadata: {said}") }))
            }
        }
    }
}

/// What is read in an answer, and whether every manifest that it names is there.
fn read(json: &[u8], path: PathBuf) -> Result<(Metadata, bool), String> {
    let document: Document = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let whole = document.packages.iter().all(|package| package.manifest_path.is_file());
    let own = document.packages.into_iter().filter(|package| package.source.is_none());
    let manifests = own
        .map(|package| {
            let Listed { name, version, manifest_path, .. } = package;
            (Package { name, version }, manifest_path)
        })
        .collect();
    Ok((Metadata { path, manifests, workspace: document.workspace_root }, whole))
}

fn next(said: &str, offline: bool) -> String {
    if said.contains("lock file") && said.contains("--locked") {
        "run `cargo update --workspace` there and commit Cargo.lock".to_owned()
    } else if offline && (said.contains("--offline") || said.contains("offline")) {
        "run `cargo fetch --locked` there once with network, or run without --offline".to_owned()
    } else {
        "make `cargo metadata --locked` work there".to_owned()
    }
}
