//! The key that the server signs with, and what others learn of it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use axum::http::{Method, StatusCode};
use t5_gate::{
    receipt::{KeyId, PublicKeys},
    verdict::Outcome,
};

use super::world::{World, pull, signer};
use crate::{
    receipt::build::content,
    support::{emulate::free_port, http, server::Setting},
};

#[tokio::test]
async fn everybody_may_have_the_public_keys() {
    for world in [World::new().await, World::fresh().await] {
        let answer = world.get("/keys").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let read = PublicKeys::parse(&answer.text()).unwrap();
        assert_eq!(read.ids(), [1, 2].map(|seed| signer(seed).public().id()));
        assert!(answer.text().contains(&format!("# leaked: key {}", signer(3).public().id())));
        assert!(!answer.text().contains("PRIVATE"));
    }
}

#[tokio::test]
async fn the_page_of_a_run_names_the_key_and_gives_the_envelope() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Pass).await;
    let gated = content().sealed();
    for (seed, standing) in [
        (1, "this server’s key"),
        (2, "an earlier key of this server, and what it signed still counts"),
        (3, "leaked, so nothing that it signed proves anything"),
        (4, "no key that this server knows"),
    ] {
        world.keep_signed("r1", &gated, seed);
        let page = world.page("/runs/r1").await;
        let id = signer(seed).public().id();
        let said = format!("Signed with key <code class=\"digest\">{id}</code>: {standing}.");
        assert!(page.contains(&said), "{page}");
        assert!(page.contains("t5 verify --key t5-keys.pem receipt.json"), "{page}");
        assert!(!page.contains("is not signed"));
        let envelope = world.get("/runs/r1/files/receipt.dsse.json").await;
        let written = fs::read(world.runs().join("r1/receipt.dsse.json")).unwrap();
        assert_eq!(envelope.body, written);
        assert_eq!(envelope.header("content-type"), "application/json");
        assert!(page.contains(&t5_gate::receipt::digest(&written)));
    }
}

#[tokio::test]
async fn the_page_of_an_unsigned_run_claims_no_signature() {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Pass).await;
    world.keep("r1", &content().sealed());
    let unsigned = world.page("/runs/r1").await;
    assert!(!unsigned.contains("igned with key") && !unsigned.contains("--key"), "{unsigned}");
    let answer = world.get("/runs/r1/files/receipt.dsse.json").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);

    // What only looks like an envelope is none.
    fs::write(world.runs().join("r1/receipt.dsse.json"), "{}\n").unwrap();
    assert!(world.page("/runs/r1").await.contains("This receipt is not signed"));
}

/// A server of its own, with an App but without anybody on the other side.
fn setting() -> Setting {
    Setting::new(free_port(), "http://127.0.0.1:9", "http://127.0.0.1:9")
}

/// The keys that the server gives out, and the whole text.
async fn served(setting: &Setting) -> (Vec<KeyId>, String) {
    let server = setting.start();
    let answer = http::send(Method::GET, &format!("{}/keys", setting.url()), &[], "").await;
    let text = answer.unwrap().text();
    let (code, log) = server.terminate();
    assert_eq!(code, Some(0), "{log}");
    (PublicKeys::parse(&text).unwrap().ids(), text)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_once_replaced_and_given_up() {
    let setting = setting();
    let folder = setting.path("data").join("keys");
    let key = folder.join("signing-key.pem");

    let (first, _) = served(&setting).await;
    assert_eq!((mode(&key), mode(&folder)), (0o600, 0o700));
    assert_eq!(first.len(), 1);
    assert_eq!(served(&setting).await.0, first, "the same key after another start");

    fs::remove_file(&key).unwrap();
    let (second, text) = served(&setting).await;
    assert_eq!(second.len(), 2, "{text}");
    assert!(!first.contains(&second[0]), "another key signs now");
    assert_eq!(second[1], first[0], "what the old one signed still counts");

    fs::write(folder.join(format!("{}.leaked", first[0])), "").unwrap();
    let (third, text) = served(&setting).await;
    assert_eq!(third, second[..1], "{text}");
    assert!(text.contains(&format!("# leaked: key {}", first[0])), "{text}");

    fs::write(folder.join(format!("{}.leaked", second[0])), "").unwrap();
    let refused = setting.t5(&["serve", "--offline"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("is marked as leaked") && said.contains("the next start"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_may_name_the_key() {
    let setting = setting();
    let key = setting.path("elsewhere.pem");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_t5"))
        .args(["key", "new", "--out"])
        .arg(&key)
        .output()
        .unwrap();
    let made = PublicKeys::parse(&String::from_utf8(made.stdout).unwrap()).unwrap();
    // Lines at the end of the file belong to its first level again.
    setting.write(&format!("signing-key: {key:?}\n"));
    assert_eq!(served(&setting).await.0, made.ids());
    assert!(!setting.path("data").join("keys/signing-key.pem").exists());

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = setting.t5(&["serve", "--offline"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("others on this machine may read this secret key"), "{said}");
}
