//! What the compiler lists as the sources of an executable: the `.d` file that it writes beside it.
//!
//! The file lies within reach of the code that was built, so it is data: it is read under limits,
//! only paths inside the checkout count, and none of them is opened. It can add to what counts as
//! measuring, and take nothing away from it.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read as _,
    path::{Component, Path, PathBuf},
};

/// The most of such a file that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// Sources beyond so many are not looked at.
const SOURCES: usize = 4_096;

/// The sources of a bench executable as cargo left it, relative to `top`, the checkout's root.
///
/// `workspace` is the folder that cargo ran in, to which the compiler's paths are relative. Empty
/// where there is no such file, or none that can be read.
pub fn sources(executable: &Path, workspace: &Path, top: &Path) -> BTreeSet<String> {
    let mut text = Vec::new();
    let file = executable.with_extension("d");
    let is_file = file.symlink_metadata().is_ok_and(|found| found.is_file());
    if !is_file || File::open(&file).and_then(|f| f.take(LARGEST).read_to_end(&mut text)).is_err() {
        return BTreeSet::new();
    }
    named(&String::from_utf8_lossy(&text), workspace, top)
}

/// The sources that the text of such a file names, relative to `top`; those outside of it are left
/// out.
pub fn named(text: &str, workspace: &Path, top: &Path) -> BTreeSet<String> {
    listed(text)
        .into_iter()
        .take(SOURCES)
        .filter_map(|path| inside(&workspace.join(path), top))
        .collect()
}

/// The files on the right of the rules, in the way that make reads them.
fn listed(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = words(line).into_iter();
        // On the left stands what is made: one word, ended by a colon.
        let left = words.by_ref().find(|word| word.ends_with(':'));
        if left.is_some() {
            found.extend(words);
        }
    }
    found
}

/// Words parted by spaces; a backslash keeps the space after it.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let last = words.last_mut();
        match (letter, last) {
            ('\\', Some(last)) if letters.peek() == Some(&' ') => {
                last.push(' ');
                letters.next();
            }
            (' ', _) => words.push(String::new()),
            (letter, Some(last)) => last.push(letter),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The path relative to `top`, by its letters alone; none outside of it.
fn inside(path: &Path, top: &Path) -> Option<String> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop().then_some(())?;
            }
            part => plain.push(part),
        }
    }
    let within = plain.strip_prefix(top).ok()?.to_str()?;
    (!within.is_empty()).then(|| within.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_compiler_writes_is_read() {
        let text = "/t/deps/speed-1.d: benches/speed.rs benches/my\\ data.txt /o/out/gen.rs\n\n\
                    /t/deps/speed-1: benches/speed.rs\n\nbenches/speed.rs:\n\n\
                    # env-dep:CARGO_MANIFEST_DIR=/c\n";
        let expected =
            ["benches/speed.rs", "benches/my data.txt", "/o/out/gen.rs", "benches/speed.rs"];
        assert_eq!(listed(text), expected);
    }

    #[test]
    fn only_paths_inside_the_checkout_count() {
        let dir = tempfile::tempdir().unwrap();
        let executable = dir.path().join("speed-1");
        let said =
            "speed-1: benches/speed.rs ../shared.rs ../../../etc/passwd /c/w/src/lib.rs /d/x.rs\n";
        std::fs::write(dir.path().join("speed-1.d"), said).unwrap();
        let found = sources(&executable, Path::new("/c/w"), Path::new("/c"));
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, ["shared.rs", "w/benches/speed.rs", "w/src/lib.rs"]);
    }

    #[test]
    fn no_file_and_a_link_list_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let executable = dir.path().join("speed-1");
        assert!(sources(&executable, Path::new("/c"), Path::new("/c")).is_empty());
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("speed-1.d")).unwrap();
        assert!(sources(&executable, Path::new("/"), Path::new("/")).is_empty());
    }
}
