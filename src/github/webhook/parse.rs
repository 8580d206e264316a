//! What a verified delivery says.

use super::{
    Verified,
    payload::{self, Check, Envelope, Login, Repository, Unread, read},
};
use crate::github::event::{
    Clicked, Comment, Event, MergeGroup, Parsed, Pull, PullAction, Push, Repo, What,
};

/// GitHub's own name for the author of what a deleted account left behind.
const NOBODY: &str = "ghost";

/// Reads a delivery for the App of this id. Never fails: what asks for nothing, or cannot be
/// understood, comes with the reason, and a reason repeats no text that was sent but names of
/// events and actions.
pub fn parse(verified: &Verified, app_id: u64) -> Parsed {
    match event(verified, app_id) {
        Ok(event) => Parsed::Event(Box::new(event)),
        Err(reason) => Parsed::Ignored(reason),
    }
}

/// The actions of an event that ask for something; none for an event that never does.
fn actions(event: &str) -> Option<&'static [&'static str]> {
    Some(match event {
        "pull_request" => {
            &["opened", "synchronize", "reopened", "ready_for_review", "edited", "closed"]
        }
        "issue_comment" => &["created"],
        "check_run" => &["rerequested", "requested_action"],
        "check_suite" => &["rerequested"],
        "merge_group" => &["checks_requested", "destroyed"],
        "push" => &[],
        "installation" => &["deleted", "suspend", "unsuspend", "new_permissions_accepted"],
        "installation_repositories" => &["removed"],
        _ => return None,
    })
}

fn event(verified: &Verified, app_id: u64) -> Result<Event, String> {
    let envelope = match read::<Envelope>(verified.body()) {
        Err(Unread::Syntax(reason)) => return Err(reason),
        envelope => envelope,
    };
    let name = verified.event();
    let Some(actions) = actions(name) else {
        return Err(match name {
            "ping" => name.to_owned(),
            _ => format!("the event {name} asks for nothing"),
        });
    };
    let envelope = envelope.map_err(Unread::reason)?;
    let action = action(name, actions, envelope.action.as_deref())?;
    let installation = envelope.installation.ok_or(
        "`installation` is missing, so this is a repository's or an organisation's own webhook; \
         only the App's own webhook is listened to",
    )?;
    let body = verified.body();
    let sender = envelope.sender.map(|account| account.login);
    let (repo, what) = match name {
        "installation" if matches!(action, "unsuspend" | "new_permissions_accepted") => {
            (None, What::Restored)
        }
        "installation" => (None, What::Uninstalled { repositories: Vec::new() }),
        "installation_repositories" => (None, removed(body)?),
        _ => {
            let repo = repository(envelope.repository.ok_or("`repository` is missing")?);
            let what = in_repository(name, action, body, &repo, app_id)?;
            (Some(repo), what)
        }
    };
    let sender = who(sender, &what)?;
    Ok(Event { installation: installation.id, repo, sender, what })
}

/// The action, if it is one that asks for something. A push has none.
fn action<'a>(event: &str, known: &[&str], action: Option<&'a str>) -> Result<&'a str, String> {
    if known.is_empty() {
        return Ok("");
    }
    let action = action.ok_or("`action` is missing")?;
    if known.contains(&action) {
        return Ok(action);
    }
    let shown = action.len() <= 40
        && action.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    Err(format!("{event} {} asks for nothing", if shown { action } else { "of an unknown action" }))
}

/// Who did it. A permission hangs on whoever comments or clicks, so there it must be known.
fn who(sender: Option<Login>, what: &What) -> Result<String, String> {
    match (sender, what) {
        (Some(login), _) => Ok(login.0),
        (None, What::Comment(_) | What::Rerun(_) | What::RerunSuite(_) | What::Button { .. }) => {
            Err("`sender` is missing".to_owned())
        }
        (None, _) => Ok(NOBODY.to_owned()),
    }
}

fn repository(read: Repository) -> Repo {
    Repo {
        id: read.id,
        owner: read.owner.login.0,
        name: read.name.0,
        // Where nobody says, nothing is shown to strangers.
        private: read.private.unwrap_or(true),
        default_branch: read.default_branch.0,
    }
}

fn in_repository(
    event: &str,
    action: &str,
    body: &[u8],
    repo: &Repo,
    app_id: u64,
) -> Result<What, String> {
    match event {
        "pull_request" => pull(action, body),
        "issue_comment" => comment(body),
        "check_run" => check_run(action, body, repo, app_id),
        "check_suite" => {
            let read: payload::CheckSuiteEvent = read(body).map_err(Unread::reason)?;
            Ok(What::RerunSuite(clicked(read.check_suite, "suite", repo, app_id)?))
        }
        "merge_group" => merge_group(action, body),
        _ => push(body, repo),
    }
}

