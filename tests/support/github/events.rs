//! Deliveries as GitHub makes them, signed.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    APP, GitHub,
    api::{comment_described, pull_described},
    state::{Delivery, Repo, State},
};

/// What deliveries are signed with.
pub const SECRET: &str = "a-webhook-secret";

/// A delivery, ready to be posted.
#[derive(Clone, Debug)]
pub struct Signed {
    /// GitHub's id of this attempt.
    pub id: u64,
    pub guid: String,
    pub event: String,
    pub body: Vec<u8>,
}

impl Signed {
    /// The headers that GitHub sends with it.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(&self.body);
        let signature = HEXLOWER.encode(&mac.finalize().into_bytes());
        vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "GitHub-Hookshot/044aadd".to_owned()),
            ("x-github-delivery", self.guid.clone()),
            ("x-github-event", self.event.clone()),
            ("x-github-hook-id", "1".to_owned()),
            ("x-github-hook-installation-target-id", APP.to_string()),
            ("x-github-hook-installation-target-type", "integration".to_owned()),
            ("x-hub-signature-256", format!("sha256={signature}")),
        ]
    }
}

fn account(login: &str) -> Value {
    let bot = login.ends_with("[bot]");
    json!({ "login": login, "id": login.len(), "type": if bot { "Bot" } else { "User" } })
}

fn repository(repo: &Repo) -> Value {
    json!({
        "id": repo.id,
        "name": repo.name,
        "full_name": repo.full_name(),
        "private": repo.private,
        "owner": account(&repo.owner),
        "html_url": format!("https://github.com/{}", repo.full_name()),
        "default_branch": repo.default_branch,
        "fork": false,
    })
}

impl GitHub {
    /// Any delivery of an installation. It is listed among the App's deliveries, as one that
    /// nobody answered until [`GitHub::delivered`] says otherwise.
    pub fn delivery(&self, event: &str, payload: &Value) -> Signed {
        let now = self.time().now();
        self.edit(|state| {
            let id = state.fresh_id();
            let guid = format!("{id:08x}-0000-4000-8000-000000000000");
            state.deliveries.push(Delivery {
                id,
                guid: guid.clone(),
                event: event.to_owned(),
                delivered: now,
                status_code: 0,
                redelivery: false,
            });
            let body = serde_json::to_vec(payload).unwrap();
            Signed { id, guid, event: event.to_owned(), body }
        })
    }

    /// Notes how a delivery was answered.
    pub fn delivered(&self, signed: &Signed, status_code: u16) {
        self.edit(|state| {
            let delivery = state.deliveries.iter_mut().find(|known| known.id == signed.id);
            delivery.unwrap().status_code = status_code;
        });
    }

    /// Makes a delivery again, as GitHub does when it is asked to: another attempt, the same guid.
    pub fn deliver_again(&self, signed: &Signed) -> Signed {
        let now = self.time().now();
        self.edit(|state| {
            let id = state.fresh_id();
            state.deliveries.push(Delivery {
                id,
                guid: signed.guid.clone(),
                event: signed.event.clone(),
                delivered: now,
                status_code: 0,
                redelivery: true,
            });
            Signed { id, ..signed.clone() }
        })
    }

    /// An event about a repository: what is special about it, completed by what all have.
    fn about(
        &self,
        event: &str,
        full_name: &str,
        sender: &str,
        special: impl FnOnce(&mut State) -> Value,
    ) -> Signed {
        let payload = self.edit(|state| {
            let mut payload = special(state);
            let id = state.repo(full_name).id;
            payload["repository"] = repository(state.repo(full_name));
            payload["sender"] = account(sender);
            payload["installation"] = json!({ "id": state.installation_of(id) });
            payload
        });
        self.delivery(event, &payload)
    }

    fn pull_event(&self, full_name: &str, number: u64, action: &str, extra: &Value) -> Signed {
        let author = self.edit(|state| state.repo(full_name).pull(number).author.clone());
        self.about("pull_request", full_name, &author, |state| {
            let repo = state.repo(full_name);
            let pull = pull_described(repo, &repo.pulls[&number]);
            let mut payload = json!({ "action": action, "number": number, "pull_request": pull });
            for (key, value) in extra.as_object().into_iter().flatten() {
                payload[key] = value.clone();
            }
            payload
        })
    }

