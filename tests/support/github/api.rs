//! What each request comes to.

use super::{
    answer::Answer,
    ask::{Ask, Auth},
    state::State,
};

mod app;
mod checks;
mod comments;
mod labels;
mod pulls;
mod statuses;

pub use self::{comments::described as comment_described, pulls::with_counts as pull_described};

/// Changes the state as a request asks, and answers it.
pub fn answer(state: &mut State, ask: &Ask) -> Answer {
    if let Auth::Bad(why) = &ask.auth {
        return Answer::refused(401, why);
    }
    let parts: Vec<&str> = ask.parts.iter().map(String::as_str).collect();
    match (ask.method.as_str(), parts.as_slice()) {
        ("POST", ["app", "installations", id, "access_tokens"]) => app::token(state, ask, id),
        ("GET", ["app", "hook", "deliveries"]) => app::deliveries(state, ask),
        ("POST", ["app", "hook", "deliveries", id, "attempts"]) => app::redeliver(state, ask, id),
        ("POST", ["app-manifests", code, "conversions"]) => app::convert(state, code),
        ("GET" | "POST" | "PATCH" | "DELETE", ["repos", owner, name, rest @ ..]) => {
            in_repo(state, ask, &format!("{owner}/{name}"), rest)
        }
        ("GET" | "POST" | "PATCH" | "DELETE", ["repositories", id, rest @ ..]) => {
            match id.parse().ok().and_then(|id: u64| state.repos.get(&id)) {
                Some(repo) => in_repo(state, ask, &repo.full_name(), rest),
                None => Answer::not_found(),
            }
        }
        _ => Answer::not_found(),
    }
}

fn in_repo(state: &mut State, ask: &Ask, full_name: &str, rest: &[&str]) -> Answer {
    let Some(id) = state.repo_id(full_name) else {
        return moved(state, ask, full_name, rest);
    };
    let Some((permission, level)) = needs(&ask.method, rest) else {
        return Answer::not_found();
    };
    let private = state.repos[&id].private;
    if let Err(refused) = ask.auth.may((id, private), permission, level) {
        return refused;
    }
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    match (ask.method.as_str(), rest) {
        ("GET", ["collaborators", login, "permission"]) => pulls::permission(state, id, login),
        ("GET", ["pulls"]) => pulls::list(state, ask, id),
        ("GET", ["pulls", n]) => pulls::one(state, id, number(n)),
        ("GET", ["pulls", n, "files"]) => pulls::files(state, ask, id, number(n)),
        ("GET", ["branches", branch]) => pulls::branch(state, id, branch),
        ("GET", ["commits", sha, "check-runs"]) => checks::list(state, ask, id, sha),
        ("POST", ["check-runs"]) => checks::create(state, ask, id),
        ("GET", ["check-runs", n]) => checks::one(state, id, number(n)),
        ("PATCH", ["check-runs", n]) => checks::update(state, ask, id, number(n)),
        ("PATCH", ["issues", "comments", n]) => comments::update(state, ask, id, number(n)),
        ("POST", ["issues", "comments", n, "reactions"]) => {
            comments::react(state, ask, id, number(n))
        }
        ("GET", ["issues", n, "comments"]) => comments::list(state, ask, id, number(n)),
        ("POST", ["issues", n, "comments"]) => comments::create(state, ask, id, number(n)),
        ("GET", ["issues", n, "labels"]) => labels::list(state, ask, id, number(n)),
        ("POST", ["issues", n, "labels"]) => labels::add(state, ask, id, number(n)),
        ("DELETE", ["issues", n, "labels", name]) => labels::remove(state, id, number(n), name),
        ("POST", ["statuses", sha]) => statuses::set(state, ask, id, sha),
        ("POST", ["code-scanning", "sarifs"]) => statuses::sarif(state, ask, id),
        _ => Answer::not_found(),
    }
}

/// The permission that a request takes.
fn needs(method: &str, rest: &[&str]) -> Option<(&'static str, &'static str)> {
    let level = if method == "GET" { "read" } else { "write" };
    let permission = match rest {
        ["collaborators", ..] => "metadata",
        ["pulls", ..] | ["issues", ..] => "pull_requests",
        ["branches", ..] => "contents",
        ["check-runs", ..] | ["commits", _, "check-runs"] => "checks",
        ["statuses", ..] => "statuses",
        ["code-scanning", ..] => "security_events",
        _ => return None,
    };
    Some((permission, level))
}

/// A repository that had this name once answers under its id.
fn moved(state: &State, ask: &Ask, full_name: &str, rest: &[&str]) -> Answer {
    let once = |repo: &&super::state::Repo| repo.once.iter().any(|name| name == full_name);
    let Some(repo) = state.repos.values().find(once) else {
        return Answer::not_found();
    };
    let status = if ask.method == "GET" { 301 } else { 307 };
    let to = format!("{}/repositories/{}/{}", ask.base, repo.id, rest.join("/"));
    let query: Vec<_> = ask.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let to = if query.is_empty() { to } else { format!("{to}?{}", query.join("&")) };
    Answer::refused(status, "Moved Permanently").with("location", to)
}
