//! A double of GitHub: it remembers what it is told, refuses what GitHub refuses, fails when it
//! is asked to, and checks every request against GitHub's own description of its API.
//!
//! A test says what there is (`open_pull`), lets the code under test talk, and looks at what came
//! of it (`comments`, `check_runs`). What it did not look at when it ends makes it fail.

mod answer;
mod api;
mod ask;
mod events;
mod fault;
mod schema;
mod server;
mod state;
mod time;

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use secrecy::SecretString;
use serde_json::Value;
use t5_gate::{
    github::client::{Access, At, Client},
    host::Clock,
};
use tokio::sync::watch;

use self::server::{Log, Shared};
#[allow(unused_imports, reason = "what tests may name; not each of them does yet")]
pub use self::{
    ask::{Ask, Auth},
    events::{SECRET, Signed},
    fault::Fault,
    state::{Check, Comment, Delivery, File, Pull, Repo, Sarif, State, Status},
    time::Time,
};

/// The App's id.
pub const APP: u64 = 4_242;
/// The installation that there is from the start.
pub const INSTALLATION: u64 = 77;
/// The repository that there is from the start: public, `main` at [`BASE`].
pub const REPO: &str = "octo/kernels";
/// Its id.
pub const REPO_ID: u64 = 9_001;
/// The tip of its `main`.
pub const BASE: &str = "ba5eba5eba5eba5eba5eba5eba5eba5eba5eba5e";
/// The App's private key, as PEM.
pub const KEY: &str = include_str!("../../fixtures/github/app.pem");

/// A GitHub of the test's own.
pub struct GitHub {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

impl GitHub {
    /// Starts one, with an installation and a repository, at some time in 2026.
    pub fn start() -> Self {
        Self::at(Time::at("2026-03-04T05:06:07Z"))
    }

