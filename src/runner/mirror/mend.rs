//! Puts a mirror right again that a killed process left behind.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::MirrorError;
use crate::runner::{Context, git::Git};

/// Removes locks and half-written packs. Whoever calls this holds the mirror, so they are nobody's.
pub(super) fn unlock(dir: &Path) {
    let mut left: Vec<PathBuf> = Vec::new();
    let objects = dir.join("objects");
    let lock = |name: &str| name.ends_with(".lock");
    let half = |name: &str| name.starts_with("tmp_") || name.ends_with(".lock");
    find(dir, false, &lock, &mut left);
    find(&dir.join("refs"), true, &lock, &mut left);
    find(&objects, false, &half, &mut left);
    find(&objects.join("info"), true, &half, &mut left);
    find(&objects.join("pack"), false, &half, &mut left);
    for path in left {
        // What cannot be removed makes the fetch fail, and that says more.
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

fn find(dir: &Path, deep: bool, wanted: &dyn Fn(&str) -> bool, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if wanted(&entry.file_name().to_string_lossy()) {
            found.push(entry.path());
        } else if deep && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            find(&entry.path(), deep, wanted, found);
        }
    }
}

/// Whether something is missing that our refs reach.
pub(super) async fn broken(ctx: &Context, dir: &Path) -> Result<bool, MirrorError> {
    let walk = ["rev-list", "--quiet", "--objects", "--glob=refs/t5/*"];
    Ok(Git::bare(ctx, dir).optional(walk).await?.is_none())
}

/// Removes the whole mirror.
pub(super) fn remove(dir: &Path) -> Result<(), MirrorError> {
    fs::remove_dir_all(dir).map_err(|source| MirrorError::Folder { path: dir.to_owned(), source })
}
