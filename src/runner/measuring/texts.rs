//! Files of both commits, each read once.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path},
};

use super::manifest::build_script;
use crate::{
    policy::Side,
    runner::git::{Git, GitError},
};

/// Files beyond so many are not read: nobody writes a bench of more.
const FILES: usize = 1_000;
/// A source file larger than this is data.
const LARGEST: usize = 2 << 20;
/// Manifests that are looked at for a build script.
const MANIFESTS: usize = 200;

pub(super) struct Texts<'a> {
    git: &'a Git<'a>,
    base: &'a str,
    head: &'a str,
    read: BTreeMap<(Side, String), Option<String>>,
}

impl<'a> Texts<'a> {
    pub(super) fn new(git: &'a Git<'a>, base: &'a str, head: &'a str) -> Self {
        Self { git, base, head, read: BTreeMap::new() }
    }

    fn sha(&self, side: Side) -> &'a str {
        match side {
            Side::Base => self.base,
            Side::Head => self.head,
        }
    }

    /// The text of a file of a side, if it has one that is not too large.
    pub(super) async fn read(
        &mut self,
        side: Side,
        path: &str,
    ) -> Result<Option<String>, GitError> {
        let key = (side, path.to_owned());
        if let Some(known) = self.read.get(&key) {
            return Ok(known.clone());
        }
        if self.read.len() >= FILES {
            return Ok(None);
        }
        let bytes = self.git.file(self.sha(side), path).await?;
        let small = bytes.filter(|bytes| bytes.len() <= LARGEST);
        let text = small.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        self.read.insert(key, text.clone());
        Ok(text)
    }

    /// Every build script of a side: `build.rs` beside a manifest, and what a manifest names.
    pub(super) async fn build_scripts(&mut self, side: Side) -> Result<BTreeSet<String>, GitError> {
        let listed = self.git.bytes(["ls-tree", "-r", "-z", "--name-only", self.sha(side)]).await?;
        let listed = String::from_utf8_lossy(&listed);
        let files: BTreeSet<&str> = listed.split('\0').collect();
        let folder = |path: &str| path.strip_suffix("Cargo.toml").map(str::to_owned);
        let manifest = |path: &&str| *path == "Cargo.toml" || path.ends_with("/Cargo.toml");
        let mut scripts = BTreeSet::new();
        for path in files.iter().copied().filter(manifest).take(MANIFESTS) {
            let Some(folder) = folder(path) else { continue };
            let usual = format!("{folder}build.rs");
            scripts.extend(files.contains(usual.as_str()).then_some(usual));
            let text = self.read(side, path).await?;
            let named = text.as_deref().and_then(build_script);
            scripts.extend(named.and_then(|named| joined(Path::new(&folder), Path::new(&named))));
        }
        Ok(scripts)
    }
}

/// A path of the repository from a folder and what is said from there; none outside of it.
pub(super) fn joined(folder: &Path, path: &Path) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let whole = folder.join(path);
    for part in whole.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::Normal(part) => parts.push(part.to_str()?),
            // An absolute path, or one of another system.
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::joined;

    #[test]
    fn a_path_stays_in_the_repository() {
        let at = |folder: &str, path: &str| joined(Path::new(folder), Path::new(path));
        assert_eq!(at("", "a/b.rs").as_deref(), Some("a/b.rs"));
        assert_eq!(at("crates/a", "../../tools/gen.rs").as_deref(), Some("tools/gen.rs"));
        assert_eq!(at("a", "./b.rs").as_deref(), Some("a/b.rs"));
        assert_eq!(at("a", "../../b.rs"), None);
        assert_eq!(at("a", "/etc/passwd"), None);
        assert_eq!(at("", ""), None);
    }
}
