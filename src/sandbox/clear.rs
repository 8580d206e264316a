//! Removes folders that code which is not ours wrote: however deep they are nested, and whatever
//! their permissions say.
//!
//! The usual way holds a folder open for each level, and needs a stack as deep: a chain of some
//! thousand folders would end it, and with it the run, and every later run that finds the folder
//! still there. Here a folder that lies in another is first moved up, so that no path gets long.

use std::{
    ffi::{CStr, CString},
    fs, io,
    os::{
        fd::{AsFd as _, AsRawFd as _, OwnedFd},
        unix::fs::PermissionsExt as _,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Dir, Mode, OFlags, RenameFlags, openat, renameat_with, unlinkat},
    io::Errno,
};

/// Removes what lies at `path`, if anything does: a file, a link (not what it points to), or a
/// folder with all that is in it. Nobody else may be writing there.
///
/// # Errors
///
/// If something of it cannot be removed.
pub fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => {
            hollow(path)?;
            fs::remove_dir(path)
        }
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes what lies in a folder, but for `kept` and the folders on the way there.
pub(super) fn empty(folder: &Path, kept: &[PathBuf]) -> io::Result<()> {
    if !kept.iter().any(|kept| kept.starts_with(folder) && kept != folder) {
        return hollow(folder);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if kept.contains(&path) {
            continue;
        }
        match kept.iter().any(|kept| kept.starts_with(&path)) {
            true => empty(&path, kept)?,
            false => clear(&path)?,
        }
    }
    Ok(())
}

/// Removes all that lies in a folder.
fn hollow(folder: &Path) -> io::Result<()> {
    let top = opened(openat(CWD, folder, at(), Mode::empty())?);
    // What is moved up is found in the next pass.
    while pass(&top, |name| remove(&top, name))? {}
    Ok(())
}

fn remove(top: &OwnedFd, name: &CStr) -> io::Result<()> {
    if gone(top, name)? {
        return Ok(());
    }
    let folder = opened(openat(top, name, at(), Mode::empty())?);
    while pass(&folder, |name| match gone(&folder, name)? {
        true => Ok(()),
        false => move_up(&folder, name, top),
    })? {}
    Ok(unlinkat(top, name, AtFlags::REMOVEDIR)?)
}

/// Removes an entry; false if it is a folder that is not empty.
fn gone(folder: &OwnedFd, name: &CStr) -> io::Result<bool> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        // POSIX has another answer for a folder than Linux.
        Err(Errno::ISDIR | Errno::PERM) => match unlinkat(folder, name, AtFlags::REMOVEDIR) {
            Ok(()) => Ok(true),
            Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
            Err(errno) => Err(errno.into()),
        },
        Err(errno) => Err(errno.into()),
    }
}

fn move_up(folder: &OwnedFd, name: &CStr, top: &OwnedFd) -> io::Result<()> {
    // Moving a folder changes it, too: its parent is another.
    drop(opened(openat(folder, name, at(), Mode::empty())?));
    loop {
        // Names here are a stranger's: any may be taken.
        let fresh = CString::new(format!("t5-{:016x}", fastrand::u64(..)))?;
        match renameat_with(folder, name, top, &fresh, RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => {}
            moved => return Ok(moved?),
        }
    }
}

/// Calls `each` with every name in a folder; says whether there was one.
fn pass(folder: &OwnedFd, mut each: impl FnMut(&CStr) -> io::Result<()>) -> io::Result<bool> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = openat(folder, c".", flags, Mode::empty())?;
    let mut any = false;
    for entry in Dir::new(readable)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            any = true;
            each(entry.file_name())?;
        }
    }
    Ok(any)
}

fn at() -> OFlags {
    OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Gives its owner every right to a folder. Where that is refused, what follows tells why.
fn opened(folder: OwnedFd) -> OwnedFd {
    let handle = format!("/proc/self/fd/{}", folder.as_fd().as_raw_fd());
    let _ = fs::set_permissions(handle, fs::Permissions::from_mode(0o700));
    folder
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_chain_of_folders_that_no_path_can_name_is_removed() {
        let keep = tempfile::tempdir().unwrap();
        let folder = keep.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let mut here = openat(CWD, &folder, at(), Mode::empty()).unwrap();
        for _ in 0..2500 {
            rustix::fs::mkdirat(&here, c"d", Mode::RWXU).unwrap();
            here = openat(&here, c"d", at(), Mode::empty()).unwrap();
        }
        assert!(fs::read_dir(folder.join("d/".repeat(2400))).is_err(), "its path is too long");
        clear(&folder).unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn permissions_keep_nothing_and_links_are_not_followed() {
        let keep = tempfile::tempdir().unwrap();
        let here = |name: &str| keep.path().join(name);
        fs::create_dir_all(here("folder/a/b/c")).unwrap();
        fs::create_dir(here("outside")).unwrap();
        fs::write(here("outside/file"), "").unwrap();
        fs::write(here("folder/a/b/file"), "").unwrap();
        symlink(here("outside"), here("folder/a/b/link")).unwrap();
        for closed in ["folder/a/b/c", "folder/a/b", "folder/a", "folder"] {
            fs::set_permissions(here(closed), fs::Permissions::from_mode(0o000)).unwrap();
        }
        clear(&here("folder")).unwrap();
        assert!(!here("folder").exists());
        assert!(here("outside/file").exists());
        clear(&here("folder")).unwrap();
    }

    #[test]
    fn emptying_spares_what_is_kept() {
        let keep = tempfile::tempdir().unwrap();
        let here = |name: &str| keep.path().join(name);
        fs::create_dir_all(here("way/kept/inner")).unwrap();
        fs::create_dir_all(here("way/other/inner")).unwrap();
        fs::write(here("file"), "").unwrap();
        empty(keep.path(), &[here("way/kept")]).unwrap();
        assert!(here("way/kept/inner").exists());
        assert!(!here("way/other").exists() && !here("file").exists());
    }
}
