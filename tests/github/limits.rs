//! GitHub's limits, as far as they concern calls, each under its name.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use t5_gate::{
    github::client::{At, CallError, Client},
    report::posted::{CheckStatus, Conclusion},
};

use super::{HEAD, check, github, run};
use crate::support::github::{APP, Auth, Fault, GitHub, INSTALLATION, REPO, REPO_ID, sent};

const COMMENTS: &str = "/repos/*/*/issues/*/comments";
const PULL: &str = "/repos/*/*/pulls/7";
const TOKENS: &str = "/app/installations/77/access_tokens";

fn until(result: Result<impl std::fmt::Debug, CallError>) -> Timestamp {
    match result {
        Err(CallError::Limited { until, .. }) => until,
        other => panic!("not limited: {other:?}"),
    }
}

fn seconds_from(github: &GitHub, until: Timestamp) -> i64 {
    until.duration_since(github.time().now()).as_secs()
}

#[tokio::test]
async fn annotations_go_in_parts_of_fifty_and_never_twice() {
    let (github, client, at) = github();
    let id = client.create_check(&at, check(&run(CheckStatus::InProgress, 120))).await.unwrap();
    assert!(github.check_runs(REPO, HEAD)[0].annotations.is_empty(), "only the end has any");

    let done = run(CheckStatus::Completed(Conclusion::Failure), 120);
    client.update_check(&at, id, check(&done)).await.unwrap();
    client.update_check(&at, id, check(&done)).await.unwrap();
    let parts: Vec<usize> = github
        .requests_to("PATCH", "/repos/*/*/check-runs/*")
        .iter()
        .map(|ask| sent(ask, "/output/annotations").as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(parts, [50, 50, 20, 0]);
    let lines: Vec<u64> = github.check_runs(REPO, HEAD)[0]
        .annotations
        .iter()
        .map(|annotation| annotation["start_line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, (1..=120).collect::<Vec<_>>());
}

#[tokio::test]
async fn annotations_that_a_failure_cut_off_are_added_by_the_next_update() {
    let (github, client, at) = github();
    let done = run(CheckStatus::Completed(Conclusion::Failure), 120);
    github.fault("PATCH", "/repos/*/*/check-runs/*", Fault::AnswerLost);
    let error = client.create_check(&at, check(&done)).await.unwrap_err();
    assert!(matches!(error, CallError::Unsure { .. }), "{error}");
    let id = github.check_runs(REPO, HEAD)[0].id;
    client.update_check(&at, id, check(&done)).await.unwrap();
    let kept = github.check_runs(REPO, HEAD).remove(0);
    let titles: BTreeSet<&str> =
        kept.annotations.iter().map(|annotation| annotation["title"].as_str().unwrap()).collect();
    assert_eq!((kept.annotations.len(), titles.len()), (120, 120));
    assert_eq!(kept.text.as_deref(), Some("a text"), "no part takes the text away");
}

#[tokio::test]
async fn fork_pull_requests_are_found_by_their_head() {
    let (github, client, at) = github();
    let head = "2222222222222222222222222222222222222222";
    for number in 100..230 {
        github.open_pull(REPO, number, "mona", HEAD);
    }
    github.open_fork_pull(REPO, 300, "hubot", head);
    github.open_fork_pull(REPO, 301, "hubot", head);
    github.edit(|state| state.repo(REPO).pull(301).open = false);
    assert_eq!(client.open_pulls_of_head(&at, head).await.unwrap(), [300]);
}

#[tokio::test]
async fn a_jwt_begins_a_minute_ago_and_ends_within_ten() {
    let (github, client, _) = github();
    client.hook_deliveries(None).await.unwrap();
    let ask = github.requests().remove(0);
    assert!(matches!(ask.auth, Auth::App));
    let jwt = ask.bearer.unwrap();
    let part = |index: usize| -> Value {
        let part = jwt.split('.').nth(index).unwrap();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
    };
    let now = github.time().now().as_second();
    assert_eq!(part(0)["alg"], "RS256");
    assert_eq!(part(1)["iss"], APP);
    assert_eq!(part(1)["iat"], now - 60);
    assert!(part(1)["exp"].as_i64().unwrap() <= now + 600);
}

#[tokio::test]
async fn an_installation_token_is_used_again_and_renewed_before_its_hour() {
    let (github, client, at) = github();
    for minutes in [0, 30, 54] {
        github.time().advance_to("2026-03-04T05:06:07Z".parse().unwrap());
        github.time().advance(SignedDuration::from_mins(minutes));
        client.pull(&at, 7).await.unwrap();
    }
    assert_eq!(github.requests_to("POST", TOKENS).len(), 1);
    github.time().advance(SignedDuration::from_mins(2));
    client.pull(&at, 7).await.unwrap();
    assert_eq!(github.requests_to("POST", TOKENS).len(), 2);
}

#[tokio::test]
async fn calls_that_begin_together_share_one_token() {
    let (github, client, at) = github();
    let calls = (0..8).map(|_| {
        let (client, at) = (client.clone(), at.clone());
        tokio::spawn(async move { client.pull(&at, 7).await.unwrap() })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    assert_eq!(github.requests_to("POST", TOKENS).len(), 1);
}

#[tokio::test]
async fn a_checkouts_token_reads_the_contents_of_one_repository_and_is_new_each_time() {
    let (github, client, at) = github();
    github.add_repo(INSTALLATION, 9_002, "octo/other", true);
    let one = client.contents_token(&at).await.unwrap();
    let two = client.contents_token(&at).await.unwrap();
    use secrecy::ExposeSecret as _;
    assert_ne!(one.expose_secret(), two.expose_secret());
    let asked = github.requests_to("POST", TOKENS);
    let narrow = json!({ "repository_ids": [REPO_ID], "permissions": { "contents": "read" } });
    assert_eq!((&asked[0].body, &asked[1].body), (&narrow, &narrow));
    let token = github.edit(|state| state.tokens[two.expose_secret()].clone());
    assert_eq!(token.repos, [REPO_ID].into());
    assert_eq!(token.permissions.get("contents").map(String::as_str), Some("read"));
    assert_eq!(token.permissions.get("checks"), None);
}

#[tokio::test]
async fn the_order_of_back_off_is_retry_after_then_reset_then_a_minute() {
    let reset: Timestamp = "2026-03-04T05:36:07Z".parse().unwrap();
    let at_reset = reset.as_second().to_string();
    let none_left = || ("x-ratelimit-remaining", "0".to_owned());
    let some_left = || ("x-ratelimit-remaining", "12".to_owned());
    let reset_at = || ("x-ratelimit-reset", at_reset.clone());
    let wait = |seconds: &str| ("retry-after", seconds.to_owned());
    let says = |message: &str| json!({ "message": message });
    let rows = [
        ("retry-after first", 403, vec![wait("7"), none_left(), reset_at()], says("x"), 7),
        ("on 429 too", 429, vec![wait("90")], says("x"), 90),
        ("then the reset", 403, vec![none_left(), reset_at()], says("x"), 1_800),
        ("on 429 too", 429, vec![none_left(), reset_at()], says("x"), 1_800),
        ("not where some is left", 429, vec![some_left(), reset_at()], says("x"), 60),
        ("else a minute", 429, vec![], says("x"), 60),
        ("a secondary limit", 403, vec![], says("You have exceeded a secondary rate limit."), 60),
        ("as it was called", 403, vec![], says("You have triggered an abuse detection"), 60),
        ("a primary one", 403, vec![some_left()], says("API rate limit exceeded for x"), 60),
        ("a header that is none", 429, vec![wait("soon")], says("x"), 60),
        (
            "a reset that is past",
            403,
            vec![none_left(), ("x-ratelimit-reset", "9".to_owned())],
            says("x"),
            1,
        ),
    ];
    for (row, status, headers, body, seconds) in rows {
        let (github, client, at) = github();
        github.fault("GET", PULL, Fault::Answer(status, headers, body));
        let until = until(client.pull(&at, 7).await);
        assert_eq!(seconds_from(&github, until), seconds, "{row}");
    }
}

#[tokio::test]
async fn a_403_that_speaks_of_no_limit_is_refused_and_names_the_permission() {
    let (github, client, at) = github();
    let comment = github.say(REPO, 7, "mona", "/rerun-t5");
    github.edit(|state| {
        let installation = state.installations.get_mut(&INSTALLATION).unwrap();
        installation.permissions.remove("pull_requests");
    });
    let error = client.react(&at, comment, "eyes").await.unwrap_err();
    let CallError::Refused { status: 403, message } = &error else { panic!("{error}") };
    assert!(message.contains("not accessible by integration"), "{message}");
    assert!(message.contains("pull_requests=write") && message.contains("settings"), "{message}");

    let said = json!({ "message": "Resource not accessible by integration" });
    github.fault("POST", "/repos/*/*/check-runs", Fault::Answer(403, vec![], said));
    let error = client.create_check(&at, check(&run(CheckStatus::Queued, 0))).await.unwrap_err();
    assert!(error.to_string().contains("checks: write"), "{error}");
}

#[tokio::test]
async fn limits_without_a_time_double_up_to_an_hour_until_an_answer_comes() {
    let (github, client, at) = github();
    let mut waits = Vec::new();
    for round in 0..8 {
        let fault = if round % 2 == 0 { Fault::TooMany } else { Fault::SecondaryLimit };
        github.fault("GET", PULL, fault);
        let until = until(client.pull(&at, 7).await);
        waits.push(seconds_from(&github, until) / 60);
        github.time().advance_to(until);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    client.pull(&at, 7).await.unwrap();
    github.fault("GET", PULL, Fault::TooMany);
    assert_eq!(seconds_from(&github, until(client.pull(&at, 7).await)), 60);
}

#[tokio::test]
async fn after_a_limit_nothing_is_sent_for_that_installation_until_then() {
    let (github, client, at) = github();
    github.install(78, "acme");
    github.add_repo(78, 9_003, "acme/tools", true);
    let other = github.at_repo("acme/tools");
    github.fault("GET", PULL, Fault::RetryAfter(30));
    let wait = until(client.pull(&at, 7).await);
    let before = github.requests().len();
    assert_eq!(until(client.create_comment(&at, 7, "hello").await), wait);
    assert_eq!(until(client.pull(&at, 7).await), wait);
    assert_eq!(github.requests().len(), before);
    assert!(client.branch_tip(&other, "main").await.unwrap().is_some(), "others go on");

    github.time().advance(SignedDuration::from_secs(29));
    assert_eq!(until(client.pull(&at, 7).await), wait);
    github.time().advance(SignedDuration::from_secs(1));
    assert!(client.pull(&at, 7).await.unwrap().is_some());
}

#[tokio::test]
async fn no_token_is_asked_for_while_github_asks_to_wait() {
    let (github, client, at) = github();
    github.fault("GET", PULL, Fault::RetryAfter(7_200));
    let wait = until(client.pull(&at, 7).await);
    github.time().advance(SignedDuration::from_mins(90));
    assert_eq!(until(client.pull(&at, 7).await), wait);
    assert_eq!(github.requests_to("POST", TOKENS).len(), 1);
}

#[tokio::test]
async fn the_primary_limit_ends_at_its_reset() {
    let (github, client, at) = github();
    let reset = github.time().now().checked_add(SignedDuration::from_mins(20)).unwrap();
    github.fault("POST", COMMENTS, Fault::RateLimit(reset));
    assert_eq!(until(client.create_comment(&at, 7, "hello").await), reset);
    assert_eq!(github.comments(REPO, 7), [""; 0]);
}

async fn comment_times(client: &Client, at: &At, times: usize) {
    for time in 0..times {
        client.create_comment(at, 7, &format!("comment {time}")).await.unwrap();
    }
}

#[tokio::test]
async fn no_more_than_80_things_are_made_in_a_minute_and_500_in_an_hour() {
    let (github, client, at) = github();
    let start = github.time().now();
    comment_times(&client, &at, 40).await;
    github.time().advance(SignedDuration::from_secs(10));
    comment_times(&client, &at, 40).await;
    let free = until(client.create_comment(&at, 7, "one too many").await);
    assert_eq!(free, start.checked_add(SignedDuration::from_secs(60)).unwrap());
    assert!(client.pull(&at, 7).await.unwrap().is_some(), "reading goes on");

    for _ in 0..6 {
        github.time().advance(SignedDuration::from_mins(2));
        comment_times(&client, &at, 70).await;
    }
    github.time().advance(SignedDuration::from_mins(2));
    let free = until(client.create_comment(&at, 7, "one too many").await);
    assert_eq!(free, start.checked_add(SignedDuration::from_hours(1)).unwrap());
    assert_eq!(github.comments(REPO, 7).len(), 500);
}

#[tokio::test]
async fn no_more_than_900_points_are_spent_in_a_minute() {
    let (github, client, at) = github();
    let start = github.time().now();
    let id = client.create_comment(&at, 7, "hello").await.unwrap();
    for _ in 0..177 {
        client.update_comment(&at, id, "hello").await.unwrap();
    }
    for _ in 0..10 {
        client.pull(&at, 7).await.unwrap();
    }
    let free = start.checked_add(SignedDuration::from_secs(60)).unwrap();
    assert_eq!(until(client.pull(&at, 7).await), free);
    github.time().advance_to(free);
    assert!(client.pull(&at, 7).await.unwrap().is_some());
    assert_eq!(github.comments(REPO, 7), ["hello"]);
}

#[tokio::test]
async fn fewer_than_a_hundred_requests_are_under_way_at_once() {
    let (github, client, at) = github();
    client.pull(&at, 7).await.unwrap();
    for _ in 0..120 {
        github.fault("GET", PULL, Fault::Held);
    }
    let other = github.client();
    let calls: Vec<_> = (0..120)
        .map(|_| {
            let (client, at) = (client.clone(), at.clone());
            tokio::spawn(async move { client.pull(&at, 7).await.unwrap() })
        })
        .collect();
    while github.under_way() < 50 {
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        other.branch_tip(&at, "main").await.unwrap();
    }
    while calls.iter().any(|call| !call.is_finished()) {
        github.release();
        tokio::task::yield_now().await;
    }
    assert_eq!(github.requests_to("GET", PULL).len(), 121);
    assert!((2..100).contains(&github.most_at_once()), "{}", github.most_at_once());
}

#[test]
fn octocrabs_features_bring_no_rsa() {
    let lock = include_str!("../../Cargo.lock");
    assert!(lock.contains("name = \"octocrab\""));
    for kept_out in ["rsa", "bincode", "serde_yml"] {
        assert!(!lock.contains(&format!("name = \"{kept_out}\"\n")), "{kept_out}");
    }
}

#[tokio::test]
async fn nothing_is_repeated_behind_the_callers_back() {
    let (github, client, at) = github();
    client.pull(&at, 7).await.unwrap();
    let faults = [Fault::RequestLost, Fault::BadGateway, Fault::AnswerLost, Fault::SecondaryLimit];
    let planned = faults.len();
    for fault in faults {
        github.fault("POST", COMMENTS, fault);
        client.create_comment(&at, 7, "hello").await.unwrap_err();
    }
    assert_eq!(github.requests_to("POST", COMMENTS).len(), planned);
    assert_eq!(github.comments(REPO, 7), ["hello"]);
}
