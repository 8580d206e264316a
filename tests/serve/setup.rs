//! Somebody starts a server for the first time and lets GitHub make its App.

use std::{fs, os::unix::fs::PermissionsExt as _};

use axum::http::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use t5_gate::{config::server::Server, web::credentials};

use super::world::{Answer, URL, World, delivery, signature};

/// What stands in the form of the setup page: where it goes, and the manifest.
fn form(page: &str) -> (String, Value) {
    let between = |from: &str| {
        let (_, rest) = page.split_once(from).unwrap();
        let (inside, _) = rest.split_once('"').unwrap();
        inside.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#38;", "&")
    };
    let action = between("<form method=\"post\" action=\"");
    (action, serde_json::from_str(&between("name=\"manifest\" value=\"")).unwrap())
}

async fn manifest(server: Server) -> Value {
    let world = World::with(None, server).await;
    form(&world.page(&world.setup_address).await).1
}

/// Somebody opens the setup page, goes to GitHub, and comes back with this code.
async fn come_back(world: &World, code: &str) -> Answer {
    let (action, _) = form(&world.page(&world.setup_address).await);
    let (_, state) = action.split_once("?state=").unwrap();
    world.get(&format!("/setup/done?code={code}&state={state}")).await
}

#[tokio::test]
async fn the_first_page_leads_to_the_setup() {
    let world = World::fresh().await;
    let page = world.page("/").await;
    assert!(page.contains("No GitHub App is connected") && page.contains("href=\"/setup\""));
}

#[tokio::test]
async fn nobody_without_the_token_can_take_the_server_over() {
    let world = World::fresh().await;
    for address in ["/setup", "/setup?token=", "/setup?token=guess"] {
        let answer = world.get(address).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{address}");
        assert!(!answer.text().contains("manifest"));
    }
    let token = world.setup_address.split_once('=').unwrap().1;
    assert!(token.len() >= 32, "nobody guesses it");
    let elsewhere = World::fresh().await;
    assert_ne!(elsewhere.setup_address, world.setup_address);
}

#[tokio::test]
async fn the_form_sends_githubs_manifest_to_github() {
    let world = World::fresh().await;
    let answer = world.get(&world.setup_address).await;
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://github.com"), "{policy}");
    let (action, manifest) = form(&answer.text());
    assert!(action.starts_with("https://github.com/settings/apps/new?state="), "{action}");
    assert_eq!(manifest["name"], "T5 Gate t5.example.org");
    assert_eq!(manifest["url"], URL);
    assert_eq!(manifest["hook_attributes"]["url"], "https://t5.example.org/webhook");
    assert_eq!(manifest["hook_attributes"]["active"], true);
    assert_eq!(manifest["redirect_url"], "https://t5.example.org/setup/done");
    assert_eq!(manifest["setup_url"], "https://t5.example.org/");
    assert_eq!(manifest["public"], false);
    let events =
        ["pull_request", "issue_comment", "check_run", "check_suite", "merge_group", "push"];
    assert_eq!(manifest["default_events"], serde_json::json!(events));
    let permissions = serde_json::json!({
        "metadata": "read",
        "contents": "read",
        "checks": "write",
        "pull_requests": "write",
        "issues": "write",
        "merge_queues": "read",
    });
    assert_eq!(manifest["default_permissions"], permissions);
    assert!(!manifest.to_string().contains('{') || !manifest.to_string().contains("{host}"));
}

#[tokio::test]
async fn an_app_is_asked_for_what_is_published_and_no_more() {
    let mut server = Server::default_for(URL);
    server.publish.status = true;
    let permissions = manifest(server.clone()).await["default_permissions"].clone();
    assert_eq!(permissions["statuses"], "write");
    assert_eq!(permissions["security_events"], Value::Null);
    server.publish.sarif = true;
    let permissions = manifest(server).await["default_permissions"].clone();
    assert_eq!(permissions["security_events"], "write");
}

#[tokio::test]
async fn a_name_that_github_would_refuse_is_cut() {
    let long = format!("https://{}.example.org", "t5".repeat(20));
    let manifest = manifest(Server::default_for(&long)).await;
    assert_eq!(manifest["name"].as_str().unwrap().chars().count(), 34);
}

