//! The manifests that cargo would read for a workspace, followed from the first to the last.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Component, Path, PathBuf},
};

use super::{
    MANIFEST_LIMIT, NamedSource, QUOTED,
    manifest::Leads,
    wildcard::{COMPARISONS, Comparisons, Pattern, Untold},
};
use crate::runner::{
    beneath::{Beneath, BeneathError},
    scan::lock::one_line,
};

const MANIFEST: &str = "Cargo.toml";
/// Levels of folders that are looked into. The deepest of well-known repositories have twenty.
const DEEPEST: usize = 64;
/// The most that is read of all manifests together, in bytes. The thousands of manifests of the
/// largest repositories have a tenth of it; one large manifest, committed to a thousand folders for
/// the price of one, would be read for hours.
const ALL_MANIFESTS: usize = 64 << 20;

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
    let mut walk = Walk::new(repository, &found);
    // Cargo looks upwards for the root of the workspace.
    for above in Path::new(prefix).ancestors() {
        walk.want(&above.display().to_string(), "");
    }
    let mut bytes_left = ALL_MANIFESTS;
    while let Some(folder) = walk.waiting.pop() {
        let file = Path::new(&folder).join(MANIFEST);
        let bytes = match checkout.read(&file, MANIFEST_LIMIT) {
            Ok(bytes) => bytes,
            // Cargo says that, or does not mind.
            Err(BeneathError::Missing(_)) => continue,
            Err(error) => return Err(error),
        };
        bytes_left = bytes_left.checked_sub(bytes.len()).ok_or_else(|| {
            let most = ALL_MANIFESTS >> 20;
            untold(&file, &format!("the manifests are larger than {most} MiB together"))
        })?;
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
    left: Comparisons,
}

impl<'a> Walk<'a> {
    fn new(repository: &'a Path, found: &'a Found) -> Self {
        let left = Comparisons::new(COMPARISONS);
        Self { repository, found, waiting: Vec::new(), seen: BTreeMap::new(), left }
    }

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
        // Where no folder matches, cargo takes a pattern as a name.
        self.want(folder, members);
        let Some(pattern) = self.inside(folder, members) else { return Ok(()) };
        // Cargo takes the path of the workspace itself as a part of the pattern.
        if !pattern.contains(WILD) && !members.contains(WILD) {
            return Ok(());
        }
        let failed = |untold: Untold| unread_pattern(folder, members, untold);
        let matching = self.matching(members, &pattern).map_err(failed)?;
        for member in matching? {
            self.want(&member, "");
        }
        Ok(())
    }

    /// The folders that a pattern of members names, which is `pattern` from the repository's root.
    fn matching(
        &mut self,
        members: &str,
        pattern: &str,
    ) -> Result<Result<Vec<String>, BeneathError>, Untold> {
        let mut steps = Path::new(members).components();
        let wild = |step: Component<'_>| step.as_os_str().to_string_lossy().contains(WILD);
        // A way up from `**` leads from each of its folders to another one.
        if steps.any(wild) && steps.any(|step| step == Component::ParentDir) {
            return Err(Untold::Strange);
        }
        let pattern = Pattern::parse(pattern)?;
        for link in &self.found.links {
            if pattern.leads_through(link, &mut self.left)? {
                return Ok(Err(BeneathError::Link(link.into())));
            }
        }
        let mut matching = Vec::new();
        for folder in &self.found.folders {
            if pattern.matches(folder, &mut self.left)? {
                matching.push(folder.clone());
            }
        }
        Ok(Ok(matching))
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

/// What makes a text a pattern.
const WILD: [char; 3] = ['*', '?', '['];

fn unread_pattern(folder: &str, members: &str, untold: Untold) -> BeneathError {
    let quoted: String = one_line(members).chars().take(QUOTED).collect();
    let said = format!("the pattern «{quoted}» of members {untold}; write the folders out instead");
    self::untold(&Path::new(folder).join(MANIFEST), &said)
}

fn untold(manifest: &Path, said: &str) -> BeneathError {
    BeneathError::Io { path: manifest.to_owned(), source: io::Error::other(said.to_owned()) }
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
