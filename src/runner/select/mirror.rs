//! Chooses the commits of a job in a mirror of ours.

use std::path::PathBuf;

use super::{Lineage, SelectError, Selected, commit, described, resolve};
use crate::{
    receipt::Subject,
    runner::{Context, git::Git},
};

/// What a job names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorWish {
    /// The bare mirror, which holds both commits.
    pub mirror: PathBuf,
    /// `owner/name`.
    pub repository: String,
    /// The commit to gate.
    pub head: String,
    /// The commit that rules come from: the tip of the target branch, or the base of a merge
    /// group. None for the first commit of a branch: nothing to compare with.
    pub rules: Option<String>,
    /// What the two are, for a person: «pull request #12 against main».
    pub chosen: String,
    /// Whose builds this one may stand on.
    pub lineage: Lineage,
    /// If the head is the very commit that rules come from (a branch that moved), compare it with
    /// its parent.
    pub parent: bool,
}

/// Base is the merge base of head and rules. A head that its target branch already contains is
/// its own base: then nothing changed.
pub(super) async fn select(ctx: &Context, wish: &MirrorWish) -> Result<Selected, SelectError> {
    let git = Git::bare(ctx, &wish.mirror);
    let head = mirrored(&git, wish, &wish.head).await?;
    let (base, rules) = match &wish.rules {
        None => (None, None),
        Some(rules) => {
            let rules = mirrored(&git, wish, rules).await?;
            if rules == head && wish.parent {
                let parent = resolve(&git, &format!("{head}^")).await?;
                (parent.clone(), parent)
            } else {
                (Some(merge_base(&git, &rules, &head).await?), Some(rules))
            }
        }
    };
    let subject = Subject {
        repository: wish.repository.clone(),
        subfolder: String::new(),
        base: described(&git, base).await?,
        head: commit(&git, &head).await?,
        rules: described(&git, rules).await?,
        chosen: wish.chosen.clone(),
        uncommitted: 0,
    };
    let (top, lineage) = (wish.mirror.clone(), wish.lineage.clone());
    Ok(Selected { top, mirror: true, subject, lineage })
}

async fn mirrored(git: &Git<'_>, wish: &MirrorWish, sha: &str) -> Result<String, SelectError> {
    let missing =
        || SelectError::NotMirrored { repository: wish.repository.clone(), sha: sha.to_owned() };
    resolve(git, sha).await?.ok_or_else(missing)
}

async fn merge_base(git: &Git<'_>, rules: &str, head: &str) -> Result<String, SelectError> {
    match git.optional(["merge-base", rules, head]).await? {
        Some(base) if !base.is_empty() => Ok(base),
        _ => Err(SelectError::NoCommonAncestor { head: head.to_owned(), rules: rules.to_owned() }),
    }
}
