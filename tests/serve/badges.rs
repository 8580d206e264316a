//! Badges in a README, and the image proxy that asks for them.

use axum::http::StatusCode;
use t5_gate::{
    queue::{NewJob, Store as _, Subject, Trust, Waiting},
    verdict::Outcome,
};

use super::world::{Answer, World, at, private, pull, repo, request};

fn branch(id: &str, name: &str) -> NewJob {
    NewJob { subject: Subject::Branch(name.to_owned()), ..pull(id, 0, 'a') }
}

async fn badge(world: &World, address: &str) -> String {
    let answer = world.get(address).await;
    assert_eq!(answer.status, StatusCode::OK, "{address}");
    assert_eq!(answer.header("content-type"), "image/svg+xml; charset=utf-8");
    let svg = answer.text();
    assert!(svg.starts_with("<svg"), "{svg}");
    svg
}

const PULL: &str = "/badge/octo/kernels/pull/7.svg";

#[tokio::test]
async fn a_badge_follows_its_pull_request() {
    let world = World::new().await;
    assert!(badge(&world, PULL).await.contains("unknown"));
    world.enqueue(pull("j1", 7, 'a')).await;
    assert!(badge(&world, PULL).await.contains("running"));
    world.judge("r1", Outcome::Fail).await;
    assert!(badge(&world, PULL).await.contains("failing"));
    world.enqueue(pull("j2", 7, 'c')).await;
    world.judge("r2", Outcome::Pass).await;
    assert!(badge(&world, PULL).await.contains("passing"));
    world.enqueue(pull("j3", 7, 'd')).await;
    world.judge("r3", Outcome::Inconclusive).await;
    assert!(badge(&world, PULL).await.contains("inconclusive"));
}

#[tokio::test]
async fn a_branch_may_have_slashes_in_its_name() {
    let world = World::new().await;
    world.enqueue(branch("j1", "release/1.x")).await;
    world.judge("r1", Outcome::Pass).await;
    assert!(badge(&world, "/badge/octo/kernels/release/1.x.svg").await.contains("passing"));
    assert!(badge(&world, "/badge/octo/kernels/release%2F1.x.svg").await.contains("passing"));
    assert!(badge(&world, "/badge/octo/kernels/release.svg").await.contains("unknown"));
}

#[tokio::test]
async fn letter_case_of_a_repository_does_not_matter() {
    let world = World::new().await;
    world.enqueue(branch("j1", "main")).await;
    world.judge("r1", Outcome::Pass).await;
    assert!(badge(&world, "/badge/Octo/Kernels/main.svg").await.contains("passing"));
}

#[tokio::test]
async fn a_renamed_repository_is_found_under_its_new_name_alone() {
    let world = World::new().await;
    world.enqueue(branch("j1", "main")).await;
    world.judge("r1", Outcome::Pass).await;
    world.enqueue(NewJob { repo: repo(42, "fast-kernels", false), ..branch("j2", "main") }).await;
    world.judge("r2", Outcome::Pass).await;
    assert!(badge(&world, "/badge/octo/kernels/main.svg").await.contains("unknown"));
    assert!(badge(&world, "/badge/octo/fast-kernels/main.svg").await.contains("passing"));
    // Somebody else takes the old name.
    world.enqueue(NewJob { repo: repo(99, "kernels", false), ..branch("j3", "main") }).await;
    assert!(badge(&world, "/badge/octo/kernels/main.svg").await.contains("running"));
}

#[tokio::test]
async fn the_image_proxy_is_told_to_ask_again_and_spared_what_it_has() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    let first = world.get(PULL).await;
    assert_eq!(first.header("cache-control"), "no-cache, max-age=0");
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "a strong tag: {tag}");

    let again = |tag: &str| {
        let mut request = request(http::Method::GET, PULL);
        request.headers_mut().insert("if-none-match", tag.parse().unwrap());
        request
    };
    for known in [tag.as_str(), "\"other\", W/\"x\", *", &format!("\"old\", {tag}")] {
        let answer: Answer = world.send(again(known)).await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{known}");
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), tag);
    }
    world.judge("r1", Outcome::Pass).await;
    let changed = world.send(again(&tag)).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn a_private_repository_looks_like_none_without_its_key() {
    let world = World::new().await;
    world.enqueue(private("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Fail).await;
    let address = "/badge/octo/secret-kernels/pull/7.svg";
    let nobody = world.get("/badge/octo/no-such-repository/pull/7.svg").await;
    let other_repo = world.keys.key(42);
    for key in ["", "?key=", "?key=00", "?key=zz", &format!("?key={other_repo}")] {
        let answer = world.get(&format!("{address}{key}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, nobody.body, "{key}");
        assert_eq!(answer.header("etag"), nobody.header("etag"));
    }
    let key = world.keys.key(43);
    assert!(badge(&world, &format!("{address}?key={key}")).await.contains("failing"));
    // The page of the job, which only those know who may, shows that address.
    let page = world.page("/jobs/j1").await;
    assert!(page.contains(&format!("https://t5.example.org{address}?key={key}")), "{page}");
}

#[tokio::test]
async fn keys_stay_the_same_over_a_restart_and_their_secret_is_for_the_server_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new().await;
    let path = world.folder.path().join("badge-secret");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = t5_gate::web::BadgeKeys::load_or_make(&path).unwrap();
    assert_eq!(again.key(43), world.keys.key(43));
    assert_ne!(again.key(43), again.key(44));
    std::fs::write(&path, "\n").unwrap();
    assert!(t5_gate::web::BadgeKeys::load_or_make(&path).is_err());
}

#[tokio::test]
async fn a_change_that_waits_for_an_approval_has_nothing_to_show() {
    let world = World::new().await;
    let trust = Trust::Stranger { risks: vec!["build.rs".to_owned()], approved_by: None };
    world.enqueue(NewJob { trust, waiting: Waiting::Approval, ..pull("j1", 7, 'a') }).await;
    assert!(badge(&world, PULL).await.contains("unknown"));
}

#[tokio::test]
async fn a_run_that_broke_off_is_not_green() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    let job = world.lease().await;
    let finish = t5_gate::queue::Finish::Error("git failed".to_owned());
    world.store.finish("j1", &job.lease.unwrap(), finish, at(9)).await.unwrap();
    let shown = badge(&world, PULL).await;
    assert!(!shown.contains("passing") && !shown.contains("unknown"), "{shown}");
}

#[tokio::test]
async fn what_is_no_badges_address_is_not_found() {
    let world = World::new().await;
    for address in ["/badge/octo/kernels/main", "/badge/octo/kernels/.svg", "/badge/octo/kernels"] {
        assert_eq!(world.get(address).await.status, StatusCode::NOT_FOUND, "{address}");
    }
}
