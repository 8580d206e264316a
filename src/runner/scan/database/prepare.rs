//! Turns a directory of advisories, good and bad, into one that both tools can open.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use rustsec::advisory::Advisory;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::advisory::Fact;
use crate::{policy::RefusedAdvisory, runner::scan::lock::one_line};

/// Part of the name under which a prepared database is kept; goes up when its form changes.
const FORM: &str = "1";
/// Folders of a database, by collection.
const COLLECTIONS: [&str; 2] = ["crates", "rust"];

/// A database that both tools can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prepared {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// How many advisories it holds.
    pub(crate) advisories: u32,
    /// Files that were left out.
    pub(crate) refused: Vec<RefusedAdvisory>,
}

/// What is kept beside a prepared database.
#[derive(Serialize, Deserialize)]
struct Contents {
    advisories: u32,
    refused: Vec<RefusedAdvisory>,
}

/// One file of a database as it was found.
struct Raw {
    /// `crates/name/RUSTSEC-….md`
    path: String,
    bytes: Vec<u8>,
}

/// Prepares the advisories below `directory`, or takes what an earlier run prepared from the very
/// same files.
pub(super) fn from_directory(directory: &Path, cache: &Path) -> io::Result<Prepared> {
    let files = read(directory)?;
    let mut digest = Sha256::new();
    for file in &files {
        digest.update(file.path.as_bytes());
        digest.update([0]);
        digest.update((file.bytes.len() as u64).to_le_bytes());
        digest.update(&file.bytes);
    }
    kept(cache, &name(digest), || Ok(sift(&files)))
}

/// Prepares the facts that are read from the snapshot `text`, unless an earlier run did.
pub(in crate::runner::scan) fn from_snapshot(
    text: &str,
    cache: &Path,
    facts: impl FnOnce() -> io::Result<Vec<Fact>>,
) -> io::Result<Prepared> {
    let mut digest = Sha256::new();
    digest.update(text);
    kept(cache, &name(digest), || Ok((facts()?, Vec::new())))
}

/// The facts of all good advisories below `directory`.
pub(in crate::runner::scan) fn facts(directory: &Path) -> io::Result<Vec<Fact>> {
    Ok(sift(&read(directory)?).0)
}

/// The good ones, and what is wrong with the others.
fn sift(files: &[Raw]) -> (Vec<Fact>, Vec<RefusedAdvisory>) {
    let mut ids = BTreeSet::new();
    let (mut facts, mut refused) = (Vec::new(), Vec::new());
    for file in files {
        match fact(file, &mut ids) {
            Ok(fact) => facts.extend(fact),
            Err(reason) => refused.push(RefusedAdvisory { file: file.path.clone(), reason }),
        }
    }
    (facts, refused)
}

fn name(mut digest: Sha256) -> String {
    digest.update(FORM);
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn kept(
    cache: &Path,
    name: &str,
    make: impl FnOnce() -> io::Result<(Vec<Fact>, Vec<RefusedAdvisory>)>,
) -> io::Result<Prepared> {
    let home = cache.join("advisories");
    let entry = home.join(name);
    if let Some(prepared) = known(&entry) {
        return Ok(prepared);
    }
    fs::create_dir_all(&home)?;
    let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(&home)?;
    let (facts, refused) = make()?;
    write(&fresh.path().join("db"), &facts)?;
    let advisories = u32::try_from(facts.len()).unwrap_or(u32::MAX);
    let contents = serde_json::to_vec(&Contents { advisories, refused })?;
    fs::write(fresh.path().join("contents.json"), contents)?;
    match fs::rename(fresh.path(), &entry) {
        Ok(()) => {}
        // Another process was quicker: what it made is the same.
        Err(_) if known(&entry).is_some() => {}
        Err(error) => return Err(error),
    }
    known(&entry)
        .ok_or_else(|| io::Error::other(format!("{} could not be read back", entry.display())))
}

fn known(entry: &Path) -> Option<Prepared> {
    let contents = fs::read(entry.join("contents.json")).ok()?;
    let Contents { advisories, refused } = serde_json::from_slice(&contents).ok()?;
    Some(Prepared { folder: entry.join("db"), advisories, refused })
}

fn write(folder: &Path, facts: &[Fact]) -> io::Result<()> {
    // cargo-deny asks for a repository and is content with the mark of a fetch.
    fs::create_dir_all(folder.join(".git"))?;
    fs::write(folder.join(".git/FETCH_HEAD"), "")?;
    fs::create_dir_all(folder.join("crates"))?;
    for fact in facts {
        let path = folder.join(fact.path());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, fact.render())?;
    }
    Ok(())
}

/// All advisory files in the order of their paths.
fn read(directory: &Path) -> io::Result<Vec<Raw>> {
    let mut files = Vec::new();
    for collection in COLLECTIONS {
        let folder = directory.join(collection);
        if collection != "crates" && !folder.exists() {
            continue;
        }
        for package in sorted(&folder)? {
            if !package.is_dir() {
                continue;
            }
            for file in sorted(&package)? {
                let hidden = |path: &Path| {
                    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
                };
                if hidden(&file) || !file.is_file() {
                    continue;
                }
                let inside = file.strip_prefix(directory).unwrap_or(&file);
                files.push(Raw { path: inside.display().to_string(), bytes: fs::read(&file)? });
            }
        }
    }
    Ok(files)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The facts of one file; nothing for a draft that has no id yet.
fn fact(file: &Raw, ids: &mut BTreeSet<String>) -> Result<Option<Fact>, String> {
    let mut parts = file.path.split('/');
    let (collection, package, name) = (parts.next(), parts.next(), parts.next());
    let text = std::str::from_utf8(&file.bytes).map_err(|_| "it is not text".to_owned())?;
    if !text.starts_with("```toml") {
        return Err("it does not start with ```toml".to_owned());
    }
    let advisory = Advisory::from_str(text).map_err(|error| one_line(&error.to_string()))?;
    if advisory.metadata.id.is_placeholder() {
        return Ok(None);
    }
    let fact = Fact::of(&advisory, collection.unwrap_or_default())?;
    if name != Some(format!("{}.md", fact.id).as_str()) {
        return Err(format!("its id is {}, unlike its name", fact.id));
    }
    if package != Some(fact.package.as_str()) {
        return Err(format!("it is about {}, unlike its folder", fact.package));
    }
    if !ids.insert(fact.id.clone()) {
        return Err(format!("{} is there twice", fact.id));
    }
    Ok(Some(fact))
}
