//! A GitHub that is not ours: the npm package `emulate`, with the history of a real repository.
//!
//! It names objects as git does, so whatever is put into it has the names that it has in the
//! repository itself.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use data_encoding::BASE64;
use hyper::Method;
use serde_json::{Value, json};

use super::{http, npm, repository::Repository};

/// The account's own token; `emulate` knows it because we name it.
const TOKEN: &str = "ada-test-token";
/// The App's id.
pub const APP: u64 = 12345;
/// What its deliveries are signed with.
pub const SECRET: &str = "the webhook's secret";

/// A running emulator with the repository `ada/quick` and one installed App.
pub struct Emulate {
    child: Child,
    url: String,
}

impl Emulate {
    /// Starts it; None, noted as not run, where there is no npm. Deliveries go to `webhook`.
    pub fn start(webhook: &str) -> Option<Self> {
        let package = npm::package("emulate", "0.11.2")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/emulate.mjs");
        let told = json!({
            "package": package,
            "port": free_port(),
            "token": TOKEN,
            "app": APP,
            "key": key(),
            "webhook": webhook,
            "secret": SECRET,
        });
        let mut child = Command::new("node")
            .arg(script)
            .arg(told.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("ready ").unwrap_or_else(|| panic!("it said {line:?}"));
        Some(Self { url: url.to_owned(), child })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Calls the API as the repository's owner.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/repos/ada/quick{path}", self.url);
        let authorization = format!("Bearer {TOKEN}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer =
            http::send(method, &url, &[("authorization", &authorization)], body).await.unwrap();
        assert!(answer.status.is_success(), "{url}: {} {}", answer.status, answer.text());
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// Makes a branch there what it is in the repository.
    pub async fn push(&self, repository: &Repository, branch: &str) {
        let range = format!("refs/heads/{branch}");
        for sha in repository.git(&["rev-list", "--reverse", &range]).lines() {
            self.put_commit(repository, sha).await;
        }
        let sha = repository.git(&["rev-parse", &range]);
        let known = self.call(Method::GET, "/branches", Value::Null).await;
        let known = known.as_array().unwrap().iter().any(|known| known["name"] == branch);
        if known {
            let path = format!("/git/refs/heads/{branch}");
            self.call(Method::PATCH, &path, json!({"sha": sha, "force": true})).await;
        } else {
            self.call(Method::POST, "/git/refs", json!({"ref": range, "sha": sha})).await;
        }
    }

    async fn put_commit(&self, repository: &Repository, sha: &str) {
        let mut tree = Vec::new();
        for line in repository.git(&["ls-tree", "-r", sha]).lines() {
            let (about, path) = line.split_once('\t').unwrap();
            let mut about = about.split(' ');
            let (mode, _, blob) = (about.next().unwrap(), about.next(), about.next().unwrap());
            let bytes = repository.bytes(&["cat-file", "blob", blob]);
            let put = json!({"content": BASE64.encode(&bytes), "encoding": "base64"});
            let put = self.call(Method::POST, "/git/blobs", put).await;
            assert_eq!(put["sha"], blob, "{path}");
            tree.push(json!({"path": path, "mode": mode, "type": "blob", "sha": blob}));
        }
        let tree = self.call(Method::POST, "/git/trees", json!({"tree": tree})).await;
        let told =
            |format: &str| repository.git(&["log", "-1", &format!("--format={format}"), sha]);
        let parents = told("%P");
        let parents: Vec<&str> = parents.split_whitespace().collect();
        let commit = json!({
            "message": format!("{}\n", told("%B").trim_end()),
            "tree": tree["sha"],
            "parents": parents,
            "author": {"name": "Ada", "email": "ada@example.org", "date": told("%aI")},
        });
        let commit = self.call(Method::POST, "/git/commits", commit).await;
        assert_eq!(commit["sha"], sha, "the emulator names commits as git does");
    }
}

impl Drop for Emulate {
    fn drop(&mut self) {
        // It ends with its standard input; waiting for it leaves nothing behind.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The App's private key: made for tests, and good for nothing else.
pub fn key() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/github/app.pem");
    fs::read_to_string(path).unwrap()
}

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
