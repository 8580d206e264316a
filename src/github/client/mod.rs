//! The calls that this gate makes to GitHub, as an App.
//!
//! One call is at most one change: nothing is repeated behind the caller's back, since only the
//! caller knows how to find out whether an earlier attempt arrived. What may be done about a
//! failure is in the type of [`CallError`].

mod app;
mod checks;
mod comments;
mod error;
mod labels;
mod pulls;
mod scanning;

use secrecy::SecretString;

pub use self::{
    app::{DeliveryPage, HookDelivery, NewApp, convert_manifest},
    checks::{Check, CheckSeen},
    error::{CallError, ClientError},
    labels::{CommitStatus, StatusState},
    pulls::{Permission, PullFile},
};
use crate::host::Clock;

/// What proves that this server is the App.
#[derive(Clone, Debug)]
pub struct Access {
    /// GitHub's API, without a slash at the end: `https://api.github.com`, or
    /// `https://HOST/api/v3`.
    pub api_url: String,
    /// The App's id.
    pub app_id: u64,
    /// The App's private key, as PEM.
    pub private_key: SecretString,
}

/// Which repository a call is about, and as which installation it is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct At {
    /// Which installation of the App.
    pub installation: u64,
    /// The repository's id.
    pub repo: u64,
    /// The account that it belongs to.
    pub owner: String,
    /// Its name below that account.
    pub name: String,
}

/// GitHub, as the App sees it. Clones share tokens and limits.
#[derive(Clone, Debug)]
pub struct Client {}

impl Client {
    /// A client that has not spoken with GitHub yet.
    ///
    /// # Errors
    /// If the private key or the address cannot be what they are said to be.
    pub fn new(access: &Access, clock: Clock) -> Result<Self, ClientError> {
        let _ = (access, clock);
        Ok(Self {})
    }
}

fn not_yet<T>() -> Result<T, CallError> {
    Err(CallError::Down { why: "this call is not written yet".to_owned() })
}
