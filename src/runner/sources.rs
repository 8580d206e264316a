//! Where the head defines its benchmarks, as far as its text tells.

use std::{collections::BTreeMap, path::Path};

use super::{
    benches::BenchTarget,
    git::{Git, GitError},
};
use crate::{perf::Pair, policy::Location};

/// Fills [`Pair::source`] from the files of the head's bench targets. They are read from the
/// commit: the folder is within reach of the code that was measured.
///
/// # Errors
///
/// If git cannot be started, or was cancelled.
pub(super) async fn fill(
    pairs: &mut [Pair],
    targets: &[BenchTarget],
    git: &Git<'_>,
    head: &str,
    workspace: &Path,
) -> Result<(), GitError> {
    let mut texts: BTreeMap<String, Option<String>> = BTreeMap::new();
    for pair in pairs {
        let Some(file) = source(&pair.bench.package, &pair.bench.target, targets, workspace) else {
            continue;
        };
        if !texts.contains_key(&file) {
            let bytes = match git.file(head, &file).await {
                // Then nobody is sent to a line of it.
                Err(GitError::TooLarge { .. }) => None,
                read => read?,
            };
            let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            texts.insert(file.clone(), text);
        }
        if let Some(Some(text)) = texts.get(&file) {
            pair.source = Some(Location { line: line(text, &pair.bench.id), file });
        }
    }
    Ok(())
}

/// Relative to the repository's root.
fn source(
    package: &str,
    target: &str,
    targets: &[BenchTarget],
    workspace: &Path,
) -> Option<String> {
    let found = targets.iter().find(|one| one.package == package && one.name == target)?;
    Some(workspace.join(found.source.as_ref()?).to_str()?.to_owned())
}

/// The first line that holds the name of the benchmark's group as a string; the first of the
/// file where none does.
fn line(text: &str, id: &str) -> u32 {
    let group = id.split('/').next().unwrap_or(id);
    let quoted = format!("\"{group}\"");
    let at = text.lines().position(|line| line.contains(&quoted)).unwrap_or(0);
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn the_line_is_the_first_that_names_the_group() {
        let text = "use x;\n// gemv\nfn a() {\n    group(\"gemv\");\n    bench(\"add one\");\n}\n";
        assert_eq!(line(text, "gemv/i2s/64"), 4);
        assert_eq!(line(text, "add one"), 5);
        assert_eq!(line(text, "computed/1"), 1);
        assert_eq!(line("", ""), 1);
    }
}
