//! Watches how much a job writes: a folder that is shared with the host has no quota.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// How often it is looked, where there is much room and where there is little: a process fills some
/// GiB in a second.
const SELDOM: Duration = Duration::from_millis(250);
const OFTEN: Duration = Duration::from_millis(20);
/// What is much room, beyond the reserve.
const MUCH: u64 = 8 << 30;
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

    /// How long to wait before looking. A job that may change nothing need not be watched.
    pub(super) fn next_look(&self) -> Duration {
        match self.folders.iter().map(|folder| free(folder)).min() {
            None => Duration::MAX,
            Some(room) if room > RESERVE + MUCH => SELDOM,
            Some(_) => OFTEN,
        }
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
        let all = self.folders.iter().map(|folder| used(folder));
        all.fold(0, u64::saturating_add) > self.limit
    }
}

fn free(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes on the disk below a folder. One that is there and cannot be read, as its path is too long
/// or its permissions say so, could hold anything, and counts as full.
fn used(folder: &Path) -> u64 {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return 0,
        Err(_) => return u64::MAX,
    };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => used(&entry.path()),
        Ok(about) => about.blocks().saturating_mul(512),
        Err(_) => 0,
    };
    entries.flatten().map(of).fold(0, u64::saturating_add)
}
