//! What is fetched, from whom, and what is said when it cannot be.

use secrecy::SecretString;
use t5_gate::{
    queue::Subject,
    runner::mirror::{MirrorError, Wanted},
};

use super::place::{NAME, Place, look};
use crate::support::{git_server::GitServer, repository::Repository};

/// `main` with one commit, and a pull request 12 with another; gives their names.
fn with_a_pull_request() -> (Place, String, String) {
    let repository = Repository::new();
    let base = repository.write("one", "1").commit("Begin");
    let head = repository.write("two", "2").commit("Change");
    let place = Place::with(repository);
    place.put(&base, "refs/heads/main");
    place.put(&head, "refs/pull/12/head");
    (place, base, head)
}

fn said(result: Result<impl std::fmt::Debug, MirrorError>) -> String {
    result.unwrap_err().to_string()
}

#[tokio::test]
async fn a_pull_request_is_fetched_with_its_base_and_nothing_else() {
    let (place, base, head) = with_a_pull_request();
    place.put(&head, "refs/heads/another");
    place.put(&head, "refs/tags/v1");

    let mirror = place.fetch(&place.pull(12, &head, &base)).await.unwrap();

    assert_eq!(mirror.dir(), place.cache().join("mirrors/7.git"));
    assert_eq!(look(&mirror, &["cat-file", "-t", &head]), "commit");
    assert_eq!(look(&mirror, &["merge-base", &base, &head]), base);
    let refs = look(&mirror, &["for-each-ref", "--format=%(objectname)"]);
    let mut expected = [base.as_str(), head.as_str()];
    expected.sort_unstable();
    let mut refs: Vec<&str> = refs.lines().collect();
    refs.sort_unstable();
    assert_eq!(refs, expected, "no tag, no other branch");
    assert!(!mirror.dir().join("hooks").exists(), "no hook from a template");
}

#[tokio::test]
async fn a_forks_pull_request_is_found_in_the_base_repository() {
    let (place, base, _) = with_a_pull_request();
    let fork = Repository::new();
    let bare = place.server.bare(NAME);
    fork.git(&["pull", "--quiet", bare.to_str().unwrap(), "main"]);
    let head = fork.write("three", "3").commit("From a fork");
    place.server.put(NAME, &fork, &head, "refs/pull/13/head");

    let mirror = place.fetch(&place.pull(13, &head, &base)).await.unwrap();

    assert_eq!(look(&mirror, &["merge-base", &base, &head]), base);
}

#[tokio::test]
async fn a_merge_group_and_a_branch_are_fetched_too() {
    let (place, base, head) = with_a_pull_request();
    place.put(&head, "refs/heads/gh-readonly-queue/main/pr-12-abc");
    let of = |subject| Wanted { subject, ..place.pull(12, &head, &base) };

    let mirror = place.fetch(&of(Subject::MergeGroup(head.clone()))).await.unwrap();
    assert_eq!(look(&mirror, &["merge-base", &base, &head]), base);

    place.put(&head, "refs/heads/main");
    let mirror = place.fetch(&of(Subject::Branch("main".to_owned()))).await.unwrap();
    assert_eq!(look(&mirror, &["for-each-ref", "--format=%(objectname)"]), head);
}

