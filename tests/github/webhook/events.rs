//! Payloads that the examples lack.

use serde_json::{Value, json};
use t5_gate::github::event::{Clicked, MergeGroup, Parsed, PullAction, Push, What};

use super::{APP, parsed, understood};

const HEAD: &str = "0123456789abcdef0123456789abcdef01234567";
const BASE: &str = "76543210fedcba9876543210fedcba9876543210";
const ZEROS: &str = "0000000000000000000000000000000000000000";

/// What every payload of the repository `octo/widgets` has.
fn payload(fields: &Value) -> Value {
    let mut payload = json!({
        "installation": { "id": 7, "node_id": "x" },
        "repository": {
            "id": 11, "name": "widgets", "owner": { "login": "octo" }, "private": false,
            "default_branch": "main",
        },
        "sender": { "login": "ann", "type": "User" },
    });
    for (name, value) in fields.as_object().unwrap() {
        payload[name] = value.clone();
    }
    payload
}

fn event(event: &str, fields: Value) -> What {
    match understood(event, &payload(&fields)) {
        Parsed::Event(event) => event.what,
        Parsed::Ignored(reason) => panic!("ignored: {reason}"),
    }
}

fn ignored(event: &str, fields: Value) -> String {
    match understood(event, &payload(&fields)) {
        Parsed::Event(event) => panic!("{event:?}"),
        Parsed::Ignored(reason) => reason,
    }
}

fn pull(change: impl FnOnce(&mut Value)) -> Value {
    let mut pull = json!({
        "number": 3, "state": "open", "draft": false, "user": { "login": "eve", "type": "User" },
        "head": { "ref": "patch-1", "sha": HEAD, "repo": { "id": 12 } },
        "base": { "ref": "main", "sha": BASE, "repo": { "id": 11 } },
        "changed_files": 2, "updated_at": "2026-11-24T10:00:00Z",
    });
    change(&mut pull);
    json!({ "action": "synchronize", "pull_request": pull })
}

#[test]
fn a_pull_request_from_a_fork_names_the_forks_repository() {
    let What::Pull(PullAction::Synchronize, read) = event("pull_request", pull(|_| ())) else {
        panic!();
    };
    assert_eq!((read.number, read.head_repo, read.author.as_str()), (3, Some(12), "eve"));
    assert_eq!(
        (read.head.as_str(), read.base.as_str(), read.base_ref.as_str()),
        (HEAD, BASE, "main")
    );
    assert_eq!((read.open, read.draft, read.changed_files), (true, false, Some(2)));
}

#[test]
fn an_edit_of_a_pull_request_counts_where_it_changed_the_base() {
    let mut edited = pull(|_| ());
    edited["action"] = "edited".into();
    edited["changes"] = json!({ "title": { "from": "before" } });
    assert!(ignored("pull_request", edited.clone()).starts_with("pull_request edited asks"));
    edited["changes"] = json!({ "base": { "ref": { "from": "lax" }, "sha": { "from": HEAD } } });
    let What::Pull(PullAction::Retargeted, read) = event("pull_request", edited) else { panic!() };
    assert_eq!(read.base_ref, "main");
}

#[test]
fn what_github_may_leave_out_is_not_missed() {
    let sparse = pull(|pull| {
        pull["head"]["repo"] = Value::Null;
        pull["user"] = Value::Null;
        pull["state"] = "closed".into();
        pull.as_object_mut().unwrap().remove("changed_files");
        pull.as_object_mut().unwrap().remove("draft");
    });
    let What::Pull(_, read) = event("pull_request", sparse) else { panic!() };
    assert_eq!((read.head_repo, read.author.as_str()), (None, "ghost"));
    assert_eq!((read.open, read.draft, read.changed_files), (false, false, None));
}

#[test]
fn what_does_not_name_a_commit_is_not_taken_for_one() {
    for bad in ["main", "0123abc", "--upload-pack=x", &HEAD.to_uppercase(), &HEAD[1..]] {
        assert_eq!(
            ignored("pull_request", pull(|pull| pull["head"]["sha"] = (*bad).into())),
            "`pull_request.head.sha`: not the 40 or 64 hexadecimal digits of a commit"
        );
    }
    let longer = pull(|pull| pull["head"]["sha"] = "ab".repeat(32).into());
    assert!(matches!(event("pull_request", longer), What::Pull(..)));
}

