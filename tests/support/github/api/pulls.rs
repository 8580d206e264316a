//! Requests about pull requests, branches and people.

use serde_json::{Value, json};

use super::{
    super::{
        answer::{Answer, paged},
        ask::Ask,
        state::{File, Pull, Repo, State},
    },
    labels,
};

/// A pull request as GitHub writes it, in answers and deliveries alike.
pub fn described(repo: &Repo, pull: &Pull) -> Value {
    let full_name = repo.full_name();
    json!({
        "id": 10_000 + pull.number,
        "number": pull.number,
        "state": if pull.open { "open" } else { "closed" },
        "locked": false,
        "title": format!("Pull request {}", pull.number),
        "user": { "login": pull.author, "type": "User" },
        "body": null,
        "labels": labels::described(pull),
        "draft": pull.draft,
        "created_at": pull.created,
        "updated_at": pull.updated,
        "html_url": format!("https://github.com/{full_name}/pull/{}", pull.number),
        "author_association": "CONTRIBUTOR",
        "head": {
            "label": format!("{}:{}", pull.author, pull.head_ref),
            "ref": pull.head_ref,
            "sha": pull.head,
            "repo": pull.head_repo.as_ref().map(|(id, name)| json!({
                "id": id,
                "full_name": name,
                "fork": *id != repo.id,
                "private": repo.private,
            })),
        },
        "base": {
            "label": format!("{}:{}", repo.owner, pull.base_ref),
            "ref": pull.base_ref,
            "sha": pull.base,
            "repo": { "id": repo.id, "full_name": full_name, "private": repo.private },
        },
    })
}

pub fn with_counts(repo: &Repo, pull: &Pull) -> Value {
    let mut described = described(repo, pull);
    described["merged"] = json!(pull.merged);
    described["changed_files"] = json!(pull.files.len());
    described["commits"] = json!(1);
    described
}

pub fn permission(state: &State, repo: u64, login: &str) -> Answer {
    let repo = &state.repos[&repo];
    if login == "nobody-of-this-name" {
        return Answer::not_found();
    }
    let role = repo.collaborators.get(login).map(String::as_str);
    let role = role.unwrap_or(if repo.private { "none" } else { "read" });
    // Roles of an organisation's own say in `permission` what they come to.
    let permission = match role {
        "maintain" => "write",
        "triage" => "read",
        role => role.split(':').next_back().unwrap_or(role),
    };
    let role_name = role.split(':').next().unwrap_or(role);
    Answer::new(
        200,
        json!({ "permission": permission, "role_name": role_name, "user": { "login": login } }),
    )
}

pub fn one(state: &State, repo: u64, number: u64) -> Answer {
    let repo = &state.repos[&repo];
    match repo.pulls.get(&number) {
        Some(pull) => Answer::new(200, with_counts(repo, pull)),
        None => Answer::not_found(),
    }
}

pub fn list(state: &State, ask: &Ask, repo: u64) -> Answer {
    let repo = &state.repos[&repo];
    let wanted = ask.query.get("state").map_or("open", String::as_str);
    let fits = |pull: &&Pull| match wanted {
        "all" => true,
        state => pull.open == (state == "open"),
    };
    let items = repo.pulls.values().filter(fits).map(|pull| described(repo, pull)).collect();
    paged(items, &ask.query, &ask.address(), |_, here| Value::Array(here))
}

pub fn files(state: &State, ask: &Ask, repo: u64, number: u64) -> Answer {
    let Some(pull) = state.repos[&repo].pulls.get(&number) else { return Answer::not_found() };
    let described = |file: &File| {
        let mut said = json!({
            "sha": "0123456789012345678901234567890123456789",
            "filename": file.path,
            "status": file.status,
            "additions": 1,
            "deletions": 1,
            "changes": 2,
        });
        // GitHub leaves these out rather than saying null.
        if let Some(previous) = &file.previous {
            said["previous_filename"] = json!(previous);
        }
        if let Some(patch) = &file.patch {
            said["patch"] = json!(patch);
        }
        said
    };
    let items = pull.files.iter().take(3_000).map(described).collect();
    paged(items, &ask.query, &ask.address(), |_, here| Value::Array(here))
}

pub fn branch(state: &State, repo: u64, branch: &str) -> Answer {
    match state.repos[&repo].branches.get(branch) {
        Some(sha) => Answer::new(
            200,
            json!({ "name": branch, "commit": { "sha": sha }, "protected": false }),
        ),
        None => Answer::refused(404, "Branch not found"),
    }
}
