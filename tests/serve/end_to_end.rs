//! A real repository, a real signed webhook, a real gate, and a GitHub that is not ours.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    bench_double::{crate_with, source},
    emulate::{Emulate, SECRET, free_port},
    git_server::GitServer,
    http,
    repository::Repository,
    server::{Server, Setting},
    signed::signature,
};

const GATE: &str = "integrative:gate:benchmarks";

/// A small crate on GitHub, with the bot installed.
struct World {
    github: Emulate,
    repository: Repository,
    server: Server,
    setting: Setting,
    git: GitServer,
    pulls: u64,
}

impl World {
    async fn new() -> Option<Self> {
        let port = free_port();
        let github = Emulate::start(&format!("http://127.0.0.1:{port}/webhook"))?;
        let repository = crate_with(&[("add", 100.0), ("mul", 250.0)]);
        repository.commit("Begin");
        let known = format!("{}/repos/ada/quick", github.url());
        let git = GitServer::asking(&repository.beside("served"), &known);
        git.put("ada/quick", &repository, "main", "refs/heads/main");
        let setting = Setting::new(port, github.url(), &git.root_url());
        let server = setting.start();
        github.push(&repository, "main").await;
        Some(Self { github, repository, server, setting, git, pulls: 0 })
    }

    /// Opens a pull request from a new branch on which `change` was made; gives number and head.
    async fn open(&mut self, branch: &str, change: impl Fn(&Repository)) -> (u64, String) {
        let here = &self.repository;
        here.git(&["checkout", "--quiet", "-b", branch, "main"]);
        change(here);
        let head = here.commit(branch);
        here.git(&["checkout", "--quiet", "main"]);
        self.github.push(here, branch).await;
        self.git.put("ada/quick", here, &head, &format!("refs/heads/{branch}"));
        // GitHub has the ref by the time it tells anybody of the pull request.
        self.pulls += 1;
        let number = self.pulls;
        self.git.put("ada/quick", here, &head, &format!("refs/pull/{number}/head"));
        let pull = json!({"title": branch, "head": branch, "base": "main"});
        let pull = self.github.call(Method::POST, "/pulls", pull).await;
        assert_eq!(pull["number"], number);
        (number, head)
    }

    /// Comments as the repository's owner. The emulator's own delivery does not say that the
    /// issue is a pull request, as GitHub's does, so this one is made of what it stored.
    async fn say(&self, number: u64, text: &str) {
        let path = format!("/issues/{number}/comments");
        let comment = self.github.call(Method::POST, &path, json!({"body": text})).await;
        let body = json!({
            "action": "created",
            "issue": {"number": number, "pull_request": {"url": format!("/pulls/{number}")}},
            "comment": comment,
            "repository": self.github.call(Method::GET, "", Value::Null).await,
            "sender": comment["user"],
            "installation": {"id": 100},
        })
        .to_string();
        let signature = signature(SECRET, body.as_bytes());
        let headers = [
            ("content-type", "application/json"),
            ("x-github-event", "issue_comment"),
            ("x-github-delivery", "a-comment-of-ada"),
            ("x-hub-signature-256", signature.as_str()),
        ];
        let answer = http::send(Method::POST, &self.setting.webhook(), &headers, body).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    }

    /// Our check runs of a commit, the newest first, once `count` of them are completed.
    async fn checks(&mut self, head: &str, count: usize) -> Vec<Value> {
        loop {
            let path = format!("/commits/{head}/check-runs?check_name={GATE}&filter=all");
            let listed = self.github.call(Method::GET, &path, Value::Null).await;
            let mut runs = listed["check_runs"].as_array().unwrap().clone();
            runs.sort_by_key(|run| std::cmp::Reverse(run["id"].as_u64()));
            if runs.iter().filter(|run| run["status"] == "completed").count() == count {
                assert_eq!(runs.len(), count, "{runs:#?}");
                return runs;
            }
            self.server.until("published");
        }
    }

    /// The bot's comments on a pull request, once the newest one's text satisfies `wanted`.
    async fn comment(&mut self, number: u64, wanted: &str) -> (u64, String) {
        loop {
            let path = format!("/issues/{number}/comments");
            let all = self.github.call(Method::GET, &path, Value::Null).await;
            let ours: Vec<&Value> =
                all.as_array().unwrap().iter().filter(|one| one["user"]["type"] == "Bot").collect();
            assert!(ours.len() <= 1, "one sticky comment: {ours:#?}");
            if let Some(one) = ours.first()
                && one["body"].as_str().unwrap().contains(wanted)
            {
                let body = one["body"].as_str().unwrap().to_owned();
                return (one["id"].as_u64().unwrap(), body);
            }
            self.server.until("published");
        }
    }

    async fn labels(&mut self, number: u64) -> Vec<String> {
        let path = format!("/issues/{number}/labels");
        let labels = self.github.call(Method::GET, &path, Value::Null).await;
        let name = |label: &Value| label["name"].as_str().unwrap().to_owned();
        labels.as_array().unwrap().iter().map(name).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_is_gated_and_the_answer_stands_on_github() {
    let Some(mut world) = World::new().await else { return };

    // A change that costs nothing.
    let (number, head) = world
        .open("words", |here| {
            here.edit("benches/speed.rs", "a known id", "an id that is known");
        })
        .await;
    let check = world.checks(&head, 1).await.remove(0);
    assert_eq!(check["conclusion"], "success", "{check:#}");
    let details = check["details_url"].as_str().unwrap();
    assert!(details.starts_with(&world.setting.url()), "{details}");
    let (sticky, body) = world.comment(number, "pr-doc-reviewer").await;
    assert!(body.contains("add"), "{body}");

    // The same again, because somebody asked: another check run, the same comment.
    world.say(number, "/rerun-t5 policy").await;
    let checks = world.checks(&head, 2).await;
    assert_eq!(checks[0]["conclusion"], "success", "{:#}", checks[0]);
    let summary = checks[0]["output"]["summary"].as_str().unwrap();
    assert!(summary.contains("/rerun-t5 policy"), "{summary}");
    let (again, _) = world.comment(number, "/rerun-t5 policy").await;
    assert_eq!(again, sticky);

    // A change that makes one benchmark a fifth slower.
    let (number, head) = world
        .open("slow", |here| {
            here.write("benches/speed.rs", &source(&[("add", 120.0), ("mul", 250.0)]));
        })
        .await;
    let check = world.checks(&head, 1).await.remove(0);
    assert_eq!(check["conclusion"], "failure", "{check:#}");
    let text = check["output"]["text"].as_str().unwrap();
    assert!(text.contains("regressed"), "{text}");
    world.comment(number, "perf-fixer").await;
    world.server.until("published target=\"label");
    assert_eq!(world.labels(number).await, ["t5:perf-fixer"]);

    // A change of the licence to one that is not accepted.
    let (number, head) = world
        .open("licence", |here| {
            here.edit("Cargo.toml", "license = \"MIT\"", "license = \"GPL-3.0-only\"");
        })
        .await;
    let check = world.checks(&head, 1).await.remove(0);
    assert_eq!(check["conclusion"], "failure", "{check:#}");
    assert!(check["output"]["text"].as_str().unwrap().contains("GPL-3.0-only"));
    world.comment(number, "policy-fixer").await;

    // Nothing secret was said on the way, and asked to end, it ends.
    let (code, rest) = world.server.terminate();
    assert_eq!(code, Some(0), "{rest}");
    assert!(!rest.contains("the webhook's secret") && !rest.contains("PRIVATE KEY"), "{rest}");
}
