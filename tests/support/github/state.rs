//! What the double remembers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::Value;

pub type Permissions = BTreeMap<String, String>;

#[derive(Debug)]
pub struct State {
    pub app_id: u64,
    pub installations: BTreeMap<u64, Installation>,
    pub repos: BTreeMap<u64, Repo>,
    pub tokens: HashMap<String, Token>,
    pub deliveries: Vec<Delivery>,
    /// Ids of deliveries that were asked for again.
    pub redelivered: Vec<u64>,
    /// Codes of manifests that were not converted yet.
    pub manifest_codes: BTreeSet<String>,
    last_id: u64,
}

#[derive(Debug)]
pub struct Installation {
    pub account: String,
    pub repos: BTreeSet<u64>,
    pub permissions: Permissions,
    pub suspended: bool,
}

#[derive(Clone, Debug)]
pub struct Token {
    pub repos: BTreeSet<u64>,
    pub permissions: Permissions,
    pub expires: Timestamp,
}

#[derive(Debug)]
pub struct Repo {
    pub id: u64,
    pub owner: String,
    pub name: String,
    /// Full names that it had before.
    pub once: Vec<String>,
    pub private: bool,
    pub default_branch: String,
    /// Login to role: `read`, `triage`, `write`, `maintain`, `admin`.
    pub collaborators: BTreeMap<String, String>,
    pub branches: BTreeMap<String, String>,
    pub commits: BTreeSet<String>,
    pub pulls: BTreeMap<u64, Pull>,
    pub comments: Vec<Comment>,
    pub checks: Vec<Check>,
    pub statuses: Vec<Status>,
    pub sarifs: Vec<Sarif>,
}

#[derive(Clone, Debug)]
pub struct Pull {
    pub number: u64,
    pub author: String,
    pub head: String,
    pub head_ref: String,
    /// Id and full name; none if the fork was deleted.
    pub head_repo: Option<(u64, String)>,
    pub base: String,
    pub base_ref: String,
    pub open: bool,
    pub merged: bool,
    pub draft: bool,
    pub labels: Vec<String>,
    pub files: Vec<File>,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Clone, Debug)]
pub struct File {
    pub path: String,
    pub previous: Option<String>,
    pub status: String,
    pub patch: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    pub number: u64,
    pub author: String,
    /// The App that wrote it; a person did if none.
    pub app: Option<u64>,
    pub body: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub hidden: bool,
    pub deleted: bool,
    /// Who, and what.
    pub reactions: Vec<(String, String)>,
    pub looked_at: bool,
}

#[derive(Clone, Debug)]
pub struct Check {
    pub id: u64,
    pub head: String,
    pub name: String,
    pub external_id: String,
    pub details_url: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub started: Option<String>,
    pub completed: Option<String>,
    pub title: String,
    pub summary: String,
    pub text: Option<String>,
    pub annotations: Vec<Value>,
    pub actions: Vec<Value>,
    pub app_id: u64,
    pub looked_at: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub sha: String,
    pub context: String,
    pub state: String,
    pub description: String,
    pub target_url: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sarif {
    pub commit: String,
    pub git_ref: String,
    pub document: Value,
}

#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: u64,
    pub guid: String,
    pub event: String,
    pub delivered: Timestamp,
    /// 0 where nobody answered.
    pub status_code: u16,
    pub redelivery: bool,
}

impl State {
    pub fn new(app_id: u64) -> Self {
        Self {
            app_id,
            installations: BTreeMap::new(),
            repos: BTreeMap::new(),
            tokens: HashMap::new(),
            deliveries: Vec::new(),
            redelivered: Vec::new(),
            manifest_codes: BTreeSet::new(),
            last_id: 1_000,
        }
    }

    pub fn fresh_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn repo_id(&self, full_name: &str) -> Option<u64> {
        self.repos.values().find(|repo| repo.full_name() == full_name).map(|repo| repo.id)
    }

    pub fn repo(&mut self, full_name: &str) -> &mut Repo {
        let id = self.repo_id(full_name).unwrap_or_else(|| panic!("no repository {full_name}"));
        self.repos.get_mut(&id).unwrap()
    }

    pub fn installation_of(&self, repo: u64) -> u64 {
        let has = |(_, installation): &(&u64, &Installation)| installation.repos.contains(&repo);
        *self.installations.iter().find(has).expect("the App is installed").0
    }
}

impl Repo {
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub fn pull(&mut self, number: u64) -> &mut Pull {
        self.pulls.get_mut(&number).unwrap_or_else(|| panic!("no pull request {number}"))
    }
}
