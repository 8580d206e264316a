//! Keys, and how they are called.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::pem::{self, Half};
use crate::receipt::digest;

/// Why a text is not the key that is meant. It says nothing of what stands in a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key.
    #[error("it holds no key; expected a line «-----BEGIN {expected}-----»")]
    Nothing {
        /// The label.
        expected: &'static str,
    },
    /// A line outside of any key.
    #[error("line {line} is neither part of a key nor a remark behind a #")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// The last line of a key is missing.
    #[error("the key that begins in line {line} does not end")]
    Unended {
        /// Counted from 1.
        line: usize,
    },
    /// Another kind of key.
    #[error(
        "it holds another kind of thing than «-----BEGIN {expected}-----»; `t5 key new` makes a key"
    )]
    Foreign {
        /// The label.
        expected: &'static str,
    },
    /// A secret key where a public one is meant.
    #[error(
        "it holds a secret key where a public one is meant; `t5 key public --key FILE` prints its \
         public one"
    )]
    Secret,
    /// A public key where a secret one is meant.
    #[error(
        "it holds a public key, and nobody can sign with that; name the file of the secret one"
    )]
    Public,
    /// Not an ed25519 key in its plain form.
    #[error("the key in line {line} is no ed25519 key in its plain form; `t5 key new` makes one")]
    NotEd25519 {
        /// Counted from 1.
        line: usize,
    },
    /// A public key under which anything can be signed.
    #[error("it holds a weak key: anybody could sign under it")]
    Weak,
    /// A file for one key holds several.
    #[error("it holds {found} keys; one is used to sign")]
    Several {
        /// How many.
        found: usize,
    },
    /// More keys than are read.
    #[error("it holds more than {most} keys")]
    TooMany {
        /// How many there may be.
        most: usize,
    },
    /// More text than is read.
    #[error("it is too long for a file of keys")]
    TooLong,
}

/// What a key is called: SHA-256 of the 32 bytes of the public key, in lowercase hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    /// The name as it stands in an envelope.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(hex) {
            return Ok(Self(text));
        }
        Err("a key id has 64 lowercase hexadecimal digits")
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    fn of_bytes(bytes: &[u8; 32], line: usize) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotEd25519 { line })?;
        if key.is_weak() { Err(KeyError::Weak) } else { Ok(Self(key)) }
    }

    /// What it is called.
    pub fn id(&self) -> KeyId {
        KeyId(digest(self.0.as_bytes()))
    }

    /// As PEM.
    pub fn to_pem(&self) -> String {
        pem::write(Half::Public, self.0.as_bytes()).to_string()
    }

    /// As PEM, under a remark with its id: the content of a file of public keys.
    pub fn to_text(&self) -> String {
        format!("# key {}\n{}", self.id(), self.to_pem())
    }

    /// Whether this is its signature over the message. Strict: there is no second form of a
    /// signature, and none that several keys share.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

/// The keys that somebody trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKeys(Vec<PublicKey>);

impl PublicKeys {
    /// Reads all public keys of a text, as [`PublicKey::to_text`] writes them.
    ///
    /// # Errors
    ///
    /// If there is none, or one of them is no ed25519 key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let keys = pem::read(Half::Public, text)?;
        keys.iter()
            .map(|found| PublicKey::of_bytes(&found.key, found.line))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Takes others in.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// What they are called.
    pub fn ids(&self) -> Vec<KeyId> {
        self.0.iter().map(PublicKey::id).collect()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.iter()
    }

    /// The key of that name.
    pub fn find(&self, id: &KeyId) -> Option<&PublicKey> {
        self.0.iter().find(|key| key.id() == *id)
    }
}

impl FromIterator<PublicKey> for PublicKeys {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

/// A secret key, and what is done with it. It cannot be printed, and its bytes are wiped when it
/// goes.
#[derive(Clone)]
pub struct Signer(SigningKey);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public().id())
    }
}

impl Signer {
    /// A key made of 32 bytes that nobody can guess.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads the one secret key of a text.
    ///
    /// # Errors
    ///
    /// If there is none, or more than one, or something else.
    pub fn parse(text: &SecretString) -> Result<Self, KeyError> {
        match pem::read(Half::Secret, text.expose_secret())?.as_slice() {
            [found] => Ok(Self::from_seed(&found.key)),
            several => Err(KeyError::Several { found: several.len() }),
        }
    }

    /// The text of a key file.
    pub fn to_pem(&self) -> SecretString {
        SecretString::from(pem::write(Half::Secret, self.0.as_bytes()).as_str())
    }

    /// The key that others check its signatures by.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}
