//! Calls about the App itself: deliveries of its webhook, and how it comes into being.

use jiff::Timestamp;
use secrecy::SecretString;

use super::{At, CallError, Client, not_yet};

/// A delivery that GitHub tried to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookDelivery {
    /// GitHub's id of this attempt.
    pub id: u64,
    /// `X-GitHub-Delivery`; a redelivery keeps it.
    pub guid: String,
    /// When it was tried.
    pub delivered_at: Timestamp,
    /// What the server answered; 0 where nobody did.
    pub status_code: u16,
    /// It was asked for, not caused by an event.
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
        let _ = at;
        not_yet()
    }

    /// Deliveries of the App's webhook, the newest first; GitHub keeps those of three days.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn hook_deliveries(&self, cursor: Option<&str>) -> Result<DeliveryPage, CallError> {
        let _ = cursor;
        not_yet()
    }

    /// Asks GitHub to make a delivery again, under the same guid.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn redeliver(&self, id: u64) -> Result<(), CallError> {
        let _ = id;
        not_yet()
    }
}

/// Turns the code that GitHub gave after a manifest was accepted into the App and its secrets.
/// A code works once, and for an hour.
///
/// # Errors
/// See [`CallError`].
pub async fn convert_manifest(api_url: &str, code: &str) -> Result<NewApp, CallError> {
    let _ = (api_url, code);
    not_yet()
}
