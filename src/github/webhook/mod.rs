//! A delivery's way from bytes that anybody may have sent to an event of GitHub's.
//!
//! [`verify`] looks at the headers and the signature, [`parse`] at what was signed. Both are
//! pure. The type between them, [`Verified`], is the only input of `parse`.

mod parse;
mod payload;
mod secrets;
mod signature;

pub use parse::parse;
pub use secrets::{NoSecret, Secrets};
pub use signature::{BODY_LIMIT, Headers, Refused, verify};

/// A delivery whose signature was good. Made by `verify`, and by `store` for what it kept of
/// one; nothing else can be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    guid: String,
    event: String,
    body: Vec<u8>,
}

impl Verified {
    /// What the database kept of a delivery that had been verified.
    pub(crate) fn kept(guid: String, event: String, body: Vec<u8>) -> Self {
        Self { guid, event, body }
    }

    /// `X-GitHub-Delivery`.
    pub fn guid(&self) -> &str {
        &self.guid
    }

    /// `X-GitHub-Event`.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// The exact bytes that were signed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}
