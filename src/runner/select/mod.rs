//! Chooses the commits of a run: head, merge base, and the commit that the rules come from.

mod mirror;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{
    Context,
    git::{Git, GitError},
};
use crate::receipt::{Commit, Subject};

pub use mirror::MirrorWish;

/// Where the commits are chosen, and by whom.
#[derive(Clone, Debug)]
pub enum Source {
    /// By a person, in a repository of theirs.
    Local(Wish),
    /// By whoever made the job, in a mirror of ours.
    Mirror(MirrorWish),
}

impl Source {
    /// What it is about, for a person.
    pub fn what(&self) -> String {
        match self {
            Self::Local(wish) => wish.repo.display().to_string(),
            Self::Mirror(wish) => wish.repository.clone(),
        }
    }
}

/// What a person asked for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// A folder inside the repository.
    pub repo: PathBuf,
    /// The target branch, or any commit to compare with.
    pub base: Option<String>,
    /// The change; `HEAD` if absent.
    pub head: Option<String>,
}

/// What was chosen.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The repository's top folder, or the mirror's.
    pub top: PathBuf,
    /// It is a bare mirror of ours.
    pub mirror: bool,
    /// Base, head and rules.
    pub subject: Subject,
    /// Whose builds this one may stand on.
    pub lineage: Lineage,
}

/// Builds that stand on each other: those against one target branch.
///
/// What a commit's build scripts leave in a target folder is linked by the next build that finds
/// it. Whoever may push to some branch must not reach the builds against another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The target branch.
    pub target: String,
    /// Whether that branch holds the base already, so that its build may leave something behind.
    pub keeps: bool,
}

impl Selected {
    /// Git in that repository.
    pub fn git<'a>(&self, ctx: &'a Context) -> Git<'a> {
        if self.mirror { Git::bare(ctx, &self.top) } else { Git::of_user(ctx, &self.top) }
    }
}

/// The commits could not be chosen.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The folder is in no repository.
    #[error("{dir} is not inside a git repository ({said}); name one with --repo")]
    NoRepository {
        /// The folder.
        dir: PathBuf,
        /// What git said.
        said: String,
    },
    /// A name that git does not know.
    #[error("{option} {rev}: this repository has no such commit{hint}")]
    UnknownRevision {
        /// Which option.
        option: &'static str,
        /// What it said.
        rev: String,
        /// What to do about it, in a shallow clone.
        hint: String,
    },
    /// Nothing has been committed yet.
    #[error("this repository has no commit yet; commit something first")]
    NoCommit,
    /// The history ends before the base.
    #[error("this clone is shallow and lacks the base of {head}; run: {fix}")]
    Shallow {
        /// The change.
        head: String,
        /// The command that helps.
        fix: String,
    },
    /// Two histories without a common ancestor.
    #[error(
        "{base} and {head} have no common ancestor, so there is nothing to compare; name another --base"
    )]
    Unrelated {
        /// The base.
        base: String,
        /// The change.
        head: String,
    },
    /// The same, where nobody could name another base.
    #[error(
        "the change {head} and the target branch at {rules} have no common ancestor, so there is \
         nothing to compare; rebase the change onto its target branch"
    )]
    NoCommonAncestor {
        /// The change.
        head: String,
        /// The tip of the target branch.
        rules: String,
    },
    /// A commit that a mirror should hold.
    #[error("{repository} has no commit {sha}; the job may be about one that is gone")]
    NotMirrored {
        /// Which repository.
        repository: String,
        /// Which commit.
        sha: String,
    },
    /// Git itself failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

const UNSHALLOW: &str = "git fetch --unshallow";
/// The lineage of builds where nobody names a target branch.
const DEFAULT: &str = "the default branch";

/// Chooses base, head and rules, without touching the repository.
///
/// # Errors
///
/// If a name is unknown, or the history does not reach to the base.
pub async fn select(ctx: &Context, source: &Source) -> Result<Selected, SelectError> {
    match source {
        Source::Local(wish) => local(ctx, wish).await,
        Source::Mirror(wish) => mirror::select(ctx, wish).await,
    }
}

/// One commit as both sides, and its own rules: `rev`, or `HEAD`.
///
/// # Errors
///
/// If it is unknown.
pub async fn one(ctx: &Context, repo: &Path, rev: Option<&str>) -> Result<Selected, SelectError> {
    let repository = Repository::open(ctx, repo).await?;
    let sha = head(&repository.git, "--rev", rev, repository.shallow).await?;
    let commit = commit(&repository.git, &sha).await?;
    let chosen = Chosen {
        base: Some(sha.clone()),
        rules: Some(sha.clone()),
        how: "one commit as both sides".to_owned(),
    };
    repository.selected(commit, chosen, DEFAULT.to_owned()).await
}

