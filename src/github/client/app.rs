//! Calls about the App itself: deliveries of its webhook, and how it comes into being.

use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{
    At, CallError, Client, Patience,
    call::{Call, Who, query, route},
    caller::{Caller, Outcome, read, read_secret},
    judge::next_page,
    secret::{never, secret, some_secret},
};
use crate::host::Clock;

/// A delivery that GitHub tried to make.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HookDelivery {
    /// GitHub's id of this attempt.
    pub id: u64,
    /// `X-GitHub-Delivery`; a redelivery keeps it.
    pub guid: String,
    /// When it was tried.
    pub delivered_at: Timestamp,
    /// What the server answered; 0 where nobody did.
    #[serde(default)]
    pub status_code: u16,
    /// It was asked for, not caused by an event.
    #[serde(default)]
    pub redelivery: bool,
    /// `X-GitHub-Event`.
    pub event: String,
}

/// Some deliveries, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryPage {
    /// At most a hundred.
    pub deliveries: Vec<HookDelivery>,
    /// Asks for those before them; none on the last page.
    pub next: Option<String>,
}

/// An App that GitHub made from a manifest.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// The App's id.
    pub id: u64,
    /// Its name in addresses.
    pub slug: String,
    /// Its page, where it is installed.
    pub html_url: String,
    /// Its private key, as PEM. GitHub shows it this once.
    pub pem: SecretString,
    /// What its deliveries are signed with.
    pub webhook_secret: SecretString,
}

impl Client {
    /// A new token that can read this repository's contents and nothing else, for one hour.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn contents_token(&self, at: &At) -> Result<SecretString, CallError> {
        let wish = json!({ "repository_ids": [at.repo], "permissions": { "contents": "read" } });
        Ok(self.mint(at.installation, wish).await?.token)
    }

    /// Deliveries of the App's webhook, the newest first; GitHub keeps those of three days.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn hook_deliveries(&self, cursor: Option<&str>) -> Result<DeliveryPage, CallError> {
        let mut path = "/app/hook/deliveries?per_page=100".to_owned();
        if let Some(cursor) = cursor {
            path = format!("{path}&cursor={}", query(cursor));
        }
        let what = "webhook of the App".to_owned();
        let call = Call::new(Who::App, Method::GET, path, "the App's own key", what);
        let answer = self.call(&call).await?;
        let next = next_page(&answer.headers).and_then(cursor_of);
        Ok(DeliveryPage { deliveries: read(&call, &answer)?, next })
    }

    /// Asks GitHub to make a delivery again, under the same guid.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn redeliver(&self, id: u64) -> Result<(), CallError> {
        let path = route(&["app", "hook", "deliveries", &id.to_string(), "attempts"]);
        let what = format!("delivery {id} (it keeps them for three days)");
        self.call(&Call::new(Who::App, Method::POST, path, "the App's own key", what)).await?;
        Ok(())
    }
}

/// Turns the code that GitHub gave after a manifest was accepted into the App and its secrets.
/// A code works once, and for an hour.
///
/// # Errors
/// See [`CallError`].
pub async fn convert_manifest(api_url: &str, code: &SecretString) -> Result<NewApp, CallError> {
    let caller = Caller::new(api_url, Clock::real(), Patience::default())
        .map_err(|error| CallError::Down { why: error.to_string() })?;
    let path = route(&["app-manifests", code.expose_secret(), "conversions"]);
    let what = "App for this code: it was used, or is older than an hour".to_owned();
    let call = Call::new(Who::Anybody, Method::POST, path, "nothing", what)
        .shown_as("/app-manifests/…/conversions");
    let made: Made = match caller.make(&call, None).await? {
        Outcome::Done(answer) => read_secret(&call, &answer)?,
        Outcome::Unauthorised(error) => return Err(error),
    };
    let given = |secret: &SecretString| !secret.expose_secret().is_empty();
    let Some(webhook_secret) = made.webhook_secret.filter(given) else {
        let message = "GitHub made the App without a secret for its webhook; set one on the App's \
                       settings page, and configure the App by its files";
        return Err(CallError::Refused { status: 201, message: message.to_owned() });
    };
    Ok(NewApp {
        id: made.id,
        slug: made.slug,
        html_url: made.html_url,
        pem: made.pem,
        webhook_secret,
    })
}

/// GitHub's answer, secrets and all; never shown.
#[derive(Deserialize)]
struct Made {
    id: u64,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    html_url: String,
    #[serde(deserialize_with = "secret")]
    pem: SecretString,
    #[serde(default, deserialize_with = "some_secret")]
    webhook_secret: Option<SecretString>,
}

never!(Made: std::fmt::Debug, std::fmt::Display, serde::Serialize);

/// The cursor in the address of a next page.
fn cursor_of(address: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let cursor = query.split('&').find_map(|pair| pair.strip_prefix("cursor="))?;
    let decoded = percent_encoding::percent_decode_str(cursor).decode_utf8().ok()?;
    Some(decoded.into_owned())
}
