//! What GitHub and this server have in common.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// Webhook secrets, any of which may have signed a delivery: while one is being replaced, both
/// the new and the old one count. Its `Debug` says how many there are, and nothing of them.
#[derive(Clone)]
pub struct Secrets(Vec<SecretString>);

/// A signature by such a secret would prove nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSecret {
    /// No secret at all.
    #[error(
        "no webhook secret is set, so no delivery could be told from a forged one; name a file \
         that holds the one that was entered on the App's page"
    )]
    None,
    /// Anybody can sign with an empty secret.
    #[error(
        "webhook secret {position} of {of} is empty, and anybody could sign with it; write the \
         one that was entered on the App's page into its file, or leave the file out"
    )]
    Empty {
        /// Which one, counted from 1.
        position: usize,
        /// How many were given.
        of: usize,
    },
}

impl Secrets {
    /// The secrets, the newest first, exactly as GitHub knows them: nothing is trimmed here.
    pub fn new(secrets: Vec<SecretString>) -> Result<Self, NoSecret> {
        if secrets.is_empty() {
            return Err(NoSecret::None);
        }
        match secrets.iter().position(|secret| secret.expose_secret().trim().is_empty()) {
            Some(index) => Err(NoSecret::Empty { position: index + 1, of: secrets.len() }),
            None => Ok(Self(secrets)),
        }
    }

    /// Whether any of them gives this signature. All are tried, each in constant time, so that
    /// the time taken tells neither which one it was nor how close a guess came.
    pub(super) fn signed(&self, body: &[u8], signature: &[u8]) -> bool {
        self.0.iter().fold(false, |good, secret| {
            let matches = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
                .is_ok_and(|mac| mac.chain_update(body).verify_slice(signature).is_ok());
            good | matches
        })
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} of them)", self.0.len())
    }
}
