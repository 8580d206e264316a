//! The double of GitHub refuses what GitHub refuses, and notices what nobody expected.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;
use t5_gate::{
    github::client::{Access, CallError, Client, CommitStatus, StatusState},
    report::posted::{Action, CheckRun, CheckStatus, Conclusion},
};

use super::{GATE, HEAD, check, github, run};
use crate::support::github::{APP, GitHub, REPO, SECRET, Signed, State, Status};

async fn refusal(client: &Client, github: &GitHub, run: &CheckRun) -> String {
    let at = github.at_repo(REPO);
    match client.create_check(&at, check(run)).await {
        Err(CallError::Refused { status: 422, message }) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_check_run_over_a_limit_is_refused_and_one_at_it_is_not() {
    let (github, client, at) = github();
    github.lenient();
    let done = || run(CheckStatus::Completed(Conclusion::Success), 1);
    let mut most = done();
    (most.summary, most.text) = ("é".repeat(65_535), Some("é".repeat(65_535)));
    most.annotations[0].title = "t".repeat(255);
    most.annotations[0].message = "m".repeat(64 << 10);
    let action = Action { label: "12345678901234567890", description: "d", identifier: "t5-rerun" };
    most.actions = vec![action.clone(), action.clone(), action.clone()];
    client.create_check(&at, check(&most)).await.unwrap();
    assert_eq!(github.check_runs(REPO, HEAD).len(), 1);

    let over = |change: &dyn Fn(&mut CheckRun)| {
        let mut run = done();
        change(&mut run);
        run
    };
    let long: Action = Action { label: "123456789012345678901", ..action.clone() };
    let rows = [
        ("summary exceeds", over(&|run| run.summary.push_str(&"s".repeat(65_535)))),
        ("text exceeds", over(&|run| run.text = Some("t".repeat(65_536)))),
        ("summary wasn't", over(&|run| run.summary.clear())),
        ("title is too long", over(&|run| run.annotations[0].title = "t".repeat(256))),
        ("message exceeds", over(&|run| run.annotations[0].message = "m".repeat(65_537))),
        ("Only 3", over(&|run| run.actions = vec![action.clone(); 4])),
        ("label is too long", over(&|run| run.actions = vec![long.clone()])),
    ];
    for (said, run) in rows {
        let message = refusal(&client, &github, &run).await;
        assert!(message.contains(said), "{said}: {message}");
    }
    assert_eq!(github.check_runs(REPO, HEAD).len(), 1);
}

#[tokio::test]
async fn comments_labels_and_statuses_over_a_limit_are_refused() {
    let (github, client, at) = github();
    github.lenient();
    client.create_comment(&at, 7, &"é".repeat(65_536)).await.unwrap();
    let status = |description| CommitStatus {
        context: GATE,
        state: StatusState::Success,
        description,
        target_url: "https://t5.example",
    };
    github.edit(|state: &mut State| {
        let one = Status {
            sha: HEAD.to_owned(),
            context: GATE.to_owned(),
            state: "pending".to_owned(),
            description: String::new(),
            target_url: String::new(),
        };
        state.repo(REPO).statuses = vec![one; 999];
    });
    client.set_status(&at, HEAD, status("the thousandth")).await.unwrap();
    let refused = [
        ("too long", client.create_comment(&at, 7, &"é".repeat(65_537)).await.map(drop)),
        ("blank", client.create_comment(&at, 7, " ").await.map(drop)),
        ("too long", client.add_label(&at, 7, &"l".repeat(51)).await),
        ("maximum", client.set_status(&at, HEAD, status("one more")).await),
        ("No commit", client.set_status(&at, &HEAD.replace('1', "4"), status("")).await),
        ("list", client.react(&at, github.say(REPO, 7, "mona", "hi"), "shrug").await),
    ];
    for (said, result) in refused {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("422") && error.contains(said), "{said}: {error}");
    }
    assert_eq!(github.comments(REPO, 7).len(), 1);
}

#[tokio::test]
async fn another_apps_check_run_cannot_be_changed() {
    let (github, client, at) = github();
    let id = client.create_check(&at, check(&run(CheckStatus::Queued, 0))).await.unwrap();
    github.edit(|state| state.repo(REPO).checks[0].app_id = 1);
    let error =
        client.update_check(&at, id, check(&run(CheckStatus::Queued, 0))).await.unwrap_err();
    assert!(matches!(error, CallError::Refused { status: 403, .. }), "{error}");
    github.edit(|state| state.repo(REPO).checks[0].app_id = APP);
    github.check_runs(REPO, HEAD);
}

#[tokio::test]
async fn a_private_repository_outside_the_installation_does_not_exist() {
    let (github, client, at) = github();
    github.install(78, "acme");
    github.add_repo(78, 9_003, "acme/tools", true);
    let mut elsewhere = github.at_repo("acme/tools");
    elsewhere.installation = at.installation;
    assert_eq!(client.branch_tip(&elsewhere, "main").await.unwrap(), None);
}

fn fails(github: GitHub, with: &str) {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(github))).unwrap_err();
    let said = panic.downcast_ref::<String>().map_or("", String::as_str);
    assert!(said.contains(with), "{said}");
}

