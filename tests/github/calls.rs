//! Each call, and how it fails.

use std::{
    io::{self, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use t5_gate::{
    github::client::{
        Access, CallError, CheckSeen, Client, CommitStatus, Patience, Permission, StatusState,
        convert_manifest,
    },
    report::posted::{Action, CheckStatus, Conclusion},
};

use super::{GATE, HEAD, check, github, run};
use crate::support::github::{APP, Auth, BASE, Fault, File, GitHub, INSTALLATION, KEY, REPO, sent};

const COMMENTS: &str = "/repos/*/*/issues/*/comments";

#[tokio::test]
async fn a_check_run_is_made_found_and_brought_up_to_date() {
    let (github, client, at) = github();
    let queued = run(CheckStatus::Queued, 0);
    let id = client.create_check(&at, check(&queued)).await.unwrap();
    assert_eq!(client.find_check(&at, HEAD, GATE, "job-1").await.unwrap(), Some(id));
    assert_eq!(client.find_check(&at, HEAD, GATE, "job-2").await.unwrap(), None);

    let mut done = run(CheckStatus::Completed(Conclusion::Failure), 1);
    done.actions = vec![Action { label: "Run again", description: "All", identifier: "t5-rerun" }];
    let mut check = check(&done);
    check.started = Some("2026-03-04T05:06:07.5Z".parse().unwrap());
    check.completed = Some("2026-03-04T05:07:08Z".parse().unwrap());
    client.update_check(&at, id, check).await.unwrap();

    let runs = github.check_runs(REPO, HEAD);
    assert_eq!(runs.len(), 1);
    assert_eq!(
        (runs[0].status.as_str(), runs[0].conclusion.as_deref()),
        ("completed", Some("failure"))
    );
    assert_eq!(runs[0].started.as_deref(), Some("2026-03-04T05:06:07Z"));
    assert_eq!(runs[0].completed.as_deref(), Some("2026-03-04T05:07:08Z"));
    assert_eq!(runs[0].external_id, "job-1");
    assert_eq!(runs[0].annotations[0]["annotation_level"], "failure");
    assert_eq!(runs[0].actions[0]["identifier"], "t5-rerun");
    let seen = CheckSeen {
        name: GATE.to_owned(),
        status: "completed".to_owned(),
        conclusion: Some("failure".to_owned()),
        app_id: Some(APP),
    };
    assert_eq!(client.checks_of(&at, HEAD).await.unwrap(), [seen]);
}

#[tokio::test]
async fn another_apps_check_run_of_the_same_name_is_not_ours() {
    let (github, client, at) = github();
    client.create_check(&at, check(&run(CheckStatus::Queued, 0))).await.unwrap();
    github.edit(|state| state.repo(REPO).checks[0].app_id = 1);
    assert_eq!(client.find_check(&at, HEAD, GATE, "job-1").await.unwrap(), None);
    github.edit(|state| state.repo(REPO).checks[0].app_id = APP);
    assert_eq!(github.check_runs(REPO, HEAD).len(), 1);
}

#[tokio::test]
async fn where_a_server_does_not_say_whose_a_check_run_is_our_own_id_of_the_job_does() {
    let (github, client, at) = github();
    let runs = |external_id: &str| {
        let run = json!({ "id": 5, "name": GATE, "status": "queued", "external_id": external_id });
        json!({ "total_count": 1, "check_runs": [run] })
    };
    for (external_id, found) in [("job-1", Some(5)), ("job-2", None)] {
        let answer = Fault::Answer(200, vec![], runs(external_id));
        github.fault("GET", "/repos/*/*/commits/*/check-runs", answer);
        assert_eq!(client.find_check(&at, HEAD, GATE, "job-1").await.unwrap(), found);
    }
}

#[tokio::test]
async fn a_comment_is_edited_by_patch() {
    let (github, client, at) = github();
    let id = client.create_comment(&at, 7, "<!-- t5 --> one").await.unwrap();
    client.update_comment(&at, id, "<!-- t5 --> two").await.unwrap();
    assert_eq!(github.comments(REPO, 7), ["<!-- t5 --> two"]);
    let edits = github.requests_to("PATCH", "/repos/*/*/issues/comments/*");
    assert_eq!(sent(&edits[0], "/body"), "<!-- t5 --> two");
}

#[tokio::test]
async fn a_comment_is_found_by_its_beginning_among_those_of_the_app_itself() {
    let (github, client, at) = github();
    github.say(REPO, 7, "mona", "<!-- t5 -->\nI copied the bot's comment");
    let other = github.say(REPO, 7, "renovate[bot]", "<!-- t5 -->\nanother bot");
    github.edit(|state| {
        let comment = state.repo(REPO).comments.iter_mut().find(|known| known.id == other);
        comment.unwrap().app = Some(1);
    });
    for number in 0..120 {
        github.say(REPO, 7, "mona", &format!("comment {number}"));
    }
    assert_eq!(client.find_comment(&at, 7, "<!-- t5 -->").await.unwrap(), None);
    client.create_comment(&at, 7, "I quote <!-- t5 -->").await.unwrap();
    assert_eq!(client.find_comment(&at, 7, "<!-- t5 -->").await.unwrap(), None);
    let id = client.create_comment(&at, 7, "<!-- t5 -->\nthe report").await.unwrap();
    assert_eq!(client.find_comment(&at, 7, "<!-- t5 -->").await.unwrap(), Some(id));
    assert_eq!(github.comments(REPO, 7).len(), 2);
}

#[tokio::test]
async fn a_person_who_acts_through_the_app_is_not_the_app() {
    let (github, client, at) = github();
    let id = github.say(REPO, 7, "mona", "<!-- t5 -->\nby hand");
    github.edit(|state| {
        let comment = state.repo(REPO).comments.iter_mut().find(|known| known.id == id);
        comment.unwrap().app = Some(APP);
    });
    assert_eq!(client.find_comment(&at, 7, "<!-- t5 -->").await.unwrap(), None);
}

#[tokio::test]
async fn reactions_and_labels_say_the_same_when_they_are_sent_twice() {
    let (github, client, at) = github();
    let comment = github.say(REPO, 7, "mona", "/rerun-t5");
    for _ in 0..2 {
        client.react(&at, comment, "eyes").await.unwrap();
        client.add_label(&at, 7, "t5: perf/fixer #1").await.unwrap();
    }
    assert_eq!(github.reactions(REPO, comment), ["eyes"]);
    assert_eq!(client.labels(&at, 7).await.unwrap(), ["t5: perf/fixer #1"]);
    for _ in 0..2 {
        client.remove_label(&at, 7, "t5: perf/fixer #1").await.unwrap();
    }
    assert_eq!(github.labels(REPO, 7), [""; 0]);
}

#[tokio::test]
async fn a_status_and_findings_reach_their_commit() {
    let (github, client, at) = github();
    let status = CommitStatus {
        context: GATE,
        state: StatusState::Pending,
        description: &"é".repeat(200),
        target_url: "https://t5.example/jobs/job-1",
    };
    client.set_status(&at, HEAD, status).await.unwrap();
    let kept = &github.statuses(REPO)[0];
    assert_eq!((kept.state.as_str(), kept.description.chars().count()), ("pending", 140));

    let findings = json!({ "version": "2.1.0", "runs": [] });
    client.upload_sarif(&at, HEAD, "refs/pull/7/head", &findings).await.unwrap();
    let kept = &github.sarifs(REPO)[0];
    assert_eq!((kept.git_ref.as_str(), &kept.document), ("refs/pull/7/head", &findings));
}

#[tokio::test]
async fn a_pull_request_of_a_deleted_fork_has_no_head_repository() {
    let (github, client, at) = github();
    github.open_fork_pull(REPO, 8, "hubot", "2222222222222222222222222222222222222222");
    let pull = client.pull(&at, 8).await.unwrap().unwrap();
    assert_eq!((pull.author.as_str(), pull.head_repo), ("hubot", Some(500_008)));
    assert_eq!((pull.base.as_str(), pull.base_ref.as_str(), pull.open), (BASE, "main", true));
    assert_eq!(pull.changed_files, Some(0));
    github.edit(|state| state.repo(REPO).pull(8).head_repo = None);
    assert_eq!(client.pull(&at, 8).await.unwrap().unwrap().head_repo, None);
    assert_eq!(client.pull(&at, 9).await.unwrap(), None);
}

#[tokio::test]
async fn all_files_of_a_large_pull_request_are_read() {
    let (github, client, at) = github();
    let file = |number| File {
        path: format!("src/{number}.rs"),
        previous: (number == 0).then(|| "old.rs".to_owned()),
        status: if number == 0 { "renamed" } else { "modified" }.to_owned(),
        patch: (number > 0).then(|| "@@ -1 +1 @@".to_owned()),
    };
    github.edit(|state| state.repo(REPO).pull(7).files = (0..230).map(file).collect());
    let files = client.pull_files(&at, 7).await.unwrap();
    assert_eq!(files.len(), 230);
    assert_eq!((files[0].previous.as_deref(), files[0].patch.as_deref()), (Some("old.rs"), None));
    assert_eq!(files[229].path, "src/229.rs");
    assert_eq!(github.requests_to("GET", "/repos/*/*/pulls/*/files").len(), 3);
}

#[tokio::test]
async fn the_tip_of_a_branch_with_slashes_and_signs_is_found() {
    let (github, client, at) = github();
    github.commit(REPO, "release/1.0 #5%", HEAD);
    assert_eq!(client.branch_tip(&at, "release/1.0 #5%").await.unwrap().as_deref(), Some(HEAD));
    assert_eq!(client.branch_tip(&at, "release").await.unwrap(), None);
}

#[tokio::test]
async fn a_renamed_repository_is_followed() {
    let (github, client, at) = github();
    github.rename(REPO, "cores");
    assert_eq!(client.branch_tip(&at, "main").await.unwrap().as_deref(), Some(BASE));
    client.create_comment(&at, 7, "still here").await.unwrap();
    assert_eq!(github.comments("octo/cores", 7), ["still here"]);
}

#[tokio::test]
async fn nobody_is_followed_to_another_server() {
    let (github, client, at) = github();
    let elsewhere = vec![("location", "https://evil.example/repositories/1/pulls/7".to_owned())];
    github.fault("GET", "/repos/*/*/pulls/7", Fault::Answer(301, elsewhere, json!({})));
    let error = client.pull(&at, 7).await.unwrap_err();
    assert!(matches!(error, CallError::Refused { status: 301, .. }), "{error}");
}

#[tokio::test]
async fn deliveries_are_read_page_by_page_and_asked_for_again() {
    let (github, client, _) = github();
    let lost = github.pull_opened(REPO, 7);
    for _ in 0..150 {
        let signed = github.pull_opened(REPO, 7);
        github.delivered(&signed, 202);
    }
    let newest = client.hook_deliveries(None).await.unwrap();
    assert_eq!((newest.deliveries.len(), newest.deliveries[0].status_code), (100, 202));
    let older = client.hook_deliveries(newest.next.as_deref()).await.unwrap();
    assert_eq!((older.deliveries.len(), &older.next), (51, &None));
    let last = &older.deliveries[50];
    assert_eq!((last.guid.as_str(), last.status_code), (lost.guid.as_str(), 0));
    assert_eq!((last.event.as_str(), last.redelivery), ("pull_request", false));
    client.redeliver(last.id).await.unwrap();
    assert_eq!(github.redelivered(), [lost.id]);
    assert!(matches!(client.redeliver(1).await, Err(CallError::Gone { .. })));
}

#[tokio::test]
async fn a_github_of_a_companys_own_is_called_below_its_path() {
    let (github, _, at) = github();
    let access = Access { api_url: format!("{}/", github.enterprise_url()), ..github.access() };
    let client = Client::new(&access, github.clock()).unwrap();
    for _ in 0..100 {
        github.say(REPO, 7, "mona", "hello");
    }
    client.create_comment(&at, 7, "<!-- t5 -->").await.unwrap();
    assert!(client.find_comment(&at, 7, "<!-- t5 -->").await.unwrap().is_some());
    github.rename(REPO, "cores");
    assert!(client.pull(&at, 7).await.unwrap().is_some());
    assert_eq!(github.comments("octo/cores", 7).len(), 1);
}

#[tokio::test]
async fn a_commit_after_which_the_answer_is_lost_is_unsure_and_can_be_found() {
    let (github, client, at) = github();
    github.fault("POST", COMMENTS, Fault::AnswerLost);
    let error = client.create_comment(&at, 7, "<!-- t5 -->").await.unwrap_err();
    assert!(matches!(error, CallError::Unsure { .. }), "{error}");
    assert_eq!(github.requests_to("POST", COMMENTS).len(), 1);
    assert!(client.find_comment(&at, 7, "<!-- t5 -->").await.unwrap().is_some());
    assert_eq!(github.comments(REPO, 7).len(), 1);
}

#[tokio::test]
async fn a_server_that_is_silent_or_has_an_error_leaves_the_caller_unsure() {
    let (github, _, at) = github();
    let patience =
        Patience { connect: Duration::from_millis(200), read: Duration::from_millis(100) };
    let client = Client::with_patience(&github.access(), github.clock(), patience).unwrap();
    assert!(client.pull(&at, 7).await.unwrap().is_some());
    for fault in [Fault::Held, Fault::RequestLost, Fault::BadGateway] {
        let said = format!("{fault:?}");
        github.fault("POST", COMMENTS, fault);
        let error = client.create_comment(&at, 7, "hello").await.unwrap_err();
        assert!(matches!(error, CallError::Unsure { .. }), "{said}: {error}");
    }
    assert_eq!(github.requests_to("POST", COMMENTS).len(), 3);
    assert_eq!(github.comments(REPO, 7), [""; 0]);
}

#[tokio::test]
async fn a_github_that_cannot_be_reached_is_down() {
    let github = GitHub::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let access = Access { api_url: format!("http://{free}"), ..github.access() };
    let client = Client::new(&access, github.clock()).unwrap();
    let error = client.hook_deliveries(None).await.unwrap_err();
    assert!(matches!(error, CallError::Down { .. }), "{error}");
    // Here somebody answers, but does not know how to speak in secret.
    let access = Access { api_url: github.api_url().replace("http", "https"), ..github.access() };
    let client = Client::new(&access, github.clock()).unwrap();
    let error = client.hook_deliveries(None).await.unwrap_err();
    assert!(matches!(error, CallError::Down { .. }), "{error}");
    assert!(github.requests().is_empty());
}

#[tokio::test]
async fn a_call_whose_token_did_not_come_was_never_sent() {
    let (github, client, at) = github();
    github.fault("POST", "/app/installations/77/access_tokens", Fault::AnswerLost);
    let error = client.create_comment(&at, 7, "hello").await.unwrap_err();
    assert!(matches!(error, CallError::Down { .. }), "{error}");
    assert!(github.requests_to("POST", COMMENTS).is_empty());
}

#[tokio::test]
async fn what_is_gone_and_what_is_refused_are_told_apart() {
    let (github, client, at) = github();
    let error = client.update_comment(&at, 1, "hello").await.unwrap_err();
    assert_eq!(error, CallError::Gone { what: "comment 1".to_owned() });
    let unknown = "3333333333333333333333333333333333333333";
    let waiting = run(CheckStatus::Queued, 0);
    let mut elsewhere = check(&waiting);
    elsewhere.head = unknown;
    let error = client.create_check(&at, elsewhere).await.unwrap_err();
    assert!(matches!(error, CallError::Refused { status: 422, .. }), "{error}");
    assert!(error.to_string().contains("No commit found"), "{error}");
    github.edit(|state| {
        let installation = state.installations.get_mut(&INSTALLATION).unwrap();
        installation.suspended = true;
    });
    github.edit(|state| state.tokens.clear());
    let error = client.pull(&at, 7).await.unwrap_err();
    assert!(error.to_string().contains("suspended"), "{error}");
    assert!(!error.to_string().contains("permission"), "{error}");
}

#[tokio::test]
async fn a_token_that_no_longer_counts_is_replaced_once() {
    let (github, client, at) = github();
    client.pull(&at, 7).await.unwrap();
    github.edit(|state| state.tokens.clear());
    client.create_comment(&at, 7, "hello").await.unwrap();
    assert_eq!(github.comments(REPO, 7), ["hello"]);
    assert_eq!(github.requests_to("POST", "/app/installations/77/access_tokens").len(), 2);
}

#[tokio::test]
async fn an_app_that_is_not_who_it_says_is_told_what_to_compare() {
    let (github, _, at) = github();
    let access = Access { app_id: APP + 1, ..github.access() };
    let client = Client::new(&access, github.clock()).unwrap();
    let error = client.pull(&at, 7).await.unwrap_err();
    assert!(matches!(error, CallError::Refused { status: 401, .. }), "{error}");
    assert!(error.to_string().contains("private key"), "{error}");
}

#[tokio::test]
async fn a_key_or_an_address_that_is_none_is_refused_with_the_next_step() {
    let github = GitHub::start();
    let broken =
        format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----", "AAAA");
    for pem in ["", "secret", &broken] {
        let access = Access { private_key: SecretString::from(pem), ..github.access() };
        let error = Client::new(&access, github.clock()).unwrap_err().to_string();
        assert!(error.contains("private key") && error.contains("Private keys"), "{error}");
        assert!(pem.is_empty() || !error.contains(pem), "{error}");
    }
    for address in ["", "github.example", "ftp://github.example", "https://"] {
        let access = Access { api_url: address.to_owned(), ..github.access() };
        let error = Client::new(&access, github.clock()).unwrap_err().to_string();
        assert!(error.contains("https://api.github.com"), "{address}: {error}");
    }
}

#[tokio::test]
async fn everybodys_permission_is_what_github_makes_of_their_role() {
    let (github, client, at) = github();
    github.edit(|state| state.repo(REPO).private = true);
    let rows = [
        ("admin", Permission::Admin),
        ("maintain", Permission::Write),
        ("write", Permission::Write),
        ("triage", Permission::Read),
        ("read", Permission::Read),
        ("security-lead:write", Permission::Write),
        ("none", Permission::None),
    ];
    for (role, permission) in rows {
        github.collaborate(REPO, "mona", role);
        assert_eq!(client.permission(&at, "mona").await.unwrap(), permission, "{role}");
    }
    // Servers that speak like GitHub give the role's own name, or leave a field out.
    let rows = [
        (json!({ "permission": "maintain" }), Permission::Write),
        (json!({ "permission": "triage" }), Permission::Read),
        (json!({ "role_name": "maintain" }), Permission::Write),
        (json!({ "permission": "owner" }), Permission::None),
        (json!({}), Permission::None),
    ];
    for (said, permission) in rows {
        let path = "/repos/*/*/collaborators/mona/permission";
        github.fault("GET", path, Fault::Answer(200, vec![], said));
        assert_eq!(client.permission(&at, "mona").await.unwrap(), permission);
    }
    assert_eq!(client.permission(&at, "a-stranger").await.unwrap(), Permission::None);
    assert_eq!(client.permission(&at, "nobody-of-this-name").await.unwrap(), Permission::None);
}

#[tokio::test]
async fn a_manifest_becomes_an_app_once() {
    let github = GitHub::start();
    github.edit(|state| state.manifest_codes.insert("a-code".to_owned()));
    let app = convert_manifest(&github.api_url(), &"a-code".into()).await.unwrap();
    assert_eq!((app.id, app.webhook_secret.expose_secret()), (APP, "a-webhook-secret"));
    assert_eq!(app.pem.expose_secret(), KEY);
    assert!(!format!("{app:?}").contains("PRIVATE"), "{app:?}");
    assert!(matches!(github.requests()[0].auth, Auth::Anybody));
    let error = convert_manifest(&github.api_url(), &"a-code".into()).await.unwrap_err();
    assert!(matches!(error, CallError::Gone { .. }), "{error}");
    assert!(!error.to_string().contains("a-code"), "{error}");
}

/// Keeps what is written to it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_debug_nor_the_log_shows_a_secret() {
    let (github, client, at) = github();
    let log = Kept::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // While there is only one subscriber, tracing decides about a place in the code by the thread
    // that comes there first, which may be another test's; with two, by both of them.
    let second = tracing::Dispatch::new(tracing_subscriber::fmt().finish());
    let guard = tracing::subscriber::set_default(subscriber);
    client.create_comment(&at, 7, "a body nobody else should read").await.unwrap();
    let token = client.contents_token(&at).await.unwrap();
    github.edit(|state| state.manifest_codes.insert("a-code".to_owned()));
    let app = convert_manifest(&github.api_url(), &"a-code".into()).await.unwrap();
    github.fault("PATCH", "/repos/*/*/issues/comments/1", Fault::RequestLost);
    let error = client.update_comment(&at, 1, "hello").await.unwrap_err();
    drop((guard, second));

    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(said.contains("/repos/octo/kernels/issues/7/comments"), "{said}");
    assert!(said.contains("method=POST") && said.contains("status=201"), "{said}");
    assert!(said.contains("took="), "{said}");
    let shown = format!("{said}{client:?}{:?}{token:?}{app:?}{error:?}", github.access());
    let bearers = github.requests().into_iter().filter_map(|ask| ask.bearer);
    let secrets = bearers.chain([
        token.expose_secret().to_owned(),
        "a-code".to_owned(),
        "a-webhook-secret".to_owned(),
        "a body nobody else should read".to_owned(),
        KEY.lines().nth(1).unwrap().to_owned(),
    ]);
    for secret in secrets {
        assert!(!shown.contains(&secret), "it shows {secret}");
    }
    assert_eq!(github.comments(REPO, 7).len(), 1);
}