/// A repository of a person.
struct Repository<'a> {
    git: Git<'a>,
    top: PathBuf,
    shallow: bool,
}

impl<'a> Repository<'a> {
    async fn open(ctx: &'a Context, dir: &Path) -> Result<Self, SelectError> {
        let dir = dir.canonicalize().map_err(|source| SelectError::NoRepository {
            dir: dir.to_owned(),
            said: source.to_string(),
        })?;
        let git = Git::of_user(ctx, &dir);
        let top = top(&git).await?;
        let shallow = git.text(["rev-parse", "--is-shallow-repository"]).await? == "true";
        Ok(Self { git, top, shallow })
    }

    async fn selected(
        self,
        head: Commit,
        chosen: Chosen,
        target: String,
    ) -> Result<Selected, SelectError> {
        let Self { git, top, .. } = self;
        let prefix = git.text(["rev-parse", "--show-prefix"]).await?;
        let subject = Subject {
            repository: name_of(&git, &top).await?,
            subfolder: prefix.trim_end_matches('/').to_owned(),
            base: described(&git, chosen.base).await?,
            head,
            rules: described(&git, chosen.rules).await?,
            chosen: chosen.how,
            uncommitted: uncommitted(&git).await?,
        };
        let lineage = Lineage { target, keeps: true };
        Ok(Selected { top, mirror: false, subject, lineage })
    }
}

/// Without `--base`: the merge base with the default branch, where the head is not on it;
/// else the head's first parent; else (a first commit) none.
async fn local(ctx: &Context, wish: &Wish) -> Result<Selected, SelectError> {
    let repository = Repository::open(ctx, &wish.repo).await?;
    let (git, shallow) = (&repository.git, repository.shallow);
    let head = head(git, "--head", wish.head.as_deref(), shallow).await?;
    let chosen = match &wish.base {
        Some(rev) => against(git, rev, &head, shallow).await?,
        None => by_default(git, &head, shallow).await?,
    };
    let head = commit(git, &head).await?;
    let target = wish.base.clone().unwrap_or_else(|| DEFAULT.to_owned());
    repository.selected(head, chosen, target).await
}

struct Chosen {
    base: Option<String>,
    rules: Option<String>,
    how: String,
}

async fn top(git: &Git<'_>) -> Result<PathBuf, SelectError> {
    match git.text(["rev-parse", "--show-toplevel"]).await {
        Ok(top) => Ok(PathBuf::from(top)),
        Err(GitError::Refused { said, .. }) => {
            Err(SelectError::NoRepository { dir: git.dir().to_owned(), said })
        }
        Err(error) => Err(error.into()),
    }
}

async fn resolve(git: &Git<'_>, rev: &str) -> Result<Option<String>, GitError> {
    let spec = format!("{rev}^{{commit}}");
    git.optional(["rev-parse", "--verify", "--quiet", "--end-of-options", &spec]).await
}

async fn head(
    git: &Git<'_>,
    option: &'static str,
    rev: Option<&str>,
    shallow: bool,
) -> Result<String, SelectError> {
    match (resolve(git, rev.unwrap_or("HEAD")).await?, rev) {
        (Some(sha), _) => Ok(sha),
        (None, None) => Err(SelectError::NoCommit),
        (None, Some(rev)) => Err(unknown(option, rev, shallow)),
    }
}

fn unknown(option: &'static str, rev: &str, shallow: bool) -> SelectError {
    let hint = if shallow {
        format!("; the clone is shallow, perhaps it lacks it: {UNSHALLOW}")
    } else {
        "; `git log --oneline --all` lists those it has".to_owned()
    };
    SelectError::UnknownRevision { option, rev: rev.to_owned(), hint }
}

async fn against(
    git: &Git<'_>,
    rev: &str,
    head: &str,
    shallow: bool,
) -> Result<Chosen, SelectError> {
    let rules = resolve(git, rev).await?.ok_or_else(|| unknown("--base", rev, shallow))?;
    let base = merge_base(git, &rules, head, shallow).await?;
    let how =
        if base == rules { format!("--base {rev}") } else { format!("merge base of --base {rev}") };
    Ok(Chosen { base: Some(base), rules: Some(rules), how })
}

