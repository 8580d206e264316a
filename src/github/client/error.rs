//! What can go wrong in a call to GitHub, sorted by what may be done about it.

use jiff::Timestamp;

/// The client could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The App's private key cannot be read as one.
    #[error(
        "the App's private key, which proves to GitHub that this server is the App, is no RSA key \
         in PEM ({why}); generate one on the App's settings page under «Private keys» and put the \
         downloaded file in its place unchanged"
    )]
    Key {
        /// What the parser said.
        why: String,
    },
    /// The address of GitHub's API is none.
    #[error(
        "`{address}` is no address of GitHub's API ({why}); it is `https://api.github.com`, or \
         `https://HOST/api/v3` for a GitHub of your own"
    )]
    Address {
        /// What was configured.
        address: String,
        /// Why it will not do.
        why: String,
    },
    /// No certificates, so nobody's identity can be checked.
    #[error(
        "no root certificates to recognise GitHub by ({why}); install your system's certificates \
         (Debian's package `ca-certificates`)"
    )]
    Certificates {
        /// What was missing.
        why: String,
    },
}

/// A call to GitHub did not succeed. Each variant calls for another answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// GitHub asks to wait, or this gate does so itself before GitHub has to; nothing was done.
    #[error("to be tried again at {until}: {why}")]
    Limited {
        /// Not before then.
        until: Timestamp,
        /// Who asks to wait, and for what.
        why: String,
    },
    /// The request was sent and no good answer came: what it asked for may have happened.
    #[error("nobody knows whether it arrived: {why}")]
    Unsure {
        /// What came instead of an answer.
        why: String,
    },
    /// The request was never sent, or GitHub could not be reached; nothing was done.
    #[error("GitHub was not reached: {why}")]
    Down {
        /// Why not.
        why: String,
    },
    /// What the call is about does not exist, or no longer, or not for this App.
    #[error("GitHub has no {what}, or this App may not see it")]
    Gone {
        /// What is gone.
        what: String,
    },
    /// GitHub understood and refuses; the same request would be refused again.
    #[error("GitHub refuses with {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// GitHub's reason, and the next step where there is one.
        message: String,
    },
}

impl CallError {
    /// The same call will not succeed later either. A proof that does not count (401) may be one
    /// again: a clock is set right, a key is put in its place.
    pub fn lasts(&self) -> bool {
        match self {
            Self::Gone { .. } => true,
            Self::Refused { status, .. } => *status != 401,
            Self::Limited { .. } | Self::Unsure { .. } | Self::Down { .. } => false,
        }
    }
}