#[tokio::test]
async fn a_comment_or_a_check_run_that_nobody_looked_at_fails_the_test() {
    let (github, client, at) = github();
    client.create_comment(&at, 7, "unexpected").await.unwrap();
    fails(github, "unexpected");

    let (github, client, at) = super::github();
    client.create_check(&at, check(&run(CheckStatus::Queued, 0))).await.unwrap();
    fails(github, GATE);
}

#[tokio::test]
async fn a_request_that_github_does_not_describe_fails_the_test() {
    let (github, client, at) = github();
    // More than the description allows.
    let long = run(CheckStatus::Completed(Conclusion::Success), 0);
    let long = CheckRun { text: Some("t".repeat(65_536)), ..long };
    let error = client.create_check(&at, check(&long)).await.unwrap_err();
    assert!(error.to_string().contains("599"), "{error}");
    fails(github, "/output/text");

    // A path that there is not.
    let (github, _, at) = super::github();
    let access = Access { api_url: format!("{}/v4", github.api_url()), ..github.access() };
    let client = Client::new(&access, github.clock()).unwrap();
    client.pull(&at, 7).await.unwrap_err();
    fails(github, "no such path");

    // A reaction that there is not.
    let (github, client, at) = super::github();
    let comment = github.say(REPO, 7, "mona", "hello");
    client.react(&at, comment, "shrug").await.unwrap_err();
    fails(github, "/content");
}

/// Sends anything, as whoever holds this.
async fn raw(github: &GitHub, path: &str, bearer: &str, body: &serde_json::Value) -> (u16, String) {
    let octocrab = octocrab::Octocrab::builder().base_uri(github.api_url()).unwrap();
    let octocrab = octocrab.personal_token(bearer.to_owned()).build().unwrap();
    let answer = octocrab._post(path.to_owned(), Some(body)).await.unwrap();
    let status = answer.status().as_u16();
    (status, octocrab.body_to_string(answer).await.unwrap())
}

#[tokio::test]
async fn what_the_client_would_never_send_is_refused_too() {
    let (github, client, at) = github();
    github.lenient();
    client.pull(&at, 7).await.unwrap();
    let token = github.requests().pop().unwrap().bearer.unwrap();
    let path = "/repos/octo/kernels/check-runs";
    let with = |key: &str, value: serde_json::Value| {
        let mut body = json!({ "name": GATE, "head_sha": HEAD });
        body[key] = value;
        body
    };
    let annotation = json!({
        "path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m",
    });
    let output = json!({ "title": "t", "summary": "s", "annotations": vec![annotation; 51] });
    let rows = [
        ("conclusion is not", with("conclusion", json!("great"))),
        ("conclusion is required", with("status", json!("completed"))),
        ("quantity of 50", with("output", output)),
        ("required", json!({ "name": GATE })),
    ];
    for (said, body) in rows {
        let (status, text) = raw(&github, path, &token, &body).await;
        assert!(status == 422 && text.contains(said), "{said}: {status} {text}");
    }
    assert!(github.check_runs(REPO, HEAD).is_empty());
}

#[tokio::test]
async fn a_jwt_counts_for_its_app_unchanged_and_for_a_few_minutes() {
    let (github, client, _) = github();
    client.hook_deliveries(None).await.unwrap();
    let jwt = github.requests().pop().unwrap().bearer.unwrap();
    let path = "/app/installations/77/access_tokens";
    assert_eq!(raw(&github, path, &jwt, &json!({})).await.0, 201);
    let other_app = {
        let access = Access { app_id: APP + 1, ..github.access() };
        let client = Client::new(&access, github.clock()).unwrap();
        client.hook_deliveries(None).await.unwrap_err();
        github.requests().pop().unwrap().bearer.unwrap()
    };
    let (head, signature) =
        (other_app.rsplit_once('.').unwrap().0, jwt.rsplit_once('.').unwrap().1);
    let forged = format!("{head}.{signature}");
    for bad in [other_app, forged] {
        assert_eq!(raw(&github, path, &bad, &json!({})).await.0, 401);
    }
    github.time().advance(jiff::SignedDuration::from_mins(-2));
    assert_eq!(raw(&github, path, &jwt, &json!({})).await.0, 401, "from the future");
    github.time().advance(jiff::SignedDuration::from_mins(13));
    assert_eq!(raw(&github, path, &jwt, &json!({})).await.0, 401, "over");
}

#[tokio::test]
async fn a_token_ends_after_an_hour_and_never_gives_more_than_was_granted() {
    let (github, client, at) = github();
    client.pull(&at, 7).await.unwrap();
    let token = github.requests().pop().unwrap().bearer.unwrap();
    let path = "/repos/octo/kernels/issues/7/comments";
    github.time().advance(jiff::SignedDuration::from_mins(59));
    assert_eq!(raw(&github, path, &token, &json!({ "body": "one" })).await.0, 201);
    github.time().advance(jiff::SignedDuration::from_mins(2));
    assert_eq!(raw(&github, path, &token, &json!({ "body": "two" })).await.0, 401);
    assert_eq!(github.comments(REPO, 7), ["one"]);

    client.hook_deliveries(None).await.unwrap();
    let jwt = github.requests().pop().unwrap().bearer.unwrap();
    let path = "/app/installations/77/access_tokens";
    let more = json!({ "permissions": { "contents": "write" } });
    assert_eq!(raw(&github, path, &jwt, &more).await.0, 422);
    let elsewhere = json!({ "repository_ids": [1] });
    assert_eq!(raw(&github, path, &jwt, &elsewhere).await.0, 422);
}

