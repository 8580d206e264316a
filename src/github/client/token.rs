//! What proves who calls: a JWT of the App, and tokens of its installations.

use std::{collections::HashMap, fmt, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use octocrab::jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::{
    Access, ClientError,
    secret::{never, secret},
};

/// GitHub's clock may be behind this one by so much.
const IN_THE_PAST: i64 = 60;
/// GitHub takes 10 minutes at most; its clock may be behind.
const AHEAD: i64 = 9 * 60;
/// A token that ends sooner is not used: a page of calls must not outlast it.
const SPARE: SignedDuration = SignedDuration::from_mins(5);

/// The App's key.
pub(super) struct AppKey {
    app_id: u64,
    key: EncodingKey,
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppKey").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims {
    iss: u64,
    iat: i64,
    exp: i64,
}

impl AppKey {
    /// Reads the key, and signs with it once: a file may look like a key and be none.
    pub(super) fn new(access: &Access, now: Timestamp) -> Result<Self, ClientError> {
        let unreadable = |why: String| ClientError::Key { why };
        let key = EncodingKey::from_rsa_pem(access.private_key.expose_secret().as_bytes())
            .map_err(|error| unreadable(error.to_string()))?;
        let key = Self { app_id: access.app_id, key };
        key.jwt(now).map_err(unreadable)?;
        Ok(key)
    }

    /// The App's id.
    pub(super) fn app_id(&self) -> u64 {
        self.app_id
    }

    /// Says for a few minutes that the caller is the App.
    pub(super) fn jwt(&self, now: Timestamp) -> Result<SecretString, String> {
        let now = now.as_second();
        let claims = Claims { iss: self.app_id, iat: now - IN_THE_PAST, exp: now + AHEAD };
        encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map(SecretString::from)
            .map_err(|error| error.to_string())
    }
}

/// GitHub's answer to a request for a token.
#[derive(Deserialize)]
pub(super) struct Minted {
    #[serde(deserialize_with = "secret")]
    token: SecretString,
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// A token of an installation.
#[derive(Clone)]
pub(super) struct Token {
    /// The token.
    pub(super) token: SecretString,
    /// When it ends; GitHub says an hour.
    expires_at: Option<Timestamp>,
}

impl From<Minted> for Token {
    fn from(minted: Minted) -> Self {
        Self { token: minted.token, expires_at: minted.expires_at }
    }
}

impl Token {
    /// Whether it may still be used.
    pub(super) fn lasts(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end.duration_since(now) > SPARE)
    }
}

never!(Minted: fmt::Debug, fmt::Display, Serialize);
never!(Token: fmt::Debug, fmt::Display, Serialize);
never!(AppKey: fmt::Display, Serialize);

/// The place of one installation's token. Whoever holds it is the only one to ask for a new one.
pub(super) type Slot = Arc<Mutex<Option<Token>>>;

/// Tokens of installations.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<u64, Slot>>);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// Where an installation's token lies.
    pub(super) async fn slot(&self, installation: u64) -> Slot {
        Arc::clone(self.0.lock().await.entry(installation).or_default())
    }
}
