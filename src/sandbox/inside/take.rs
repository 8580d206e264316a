//! Takes the files that a program leaves for the supervisor.

use std::{
    fs,
    io::Read as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use crate::sandbox::protocol::{Collect, FileHead};

/// The files that are wanted: their heads, and the bytes of those that are not too large.
pub(super) fn take(wanted: &Collect) -> (Vec<FileHead>, Vec<Vec<u8>>) {
    let mut found = Vec::new();
    let root = Path::new(&wanted.folder);
    look(root, wanted, 0, &mut found);
    let (mut heads, mut all, mut left) = (Vec::new(), Vec::new(), wanted.total);
    for path in found {
        let Ok(below) = path.strip_prefix(root) else { continue };
        let (Some(name), Some(bytes)) = (below.to_str(), read(&path, wanted.file.min(left))) else {
            continue;
        };
        let size = bytes.as_ref().map(|bytes| bytes.len() as u64);
        left = left.saturating_sub(size.unwrap_or(0));
        heads.push(FileHead { path: name.to_owned(), bytes: size });
        all.extend(bytes);
    }
    (heads, all)
}

fn look(folder: &Path, wanted: &Collect, depth: u32, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if found.len() >= wanted.files {
            return;
        }
        let name = entry.file_name();
        if kind.is_dir() && depth < wanted.depth {
            look(&entry.path(), wanted, depth + 1, found);
        } else if kind.is_file() && wanted.names.iter().any(|one| name == one.as_str()) {
            found.push(entry.path());
        }
    }
}

/// The bytes of a regular file; `Some(None)` if they are more than `limit`.
fn read(path: &Path, limit: u64) -> Option<Option<Vec<u8>>> {
    // Neither through a link nor into a pipe that nobody writes to.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).ok()?;
    let file = fs::File::options().read(true).custom_flags(flags).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    Some((bytes.len() as u64 <= limit).then_some(bytes))
}