    pub fn pull_opened(&self, full_name: &str, number: u64) -> Signed {
        self.pull_event(full_name, number, "opened", &json!({}))
    }

    /// The head moved: moves it, too.
    pub fn pull_pushed(&self, full_name: &str, number: u64, head: &str) -> Signed {
        let before = self.edit(|state| state.repo(full_name).pull(number).head.clone());
        self.push_to_pull(full_name, number, head);
        let extra = json!({ "before": before, "after": head });
        self.pull_event(full_name, number, "synchronize", &extra)
    }

    pub fn pull_reopened(&self, full_name: &str, number: u64) -> Signed {
        self.edit(|state| state.repo(full_name).pull(number).open = true);
        self.pull_event(full_name, number, "reopened", &json!({}))
    }

    pub fn pull_ready(&self, full_name: &str, number: u64) -> Signed {
        self.edit(|state| state.repo(full_name).pull(number).draft = false);
        self.pull_event(full_name, number, "ready_for_review", &json!({}))
    }

    pub fn pull_closed(&self, full_name: &str, number: u64, merged: bool) -> Signed {
        self.edit(|state| {
            let pull = state.repo(full_name).pull(number);
            (pull.open, pull.merged) = (false, merged);
        });
        self.pull_event(full_name, number, "closed", &json!({}))
    }

    /// A comment of [`GitHub::say`], `created`, `edited` or `deleted`.
    pub fn comment_event(&self, full_name: &str, comment: u64, action: &str) -> Signed {
        let author = self.edit(|state| {
            let comments = &state.repo(full_name).comments;
            comments.iter().find(|known| known.id == comment).unwrap().author.clone()
        });
        self.about("issue_comment", full_name, &author, |state| {
            let repo = state.repo(full_name);
            let comment = repo.comments.iter().find(|known| known.id == comment).unwrap();
            let pull = &repo.pulls[&comment.number];
            let url = format!("https://api.github.com/repos/{full_name}/pulls/{}", pull.number);
            json!({
                "action": action,
                "issue": {
                    "number": pull.number,
                    "state": if pull.open { "open" } else { "closed" },
                    "user": account(&pull.author),
                    "pull_request": { "url": url },
                },
                "comment": comment_described(comment),
            })
        })
    }

    /// Somebody comments: the comment, and its delivery.
    pub fn comment(&self, full_name: &str, number: u64, author: &str, body: &str) -> Signed {
        let id = self.say(full_name, number, author, body);
        self.comment_event(full_name, id, "created")
    }

    fn check_event(
        &self,
        full_name: &str,
        check: u64,
        action: &str,
        sender: &str,
        extra: &Value,
    ) -> Signed {
        self.about("check_run", full_name, sender, |state| {
            let repo = state.repo(full_name);
            let check = repo.checks.iter().find(|known| known.id == check).unwrap();
            let own = |pull: &&super::Pull| {
                let here = pull.head_repo.as_ref().is_some_and(|(id, _)| *id == repo.id);
                here && pull.open && pull.head == check.head
            };
            // A fork's pull requests are not listed.
            let pulls: Vec<Value> = repo
                .pulls
                .values()
                .filter(own)
                .map(|pull| json!({ "number": pull.number, "head": { "sha": pull.head } }))
                .collect();
            let mut payload = json!({
                "action": action,
                "check_run": {
                    "id": check.id,
                    "name": check.name,
                    "head_sha": check.head,
                    "external_id": check.external_id,
                    "status": check.status,
                    "conclusion": check.conclusion,
                    "app": { "id": check.app_id },
                    "check_suite": { "id": 1, "head_sha": check.head, "app": { "id": check.app_id } },
                    "pull_requests": pulls,
                },
            });
            for (key, value) in extra.as_object().into_iter().flatten() {
                payload[key] = value.clone();
            }
            payload
        })
    }

    /// Somebody presses «Re-run» on a check run.
    pub fn check_rerequested(&self, full_name: &str, check: u64, sender: &str) -> Signed {
        self.check_event(full_name, check, "rerequested", sender, &json!({}))
    }

