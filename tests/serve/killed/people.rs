//! What people do on GitHub, and GitHub itself, which tells the server of it.

use std::{collections::VecDeque, sync::Arc};

use hyper::{Method, StatusCode};

use crate::support::{
    git_server::GitServer,
    github::{APP, GitHub, REPO, SECRET, Signed, Time},
    http,
    repository::Repository,
};

/// The owner of the repository, who does everything.
const OWNER: &str = "octo";
/// At most so many pull requests are open.
const OPEN: usize = 4;

/// A repository on a GitHub that is not ours, and those who work on it.
pub struct People {
    pub github: Arc<GitHub>,
    pub git: GitServer,
    here: Repository,
    random: fastrand::Rng,
    /// Pull requests that are open.
    pub open: Vec<u64>,
    /// Every pull request with every head that it ever had.
    pub heads: Vec<(u64, String)>,
    /// Every comment with a command, and its pull request.
    pub comments: Vec<(u64, u64)>,
    waiting: VecDeque<Signed>,
    /// What the server has taken.
    pub accepted: Vec<String>,
}

impl People {
    /// A crate is there, and nobody has asked for anything yet.
    pub fn at(here: Repository, seed: u64) -> Self {
        let github = Arc::new(GitHub::at(Time::real()));
        let base = here.commit("Begin");
        github.commit(REPO, "main", &base);
        let known = format!("{}/repos/{REPO}/branches/main", github.api_url());
        let git = GitServer::asking(&here.beside("served"), &known);
        git.put(REPO, &here, "main", "refs/heads/main");
        Self {
            github,
            git,
            here,
            random: fastrand::Rng::with_seed(seed),
            open: Vec::new(),
            heads: Vec::new(),
            comments: Vec::new(),
            waiting: VecDeque::new(),
            accepted: Vec::new(),
        }
    }

    /// Somebody does something.
    pub fn act(&mut self) {
        match self.random.u32(0..10) {
            _ if self.open.is_empty() => self.open(),
            0 | 1 if self.open.len() < OPEN => self.open(),
            0..=4 => self.push(),
            5 | 6 => self.say("/rerun-t5"),
            7 | 8 => self.say("/rerun-t5 policy"),
            _ if self.open.len() > 1 => self.close(),
            _ => self.push(),
        }
    }

    /// A new pull request.
    pub fn open(&mut self) {
        let number = self.heads.iter().map(|(number, _)| *number).max().unwrap_or(0) + 1;
        let head = self.head_of(number, "main");
        self.github.open_pull(REPO, number, OWNER, &head);
        self.open.push(number);
        self.heads.push((number, head));
        self.waiting.push_back(self.github.pull_opened(REPO, number));
    }

    fn push(&mut self) {
        let number = self.one();
        let head = self.head_of(number, &format!("topic-{number}"));
        self.heads.push((number, head.clone()));
        self.waiting.push_back(self.github.pull_pushed(REPO, number, &head));
    }

    fn say(&mut self, text: &str) {
        let number = self.one();
        let comment = self.github.say(REPO, number, OWNER, text);
        self.comments.push((number, comment));
        self.waiting.push_back(self.github.comment_event(REPO, comment, "created"));
    }

    fn close(&mut self) {
        let number = self.one();
        self.open.retain(|open| *open != number);
        self.waiting.push_back(self.github.pull_closed(REPO, number, false));
    }

    fn one(&mut self) -> u64 {
        self.open[self.random.usize(0..self.open.len())]
    }

    /// A new commit for a pull request, on the server before GitHub tells anybody.
    fn head_of(&self, number: u64, from: &str) -> String {
        let here = &self.here;
        here.git(&["checkout", "--quiet", "-B", &format!("topic-{number}"), from]);
        // Something that the program holds: else there is nothing to be measured.
        let bench = std::fs::read_to_string(here.dir().join("benches/speed.rs")).unwrap();
        let count = self.heads.len();
        let more = format!("{bench}\n#[used]\nstatic THOUGHT_{count}: u64 = {count};\n");
        here.write("benches/speed.rs", &more);
        let head = here.commit("Think");
        for name in [format!("heads/topic-{number}"), format!("pull/{number}/head")] {
            self.git.put(REPO, here, &head, &format!("refs/{name}"));
        }
        head
    }

    /// Sends what was not taken yet, the oldest first. What the server has taken, which it says
    /// by 202, is never sent again; what it has not is, for ever.
    pub async fn deliver(&mut self, webhook: &str) {
        while let Some(signed) = self.waiting.front() {
            let headers = signed.headers();
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = http::send(Method::POST, webhook, &headers, signed.body.clone()).await;
            let answer = answer.expect("a server that listens answers");
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
            self.github.delivered(signed, 202);
            self.accepted.push(signed.guid.clone());
            self.waiting.pop_front();
        }
    }

    /// Every token that GitHub gave away, and every signature of the App.
    pub fn tokens(&self) -> Vec<String> {
        let given: Vec<String> = self.github.edit(|state| state.tokens.keys().cloned().collect());
        let shown = self.github.requests().into_iter().filter_map(|ask| ask.bearer);
        given.into_iter().chain(shown).collect()
    }

    /// What the App is known by, and what its webhook is signed with.
    pub fn app() -> (u64, &'static str) {
        (APP, SECRET)
    }
}
