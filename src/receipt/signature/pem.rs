//! Keys as text: the PEM of PKCS #8 and of `SubjectPublicKeyInfo` (RFC 8410), which OpenSSL reads
//! and writes too.
//!
//! ```text
//! -----BEGIN PRIVATE KEY-----          -----BEGIN PUBLIC KEY-----
//! MC4CAQAwBQYDK2VwBCIEI…               MCowBQYDK2VwAyEA…
//! -----END PRIVATE KEY-----            -----END PUBLIC KEY-----
//! ```
//!
//! The first line tells a secret key from a public one. Between keys there may be empty lines, and
//! remarks behind a `#`.

use data_encoding::BASE64;
use secrecy::zeroize::Zeroizing;

use super::key::KeyError;

/// The longest text that is read, in bytes.
pub(super) const TEXT_LIMIT: usize = 64 * 1024;
/// Most keys in one text.
const KEYS: usize = 64;

/// The bytes before the 32 of an ed25519 key, in DER: always the same.
const SECRET_PREFIX: &[u8] = &[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const PUBLIC_PREFIX: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Which of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Secret,
    Public,
}

impl Half {
    fn label(self) -> &'static str {
        match self {
            Self::Secret => "PRIVATE KEY",
            Self::Public => "PUBLIC KEY",
        }
    }

    fn prefix(self) -> &'static [u8] {
        match self {
            Self::Secret => SECRET_PREFIX,
            Self::Public => PUBLIC_PREFIX,
        }
    }
}

/// A key, and the line that it begins in, counted from 1.
pub(super) struct Found {
    pub(super) line: usize,
    pub(super) key: Zeroizing<[u8; 32]>,
}

/// A key as text.
pub(super) fn write(half: Half, key: &[u8; 32]) -> Zeroizing<String> {
    let der = Zeroizing::new([half.prefix(), key].concat());
    let line = Zeroizing::new(BASE64.encode(&der));
    let label = half.label();
    Zeroizing::new(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", *line))
}

/// The keys of a text, all of them of one half. An error says nothing of what stands in a key.
pub(super) fn read(half: Half, text: &str) -> Result<Vec<Found>, KeyError> {
    if text.len() > TEXT_LIMIT {
        return Err(KeyError::TooLong);
    }
    let mut keys = Vec::new();
    let mut lines = text.lines().map(str::trim_end).enumerate();
    while let Some((at, line)) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let label = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
        let label = label.ok_or(KeyError::Line { line: at + 1 })?;
        meant(half, label)?;
        if keys.len() == KEYS {
            return Err(KeyError::TooMany { most: KEYS });
        }
        let end = format!("-----END {label}-----");
        // Large enough from the start: a buffer that grows leaves its old bytes behind.
        let mut body = Zeroizing::new(String::with_capacity(TEXT_LIMIT));
        loop {
            match lines.next() {
                Some((_, line)) if line == end => break,
                Some((_, line)) => body.push_str(line),
                None => return Err(KeyError::Unended { line: at + 1 }),
            }
        }
        let line = at + 1;
        let key = of_base64(half, &body).ok_or(KeyError::NotEd25519 { line })?;
        keys.push(Found { line, key });
    }
    if keys.is_empty() { Err(KeyError::Nothing { expected: half.label() }) } else { Ok(keys) }
}

fn meant(half: Half, label: &str) -> Result<(), KeyError> {
    match (half, label) {
        (Half::Public, "PRIVATE KEY") => Err(KeyError::Secret),
        (Half::Secret, "PUBLIC KEY") => Err(KeyError::Public),
        (half, label) if label == half.label() => Ok(()),
        (half, _) => Err(KeyError::Foreign { expected: half.label() }),
    }
}

fn of_base64(half: Half, body: &str) -> Option<Zeroizing<[u8; 32]>> {
    let der = Zeroizing::new(BASE64.decode(body.as_bytes()).ok()?);
    der.strip_prefix(half.prefix())?.try_into().ok().map(Zeroizing::new)
}
