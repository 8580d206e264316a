//! The lock file of a build in which criterion comes from our copy.

use crate::runner::registry::CRATES_IO;

/// A lock file in which every criterion of the registry comes from a path, and their versions.
///
/// Cargo tells a package of the registry from one of a path by its lines `source` and `checksum`:
/// without them, and with a patch that gives the path, `--locked` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpinned {
    /// The whole file.
    pub text: String,
    /// Sorted as they stand there.
    pub versions: Vec<String>,
}

/// Reads a lock file; none if it names no criterion of the registry.
pub fn unpinned(lock: &str) -> Option<Unpinned> {
    let mut versions = Vec::new();
    let blocks: Vec<String> = lock
        .split("[[package]]\n")
        .map(|block| match criterion(block) {
            Some(version) => {
                versions.push(version);
                let kept = |line: &&str| {
                    !line.starts_with("source = ") && !line.starts_with("checksum = ")
                };
                block.split_inclusive('\n').filter(kept).collect()
            }
            None => block.to_owned(),
        })
        .collect();
    (!versions.is_empty()).then(|| Unpinned { text: blocks.join("[[package]]\n"), versions })
}

/// The version of criterion that this package is, if it is that and comes from the registry.
fn criterion(block: &str) -> Option<String> {
    let value = |key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        line?.strip_suffix('"')
    };
    let ours = value("name")? == "criterion" && CRATES_IO.contains(&value("source")?);
    let version = value("version").filter(|_| ours)?;
    // It becomes part of a path and of a configuration.
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-+".contains(letter);
    (version.starts_with(|first: char| first.is_ascii_digit()) && version.chars().all(plain))
        .then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"# Generated.
version = 4

[[package]]
name = "anes"
version = "0.1.6"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "4b46"

[[package]]
name = "criterion"
version = "0.5.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "f2b1"
dependencies = [
 "anes",
]
"#;

    #[test]
    fn criterion_comes_from_a_path_and_nothing_else_does() {
        let unpinned = unpinned(LOCK).unwrap();
        assert_eq!(unpinned.versions, ["0.5.1"]);
        assert_eq!(unpinned.text.matches("source = ").count(), 1);
        assert_eq!(unpinned.text.matches("checksum = ").count(), 1);
        assert!(unpinned.text.ends_with("version = \"0.5.1\"\ndependencies = [\n \"anes\",\n]\n"));
    }

    #[test]
    fn a_criterion_from_elsewhere_stays() {
        let index = "registry+https://github.com/rust-lang/crates.io-index";
        let fork = LOCK.replace(index, "git+https://example.org/criterion");
        assert_eq!(unpinned(&fork), None);
        assert_eq!(unpinned(&LOCK.replace("\"0.5.1\"", "\"../0.5.1\"")), None);
        assert_eq!(unpinned(""), None);
    }
}
