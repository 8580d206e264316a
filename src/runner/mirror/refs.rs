//! Which refs a job needs, and where they lie in the mirror.

use super::{MirrorError, Wanted};
use crate::{
    queue::Subject,
    receipt::digest,
    runner::{Context, git::Git},
};

/// Refuses names that cannot be a commit or a branch.
///
/// Whatever passes is harmless on a command line too: commits are digits, and a branch always
/// stands behind `+refs/heads/`.
pub(super) async fn check(ctx: &Context, wanted: &Wanted) -> Result<(), MirrorError> {
    let group = match &wanted.subject {
        Subject::MergeGroup(head) => Some(head),
        Subject::Pull(_) | Subject::Branch(_) => None,
    };
    for sha in std::iter::once(&wanted.head).chain(&wanted.base).chain(group) {
        let digits = sha.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
        if !digits || !matches!(sha.len(), 40 | 64) {
            return Err(MirrorError::NoCommitName(sha.clone()));
        }
    }
    for branch in branches(wanted) {
        let full = format!("refs/heads/{branch}");
        let git = Git::bare(ctx, std::path::Path::new("/"));
        if full.contains('\0') || git.optional(["check-ref-format", &full]).await?.is_none() {
            return Err(MirrorError::NoBranchName(branch.to_owned()));
        }
    }
    Ok(())
}

fn branches(wanted: &Wanted) -> Vec<&str> {
    let own = match &wanted.subject {
        Subject::Branch(name) => Some(name.as_str()),
        Subject::Pull(_) | Subject::MergeGroup(_) => None,
    };
    let base = wanted.base_ref.as_str();
    own.into_iter().chain((!base.is_empty() && own != Some(base)).then_some(base)).collect()
}

/// From the server's names to ours.
pub(super) fn refspecs(wanted: &Wanted) -> Vec<String> {
    let mut refs = Vec::new();
    match &wanted.subject {
        // The base repository has this ref also where the head lies in a fork.
        Subject::Pull(number) => {
            refs.push(format!("+refs/pull/{number}/head:refs/t5/pull/{number}"));
        }
        // Its branch is temporary, and named by the event alone: the commit itself is asked for.
        Subject::MergeGroup(head) => refs.push(head.clone()),
        Subject::Branch(_) => {}
    }
    refs.extend(branches(wanted).into_iter().map(branch));
    refs
}

/// A branch `a` and a later branch `a/b` cannot lie beside each other, so names are digested.
fn branch(name: &str) -> String {
    let short: String = digest(name.as_bytes()).chars().take(32).collect();
    format!("+refs/heads/{name}:refs/t5/branch/{short}")
}