#[tokio::test]
async fn a_wrong_token_and_no_token_are_told_apart_and_what_to_do_is_said() {
    let (place, base, head) = with_a_pull_request();
    let wanted = place.pull(12, &head, &base);

    let wrong = Some(SecretString::from("ghs_of_somebody_else"));
    let refused = said(place.fetch(&Wanted { token: wrong, ..wanted.clone() }).await);
    assert!(refused.contains("refuses the token"), "{refused}");
    assert!(refused.contains("look whether the App is still installed"), "{refused}");
    assert!(!refused.contains("ghs_"), "{refused}");

    let none = said(place.fetch(&Wanted { token: None, ..wanted.clone() }).await);
    assert!(none.contains("asks for a token and none was given"), "{none}");

    let elsewhere = place.server.url("ada/gone");
    let gone = said(place.fetch(&Wanted { clone_url: elsewhere, ..wanted }).await);
    assert!(gone.contains("is not found, or the token may not read it"), "{gone}");
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_named() {
    let (place, base, head) = with_a_pull_request();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let clone_url = format!("http://{nobody}/ada/quick.git");
    let error = said(place.fetch(&Wanted { clone_url, ..place.pull(12, &head, &base) }).await);
    assert!(error.contains(&format!("cannot fetch from http://{nobody}/")), "{error}");
    assert!(error.contains("look whether this machine reaches it"), "{error}");
}

#[tokio::test]
async fn a_token_is_not_sent_to_the_host_that_a_server_redirects_to() {
    use axum::{Router, response::Redirect, routing::get};
    let (place, base, head) = with_a_pull_request();
    let other = place.server.url(NAME);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let to = format!("{other}/info/refs?service=git-upload-pack");
    let moved = get(move || async move { Redirect::temporary(&to) });
    tokio::spawn(async move {
        axum::serve(listener, Router::new().fallback_service(moved)).await.unwrap();
    });

    let clone_url = format!("http://{address}/ada/quick.git");
    let error = said(place.fetch(&Wanted { clone_url, ..place.pull(12, &head, &base) }).await);

    assert!(error.contains("asks for a token"), "{error}");
    let asked = place.server.asked();
    assert!(!asked.is_empty() && asked.iter().all(|line| line.ends_with(" 401")), "{asked:?}");
}

#[tokio::test]
async fn the_second_pull_request_transfers_only_what_is_new() {
    let repository = Repository::new();
    let mut random = fastrand::Rng::with_seed(12);
    let noise: String = std::iter::repeat_with(|| random.alphanumeric()).take(400_000).collect();
    let base = repository.write("noise", &noise).commit("Begin");
    let first = repository.write("two", "2").commit("Change");
    let second = repository.write("two", "3").commit("Change it again");
    let place = Place::with(repository);
    place.put(&base, "refs/heads/main");
    place.put(&first, "refs/pull/12/head");
    place.put(&second, "refs/pull/13/head");

    place.fetch(&place.pull(12, &first, &base)).await.unwrap();
    let before = place.server.sent();
    assert!(before > 200_000, "the first fetch brings everything: {before} bytes");
    place.fetch(&place.pull(13, &second, &base)).await.unwrap();

    let more = place.server.sent() - before;
    assert!(more < 10_000, "the second brought {more} bytes");
}

#[tokio::test]
async fn a_head_that_was_replaced_is_still_gated_if_the_server_has_it() {
    let (place, base, head) = with_a_pull_request();
    place.repository.git(&["reset", "--quiet", "--hard", &base]);
    let newer = place.repository.write("two", "another").commit("Change it otherwise");
    place.put(&newer, "refs/pull/12/head");
    let mirror = place.fetch(&place.pull(12, &head, &base)).await.unwrap();
    assert_eq!(look(&mirror, &["cat-file", "-t", &head]), "commit");

    place.server.git(NAME, &["update-ref", "-d", "refs/pull/12/head"]);
    let fresh = Wanted { repo: 8, ..place.pull(12, &head, &base) };
    let mirror = place.fetch(&fresh).await.unwrap();
    assert_eq!(look(&mirror, &["rev-list", "--objects", &head]).lines().count(), 6);
}

#[tokio::test]
async fn a_head_that_is_gone_is_named() {
    let (place, base, head) = with_a_pull_request();
    place.server.git(NAME, &["update-ref", "-d", "refs/pull/12/head"]);
    place.server.git(NAME, &["prune", "--expire=now"]);

    let error = said(place.fetch(&place.pull(12, &head, &base)).await);

    assert!(error.contains(&format!("the head {head} is no longer there")), "{error}");
    assert!(error.contains("push again, or ask for another run"), "{error}");
}

#[tokio::test]
async fn a_base_branch_that_is_gone_is_no_obstacle_while_its_commit_is_there() {
    let (place, base, head) = with_a_pull_request();
    place.server.git(NAME, &["update-ref", "-d", "refs/heads/main"]);
    let mirror = place.fetch(&place.pull(12, &head, &base)).await.unwrap();
    assert_eq!(look(&mirror, &["merge-base", &base, &head]), base);
}

#[tokio::test]
async fn names_that_look_like_something_else_are_harmless() {
    let (place, base, head) = with_a_pull_request();
    let named = |name: &str| Wanted {
        subject: Subject::Branch(name.to_owned()),
        base_ref: name.to_owned(),
        ..place.pull(12, &head, &base)
    };
    for name in ["--upload-pack=touch", "-x", "größe", "a", "a'b\"c", "$(id)", "%2e"] {
        place.put(&head, &format!("refs/heads/{name}"));
        place.fetch(&named(name)).await.unwrap();
    }
    // Where there was a branch `a` there may be a branch `a/b` later.
    place.server.git(NAME, &["update-ref", "-d", "refs/heads/a"]);
    place.put(&head, "refs/heads/a/b");
    place.fetch(&named("a/b")).await.unwrap();

    for name in
        ["a..b", "x:refs/heads/y", "*", "a b", "a\nb", "a\0b", "../../config", "@{-1}", "a.lock"]
    {
        let error = said(place.fetch(&named(name)).await);
        assert!(error.contains("is no name of a branch"), "{name:?}: {error}");
    }
    for sha in ["HEAD", "--all", "main", "refs/heads/main", &head[..12], &head.to_uppercase()] {
        let error = said(place.fetch(&place.pull(12, sha, &base)).await);
        assert!(error.contains("is not the full name of a commit"), "{error}");
    }
}

#[tokio::test]
async fn old_sins_are_fetched_and_malice_is_not() {
    let (place, base, _) = with_a_pull_request();
    let blob = place.repository.git(&["rev-parse", "HEAD:one"]);
    let raw = data_encoding::HEXLOWER.decode(blob.as_bytes()).unwrap();
    let commit_of = |entry: &[u8]| {
        let file = place.repository.beside("tree");
        std::fs::write(&file, [entry, b"\0", &raw].concat()).unwrap();
        let file = file.to_str().unwrap();
        let hash = ["hash-object", "-t", "tree", "-w", "--literally", file];
        let tree = place.repository.git(&hash);
        place.repository.git(&["commit-tree", &tree, "-p", &base, "-m", "Odd"])
    };

    let old = commit_of(b"0100644 one");
    place.put(&old, "refs/pull/14/head");
    place.fetch(&place.pull(14, &old, &base)).await.unwrap();

    let evil = commit_of(b"100644 .git");
    place.put(&evil, "refs/pull/15/head");
    let error = said(place.fetch(&place.pull(15, &evil, &base)).await);
    assert!(error.contains("hasDotgit"), "{error}");
}

#[tokio::test]
async fn a_server_that_wants_no_token_gets_none() {
    let (place, base, head) = with_a_pull_request();
    let open = GitServer::start(&place.repository.beside("server"), None);
    let wanted = Wanted { clone_url: open.url(NAME), token: None, ..place.pull(12, &head, &base) };
    place.fetch(&wanted).await.unwrap();

    let folder = place.server.bare(NAME).display().to_string().replace(' ', "%20");
    let clone_url = format!("file://{folder}");
    place.fetch(&Wanted { clone_url, repo: 9, ..wanted }).await.unwrap();
}

#[tokio::test]
async fn a_server_that_fails_for_a_moment_is_asked_again() {
    use axum::{Router, http::StatusCode, response::Redirect, routing::get};
    use std::sync::atomic::{AtomicU32, Ordering};
    let (place, base, head) = with_a_pull_request();
    let open = GitServer::start(&place.repository.beside("server"), None);
    let to = open.url(NAME);
    let (listener, asked) =
        (tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(), AtomicU32::new(0));
    let address = listener.local_addr().unwrap();
    let asked = std::sync::Arc::new(asked);
    let flaky = get(move || async move {
        if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(StatusCode::BAD_GATEWAY);
        }
        Ok(Redirect::temporary(&format!("{to}/info/refs?service=git-upload-pack")))
    });
    tokio::spawn(async move {
        axum::serve(listener, Router::new().fallback_service(flaky)).await.unwrap();
    });

    let clone_url = format!("http://{address}/ada/quick.git");
    let wanted = Wanted { clone_url, token: None, ..place.pull(12, &head, &base) };
    place.fetch(&wanted).await.unwrap();
}
