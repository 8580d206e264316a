//! GitHub sends a delivery, and so does everybody else.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use http_body_util::{Channel, combinators::UnsyncBoxBody};
use t5_gate::queue::{DeliveryState, Store as _};

use super::world::{SECRET, World, delivery, request, signature};

/// A delivery with one header changed, or left out.
fn with(name: &str, value: Option<&str>) -> Request<Body> {
    let mut request = delivery("guid", b"{}");
    let name: http::HeaderName = name.parse().unwrap();
    request.headers_mut().remove(&name);
    if let Some(value) = value {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn a_delivery_is_on_disk_before_the_answer_and_the_bot_is_woken() {
    let world = World::new().await;
    let answer = world.deliver("guid", br#"{"zen": "Keep it logically awesome."}"#).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let woken = tokio::time::timeout(Duration::from_secs(5), world.wake.notified()).await;
    assert!(woken.is_ok());
    let stored = world.store.due_deliveries(super::world::at(0), 9).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].verified.guid(), "guid");
    assert_eq!(stored[0].verified.event(), "pull_request");
    assert_eq!(stored[0].verified.body(), br#"{"zen": "Keep it logically awesome."}"#);
}

#[tokio::test]
async fn a_delivery_that_comes_twice_is_stored_once() {
    let world = World::new().await;
    for _ in 0..2 {
        assert_eq!(world.deliver("guid", b"{}").await.status, StatusCode::ACCEPTED);
    }
    assert_eq!(world.store.deliveries(None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_body_under_a_known_guid_is_refused() {
    let world = World::new().await;
    world.deliver("guid", b"{}").await;
    let answer = world.deliver("guid", b"{\"other\": 1}").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let stored = world.store.due_deliveries(super::world::at(0), 9).await.unwrap();
    assert_eq!(stored[0].verified.body(), b"{}");
}

#[tokio::test]
async fn who_does_not_know_the_secret_is_turned_away() {
    let world = World::new().await;
    for wrong in [
        with("x-hub-signature-256", Some(&signature("guessed", b"{}"))),
        with("x-hub-signature-256", Some(&signature(SECRET, b"{ }"))),
        with("x-hub-signature-256", Some("sha256=00")),
        with("x-hub-signature-256", Some(&signature(SECRET, b"{}").replace("sha256", "sha1"))),
        with("x-hub-signature-256", None),
    ] {
        assert_eq!(world.send(wrong).await.status, StatusCode::UNAUTHORIZED);
    }
    assert!(world.store.deliveries(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_no_delivery_of_githubs_is_told_why() {
    let world = World::new().await;
    let mut twice = delivery("guid", b"{}");
    twice.headers_mut().append("x-github-delivery", "other".parse().unwrap());
    for (wrong, status) in [
        (with("content-type", Some("application/x-www-form-urlencoded")), 415),
        (with("content-type", Some("text/plain")), 415),
        (with("content-type", None), 415),
        (with("x-github-delivery", None), 400),
        (with("x-github-delivery", Some("")), 400),
        (with("x-github-delivery", Some(&"g".repeat(300))), 400),
        (with("x-github-event", None), 400),
        (with("x-github-event", Some("pull request")), 400),
        (with("content-length", Some("many")), 400),
        (twice, 400),
    ] {
        let said = format!("{:?}", wrong.headers());
        assert_eq!(world.send(wrong).await.status.as_u16(), status, "{said}");
    }
    let charset = with("content-type", Some("application/json; charset=utf-8"));
    assert_eq!(world.send(charset).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn only_post_is_taken() {
    let world = World::new().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = world.send(request(method, "/webhook")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.header("allow"), "POST");
    }
}

#[tokio::test]
async fn a_delivery_of_24_megabytes_is_taken() {
    let world = World::new().await;
    let body = vec![b' '; 24_000_000];
    assert_eq!(world.deliver("guid", &body).await.status, StatusCode::ACCEPTED);
    let stored = world.store.due_deliveries(super::world::at(0), 9).await.unwrap();
    assert_eq!(stored[0].verified.body().len(), body.len());
}

#[tokio::test]
async fn a_delivery_that_is_larger_than_github_sends_is_not_read() {
    let world = World::new().await;
    let mut declared = delivery("guid", b"{}");
    declared.headers_mut().insert("content-length", "26214401".parse().unwrap());
    *declared.body_mut() = silent();
    assert_eq!(world.send(declared).await.status, StatusCode::PAYLOAD_TOO_LARGE);

    let body = vec![b' '; 26_214_401];
    let mut undeclared = delivery("guid", &body);
    undeclared.headers_mut().remove("content-length");
    assert_eq!(world.send(undeclared).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// A body that never comes.
fn silent() -> Body {
    let (sender, body) = Channel::<axum::body::Bytes>::new(1);
    std::mem::forget(sender);
    Body::new(UnsyncBoxBody::new(body))
}

#[tokio::test]
async fn a_body_is_read_only_if_the_headers_may_be_githubs() {
    let world = World::new().await;
    let mut unsigned = with("x-hub-signature-256", None);
    *unsigned.body_mut() = silent();
    assert_eq!(world.send(unsigned).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let world = World::new().await;
    let mut slow = delivery("guid", b"{}");
    *slow.body_mut() = silent();
    tokio::time::pause();
    assert_eq!(world.send(slow).await.status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn large_bodies_beyond_the_room_for_them_are_told_to_come_again() {
    let world = World::new().await;
    let large = || {
        let mut request = delivery("large", b"{}");
        request.headers_mut().insert("content-length", "26000000".parse().unwrap());
        *request.body_mut() = silent();
        request
    };
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let router = world.router.clone();
        waiting.spawn(tower::ServiceExt::oneshot(router, large()));
    }
    // Those that found room wait for their bodies; the first answer is of one that did not.
    let answer = waiting.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(world.deliver("small", b"{}").await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn without_an_app_nothing_is_taken() {
    let world = World::fresh().await;
    let answer = world.deliver("guid", b"{}").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text().contains("no GitHub App is configured yet"));
}

#[tokio::test]
async fn a_delivery_that_cannot_be_stored_is_not_accepted() {
    let world = World::new().await;
    break_database(&world).await;
    let answer = world.deliver("guid", b"{}").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    assert!(!answer.text().contains("no such table"), "the log tells why, not the answer");
}

#[tokio::test]
async fn health_is_that_of_the_database() {
    let world = World::new().await;
    let answer = world.get("/healthz").await;
    assert_eq!(answer.status, StatusCode::OK);
    let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((&said["database"], &said["app"]), (&"reachable".into(), &"configured".into()));
    break_database(&world).await;
    let answer = world.get("/healthz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text().contains("unreachable"));
}

#[tokio::test]
async fn a_page_that_the_database_cannot_fill_says_so_and_nothing_more() {
    let world = World::new().await;
    break_database(&world).await;
    let answer = world.get("/jobs/j1").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text().contains("That went wrong here"));
    assert!(!answer.text().contains("no such table"));
}

/// Somebody takes the tables away.
async fn break_database(world: &World) {
    use sqlx::{ConnectOptions as _, Executor as _};
    let path = world.folder.path().join("t5.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut raw = options.connect().await.unwrap();
    for table in ["runs", "jobs", "deliveries", "notes"] {
        raw.execute(sqlx::AssertSqlSafe(format!("DROP TABLE {table}"))).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_stored_waits_for_the_bot() {
    let world = World::new().await;
    world.deliver("guid", b"not even JSON").await;
    let waiting = world.store.deliveries(Some(DeliveryState::Waiting), 9).await.unwrap();
    assert_eq!(waiting[0].guid, "guid");
}