#[tokio::test]
async fn an_organization_gets_the_app_if_it_is_named() {
    let world = World::fresh().await;
    let page = world.page(&format!("{}&organization=octo-org", world.setup_address)).await;
    let (action, _) = form(&page);
    let wanted = "https://github.com/organizations/octo-org/settings/apps/new?state=";
    assert!(action.starts_with(wanted), "{action}");
    for wrong in ["a/b", "..", "a%22b", "-a", "a%20b"] {
        let address = format!("{}&organization={wrong}", world.setup_address);
        assert_eq!(world.get(&address).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn an_enterprise_server_is_asked_at_its_own_address() {
    let mut server = Server::default_for(URL);
    server.github.web_url = "https://github.corp.example/sub".to_owned();
    let world = World::with(None, server).await;
    let answer = world.get(&world.setup_address).await;
    let policy = answer.header("content-security-policy").to_owned();
    assert!(policy.ends_with("form-action 'self' https://github.corp.example"), "{policy}");
    assert!(form(&answer.text()).0.starts_with("https://github.corp.example/sub/settings/"));
}

#[tokio::test]
async fn who_comes_back_from_github_has_an_app() {
    let world = World::fresh().await;
    let mut app = world.web.app();
    let answer = come_back(&world, "good").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().contains("https://github.com/apps/t5-gate-octo/installations/new"));
    assert!(!answer.text().contains("PRIVATE KEY"));
    assert!(app.has_changed().unwrap());
    assert_eq!(app.borrow_and_update().as_ref().unwrap().slug.as_deref(), Some("t5-gate-octo"));

    let folder = world.folder.path().join("app");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for name in ["id", "private-key.pem", "webhook-secret", "slug"] {
        let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let kept = credentials::load(&folder).unwrap().unwrap();
    assert_eq!((kept.id, kept.slug.as_str()), (4711, "t5-gate-octo"));
    assert_eq!(kept.webhook_secret.expose_secret(), "from github");
    assert!(kept.private_key.expose_secret().starts_with("-----BEGIN"));

    for address in [world.setup_address.as_str(), "/setup", "/setup/done?code=good&state=x"] {
        assert_eq!(world.get(address).await.status, StatusCode::NOT_FOUND, "{address}");
    }
    let mut signed = delivery("guid", b"{}");
    let signature = signature("from github", b"{}").parse().unwrap();
    signed.headers_mut().insert("x-hub-signature-256", signature);
    assert_eq!(world.send(signed).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_state_is_good_once_for_an_hour_and_only_if_it_was_given_out() {
    let world = World::fresh().await;
    let given = |page: String| form(&page).0.split_once("?state=").unwrap().1.to_owned();
    let state = given(world.page(&world.setup_address).await);
    for address in [
        "/setup/done".to_owned(),
        "/setup/done?code=good".to_owned(),
        format!("/setup/done?state={state}"),
    ] {
        assert_eq!(world.get(&address).await.status, StatusCode::BAD_REQUEST, "{address}");
    }
    let forged = world.get("/setup/done?code=good&state=00").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);

    let failed = world.get(&format!("/setup/done?code=stale&state={state}")).await;
    assert_eq!(failed.status, StatusCode::BAD_GATEWAY);
    assert!(failed.text().contains("404 Not Found"));
    let again = world.get(&format!("/setup/done?code=good&state={state}")).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "it was used");

    let state = given(world.page(&world.setup_address).await);
    world.wait(3600);
    let late = world.get(&format!("/setup/done?code=good&state={state}")).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
    assert_eq!(*world.trader.codes.lock().unwrap(), ["stale"], "GitHub was asked once");
    assert!(credentials::load(&world.folder.path().join("app")).unwrap().is_none());
}

#[tokio::test]
async fn an_app_that_is_there_already_is_never_overwritten() {
    let world = World::fresh().await;
    let folder = world.folder.path().join("app");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("id"), "1").unwrap();
    assert_eq!(come_back(&world, "good").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(fs::read_to_string(folder.join("id")).unwrap(), "1");
    let left: Vec<_> = fs::read_dir(world.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".app-"))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "no key is left behind");
    assert!(credentials::load(&folder).is_err(), "half an App is a mistake to be told");
}

#[test]
fn secrets_do_not_show_in_logs() {
    let token = t5_gate::web::SetupToken::make().unwrap();
    let keys = t5_gate::web::BadgeKeys::new("secret".into());
    assert_eq!(format!("{token:?} {keys:?}"), "SetupToken BadgeKeys");
}

#[test]
fn a_data_folder_that_a_build_can_write_into_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_t5"))
        .args(["serve", "--public-url", URL, "--data"])
        .arg(folder.path().join("cache/data"))
        .env("T5_CACHE", folder.path().join("cache"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("lie inside one another") && said.contains("--data"), "{said}");
}