#[test]
fn what_could_leave_an_address_or_a_folder_is_no_name() {
    for bad in ["..", ".", "", "a/b", "a b", "ä", "a\u{0}"] {
        let fields = json!({ "ref": "refs/heads/main", "repository": {
            "id": 11, "name": bad, "owner": { "login": "octo" }, "default_branch": "main",
        }});
        assert_eq!(
            ignored("push", fields),
            "`repository.name`: not a name of letters, digits, `-`, `_` and `.`"
        );
    }
}

fn comment(change: impl FnOnce(&mut Value)) -> Value {
    let mut fields = json!({
        "action": "created",
        "issue": { "number": 3, "pull_request": { "url": "x" } },
        "comment": {
            "id": 21, "body": "/rerun-t5", "user": { "login": "ann", "type": "User" },
            "performed_via_github_app": null, "updated_at": "2026-11-24T10:00:00Z",
        },
    });
    change(&mut fields);
    fields
}

#[test]
fn a_comment_of_a_person_on_a_pull_request_is_read() {
    let What::Comment(read) = event("issue_comment", comment(|_| ())) else { panic!() };
    assert_eq!((read.id, read.pull, read.author.as_str()), (21, 3, "ann"));
    assert_eq!((read.body.as_str(), read.updated.as_str()), ("/rerun-t5", "2026-11-24T10:00:00Z"));
}

#[test]
fn other_comments_are_not() {
    let of_a_bot = "a comment of a bot";
    let with = |change: fn(&mut Value)| ignored("issue_comment", comment(change));
    assert_eq!(with(|it| it["comment"]["user"]["type"] = "Bot".into()), of_a_bot);
    assert_eq!(with(|it| it["comment"]["user"] = json!({ "login": "t5[bot]" })), of_a_bot);
    assert_eq!(with(|it| it["comment"]["performed_via_github_app"] = json!({ "id": 1 })), of_a_bot);
    assert_eq!(
        with(|it| it["issue"] = json!({ "number": 3 })),
        "a comment on an issue, not on a pull request"
    );
    assert_eq!(with(|it| it["action"] = "edited".into()), "issue_comment edited asks for nothing");
    assert_eq!(with(|it| it["sender"] = Value::Null), "`sender` is missing");
    assert_eq!(
        with(|it| it["comment"]["id"] = (-1).into()),
        "`comment.id`: invalid value: integer `-1`, expected u64"
    );
}

fn check(app: u64) -> Value {
    json!({
        "id": 31, "head_sha": HEAD, "external_id": "job-1", "app": { "id": app },
        "pull_requests": [
            { "number": 3, "base": { "repo": { "id": 11 } } },
            { "number": 99, "base": { "repo": { "id": 12 } } },
        ],
    })
}

#[test]
fn a_click_on_our_own_check_is_read() {
    let check = check(APP);
    let clicked = Clicked {
        id: 31,
        head: HEAD.to_owned(),
        external_id: "job-1".to_owned(),
        // The other one wants to be merged into a fork.
        pulls: vec![3],
    };
    assert_eq!(
        event("check_run", json!({ "action": "rerequested", "check_run": check })),
        What::Rerun(clicked.clone())
    );
    assert_eq!(
        event("check_suite", json!({ "action": "rerequested", "check_suite": check })),
        What::RerunSuite(clicked.clone())
    );
    let button = json!({
        "action": "requested_action", "check_run": check,
        "requested_action": { "identifier": "t5-approve" },
    });
    assert_eq!(
        event("check_run", button),
        What::Button { identifier: "t5-approve".to_owned(), check: clicked }
    );
}

#[test]
fn a_click_on_anybody_elses_is_not() {
    let said =
        |check: Value| ignored("check_run", json!({ "action": "rerequested", "check_run": check }));
    assert_eq!(said(check(APP + 1)), "a check run of another App");
    let mut nobodys = check(APP);
    nobodys["app"] = Value::Null;
    assert_eq!(said(nobodys), "a check run of another App");
    let suite = json!({ "action": "rerequested", "check_suite": check(1) });
    assert_eq!(ignored("check_suite", suite), "a check suite of another App");
    let without = json!({ "action": "requested_action", "check_run": check(APP) });
    assert_eq!(ignored("check_run", without), "`requested_action` is missing");
}

fn group(action: &str) -> Value {
    json!({ "action": action, "merge_group": {
        "head_sha": HEAD, "head_ref": "refs/heads/gh-readonly-queue/main/pr-3-x",
        "base_sha": BASE, "base_ref": "refs/heads/main",
    }})
}

