//! Executables that outlive their run: the same commit is never built twice.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use super::{Built, BuiltProgram, Executable};
use crate::{
    perf::BuildState,
    runner::{
        benches::BenchTarget,
        beneath::{Beneath, BeneathError},
        oldest::forget_oldest,
    },
};

/// The largest executables that are kept, all of a commit together, in bytes: debug builds of the
/// largest programs have less.
const LIMIT: u64 = 4 << 30;
/// How many commits' executables are kept.
const COMMITS: usize = 16;
/// The file that says what there is.
const LIST: &str = "kept.json";

/// What a build left, and what it was built from.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) targets: Vec<BenchTarget>,
    pub(super) executables: Vec<Executable>,
    pub(super) programs: Vec<BuiltProgram>,
    pub(super) sources: BTreeSet<String>,
    pub(super) seconds: f64,
    pub(super) slices: bool,
}

/// Why executables were not kept.
pub(super) enum KeepError {
    /// What the build says it made is nothing that is taken over.
    Taken(String),
    /// They could not be written.
    Write { path: PathBuf, source: io::Error },
}

impl Kept {
    fn built(self, reused: bool) -> Built {
        Built {
            state: BuildState::Built { seconds: self.seconds, reused },
            targets: self.targets,
            executables: self.executables,
            programs: self.programs,
            sources: self.sources,
            slices: self.slices,
        }
    }
}

/// What an earlier run kept in this folder, if all of it is still there.
pub(super) fn read(folder: &Path) -> Option<Built> {
    let kept: Kept = serde_json::from_slice(&fs::read(folder.join(LIST)).ok()?).ok()?;
    let all_there = kept.executables.iter().all(|executable| executable.path.exists())
        && kept.programs.iter().all(BuiltProgram::is_kept);
    if !all_there {
        return None;
    }
    // Used now: a base that many heads are compared with must not be the oldest that is kept,
    // else the build of this run's head would take it away.
    let touched = fs::File::open(folder).and_then(|it| it.set_modified(SystemTime::now()));
    if let Err(error) = touched {
        tracing::warn!(%error, folder = %folder.display(), "cannot note that a build is used");
    }
    Some(kept.built(true))
}

/// Moves the executables out of cargo's reach, read-only, and remembers them.
pub(super) fn keep(folder: &Path, target: &Path, kept: Kept) -> Result<Built, KeepError> {
    let built = fill(folder, target, kept);
    if built.is_err() {
        // Half of it would take up the disk, and be taken for nothing.
        let _ = fs::remove_dir_all(folder);
    }
    built
}

fn fill(folder: &Path, target: &Path, mut kept: Kept) -> Result<Built, KeepError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| KeepError::Write { path, source }
    };
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut left = LIMIT;
    let programs = kept.programs.iter_mut().filter_map(BuiltProgram::executable_mut);
    for (index, executable) in kept.executables.iter_mut().chain(programs).enumerate() {
        let to = folder.join(format!("{index}-{}", executable.target));
        // The path is what the build said: it may say anything.
        left -= take(executable, target, &to, left)?;
        executable.path = to;
    }
    let list = folder.join(LIST);
    let json =
        serde_json::to_vec_pretty(&kept).map_err(|error| failed(&list)(io::Error::other(error)))?;
    fs::write(&list, json).map_err(failed(&list))?;
    if let Some(all) = folder.parent() {
        forget_oldest(all, COMMITS);
    }
    Ok(kept.built(false))
}

/// Whether a path leads to a plain file below a folder, through no link.
pub(super) fn lies_beneath(path: &Path, folder: &Path) -> bool {
    let relative = path.strip_prefix(folder);
    let opened = relative.ok().zip(Beneath::new(folder).ok());
    opened.is_some_and(|(relative, folder)| folder.has(relative))
}

/// Moves an executable of at most `limit` bytes out of the target folder, read-only, and nothing
/// that lies elsewhere. What is kept of the folder for other builds holds none that could be handed
/// in as their own. Returns its size in bytes.
pub(super) fn take(
    made: &Executable,
    target: &Path,
    to: &Path,
    limit: u64,
) -> Result<u64, KeepError> {
    let refused = |why: String| {
        KeepError::Taken(format!("what was built as «{}» is not taken: {why}", made.target))
    };
    let elsewhere = || refused("it lies outside of the target folder".to_owned());
    let relative = made.path.strip_prefix(target).map_err(|_| elsewhere())?;
    let beneath = Beneath::new(target).map_err(|error| refused(error.to_string()))?;
    let bytes = beneath.copy_to(relative, to, limit).map_err(|error| match error {
        BeneathError::Write { path, source } => KeepError::Write { path, source },
        error => refused(error.to_string()),
    })?;
    remove(&made.path).map_err(|source| KeepError::Write { path: made.path.clone(), source })?;
    Ok(bytes)
}

/// Removes an executable under all its names: cargo links an example or a binary from where it was
/// made (`examples/name-HASH`, `deps/name-HASH`) to where people look for it.
fn remove(path: &Path) -> io::Result<()> {
    let made = fs::symlink_metadata(path)?;
    let folder = path.parent().unwrap_or(path);
    for beside in [folder.to_owned(), folder.join("deps")] {
        for entry in fs::read_dir(beside).into_iter().flatten().flatten() {
            let about = fs::symlink_metadata(entry.path());
            let same =
                |other: &fs::Metadata| (other.dev(), other.ino()) == (made.dev(), made.ino());
            if entry.path() != path && about.as_ref().is_ok_and(same) {
                fs::remove_file(entry.path())?;
            }
        }
    }
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executable_goes_under_every_name_that_cargo_gave_it() {
        let target = tempfile::tempdir().unwrap();
        let at = |name: &str| target.path().join(name);
        fs::create_dir(at("deps")).unwrap();
        for (made, beside, other) in
            [("bin", "deps/bin-1f", "deps/lib.rlib"), ("example", "example-2e", "example.d")]
        {
            fs::write(at(made), "machine code").unwrap();
            fs::hard_link(at(made), at(beside)).unwrap();
            fs::write(at(other), "machine code").unwrap();
            remove(&at(made)).unwrap();
            assert!(!at(made).exists() && !at(beside).exists(), "{beside} is still there");
            assert!(at(other).exists(), "{other} is another file");
        }
    }
}