    /// Somebody presses one of our buttons.
    pub fn button_pressed(
        &self,
        full_name: &str,
        check: u64,
        identifier: &str,
        sender: &str,
    ) -> Signed {
        let extra = json!({ "requested_action": { "identifier": identifier } });
        self.check_event(full_name, check, "requested_action", sender, &extra)
    }

    /// Somebody presses «Re-run all checks» at a commit.
    pub fn suite_rerequested(&self, full_name: &str, head: &str, sender: &str) -> Signed {
        self.about("check_suite", full_name, sender, |_| {
            json!({
                "action": "rerequested",
                "check_suite": {
                    "id": 1,
                    "head_sha": head,
                    "app": { "id": APP },
                    "pull_requests": [],
                },
            })
        })
    }

    /// The merge queue asks for checks (`checks_requested`), or no longer does (`destroyed`).
    pub fn merge_group(&self, full_name: &str, head: &str, action: &str) -> Signed {
        self.about("merge_group", full_name, "github-merge-queue[bot]", |state| {
            let repo = state.repo(full_name);
            repo.commits.insert(head.to_owned());
            let base = &repo.branches["main"];
            let mut payload = json!({
                "action": action,
                "merge_group": {
                    "head_sha": head,
                    "head_ref": format!("refs/heads/gh-readonly-queue/main/pr-1-{base}"),
                    "base_sha": base,
                    "base_ref": "refs/heads/main",
                    "head_commit": { "id": head },
                },
            });
            if action == "destroyed" {
                payload["reason"] = json!("merged");
            }
            payload
        })
    }

    /// The merge queue asks for checks of a group that adds a pull request to `base`.
    pub fn merge_group_of(&self, full_name: &str, head: &str, base: &str, pull: u64) -> Signed {
        self.about("merge_group", full_name, "github-merge-queue[bot]", |state| {
            state.repo(full_name).commits.insert(head.to_owned());
            json!({
                "action": "checks_requested",
                "merge_group": {
                    "head_sha": head,
                    "head_ref": format!("refs/heads/gh-readonly-queue/main/pr-{pull}-{base}"),
                    "base_sha": base,
                    "base_ref": "refs/heads/main",
                    "head_commit": { "id": head },
                },
            })
        })
    }

    /// A branch moves: moves it, too.
    pub fn pushed(&self, full_name: &str, branch: &str, after: &str, sender: &str) -> Signed {
        let zero = "0".repeat(40);
        let before = self.edit(|state| state.repo(full_name).branches.get(branch).cloned());
        self.commit(full_name, branch, after);
        self.about("push", full_name, sender, |_| {
            json!({
                "ref": format!("refs/heads/{branch}"),
                "before": before.as_ref().unwrap_or(&zero),
                "after": after,
                "created": before.is_none(),
                "deleted": false,
                "forced": false,
                "commits": [],
            })
        })
    }

    /// The App is removed from an account.
    pub fn uninstalled(&self, installation: u64) -> Signed {
        let account_name = self.edit(|state| state.installations[&installation].account.clone());
        let payload = json!({
            "action": "deleted",
            "installation": { "id": installation, "account": account(&account_name) },
            "repositories": [],
            "sender": account(&account_name),
        });
        self.delivery("installation", &payload)
    }

    /// An installation is no longer suspended (`unsuspend`), or its owner has accepted what the
    /// App asks for (`new_permissions_accepted`).
    pub fn restored(&self, installation: u64, action: &str) -> Signed {
        let account_name = self.edit(|state| state.installations[&installation].account.clone());
        let payload = json!({
            "action": action,
            "installation": { "id": installation, "account": account(&account_name) },
            "sender": account(&account_name),
        });
        self.delivery("installation", &payload)
    }

    /// The App is removed from one repository.
    pub fn removed_from(&self, full_name: &str) -> Signed {
        let payload = self.edit(|state| {
            let repo = state.repo(full_name);
            let (id, name, owner) = (repo.id, repo.name.clone(), repo.owner.clone());
            json!({
                "action": "removed",
                "installation": { "id": state.installation_of(id), "account": account(&owner) },
                "repository_selection": "selected",
                "repositories_added": [],
                "repositories_removed": [{ "id": id, "name": name, "full_name": full_name }],
                "sender": account(&owner),
            })
        });
        self.delivery("installation_repositories", &payload)
    }
}