async fn merge_base(
    git: &Git<'_>,
    one: &str,
    other: &str,
    shallow: bool,
) -> Result<String, SelectError> {
    match git.optional(["merge-base", one, other]).await? {
        Some(base) if !base.is_empty() => Ok(base),
        _ if shallow => {
            Err(SelectError::Shallow { head: other.to_owned(), fix: UNSHALLOW.to_owned() })
        }
        _ => Err(SelectError::Unrelated { base: one.to_owned(), head: other.to_owned() }),
    }
}

async fn by_default(git: &Git<'_>, head: &str, shallow: bool) -> Result<Chosen, SelectError> {
    if let Some(branch) = default_branch(git).await?
        && let Some(tip) = resolve(git, &branch).await?
        && let Some(base) = git.optional(["merge-base", &tip, head]).await?
        && base != head
    {
        let how = format!("merge base with {branch}");
        return Ok(Chosen { base: Some(base), rules: Some(tip), how });
    }
    if let Some(parent) = resolve(git, &format!("{head}^")).await? {
        let how = "parent of the head".to_owned();
        return Ok(Chosen { base: Some(parent.clone()), rules: Some(parent), how });
    }
    if has_parent(git, head).await? && shallow {
        return Err(SelectError::Shallow {
            head: head.to_owned(),
            fix: "git fetch --deepen=1".to_owned(),
        });
    }
    Ok(Chosen { base: None, rules: None, how: "first commit: nothing to compare with".to_owned() })
}

/// In a shallow clone the commit object still names the parents that were cut off.
async fn has_parent(git: &Git<'_>, sha: &str) -> Result<bool, GitError> {
    let object = git.text(["cat-file", "commit", sha]).await?;
    Ok(object.lines().take_while(|line| !line.is_empty()).any(|line| line.starts_with("parent ")))
}

async fn default_branch(git: &Git<'_>) -> Result<Option<String>, GitError> {
    let remote = ["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"];
    if let Some(full) = git.optional(remote).await? {
        return Ok(full.strip_prefix("refs/remotes/").map(str::to_owned));
    }
    for branch in ["origin/main", "origin/master", "main", "master"] {
        if resolve(git, branch).await?.is_some() {
            return Ok(Some(branch.to_owned()));
        }
    }
    Ok(None)
}

async fn commit(git: &Git<'_>, sha: &str) -> Result<Commit, SelectError> {
    let text = git.text(["log", "-1", "--format=%H%n%ct%n%s", sha]).await?;
    let mut lines = text.splitn(3, '\n');
    let sha = lines.next().unwrap_or_default().to_owned();
    let seconds = lines.next().and_then(|line| line.parse().ok()).unwrap_or_default();
    Ok(Commit {
        sha,
        subject: lines.next().unwrap_or_default().to_owned(),
        committed: Timestamp::from_second(seconds).unwrap_or_default(),
    })
}

async fn described(git: &Git<'_>, sha: Option<String>) -> Result<Option<Commit>, SelectError> {
    match sha {
        Some(sha) => Ok(Some(commit(git, &sha).await?)),
        None => Ok(None),
    }
}

async fn uncommitted(git: &Git<'_>) -> Result<u32, SelectError> {
    let listed = git.bytes(["status", "--porcelain", "--untracked-files=normal"]).await?;
    let lines = listed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    Ok(u32::try_from(lines).unwrap_or(u32::MAX))
}

/// The name that the remote knows it by, else the folder's.
async fn name_of(git: &Git<'_>, top: &Path) -> Result<String, SelectError> {
    let remote = git.optional(["config", "--get", "remote.origin.url"]).await?;
    let from_remote = remote.as_deref().and_then(repository_of_url);
    let folder = || top.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(from_remote.or_else(folder).unwrap_or_else(|| "repository".to_owned()))
}

/// `owner/name` of a GitHub-like address; an address that is a path says nothing.
fn repository_of_url(url: &str) -> Option<String> {
    let is_path = url.starts_with('/') || url.starts_with('.') || url.starts_with("file:");
    let trimmed = url.trim_end_matches('/').trim_end_matches(".git");
    let mut parts = trimmed.rsplit(['/', ':']);
    let (name, owner) = (parts.next()?, parts.next()?);
    (!is_path && !name.is_empty() && !owner.is_empty()).then(|| format!("{owner}/{name}"))
}
