//! Files of a folder that somebody else wrote are read without leaving it, and without waiting.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, symlink},
        net::UnixListener,
    },
    path::Path,
    process::Command,
};

use t5_gate::runner::beneath::{Beneath, BeneathError};
use tempfile::TempDir;

const LIMIT: u64 = 1000;

/// A folder `in` with a plain file, beside a secret.
fn place() -> (TempDir, Beneath) {
    let keep = TempDir::new().unwrap();
    fs::create_dir_all(keep.path().join("in/a")).unwrap();
    fs::write(keep.path().join("in/a/file"), "text").unwrap();
    fs::write(keep.path().join("secret"), "secret").unwrap();
    let folder = Beneath::new(&keep.path().join("in")).unwrap();
    (keep, folder)
}

fn said(folder: &Beneath, path: &str) -> String {
    folder.read(Path::new(path), LIMIT).unwrap_err().to_string()
}

#[test]
fn a_plain_file_is_read_wherever_it_lies_below() {
    let (keep, folder) = place();
    assert_eq!(folder.read(Path::new("a/file"), LIMIT).unwrap(), b"text");
    assert_eq!(folder.read_to_string(Path::new("./a/./file"), 4).unwrap(), "text");
    assert!(folder.has(Path::new("a/file")) && !folder.has(Path::new("a")));
    fs::write(keep.path().join("in/bytes"), b"\xff").unwrap();
    let error = folder.read_to_string(Path::new("bytes"), LIMIT).unwrap_err();
    assert!(matches!(error, BeneathError::NotText(_)));
}

#[test]
fn no_link_is_followed_wherever_it_stands_and_wherever_it_points() {
    let (keep, folder) = place();
    let inside = keep.path().join("in");
    symlink("../../secret", inside.join("a/last")).unwrap();
    symlink("..", inside.join("up")).unwrap();
    symlink("a", inside.join("harmless")).unwrap();
    symlink("/proc/self/root", inside.join("magic")).unwrap();
    symlink("loop", inside.join("loop")).unwrap();

    for path in ["a/last", "up/secret", "harmless/file", "magic/etc/passwd", "loop"] {
        assert!(said(&folder, path).contains("symbolic link"), "{path}");
        let copied = folder.copy_to(Path::new(path), &keep.path().join("copy"), LIMIT);
        assert!(copied.is_err() && !keep.path().join("copy").exists(), "{path}");
    }
}

#[test]
fn no_path_leads_out() {
    let (keep, folder) = place();
    let absolute = keep.path().join("secret").display().to_string();
    for path in ["../secret", "a/../../secret", "a/..", "", ".", "/", &absolute] {
        assert!(said(&folder, path).contains("does not lie in the folder"), "{path}");
    }
    assert!(matches!(folder.read(Path::new("a/none"), LIMIT), Err(BeneathError::Missing(_))));
}

#[test]
fn what_is_no_plain_file_is_refused_without_waiting() {
    let (keep, folder) = place();
    let inside = keep.path().join("in");
    assert!(Command::new("mkfifo").arg(inside.join("pipe")).status().unwrap().success());
    let _listener = UnixListener::bind(inside.join("socket")).unwrap();

    for path in ["pipe", "socket", "a"] {
        assert!(said(&folder, path).contains("no plain file"), "{path}");
    }
}

#[test]
fn a_file_that_is_too_large_is_neither_read_nor_copied() {
    let (keep, folder) = place();
    // As large as it says, and with nothing in it.
    let sparse = fs::File::create(keep.path().join("in/sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();

    for (path, limit) in [("sparse", LIMIT), ("a/file", 3)] {
        let error = folder.read(Path::new(path), limit).unwrap_err();
        assert!(matches!(error, BeneathError::TooLarge { .. }), "{error}");
        let to = keep.path().join("copy");
        assert!(folder.copy_to(Path::new(path), &to, limit).is_err());
        assert!(!to.exists());
    }
    assert_eq!(folder.read(Path::new("a/file"), 4).unwrap(), b"text");
}

#[test]
fn a_copy_can_be_run_where_the_file_could_be_and_never_written_over() {
    let (keep, folder) = place();
    let (file, to) = (keep.path().join("in/a/file"), keep.path().join("copy"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o6755)).unwrap();

    assert_eq!(folder.copy_to(Path::new("a/file"), &to, LIMIT).unwrap(), 4);

    assert_eq!(fs::metadata(&to).unwrap().mode() & 0o7777, 0o555, "no set-user-id bit");
    assert_eq!(fs::read(&to).unwrap(), b"text");
    let again = folder.copy_to(Path::new("a/file"), &to, LIMIT);
    assert!(matches!(again, Err(BeneathError::Write { .. })));
    symlink(keep.path().join("secret"), keep.path().join("trap")).unwrap();
    let trapped = folder.copy_to(Path::new("a/file"), &keep.path().join("trap"), LIMIT);
    assert!(trapped.is_err());
    assert_eq!(fs::read(keep.path().join("secret")).unwrap(), b"secret");
}
