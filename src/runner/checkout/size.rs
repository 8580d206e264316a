//! How much a commit would take on the disk, told from git's listing before anything is written.
//!
//! Git keeps a file once, however often a commit names it: a repository of some hundred kilobytes
//! can hold a commit that no disk can.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// The largest listing that is read, in bytes: [`Limits::ENTRIES`] with paths of two hundred
/// characters.
pub(super) const LISTING: usize = 128 << 20;
/// What stays free on the disk: its other users go on, and there is room to report.
const RESERVE: u64 = 1 << 30;
/// What a disk gives a file or a folder at least, in bytes.
const BLOCK: u64 = 4096;
/// Characters of a path that a message quotes.
const QUOTED: usize = 200;

/// The most that is checked out of one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files and folders.
    pub entries: u64,
    /// All files together, in bytes.
    pub bytes: u64,
    /// One file, in bytes.
    pub file_bytes: u64,
}

impl Limits {
    /// Linux and the Rust compiler, the large repositories that everybody knows, have a hundred
    /// thousand at most.
    pub const ENTRIES: u64 = 500_000;
    /// Several times what those have.
    pub const BYTES: u64 = 8 << 30;
    /// Well-known hosts refuse files of more than a hundred megabytes; a private host may not.
    pub const FILE_BYTES: u64 = 2 << 30;
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: Self::ENTRIES, bytes: Self::BYTES, file_bytes: Self::FILE_BYTES }
    }
}

/// More than is checked out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// Files and folders.
    #[error(
        "it has more than {limit} files and folders, the most that are checked out; remove \
         generated or copied files from it"
    )]
    Entries {
        /// How many there may be.
        limit: u64,
    },
    /// All files together.
    #[error(
        "its files are larger than {} MiB together, the most that is checked out; keep large data \
         outside of the repository", .limit >> 20
    )]
    Bytes {
        /// In bytes.
        limit: u64,
    },
    /// One file.
    #[error(
        "its file «{path}» has {} MiB, and at most {} are checked out; keep large data outside of \
         the repository", .bytes >> 20, .limit >> 20
    )]
    File {
        /// Relative to the repository's root; only its beginning, if it is long.
        path: String,
        /// In bytes.
        bytes: u64,
        /// In bytes.
        limit: u64,
    },
    /// The disk has no room.
    #[error(
        "its files take {} MiB, and of the {} MiB that are free at {} {} are kept; free some space, \
         or point T5_CACHE at another disk", .needed >> 20, .free >> 20, .dir.display(), RESERVE >> 20
    )]
    Disk {
        /// The folder that it was to be put into.
        dir: PathBuf,
        /// In bytes.
        needed: u64,
        /// Of the disk, with what the folder holds now, in bytes.
        free: u64,
    },
}

/// What a commit takes on the disk, in bytes, from what `git ls-tree -r -t -l -z` lists of it.
///
/// # Errors
///
/// If it is more than the limits allow.
pub fn measure(listing: &[u8], limits: Limits) -> Result<u64, TooLarge> {
    let (mut entries, mut all, mut on_disk) = (0_u64, 0_u64, 0_u64);
    for entry in listing.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        entries += 1;
        if entries > limits.entries {
            return Err(TooLarge::Entries { limit: limits.entries });
        }
        let (about, path) = split(entry);
        // A folder has no size, nor has an object that is not there, about which git then speaks.
        let bytes = about.last().and_then(|size| size.parse().ok()).unwrap_or(0);
        if bytes > limits.file_bytes {
            return Err(TooLarge::File { path, bytes, limit: limits.file_bytes });
        }
        all = all.saturating_add(bytes);
        if all > limits.bytes {
            return Err(TooLarge::Bytes { limit: limits.bytes });
        }
        on_disk = on_disk.saturating_add(bytes.max(1).next_multiple_of(BLOCK));
    }
    Ok(on_disk)
}

/// Mode, kind, name and size of an object, and the beginning of its path.
fn split(entry: &[u8]) -> (Vec<&str>, String) {
    let mut parts = entry.splitn(2, |byte| *byte == b'\t');
    let about = parts.next().and_then(|about| std::str::from_utf8(about).ok()).unwrap_or_default();
    let path = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    (about.split_ascii_whitespace().collect(), path.chars().map(shown).take(QUOTED).collect())
}

/// Whether so many bytes have room in place of the files that `dir` holds now.
pub(super) fn has_room(dir: &Path, needed: u64) -> Result<(), TooLarge> {
    let mut free = free(dir);
    let fits = |free: u64| needed <= free.saturating_sub(RESERVE);
    if fits(free) {
        return Ok(());
    }
    free = free.saturating_add(used(dir));
    match fits(free) {
        true => Ok(()),
        false => Err(TooLarge::Disk { dir: dir.to_owned(), needed, free }),
    }
}

/// Where nobody can tell, git says what it meets.
fn free(dir: &Path) -> u64 {
    rustix::fs::statvfs(dir).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes on the disk below a folder, but for git's own.
fn used(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => used(&entry.path()),
        Ok(about) => about.blocks().saturating_mul(512),
        Err(_) => 0,
    };
    entries.flatten().filter(|entry| entry.file_name() != ".git").map(of).sum()
}
