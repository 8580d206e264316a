//! What the bot asks about: pull requests, branches, and who may do what.

use serde::Deserialize;

use super::{At, CallError, Client, call::Call};
use crate::github::event::Pull;

/// What somebody may do in a repository. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing, or no more than anybody.
    None,
    /// Reads; GitHub's `triage` too.
    Read,
    /// Pushes; GitHub's `maintain` too.
    Write,
    /// Everything.
    Admin,
}

/// A file that a pull request changes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullFile {
    /// Relative to the repository's root.
    #[serde(rename = "filename")]
    pub path: String,
    /// Where it lay before, if it was moved.
    #[serde(rename = "previous_filename", default)]
    pub previous: Option<String>,
    /// `added`, `removed`, `modified`, `renamed`, `copied`, `changed` or `unchanged`.
    pub status: String,
    /// The change; none where it is binary or too large.
    #[serde(default)]
    pub patch: Option<String>,
}

/// GitHub's answer about somebody. A role of an organisation's own has any name, so the older
/// field, which knows four, comes first.
#[derive(Deserialize)]
struct Role {
    #[serde(default)]
    permission: String,
    #[serde(default)]
    role_name: String,
}

impl Role {
    fn permission(&self) -> Permission {
        named(&self.permission).or_else(|| named(&self.role_name)).unwrap_or(Permission::None)
    }
}

fn named(role: &str) -> Option<Permission> {
    match role {
        "admin" => Some(Permission::Admin),
        "maintain" | "write" => Some(Permission::Write),
        "triage" | "read" => Some(Permission::Read),
        "none" => Some(Permission::None),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Branch {
    commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
}

/// A pull request as GitHub describes it.
#[derive(Deserialize)]
struct Described {
    number: u64,
    state: String,
    #[serde(default)]
    draft: bool,
    head: Side,
    base: Side,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    changed_files: Option<u64>,
    #[serde(default)]
    updated_at: String,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    #[serde(default)]
    repo: Option<SideRepo>,
}

#[derive(Deserialize)]
struct SideRepo {
    id: u64,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

impl From<Described> for Pull {
    fn from(pull: Described) -> Self {
        Self {
            number: pull.number,
            head: pull.head.sha,
            head_repo: pull.head.repo.map(|repo| repo.id),
            base_ref: pull.base.name,
            base: pull.base.sha,
            // The account of whoever opened it was deleted; GitHub shows it as this one.
            author: pull.user.map_or_else(|| "ghost".to_owned(), |user| user.login),
            open: pull.state == "open",
            draft: pull.draft,
            changed_files: pull.changed_files,
            updated: pull.updated_at,
        }
    }
}

impl Client {
    /// What somebody may do in a repository; `None` too if nobody has that login.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn permission(&self, at: &At, login: &str) -> Result<Permission, CallError> {
        let path = at.path(&["collaborators", login, "permission"]);
        let call = Call::get(at, path, "metadata: read", format!("user {login}"));
        let role: Option<Role> = self.look(&call).await?;
        Ok(role.map_or(Permission::None, |role| role.permission()))
    }

    /// A pull request as it is now.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn pull(&self, at: &At, number: u64) -> Result<Option<Pull>, CallError> {
        let path = at.path(&["pulls", &number.to_string()]);
        let call = Call::get(at, path, "pull_requests: read", format!("pull request {number}"));
        Ok(self.look::<Described>(&call).await?.map(Pull::from))
    }

    /// The files that a pull request changes, of which GitHub lists 3,000 at most.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn pull_files(&self, at: &At, number: u64) -> Result<Vec<PullFile>, CallError> {
        let path = at.path(&["pulls", &number.to_string(), "files"]);
        let what = format!("pull request {number}");
        let mut pages = self.pages(Call::get(at, path, "pull_requests: read", what));
        let mut files = Vec::new();
        while let Some(page) = pages.next::<Vec<PullFile>>().await? {
            files.extend(page);
        }
        Ok(files)
    }

    /// The open pull requests whose head is this very commit, those from forks too.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn open_pulls_of_head(&self, at: &At, head: &str) -> Result<Vec<u64>, CallError> {
        let path = format!("{}?state=open&sort=updated&direction=desc", at.path(&["pulls"]));
        let what = format!("repository {}/{}", at.owner, at.name);
        let mut pages = self.pages(Call::get(at, path, "pull_requests: read", what));
        let mut numbers = Vec::new();
        while let Some(pulls) = pages.next::<Vec<Described>>().await? {
            let these = pulls.iter().filter(|pull| pull.head.sha == head);
            numbers.extend(these.map(|pull| pull.number));
        }
        // A pull request that changes between two pages moves, and may be seen twice.
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    /// The commit at the tip of a branch; none if there is no such branch.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn branch_tip(&self, at: &At, branch: &str) -> Result<Option<String>, CallError> {
        let path = at.path(&["branches", branch]);
        let call = Call::get(at, path, "contents: read", format!("branch {branch}"));
        Ok(self.look::<Branch>(&call).await?.map(|branch| branch.commit.sha))
    }
}
