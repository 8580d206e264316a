//! The two pages of the setup: the form that goes to GitHub, and where GitHub sends back to.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};

use super::{NewApp, manifest::manifest};
use crate::{
    github::webhook::Secrets,
    web::{
        App, WEBHOOK, Web, answer,
        answer::{NoPage, message},
        credentials,
    },
};

#[derive(Template)]
#[template(path = "setup.html", config = "src/web/templates/askama.toml")]
struct Form {
    action: String,
    manifest: String,
    organization: Option<String>,
    token: String,
    permissions: Vec<(String, String)>,
    hook: String,
}

#[derive(Template)]
#[template(path = "installed.html", config = "src/web/templates/askama.toml")]
struct Installed {
    install: String,
}

#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    #[serde(default, deserialize_with = "secret")]
    token: Option<SecretString>,
    organization: Option<String>,
}

/// Reads a secret of an address.
fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(SecretString::from))
}

/// `GET /setup`
pub(in crate::web) async fn form(
    State(web): State<Arc<Web>>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    if web.current_app().is_some() {
        return Err(NoPage::NotFound);
    }
    let token = asked.token.unwrap_or_default();
    if !web.setup.token.is(&token) {
        let text = "This page opens only with the address that the server printed to its log \
                    when it started. It changes with each start.";
        return Ok(message(StatusCode::FORBIDDEN, "A token is missing", text));
    }
    let named = asked.organization.filter(|name| !name.is_empty());
    if named.as_deref().is_some_and(|name| !is_account(name)) {
        let text = "The name of an organization has letters, digits and single hyphens. Go back \
                    and correct it.";
        return Ok(message(StatusCode::BAD_REQUEST, "No such organization", text));
    }
    let state = web.setup.states.give(web.clock.now())?;
    answer::page(&filled(&web, &state, named, &token)?)
}

fn filled(
    web: &Web,
    state: &str,
    organization: Option<String>,
    token: &SecretString,
) -> Result<Form, NoPage> {
    let manifest =
        manifest(&web.server).map_err(|error| std::io::Error::other(error.to_string()))?;
    let listed = manifest.get("default_permissions").and_then(|listed| listed.as_object());
    let permissions = listed.into_iter().flatten().map(|(name, access)| {
        (name.replace('_', " "), access.as_str().unwrap_or_default().to_owned())
    });
    let github = &web.server.github.web_url;
    let owner =
        organization.as_ref().map_or_else(String::new, |name| format!("/organizations/{name}"));
    Ok(Form {
        action: format!("{github}{owner}/settings/apps/new?state={state}"),
        permissions: permissions.collect(),
        manifest: manifest.to_string(),
        organization,
        // Whoever reads this page came with it.
        token: token.expose_secret().to_owned(),
        hook: format!("{}{WEBHOOK}", web.server.public_url),
    })
}

/// Whether GitHub could have an account of this name.
fn is_account(name: &str) -> bool {
    name.len() <= 39
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
}

#[derive(Deserialize)]
pub(in crate::web) struct Back {
    #[serde(default, deserialize_with = "secret")]
    code: Option<SecretString>,
    state: Option<String>,
}

/// `GET /setup/done`
pub(in crate::web) async fn done(
    State(web): State<Arc<Web>>,
    Query(back): Query<Back>,
) -> Result<Response, NoPage> {
    let _alone = web.setup.finishing.lock().await;
    if web.current_app().is_some() {
        return Err(NoPage::NotFound);
    }
    let (Some(code), Some(state)) = (back.code, back.state) else {
        let text = "GitHub sends people here with a code. Begin at the setup page.";
        return Ok(message(StatusCode::BAD_REQUEST, "Not from GitHub", text));
    };
    if !web.setup.states.take(&state, web.clock.now()) {
        let text = "This step was done before, took more than an hour, or was begun elsewhere. \
                    Begin again at the setup page. If GitHub shows an App that was made by the \
                    first try, remove it there.";
        return Ok(message(StatusCode::FORBIDDEN, "That step is over", text));
    }
    match web.setup.conversion.convert(&code).await {
        Ok(app) => finish(&web, app).await,
        Err(error) => {
            tracing::error!(%error, "the App could not be taken over");
            let text = format!("{error}. Remove the new App on GitHub, and begin again.");
            Ok(message(StatusCode::BAD_GATEWAY, "The App was not handed over", &text))
        }
    }
}

async fn finish(web: &Web, app: NewApp) -> Result<Response, NoPage> {
    let NewApp { credentials, html_url } = app;
    let secret = credentials.webhook_secret.expose_secret().to_owned().into();
    let secrets = Secrets::new(vec![secret]).map_err(std::io::Error::other)?;
    let slug = credentials.slug.clone();
    let folder = web.setup.credentials.clone();
    let storing = tokio::task::spawn_blocking(move || credentials::store(&folder, &credentials));
    storing.await?.map_err(std::io::Error::other)?;
    web.app.send_replace(Some(Arc::new(App { secrets, slug: Some(slug) })));
    tracing::info!("the App is set up");
    answer::page(&Installed { install: format!("{html_url}/installations/new") })
}