    /// Starts one that shares a clock.
    pub fn at(time: Time) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let api_url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(APP)),
            log: Mutex::new(Log { strict: true, ..Log::default() }),
            time,
            api_url,
            heard: watch::channel(0).0,
            released: watch::channel(0).0,
        });
        let (stop, stopped) = watch::channel(false);
        let served = Arc::clone(&shared);
        thread::spawn(move || server::run(listener, served, stopped));
        let github = Self { shared, stop };
        github.install(INSTALLATION, "octo");
        github.add_repo(INSTALLATION, REPO_ID, REPO, false);
        github
    }

    // What the code under test is given.

    /// The API's address.
    pub fn api_url(&self) -> String {
        self.shared.api_url.clone()
    }

    /// The API's address as it would be on a GitHub of a company's own.
    pub fn enterprise_url(&self) -> String {
        format!("{}/api/v3", self.shared.api_url)
    }

    pub fn access(&self) -> Access {
        let private_key = SecretString::from(KEY);
        Access { api_url: self.api_url(), app_id: APP, private_key }
    }

    /// A client of this GitHub, on its clock.
    pub fn client(&self) -> Client {
        Client::new(&self.access(), self.clock()).unwrap()
    }

    pub fn clock(&self) -> Clock {
        self.shared.time.clock()
    }

    pub fn time(&self) -> &Time {
        &self.shared.time
    }

    /// Where a repository is, for the client.
    pub fn at_repo(&self, full_name: &str) -> At {
        self.edit(|state| {
            let repo = state.repo(full_name);
            let (repo, owner, name) = (repo.id, repo.owner.clone(), repo.name.clone());
            At { installation: state.installation_of(repo), repo, owner, name }
        })
    }

    // What there is.

    /// Anything else that a test needs to be so.
    pub fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.shared.state.lock().unwrap())
    }

    /// Installs the App for an account, with every permission that it asks for.
    pub fn install(&self, id: u64, account: &str) {
        let write = ["checks", "pull_requests", "issues", "statuses", "security_events"];
        let read = ["metadata", "contents", "merge_queues"];
        let named = |names: &[&str], level: &str| -> Vec<(String, String)> {
            names.iter().map(|name| ((*name).to_owned(), level.to_owned())).collect()
        };
        let permissions = named(&write, "write").into_iter().chain(named(&read, "read")).collect();
        let installation = state::Installation {
            account: account.to_owned(),
            repos: Default::default(),
            permissions,
            suspended: false,
        };
        self.edit(|state| state.installations.insert(id, installation));
    }

    /// Adds a repository with a branch `main` to an installation.
    pub fn add_repo(&self, installation: u64, id: u64, full_name: &str, private: bool) {
        let (owner, name) = full_name.split_once('/').unwrap();
        let repo = Repo {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            once: Vec::new(),
            private,
            default_branch: "main".to_owned(),
            collaborators: [(owner.to_owned(), "admin".to_owned())].into(),
            branches: [("main".to_owned(), BASE.to_owned())].into(),
            commits: [BASE.to_owned()].into(),
            pulls: Default::default(),
            comments: Vec::new(),
            checks: Vec::new(),
            statuses: Vec::new(),
            sarifs: Vec::new(),
        };
        self.edit(|state| {
            state.repos.insert(id, repo);
            state.installations.get_mut(&installation).unwrap().repos.insert(id);
        });
    }

    /// Renames a repository; its old name leads to the new one.
    pub fn rename(&self, full_name: &str, name: &str) {
        self.edit(|state| {
            let repo = state.repo(full_name);
            repo.once.push(full_name.to_owned());
            name.clone_into(&mut repo.name);
        });
    }

    /// Gives somebody a role: `read`, `triage`, `write`, `maintain`, `admin`, or `own:write` for
    /// an organisation's own role that comes to `write`.
    pub fn collaborate(&self, full_name: &str, login: &str, role: &str) {
        self.edit(|state| {
            state.repo(full_name).collaborators.insert(login.to_owned(), role.to_owned());
        });
    }

    /// Makes a commit known, at the tip of a branch.
    pub fn commit(&self, full_name: &str, branch: &str, sha: &str) {
        self.edit(|state| {
            let repo = state.repo(full_name);
            repo.commits.insert(sha.to_owned());
            repo.branches.insert(branch.to_owned(), sha.to_owned());
        });
    }

    /// Opens a pull request from a branch of the same repository to `main`.
    pub fn open_pull(&self, full_name: &str, number: u64, author: &str, head: &str) {
        let now = self.time().now();
        self.edit(|state| {
            let repo = state.repo(full_name);
            repo.commits.insert(head.to_owned());
            let pull = Pull {
                number,
                author: author.to_owned(),
                head: head.to_owned(),
                head_ref: format!("topic-{number}"),
                head_repo: Some((repo.id, full_name.to_owned())),
                base: repo.branches["main"].clone(),
                base_ref: "main".to_owned(),
                open: true,
                merged: false,
                draft: false,
                labels: Vec::new(),
                files: Vec::new(),
                created: now,
                updated: now,
            };
            repo.pulls.insert(number, pull);
        });
    }

    /// Opens a pull request from the author's fork.
    pub fn open_fork_pull(&self, full_name: &str, number: u64, author: &str, head: &str) {
        self.open_pull(full_name, number, author, head);
        self.edit(|state| {
            let repo = state.repo(full_name);
            let fork = (500_000 + number, format!("{author}/{}", repo.name));
            repo.pull(number).head_repo = Some(fork);
        });
    }

    /// Moves the head of a pull request.
    pub fn push_to_pull(&self, full_name: &str, number: u64, head: &str) {
        let now = self.time().now();
        self.edit(|state| {
            let repo = state.repo(full_name);
            repo.commits.insert(head.to_owned());
            let pull = repo.pull(number);
            head.clone_into(&mut pull.head);
            pull.updated = now;
        });
    }

    /// Somebody comments; the comment's id.
    pub fn say(&self, full_name: &str, number: u64, author: &str, body: &str) -> u64 {
        let now = self.time().now();
        self.edit(|state| {
            let id = state.fresh_id();
            state.repo(full_name).comments.push(Comment {
                id,
                number,
                author: author.to_owned(),
                app: None,
                body: body.to_owned(),
                created: now,
                updated: now,
                hidden: false,
                deleted: false,
                reactions: Vec::new(),
                looked_at: true,
            });
            id
        })
    }

    // What goes wrong.

    /// The next request of this kind meets this fault; `*` stands for one part of the path.
    /// Several wait in order.
    pub fn fault(&self, method: &str, pattern: &str, fault: Fault) {
        self.shared.log.lock().unwrap().faults.add(method, pattern, fault);
    }

    /// Lets requests go on that [`Fault::Held`] holds.
    pub fn release(&self) {
        self.shared.released.send_modify(|times| *times += 1);
    }

    /// Lets requests through that GitHub's description does not know, to see what GitHub's own
    /// rules say to them.
    pub fn lenient(&self) {
        self.shared.log.lock().unwrap().strict = false;
    }

    // What came of it.

    /// Every request so far, the oldest first.
    pub fn requests(&self) -> Vec<Ask> {
        self.expect_no_violation();
        self.shared.log.lock().unwrap().asks.clone()
    }

    /// The requests of one kind; `*` stands for one part of the path.
    pub fn requests_to(&self, method: &str, pattern: &str) -> Vec<Ask> {
        let fits = |ask: &Ask| ask.method == method && fault::matches(pattern, &ask.path);
        self.requests().into_iter().filter(fits).collect()
    }

    /// Waits for the next request that makes a check run or a comment. It may not be answered yet.
    pub async fn something_is_made(&self) {
        let mut heard = self.shared.heard.subscribe();
        let made = |ask: &Ask| {
            let last = ask.parts.last().map_or("", String::as_str);
            ask.method == "POST" && ["check-runs", "comments"].contains(&last)
        };
        let before = self.shared.log.lock().unwrap().asks.len();
        loop {
            if self.shared.log.lock().unwrap().asks.iter().skip(before).any(made) {
                return;
            }
            heard.changed().await.unwrap();
        }
    }

    /// How many requests were under way at once, at most.
    pub fn most_at_once(&self) -> usize {
        self.shared.log.lock().unwrap().most_at_once
    }

    /// How many requests are under way.
    pub fn under_way(&self) -> usize {
        self.shared.log.lock().unwrap().under_way
    }

    /// Our check runs at a commit, in the order in which they were made. They are looked at.
    pub fn check_runs(&self, full_name: &str, head: &str) -> Vec<Check> {
        self.edit(|state| {
            let checks = &mut state.repo(full_name).checks;
            let here = checks.iter_mut().filter(|check| check.head == head && check.app_id == APP);
            here.map(|check| {
                check.looked_at = true;
                check.clone()
            })
            .collect()
        })
    }

    /// The bodies of our comments on a pull request. They are looked at.
    pub fn comments(&self, full_name: &str, number: u64) -> Vec<String> {
        self.edit(|state| {
            let comments = &mut state.repo(full_name).comments;
            let ours = |comment: &&mut Comment| {
                comment.number == number && comment.app == Some(APP) && !comment.deleted
            };
            comments
                .iter_mut()
                .filter(ours)
                .map(|comment| {
                    comment.looked_at = true;
                    comment.body.clone()
                })
                .collect()
        })
    }

    /// Our reactions to a comment.
    pub fn reactions(&self, full_name: &str, comment: u64) -> Vec<String> {
        self.edit(|state| {
            let comments = &state.repo(full_name).comments;
            let comment = comments.iter().find(|known| known.id == comment).unwrap();
            comment.reactions.iter().map(|(_, content)| content.clone()).collect()
        })
    }

    /// The labels of a pull request.
    pub fn labels(&self, full_name: &str, number: u64) -> Vec<String> {
        self.edit(|state| state.repo(full_name).pull(number).labels.clone())
    }

    /// Commit statuses, the oldest first.
    pub fn statuses(&self, full_name: &str) -> Vec<Status> {
        self.edit(|state| state.repo(full_name).statuses.clone())
    }

    /// Findings that were handed to code scanning.
    pub fn sarifs(&self, full_name: &str) -> Vec<Sarif> {
        self.edit(|state| state.repo(full_name).sarifs.clone())
    }

    /// Ids of deliveries that were asked for again.
    pub fn redelivered(&self) -> Vec<u64> {
        self.edit(|state| state.redelivered.clone())
    }

    /// Fails if there is a comment or a check run that the test has not looked at.
    pub fn expect_no_more(&self) {
        let left = self.edit(|state| left_over(state));
        assert!(left.is_empty(), "nobody expected this on GitHub:\n{}", left.join("\n"));
    }

    fn expect_no_violation(&self) {
        let violations = self.shared.log.lock().unwrap().violations.clone();
        assert!(
            violations.is_empty(),
            "GitHub's description of its API does not know this:\n{}",
            violations.join("\n")
        );
    }
}

fn left_over(state: &State) -> Vec<String> {
    let mut left = Vec::new();
    for repo in state.repos.values() {
        let name = repo.full_name();
        for check in repo.checks.iter().filter(|check| !check.looked_at) {
            left.push(format!(
                "{name}: check run {} at {}: {}",
                check.name, check.head, check.title
            ));
        }
        for comment in repo.comments.iter().filter(|comment| !comment.looked_at) {
            left.push(format!("{name}#{}: {}", comment.number, comment.body));
        }
    }
    left
}

impl Drop for GitHub {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if thread::panicking() {
            return;
        }
        self.expect_no_violation();
        self.expect_no_more();
        let unused = !self.shared.log.lock().unwrap().faults.is_empty();
        assert!(!unused, "a fault was planned and no request met it");
    }
}

/// A value by its path, for short assertions on what was sent.
pub fn sent<'a>(ask: &'a Ask, pointer: &str) -> &'a Value {
    ask.body.pointer(pointer).unwrap_or(&Value::Null)
}