/// What a delivery is: its event, its action, and what stands at some place of it.
fn says(signed: &Signed, event: &str, action: &str, pointer: &str, value: &str) {
    let payload: serde_json::Value = serde_json::from_slice(&signed.body).unwrap();
    assert_eq!((signed.event.as_str(), &payload["action"]), (event, &json!(action)));
    assert_eq!(payload.pointer(pointer), Some(&json!(value)), "{event} {action}");
}

#[tokio::test]
async fn deliveries_about_a_pull_request_say_how_it_stands() {
    let (github, _, _) = github();
    let (event, next) = ("pull_request", "5555555555555555555555555555555555555555");
    let state = "/pull_request/state";
    says(&github.pull_opened(REPO, 7), event, "opened", "/pull_request/head/sha", HEAD);
    says(&github.pull_pushed(REPO, 7, next), event, "synchronize", "/after", next);
    says(&github.pull_opened(REPO, 7), event, "opened", "/pull_request/head/sha", next);
    says(&github.pull_closed(REPO, 7, true), event, "closed", state, "closed");
    says(&github.pull_reopened(REPO, 7), event, "reopened", state, "open");
    says(&github.pull_ready(REPO, 7), event, "ready_for_review", state, "open");
    let comment = github.comment(REPO, 7, "mona", "/rerun-t5");
    says(&comment, "issue_comment", "created", "/comment/body", "/rerun-t5");
    says(&comment, "issue_comment", "created", "/comment/user/login", "mona");
}

#[tokio::test]
async fn deliveries_about_the_rest_name_what_they_are_about() {
    let (github, client, at) = github();
    let id = client.create_check(&at, check(&run(CheckStatus::Queued, 0))).await.unwrap();
    github.check_runs(REPO, HEAD);
    let next = "5555555555555555555555555555555555555555";
    let check = github.check_rerequested(REPO, id, "mona");
    says(&check, "check_run", "rerequested", "/check_run/external_id", "job-1");
    let suite = github.suite_rerequested(REPO, HEAD, "mona");
    says(&suite, "check_suite", "rerequested", "/check_suite/head_sha", HEAD);
    let group = github.merge_group(REPO, next, "checks_requested");
    says(&group, "merge_group", "checks_requested", "/merge_group/head_sha", next);
    let group = github.merge_group(REPO, next, "destroyed");
    says(&group, "merge_group", "destroyed", "/reason", "merged");
    let gone = github.uninstalled(77);
    says(&gone, "installation", "deleted", "/installation/account/login", "octo");
    let removed = github.removed_from(REPO);
    let name = "/repositories_removed/0/full_name";
    says(&removed, "installation_repositories", "removed", name, REPO);

    let pushed = github.pushed(REPO, "main", next, "mona");
    let payload: serde_json::Value = serde_json::from_slice(&pushed.body).unwrap();
    assert_eq!((&payload["ref"], &payload["after"]), (&json!("refs/heads/main"), &json!(next)));
    let again = github.deliver_again(&pushed);
    assert_eq!((again.guid == pushed.guid, again.id == pushed.id), (true, false));
}

#[tokio::test]
async fn deliveries_are_signed_and_say_what_github_says() {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let (github, client, at) = github();
    github.open_fork_pull(REPO, 8, "hubot", "2222222222222222222222222222222222222222");
    let id = client.create_check(&at, check(&run(CheckStatus::Queued, 0))).await.unwrap();
    github.check_runs(REPO, HEAD);
    let opened = github.pull_opened(REPO, 8);
    let payload: serde_json::Value = serde_json::from_slice(&opened.body).unwrap();
    assert_eq!(payload["action"], "opened");
    assert_eq!(payload["pull_request"]["head"]["repo"]["fork"], true);
    assert_eq!(payload["pull_request"]["base"]["ref"], "main");
    assert_eq!(payload["repository"]["full_name"], REPO);
    assert_eq!(payload["installation"], json!({ "id": 77 }));

    let button = github.button_pressed(REPO, id, "t5-rerun", "mona");
    let payload: serde_json::Value = serde_json::from_slice(&button.body).unwrap();
    assert_eq!(payload["requested_action"]["identifier"], "t5-rerun");
    assert_eq!(payload["check_run"]["pull_requests"][0]["number"], 7);

    for signed in [opened, button] {
        let headers = signed.headers();
        let value =
            |name: &str| headers.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(&signed.body);
        let expected = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
        assert_eq!(value("x-hub-signature-256"), format!("sha256={expected}"));
        assert_eq!(value("x-github-delivery"), signed.guid);
    }
}
