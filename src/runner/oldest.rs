//! Folders of ours that are kept for a while: the oldest go first.

use std::{fs, path::Path};

use crate::sandbox::clear;

/// Removes the folders in `all` that were not changed for longest, until `most` are left. Failing to
/// is no reason to fail a run.
pub(super) fn forget_oldest(all: &Path, most: usize) {
    let Ok(entries) = fs::read_dir(all) else { return };
    let mut folders: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    folders.sort();
    let surplus = folders.len().saturating_sub(most);
    for (_, folder) in folders.into_iter().take(surplus) {
        if let Err(error) = clear(&folder) {
            tracing::warn!(%error, folder = %folder.display(), "cannot be removed");
        }
    }
}
