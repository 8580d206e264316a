//! Where a person starts to deal with a finding.

use std::path::{Path, PathBuf};

use super::{
    admission::MANIFEST_LIMIT,
    locate,
    lock::Lock,
    metadata::Metadata,
    side::{Checkout, repository},
};
use crate::{
    policy::{Location, Package},
    runner::beneath::Beneath,
};

/// The manifests and the lock file of one side.
pub(super) struct Places<'a> {
    root: PathBuf,
    lock: &'a Lock,
    lock_path: &'a str,
    metadata: Option<&'a Metadata>,
}

impl<'a> Places<'a> {
    pub(super) fn new(
        checkout: &'a Checkout,
        prefix: &str,
        lock: &'a Lock,
        metadata: Option<&'a Metadata>,
    ) -> Self {
        let root = repository(&checkout.folder, prefix);
        Self { root, lock, lock_path: &checkout.lock_path, metadata }
    }

    /// The line of the manifest that names the first step of the chain, else the package's entry
    /// in the lock file.
    pub(super) fn of(&self, package: &Package, chain: &[Package]) -> Option<Location> {
        if package.name.is_empty() {
            return None;
        }
        self.in_manifest(chain).or_else(|| {
            let line = self.lock.line(package)?;
            Some(Location { file: self.lock_path.to_owned(), line })
        })
    }

    fn in_manifest(&self, chain: &[Package]) -> Option<Location> {
        let metadata = self.metadata?;
        let (member, below) = chain.split_first()?;
        let path = metadata.manifests.get(member)?;
        let manifest = self.manifest(path)?;
        let Some(dependency) = below.first() else {
            return self.location(path, locate::package(&manifest)?);
        };
        let named = locate::dependency(&manifest, &dependency.name)?;
        if named.inherited {
            let workspace = metadata.workspace.join("Cargo.toml");
            let text = self.manifest(&workspace).unwrap_or_default();
            if let Some(line) = locate::workspace_dependency(&text, &dependency.name) {
                return self.location(&workspace, line);
            }
        }
        self.location(path, named.line)
    }

    /// The text of a manifest of the checkout. Cargo names it, and a build script may have changed
    /// what lies there since.
    fn manifest(&self, path: &Path) -> Option<String> {
        let inside = path.strip_prefix(&self.root).ok()?;
        Beneath::new(&self.root).ok()?.read_to_string(inside, MANIFEST_LIMIT).ok()
    }

    fn location(&self, path: &Path, line: u32) -> Option<Location> {
        let file = path.strip_prefix(&self.root).ok()?.display().to_string();
        Some(Location { file, line })
    }
}
