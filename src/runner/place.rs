//! The folders of a run: both sides checked out, and what can be read in them.

use std::path::{Path, PathBuf};

use super::{
    Context,
    bench_part::{BaseSide, short},
    changes::{ChangedFile, changes, files},
    checkout::{CheckoutError, Tree},
    git::{Git, GitError},
    rules::{InForce, RulesError, in_force},
    scan::admission::{NamedSource, named_sources},
    select::Selected,
    workspace::{WorkspaceError, workspace},
};
use crate::receipt::{Changes, Subject, digest};

/// The folders of a run.
#[derive(Debug)]
pub struct Place<'a> {
    /// What is kept of this repository: checkouts, builds.
    pub home: PathBuf,
    /// The head's files.
    pub head: Tree<'a>,
    /// Where both sides are built, one after the other.
    pub build: Tree<'a>,
    /// Where in the head the workspace lies.
    pub workspace: PathBuf,
    base: Option<Tree<'a>>,
    base_workspace: Option<PathBuf>,
}

/// A run's folders could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Checking out.
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
    /// Finding the workspace.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Asking git.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl<'a> Place<'a> {
    /// Checks out both sides, and finds the workspace in each.
    ///
    /// # Errors
    ///
    /// If git fails, a folder cannot be written, or the head has no workspace.
    pub async fn prepare(ctx: &'a Context, selected: &Selected) -> Result<Self, PlaceError> {
        let (top, subject) = (&selected.top, &selected.subject);
        let theirs = selected.git(ctx);
        let key = digest(top.as_os_str().as_encoded_bytes());
        let home = ctx.cache.join("repositories").join(short(&key));
        let head = Tree::open(ctx, &theirs, &home.join("head")).await?;
        head.put(&subject.head.sha).await?;
        let found = workspace(&head.git(), &subject.head.sha, &subject.subfolder).await?;
        let (mut base, mut base_workspace) = (None, None);
        if let Some(commit) = &subject.base {
            let tree = Tree::open(ctx, &theirs, &home.join("base")).await?;
            tree.put(&commit.sha).await?;
            base_workspace = match workspace(&tree.git(), &commit.sha, &subject.subfolder).await {
                Ok(folder) => Some(PathBuf::from(folder)),
                Err(WorkspaceError::NoLock { .. } | WorkspaceError::Several { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            base = Some(tree);
        }
        let build = Tree::open(ctx, &theirs, &home.join("build")).await?;
        Ok(Self { home, base, head, build, workspace: found.into(), base_workspace })
    }

    /// The rules in force; `operator` is a file that replaces the repository's own.
    ///
    /// # Errors
    ///
    /// If they are wrong or cannot be read.
    pub async fn rules(
        &self,
        subject: &Subject,
        operator: Option<&Path>,
    ) -> Result<InForce, RulesError> {
        let sha = subject.rules.as_ref().map(|commit| commit.sha.as_str());
        let workspace = self.workspace.to_string_lossy();
        in_force(&self.head.git(), sha, &workspace, operator).await
    }

    /// The files that differ between the sides; none without a base.
    ///
    /// # Errors
    ///
    /// If git fails.
    pub async fn changed(&self, subject: &Subject) -> Result<Vec<ChangedFile>, GitError> {
        match &subject.base {
            Some(base) => files(&self.head.git(), &base.sha, &subject.head.sha).await,
            None => Ok(Vec::new()),
        }
    }

    /// What the change does, from git alone.
    ///
    /// # Errors
    ///
    /// If git fails.
    pub async fn changes(
        &self,
        subject: &Subject,
        changed: &[ChangedFile],
    ) -> Result<Changes, GitError> {
        let Some(base) = &subject.base else { return Ok(Changes::default()) };
        let git = self.head.git();
        let after = lock_text(&git, &subject.head.sha, Some(&self.workspace)).await?;
        let before = lock_text(&git, &base.sha, self.base_workspace.as_deref()).await?;
        let locks = (before.as_deref(), after.as_deref());
        changes(&git, &base.sha, &subject.head.sha, changed, locks).await
    }

    /// Both sides are built at one path, so the base needs its workspace where the head has it.
    pub fn base_to_build(&self, subject: &Subject) -> BaseSide {
        let head = self.workspace.display();
        match (&subject.base, &self.base_workspace) {
            (None, _) => BaseSide::Absent,
            (Some(base), Some(there)) if *there == self.workspace => {
                BaseSide::Commit(base.sha.clone())
            }
            (Some(_), Some(there)) => BaseSide::Unlike(format!(
                "the workspace moved from «{}» to «{head}», and both sides are built at one path",
                there.display()
            )),
            (Some(_), None) => BaseSide::Unlike("the base has no Cargo.lock".to_owned()),
        }
    }

    /// The base's checkout, where there is one.
    pub fn base_dir(&self) -> Option<&Path> {
        self.base.as_ref().map(Tree::dir)
    }

    /// The sources that the base's lock file and manifests name, where they can be read.
    pub fn base_named(&self) -> Option<Vec<NamedSource>> {
        let (tree, workspace) = (self.base.as_ref()?, self.base_workspace.as_deref()?);
        named_sources(tree.dir(), workspace.to_str()?).ok()
    }

    /// The workspace in the base's checkout, where it has one.
    pub fn base_side(&self) -> Option<PathBuf> {
        let (tree, workspace) = (self.base.as_ref()?, self.base_workspace.as_deref()?);
        Some(tree.dir().join(workspace))
    }
}

async fn lock_text(
    git: &Git<'_>,
    sha: &str,
    workspace: Option<&Path>,
) -> Result<Option<String>, GitError> {
    let Some(workspace) = workspace else { return Ok(None) };
    let path = workspace.join("Cargo.lock");
    let bytes = git.file(sha, &path.to_string_lossy()).await?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}
