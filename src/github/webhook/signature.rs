//! Whether a delivery comes from GitHub.

use data_encoding::HEXLOWER;

use super::{Secrets, Verified};

/// The largest body in bytes: GitHub sends up to 25 MB.
pub const BODY_LIMIT: usize = 25 * 1024 * 1024;

/// The longest `X-GitHub-Delivery` in characters. GitHub sends 36.
const GUID_LIMIT: usize = 100;

/// The longest `X-GitHub-Event` in characters.
const EVENT_LIMIT: usize = 64;

/// The headers of a delivery as they came; none where there was no such header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    /// `X-GitHub-Delivery`
    pub delivery: Option<&'a [u8]>,
    /// `X-GitHub-Event`
    pub event: Option<&'a [u8]>,
    /// `X-Hub-Signature-256`
    pub signature: Option<&'a [u8]>,
    /// `Content-Type`
    pub content_type: Option<&'a [u8]>,
}

/// Why a delivery is not taken. Says nothing of the secrets, of the signature that would have
/// been good, or of what was sent, so it may be answered to whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// GitHub was told to send forms.
    #[error(
        "the body is a form; set the webhook's content type to application/json on the App's page"
    )]
    Form,
    /// Neither JSON nor a form.
    #[error("Content-Type is not application/json; only GitHub's JSON deliveries are taken")]
    ContentType,
    /// Larger than GitHub ever sends.
    #[error("the body has {0} bytes; GitHub sends, and this server takes, at most {BODY_LIMIT}")]
    TooLarge(usize),
    /// No usable id.
    #[error(
        "X-GitHub-Delivery is missing, or is not 1 to {GUID_LIMIT} visible ASCII characters; \
         only GitHub's deliveries are taken"
    )]
    Delivery,
    /// No usable event.
    #[error(
        "X-GitHub-Event is missing, or is not 1 to {EVENT_LIMIT} lower-case letters, digits \
         and underscores; only GitHub's deliveries are taken"
    )]
    Event,
    /// GitHub was not told a secret.
    #[error("X-Hub-Signature-256 is missing; set the webhook's secret on the App's page")]
    Unsigned,
    /// No signature of GitHub's.
    #[error(
        "X-Hub-Signature-256 is not `sha256=` and 64 lower-case hexadecimal digits; only \
         GitHub's deliveries are taken"
    )]
    Malformed,
    /// Another secret, or another body.
    #[error(
        "X-Hub-Signature-256 was made with another secret, or for another body; compare the \
         secret on the App's page with the server's, and let no proxy change the body"
    )]
    Signature,
}

/// Takes a delivery whose signature, by any of the secrets, is good for exactly these bytes.
pub fn verify(secrets: &Secrets, headers: Headers<'_>, body: Vec<u8>) -> Result<Verified, Refused> {
    json(headers.content_type)?;
    if body.len() > BODY_LIMIT {
        return Err(Refused::TooLarge(body.len()));
    }
    let guid = text(headers.delivery, GUID_LIMIT, u8::is_ascii_graphic).ok_or(Refused::Delivery)?;
    let in_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let event = text(headers.event, EVENT_LIMIT, in_name).ok_or(Refused::Event)?;
    let signature = signature(headers.signature.ok_or(Refused::Unsigned)?)?;
    if secrets.signed(&body, &signature) {
        Ok(Verified { guid, event, body })
    } else {
        Err(Refused::Signature)
    }
}

/// Refuses everything but JSON; parameters (a charset) do not matter.
fn json(content_type: Option<&[u8]>) -> Result<(), Refused> {
    let essence = content_type.and_then(|value| value.split(|byte| *byte == b';').next());
    let essence = essence.unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(b"application/json") {
        Ok(())
    } else if essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
        Err(Refused::Form)
    } else {
        Err(Refused::ContentType)
    }
}

/// A header's value, if it has between one and `limit` characters, all of them allowed ASCII.
fn text(value: Option<&[u8]>, limit: usize, allowed: impl Fn(&u8) -> bool) -> Option<String> {
    let value = value.filter(|value| (1..=limit).contains(&value.len()))?;
    value.iter().all(allowed).then(|| String::from_utf8_lossy(value).into_owned())
}

/// The bytes of `sha256=…`.
fn signature(value: &[u8]) -> Result<Vec<u8>, Refused> {
    let digits = value.strip_prefix(b"sha256=").filter(|digits| digits.len() == 64);
    digits.and_then(|digits| HEXLOWER.decode(digits).ok()).ok_or(Refused::Malformed)
}