#[test]
fn a_merge_group_is_asked_about_and_goes() {
    assert_eq!(
        event("merge_group", group("checks_requested")),
        What::MergeGroup(MergeGroup {
            head: HEAD.to_owned(),
            head_ref: "gh-readonly-queue/main/pr-3-x".to_owned(),
            base: BASE.to_owned(),
            base_ref: "main".to_owned(),
        })
    );
    assert_eq!(
        event("merge_group", group("destroyed")),
        What::MergeGroupGone { head: HEAD.to_owned() }
    );
}

fn push(reference: &str, before: &str, after: &str) -> Value {
    json!({ "ref": reference, "before": before, "after": after, "deleted": after == ZEROS })
}

#[test]
fn a_push_counts_on_the_default_branch_alone() {
    let pushed = |before: Option<&str>| {
        What::Push(Push {
            branch: "main".to_owned(),
            before: before.map(str::to_owned),
            after: HEAD.to_owned(),
        })
    };
    assert_eq!(event("push", push("refs/heads/main", BASE, HEAD)), pushed(Some(BASE)));
    assert_eq!(event("push", push("refs/heads/main", ZEROS, HEAD)), pushed(None));
    for other in ["refs/heads/main2", "refs/heads/feature/main", "refs/tags/main", "main"] {
        assert_eq!(
            ignored("push", push(other, BASE, HEAD)),
            "a push to something else than the default branch"
        );
    }
    assert_eq!(
        ignored("push", push("refs/heads/main", BASE, ZEROS)),
        "the default branch was deleted"
    );
}

#[test]
fn an_app_that_is_removed_or_suspended_has_nothing_to_do() {
    for action in ["deleted", "suspend"] {
        let all = What::Uninstalled { repositories: Vec::new() };
        assert_eq!(event("installation", json!({ "action": action })), all);
    }
    assert_eq!(
        ignored("installation", json!({ "action": "created" })),
        "installation created asks for nothing"
    );
    let removed = |ids: Value| json!({ "action": "removed", "repositories_removed": ids });
    assert_eq!(
        event("installation_repositories", removed(json!([{ "id": 11 }, { "id": 12 }]))),
        What::Uninstalled { repositories: vec![11, 12] }
    );
    // An empty list means all repositories to whoever acts on it.
    assert_eq!(
        ignored("installation_repositories", removed(json!([]))),
        "`repositories_removed` names no repository"
    );
}

#[test]
fn a_repositorys_own_webhook_is_told_apart() {
    let mut own = payload(&pull(|_| ()));
    own.as_object_mut().unwrap().remove("installation");
    assert_eq!(
        understood("pull_request", &own),
        Parsed::Ignored(
            "`installation` is missing, so this is a repository's or an organisation's own \
             webhook; only the App's own webhook is listened to"
                .to_owned()
        )
    );
}

#[test]
fn a_reason_repeats_nothing_that_was_sent() {
    let evil = "\u{202e} \" @everyone \" at line ";
    let told = [
        ignored("issue_comment", json!({ "action": evil })),
        ignored("pull_request", json!({ "action": "opened", "installation": evil })),
        ignored("pull_request", pull(|pull| pull["number"] = evil.into())),
        ignored("pull_request", json!({ "action": "opened", "pull_request": evil.repeat(100) })),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    issue_comment of an unknown action asks for nothing
    `installation`: invalid type: string, expected an object
    `pull_request.number`: invalid type: string, expected u64
    `pull_request`: invalid type: string, expected an object
    ");
}

#[test]
fn bodies_that_were_written_to_hurt_are_read_in_little_memory() {
    let text = payload(&pull(|_| ())).to_string();
    let open = text.strip_suffix('}').unwrap();
    // As large as GitHub sends, in a field that nobody reads; as deep as that gets.
    let large = format!("{open},\"body\":\"{}\"}}", "x".repeat(24_000_000));
    assert!(matches!(parsed("pull_request", large.into_bytes()), Parsed::Event(_)));
    let depth = 1_000_000;
    let deep = format!("{open},\"body\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(matches!(parsed("pull_request", deep.into_bytes()), Parsed::Event(_)));

    for (bad, reason) in [
        (&b""[..], "not JSON: EOF while parsing a value at line 1 column 0"),
        (b"\xff", "not JSON: expected value at line 1 column 1"),
        (b"{} x", "not JSON: trailing characters at line 1 column 4"),
        (b"5", "the body: invalid type: integer `5`, expected an object"),
        (b"null", "the body: invalid type: null, expected an object"),
        (b"{\"action\":\"opened\",\"action\":\"closed\"}", "the body: duplicate field `action`"),
    ] {
        assert_eq!(parsed("pull_request", bad.to_vec()), Parsed::Ignored(reason.to_owned()));
    }
}
