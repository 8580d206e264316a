//! Finds the Cargo workspace of a commit: the folder that holds its lock file.

use super::git::{Git, GitError};

/// The workspace could not be found.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// No lock file at all.
    #[error(
        "{side} {sha} has no Cargo.lock{place}; commit one: `cargo generate-lockfile && git add --force Cargo.lock && git commit`"
    )]
    NoLock {
        /// Base or head.
        side: &'static str,
        /// The commit.
        sha: String,
        /// Where it was looked for.
        place: String,
    },
    /// Several, and no way to choose.
    #[error("{sha} has several Cargo.lock files; name a folder with --repo: {folders}")]
    Several {
        /// The commit.
        sha: String,
        /// Where they are.
        folders: String,
    },
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// The folder of the workspace that `subfolder` belongs to, relative to the repository's top.
///
/// That is the nearest folder upwards with a lock file; from the top, where the top has none,
/// the only folder below that has one.
///
/// # Errors
///
/// If there is no lock file, or more than one to choose from.
pub async fn workspace(
    git: &Git<'_>,
    sha: &str,
    subfolder: &str,
) -> Result<String, WorkspaceError> {
    let listed = git.bytes(["ls-tree", "-r", "-z", "--name-only", sha]).await?;
    let listed = String::from_utf8_lossy(&listed);
    let folders: Vec<&str> = listed
        .split('\0')
        .filter_map(|path| match path {
            "Cargo.lock" => Some(""),
            _ => path.strip_suffix("/Cargo.lock"),
        })
        .collect();
    choose(&folders, sha, subfolder)
}

fn choose(folders: &[&str], sha: &str, subfolder: &str) -> Result<String, WorkspaceError> {
    let mut here = subfolder;
    loop {
        if folders.contains(&here) {
            return Ok(here.to_owned());
        }
        match here.rsplit_once('/') {
            Some((above, _)) => here = above,
            None if !here.is_empty() => here = "",
            None => break,
        }
    }
    match folders {
        [only] if subfolder.is_empty() => Ok((*only).to_owned()),
        [_, ..] if subfolder.is_empty() => {
            Err(WorkspaceError::Several { sha: sha.to_owned(), folders: first(folders) })
        }
        _ => Err(WorkspaceError::NoLock {
            side: "head",
            sha: sha.to_owned(),
            place: if subfolder.is_empty() {
                String::new()
            } else {
                format!(" in {subfolder} or above")
            },
        }),
    }
}

/// The first few of a list that the commit makes as long as it likes.
fn first(folders: &[&str]) -> String {
    const SHOWN: usize = 10;
    let shown = folders.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match folders.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_lock_file_upwards_counts() {
        let found = |folders: &[&str], from: &str| choose(folders, "abc", from).ok();
        assert_eq!(found(&[""], "crates/a").as_deref(), Some(""));
        assert_eq!(found(&["", "crates/a"], "crates/a/src").as_deref(), Some("crates/a"));
        assert_eq!(found(&["rust"], "").as_deref(), Some("rust"));
        assert_eq!(found(&["rust"], "docs"), None);
        assert_eq!(found(&[], ""), None);
    }

    #[test]
    fn with_several_a_person_has_to_choose() {
        let said = choose(&["a", "b"], "abc", "").unwrap_err().to_string();
        assert_eq!(said, "abc has several Cargo.lock files; name a folder with --repo: a, b");
    }
}
