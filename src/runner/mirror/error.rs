//! Why there is no mirror to work with.

use std::{io, path::PathBuf};

use crate::runner::git::GitError;

/// What was wanted of a repository is not there.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// An address that this program does not fetch from.
    #[error("{url} is no address to fetch from: {why}")]
    Address {
        /// The address, without what stood before an `@` in it.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Not the full name of a commit.
    #[error("«{0}» is not the full name of a commit (40 or 64 hexadecimal digits)")]
    NoCommitName(String),
    /// A branch that git would not take.
    #[error("«{0}» is no name of a branch that git takes; rename the branch")]
    NoBranchName(String),
    /// The server wants a token, and there is none.
    #[error(
        "{url} asks for a token and none was given; let the App read contents, and install it on \
         this repository"
    )]
    NoToken {
        /// The repository's address.
        url: String,
    },
    /// The server does not take the token.
    #[error(
        "{url} refuses the token ({said}); look whether the App is still installed on this \
         repository and may read its contents, then ask for another run"
    )]
    TokenRefused {
        /// The repository's address.
        url: String,
        /// What git said.
        said: String,
    },
    /// No such repository, or it may not be seen.
    #[error(
        "{url} is not found, or the token may not read it; look whether the repository was \
         renamed or deleted, and whether the App is still installed on it"
    )]
    NoRepository {
        /// The repository's address.
        url: String,
    },
    /// A commit that is on the server no more.
    #[error(
        "the {what} {sha} is no longer there ({said}): a force-push replaced it, or its branch was \
         deleted; push again, or ask for another run of what is there now"
    )]
    Gone {
        /// Head or base.
        what: &'static str,
        /// Its full name.
        sha: String,
        /// What git said.
        said: String,
    },
    /// Anything else that a fetch can end with.
    #[error(
        "cannot fetch from {url}: {said}; look whether this machine reaches it, then ask for \
         another run"
    )]
    Fetch {
        /// The repository's address.
        url: String,
        /// What git said.
        said: String,
    },
    /// The mirror's folder cannot be used.
    #[error("cannot use {path}: {source}; free some space, or give the runner another cache")]
    Folder {
        /// Which path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Git failed in the mirror itself.
    #[error(transparent)]
    Git(GitError),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl From<GitError> for MirrorError {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Cancelled => Self::Cancelled,
            error => Self::Git(error),
        }
    }
}

impl MirrorError {
    /// Whether a broken mirror could be the cause.
    pub(super) fn may_be_the_mirrors(&self) -> bool {
        matches!(self, Self::Gone { .. } | Self::Fetch { .. } | Self::Git(GitError::Refused { .. }))
    }
}
