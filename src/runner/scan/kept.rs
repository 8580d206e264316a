//! Answers of `cargo metadata`, kept for the next scan of the same manifests.
//!
//! The answer is the same as long as every manifest and the lock file below the repository's root
//! are, the checkout lies in the same folder, and cargo is configured as it was. The entry is used
//! only while every source that it names is still there.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use sha2::{Digest as _, Sha256};

use super::admission::{LOCK_LIMIT, MANIFEST_LIMIT};
use crate::runner::{Context, beneath::Beneath};

/// How many answers are kept; one of a large workspace is some megabytes.
const KEPT: usize = 16;
/// What of the environment changes cargo's answer.
const ENVIRONMENT: [&str; 4] = ["CARGO_HOME", "HOME", "RUSTUP_TOOLCHAIN", "PATH"];

/// The place of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    folder: PathBuf,
    name: String,
}

impl Place {
    /// The place of the answer about `workspace`, a folder below `repository`.
    pub(super) fn of(
        ctx: &Context,
        repository: &Path,
        workspace: &Path,
        arguments: &[String],
        cargo: &Path,
    ) -> io::Result<Self> {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        };
        add(workspace.as_os_str().as_encoded_bytes());
        add(cargo.as_os_str().as_encoded_bytes());
        for argument in arguments {
            add(argument.as_bytes());
        }
        for name in ENVIRONMENT {
            add(ctx.variable(name).unwrap_or_default().as_encoded_bytes());
        }
        for config in configuration(ctx) {
            add(&fs::read(config).unwrap_or_default());
        }
        let read = |path: &Path, limit: u64| {
            let inside = path.strip_prefix(repository).unwrap_or(path);
            let read = Beneath::new(repository).and_then(|checkout| checkout.read(inside, limit));
            read.map_err(io::Error::other)
        };
        add(&read(&workspace.join("Cargo.lock"), LOCK_LIMIT)?);
        let mut manifests = Vec::new();
        walk(repository, &mut manifests)?;
        manifests.sort();
        for manifest in manifests {
            add(manifest.as_os_str().as_encoded_bytes());
            // One that cannot be read safely is none that cargo was let near.
            add(&read(&manifest, MANIFEST_LIMIT).unwrap_or_default());
        }
        let name = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { folder: ctx.cache.join("metadata"), name })
    }

    /// Where the answer lies.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    /// The answer of an earlier scan.
    pub(super) fn get(&self) -> Option<Vec<u8>> {
        fs::read(self.path()).ok()
    }

    /// Keeps an answer, and lets go of the oldest.
    pub(super) fn put(&self, answer: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut fresh = tempfile::NamedTempFile::new_in(&self.folder)?;
        io::Write::write_all(&mut fresh, answer)?;
        fresh.persist(self.path())?;
        let mut entries: Vec<(SystemTime, PathBuf)> = fs::read_dir(&self.folder)?
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .filter(|(_, path)| path.extension() == Some(OsStr::new("json")))
            .collect();
        entries.sort();
        for (_, old) in entries.iter().take(entries.len().saturating_sub(KEPT)) {
            // Another process may have been quicker.
            let _ = fs::remove_file(old);
        }
        Ok(())
    }
}

/// Files of the person who runs this that may point cargo at other sources.
fn configuration(ctx: &Context) -> Vec<PathBuf> {
    let home = ctx.variable("HOME").map(|home| Path::new(home).join(".cargo"));
    let cargo = ctx.variable("CARGO_HOME").map(PathBuf::from).or(home);
    let names = ["config.toml", "config"];
    cargo.into_iter().flat_map(|home| names.map(|name| home.join(name))).collect()
}

fn walk(folder: &Path, manifests: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, name) = (entry.file_type()?, entry.file_name());
        if kind.is_dir() && name != ".git" {
            walk(&entry.path(), manifests)?;
        } else if name == "Cargo.toml" {
            manifests.push(entry.path());
        }
    }
    Ok(())
}
