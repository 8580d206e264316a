//! Watches how much a job writes: a folder that is shared with the host has no quota.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// How often it is looked.
pub(super) const LOOK: Duration = Duration::from_millis(250);
/// The disk is never filled further than this, whatever a job may write.
const RESERVE: u64 = 1 << 30;

/// The folders that a job may change, and how much there was in them.
#[derive(Debug)]
pub(super) struct Watch {
    folders: Vec<PathBuf>,
    limit: u64,
    free: Vec<u64>,
}

impl Watch {
    pub(super) fn new(folders: &[PathBuf], limit: u64) -> Self {
        let free = folders.iter().map(|folder| free(folder)).collect();
        Self { folders: folders.to_vec(), limit, free }
    }

    /// Whether the job wrote more than it may. Cheap until the disk as a whole has lost that much.
    pub(super) fn exceeded(&self) -> bool {
        let lost = |(folder, before): (&PathBuf, &u64)| (free(folder), *before);
        let seen: Vec<(u64, u64)> = self.folders.iter().zip(&self.free).map(lost).collect();
        if seen.iter().any(|(now, before)| *now < RESERVE && now < before) {
            return true;
        }
        if seen.iter().all(|(now, before)| before.saturating_sub(*now) <= self.limit) {
            return false;
        }
        // Somebody wrote that much; it need not have been the job.
        self.folders.iter().map(|folder| used(folder)).sum::<u64>() > self.limit
    }
}

fn free(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes on the disk below a folder.
fn used(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => used(&entry.path()),
        Ok(about) => about.blocks().saturating_mul(512),
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}