fn pull(action: &str, body: &[u8]) -> Result<What, String> {
    let action = match action {
        "opened" => PullAction::Opened,
        "synchronize" => PullAction::Synchronize,
        "reopened" => PullAction::Reopened,
        "ready_for_review" => PullAction::ReadyForReview,
        "edited" => PullAction::Retargeted,
        _ => PullAction::Closed,
    };
    let read = read::<payload::PullRequestEvent>(body).map_err(Unread::reason)?;
    let retargeted = read.changes.is_some_and(|changes| changes.base.is_some());
    if action == PullAction::Retargeted && !retargeted {
        return Err("pull_request edited asks for nothing but where the base changed".to_owned());
    }
    let pull = read.pull_request;
    let pull = Pull {
        number: pull.number,
        head: pull.head.sha.0,
        head_repo: pull.head.repo.map(|repo| repo.id),
        base_ref: pull.base.branch.0,
        base: pull.base.sha.0,
        author: pull.user.map_or_else(|| NOBODY.to_owned(), |user| user.login.0),
        open: pull.state == "open",
        draft: pull.draft.unwrap_or(false),
        changed_files: pull.changed_files,
        updated: pull.updated_at,
    };
    Ok(What::Pull(action, pull))
}

fn comment(body: &[u8]) -> Result<What, String> {
    let payload::IssueCommentEvent { issue, comment } = read(body).map_err(Unread::reason)?;
    if issue.pull_request.is_none() {
        return Err("a comment on an issue, not on a pull request".to_owned());
    }
    if comment.user.is_bot() || comment.performed_via_github_app.is_some() {
        return Err("a comment of a bot".to_owned());
    }
    Ok(What::Comment(Comment {
        id: comment.id,
        pull: issue.number,
        author: comment.user.login.0,
        body: comment.body.unwrap_or_default(),
        updated: comment.updated_at,
    }))
}

fn check_run(action: &str, body: &[u8], repo: &Repo, app_id: u64) -> Result<What, String> {
    let read: payload::CheckRunEvent = read(body).map_err(Unread::reason)?;
    let check = clicked(read.check_run, "run", repo, app_id)?;
    if action == "rerequested" {
        return Ok(What::Rerun(check));
    }
    let button = read.requested_action.ok_or("`requested_action` is missing")?;
    Ok(What::Button { identifier: button.identifier, check })
}

/// A check of ours. GitHub tells every App with permission to read checks about everybody's.
fn clicked(check: Check, of: &str, repo: &Repo, app_id: u64) -> Result<Clicked, String> {
    if check.app.is_none_or(|app| app.id != app_id) {
        return Err(format!("a check {of} of another App"));
    }
    // GitHub also lists pull requests of the same commit into other repositories.
    let pulls = check.pull_requests.unwrap_or_default().into_iter();
    let pulls = pulls.filter(|pull| {
        let base = pull.base.as_ref().and_then(|base| base.repo.as_ref());
        base.is_none_or(|base| base.id == repo.id)
    });
    Ok(Clicked {
        id: check.id,
        head: check.head_sha.0,
        external_id: check.external_id.unwrap_or_default(),
        pulls: pulls.map(|pull| pull.number).collect(),
    })
}

fn merge_group(action: &str, body: &[u8]) -> Result<What, String> {
    let group = read::<payload::MergeGroupEvent>(body).map_err(Unread::reason)?.merge_group;
    let head = group.head_sha.0;
    if action == "destroyed" {
        return Ok(What::MergeGroupGone { head });
    }
    Ok(What::MergeGroup(MergeGroup {
        head,
        head_ref: group.head_ref.branch().ok_or("`merge_group.head_ref`: not a branch")?,
        base: group.base_sha.0,
        base_ref: group.base_ref.branch().ok_or("`merge_group.base_ref`: not a branch")?,
    }))
}

fn push(body: &[u8], repo: &Repo) -> Result<What, String> {
    let push: payload::PushEvent = read(body).map_err(Unread::reason)?;
    let branch = push.reference.0.strip_prefix("refs/heads/");
    if branch != Some(repo.default_branch.as_str()) {
        return Err("a push to something else than the default branch".to_owned());
    }
    if push.deleted == Some(true) || push.after.is_none() {
        return Err("the default branch was deleted".to_owned());
    }
    Ok(What::Push(Push {
        branch: repo.default_branch.clone(),
        before: push.before.filter(|sha| !sha.is_none()).map(|sha| sha.0),
        after: push.after.0,
    }))
}

fn removed(body: &[u8]) -> Result<What, String> {
    let read: payload::InstallationRepositoriesEvent = read(body).map_err(Unread::reason)?;
    let repositories: Vec<u64> =
        read.repositories_removed.into_iter().map(|repository| repository.id).collect();
    // An empty list would mean all of them.
    if repositories.is_empty() {
        return Err("`repositories_removed` names no repository".to_owned());
    }
    Ok(What::Uninstalled { repositories })
}
