//! The page that creates the GitHub App, while there is none.
//!
//! Whoever opens it first becomes the App's owner, so it opens only with a token that this
//! process prints when it starts. What it asks of GitHub stands in `app.yml`.

mod manifest;
pub(super) mod page;
mod state;

use std::{fmt, io, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Credentials, random};

/// The App that GitHub made of the manifest.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// What makes this server the App.
    pub credentials: Credentials,
    /// The App's page.
    pub html_url: String,
}

/// GitHub did not hand the App over.
#[derive(Debug, thiserror::Error)]
#[error("GitHub did not hand the App over: {0}")]
pub struct NotConverted(
    /// Why, in one sentence.
    pub String,
);

/// Trades the code that GitHub sends a person back with for the App.
#[async_trait]
pub trait Conversion: fmt::Debug + Send + Sync {
    /// Asks GitHub; a code is good once, for an hour.
    async fn convert(&self, code: &SecretString) -> Result<NewApp, NotConverted>;
}

/// Opens the setup page.
#[derive(Clone)]
pub struct SetupToken(SecretString);

impl fmt::Debug for SetupToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupToken")
    }
}

impl SetupToken {
    /// Makes one that nobody can guess.
    ///
    /// # Errors
    ///
    /// If the system has no randomness to give.
    pub fn make() -> io::Result<Self> {
        Ok(Self(random::hex::<24>()?.into()))
    }

    /// The address to print where the operator sees it, and nobody else.
    pub fn address(&self, public_url: &str) -> String {
        format!("{public_url}{}?token={}", super::SETUP, self.0.expose_secret())
    }

    /// Whether this is the token. The time taken tells nothing: digests are compared.
    fn is(&self, token: &SecretString) -> bool {
        let digest =
            |secret: &SecretString| crate::receipt::digest(secret.expose_secret().as_bytes());
        digest(token) == digest(&self.0)
    }
}

/// What the setup page needs.
#[derive(Debug)]
pub(super) struct Setup {
    token: SetupToken,
    conversion: Arc<dyn Conversion>,
    credentials: PathBuf,
    states: state::States,
    /// One person at a time is given an App.
    finishing: tokio::sync::Mutex<()>,
}

impl Setup {
    pub(super) fn new(
        token: SetupToken,
        conversion: Arc<dyn Conversion>,
        credentials: PathBuf,
    ) -> Self {
        Self {
            token,
            conversion,
            credentials,
            states: state::States::default(),
            finishing: tokio::sync::Mutex::new(()),
        }
    }
}
