//! The manifests that cargo would read for a workspace, followed from the first to the last.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Component, Path, PathBuf},
};

use glob::{MatchOptions, Pattern};

use super::{MANIFEST_LIMIT, NamedSource, manifest::Leads};
use crate::runner::beneath::{Beneath, BeneathError};

const MANIFEST: &str = "Cargo.toml";
/// Levels of folders that are looked into. The deepest of well-known repositories have twenty.
const DEEPEST: usize = 64;
/// Patterns of members that are held against all folders; well-known workspaces have a few.
const PATTERNS: usize = 1_000;

/// Where manifests and links lie in a checkout.
#[derive(Clone, Debug, Default)]
struct Found {
    /// Folders that hold a manifest, relative to the repository's root.
    folders: BTreeSet<String>,
    links: BTreeSet<String>,
}

/// The sources that the manifests of a workspace name.
pub(super) fn sources(
    checkout: &Beneath,
    repository: &Path,
    prefix: &str,
) -> Result<Vec<NamedSource>, BeneathError> {
    let found = Found::of(repository)
        .map_err(|source| BeneathError::Io { path: repository.to_owned(), source })?;
    let mut walk =
        Walk { repository, found: &found, waiting: Vec::new(), seen: BTreeMap::new(), patterns: 0 };
    // Cargo looks upwards for the root of the workspace.
    for above in Path::new(prefix).ancestors() {
        walk.want(&above.display().to_string(), "");
    }
    while let Some(folder) = walk.waiting.pop() {
        let file = Path::new(&folder).join(MANIFEST);
        let bytes = match checkout.read(&file, MANIFEST_LIMIT) {
            Ok(bytes) => bytes,
            // Cargo says that, or does not mind.
            Err(BeneathError::Missing(_)) => continue,
            Err(error) => return Err(error),
        };
        let leads = Leads::read(&file.display().to_string(), &String::from_utf8_lossy(&bytes));
        walk.follow(&folder, leads)?;
    }
    Ok(walk.seen.into_values().flatten().collect())
}

struct Walk<'a> {
    repository: &'a Path,
    found: &'a Found,
    waiting: Vec<String>,
    seen: BTreeMap<String, Vec<NamedSource>>,
    patterns: usize,
}

impl Walk<'_> {
    fn follow(&mut self, folder: &str, leads: Leads) -> Result<(), BeneathError> {
        self.seen.insert(folder.to_owned(), leads.sources);
        for path in &leads.folders {
            self.want(folder, path);
        }
        for members in &leads.members {
            self.want_members(folder, members)?;
        }
        Ok(())
    }

    /// One more folder with a manifest; what lies outside of the repository cannot be read by
    /// cargo either.
    fn want(&mut self, folder: &str, path: &str) {
        let Some(wanted) = self.inside(folder, path) else { return };
        if !self.seen.contains_key(&wanted) {
            self.seen.insert(wanted.clone(), Vec::new());
            self.waiting.push(wanted);
        }
    }

    fn want_members(&mut self, folder: &str, members: &str) -> Result<(), BeneathError> {
        if !members.contains(['*', '?', '[']) {
            self.want(folder, members);
            return Ok(());
        }
        let Some(pattern) = self.inside(folder, members) else { return Ok(()) };
        self.patterns += 1;
        if self.patterns > PATTERNS {
            let source = io::Error::other(format!("more than {PATTERNS} patterns of members"));
            return Err(BeneathError::Io { path: Path::new(folder).join(MANIFEST), source });
        }
        // Cargo takes a pattern that it cannot read as a name, and finds nothing there.
        let Ok(matcher) = Pattern::new(&pattern) else { return Ok(()) };
        if let Some(link) = self.found.links.iter().find(|link| leads_through(&pattern, link)) {
            return Err(BeneathError::Link(link.into()));
        }
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
        let matches = |folder: &&String| matcher.matches_with(folder, options);
        let matching: Vec<&String> = self.found.folders.iter().filter(matches).collect();
        matching.into_iter().for_each(|member| self.want(member, ""));
        Ok(())
    }

    /// A path from a folder, as a path from the repository's root; none if it leaves the repository.
    fn inside(&self, folder: &str, path: &str) -> Option<String> {
        let path = Path::new(path);
        let from_root = match path.strip_prefix(self.repository) {
            Ok(inside) => inside.to_owned(),
            Err(_) if path.is_absolute() => return None,
            Err(_) => Path::new(folder).join(path),
        };
        let mut steps: Vec<&str> = Vec::new();
        for component in from_root.components() {
            match component {
                Component::Normal(step) => steps.push(step.to_str()?),
                Component::ParentDir => drop(steps.pop()?),
                Component::CurDir => {}
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(steps.join("/"))
    }
}

/// Whether a pattern of members could go through a link: its first steps match the link's.
fn leads_through(pattern: &str, link: &str) -> bool {
    let steps: Vec<&str> = pattern.split('/').collect();
    if steps.contains(&"**") {
        return true;
    }
    let mut link = link.split('/');
    let matches = |(step, part): (&str, &str)| Pattern::new(step).is_ok_and(|it| it.matches(part));
    let all = steps.into_iter().zip(link.by_ref()).all(matches);
    all && link.next().is_none()
}

impl Found {
    fn of(repository: &Path) -> io::Result<Self> {
        let mut found = Self::default();
        found.look(repository, &PathBuf::new(), 0)?;
        Ok(found)
    }

    fn look(&mut self, repository: &Path, folder: &Path, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(repository.join(folder))? {
            let entry = entry?;
            let (kind, name) = (entry.file_type()?, entry.file_name());
            let path = folder.join(&name);
            // A link too is something that cargo would read.
            if name == MANIFEST && !kind.is_dir() {
                self.folders.insert(folder.display().to_string());
            } else if kind.is_symlink() {
                self.links.insert(path.display().to_string());
            } else if kind.is_dir() && name != ".git" {
                if depth == DEEPEST {
                    let said = format!("folders are nested deeper than {DEEPEST} levels");
                    return Err(io::Error::other(said));
                }
                self.look(repository, &path, depth + 1)?;
            }
        }
        Ok(())
    }
}
