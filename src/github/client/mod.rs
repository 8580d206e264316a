//! The calls that this gate makes to GitHub, as an App.
//!
//! One call is at most one change: nothing is repeated behind the caller's back, since only the
//! caller knows how to find out whether an earlier attempt arrived. What may be done about a
//! failure is in the type of [`CallError`].

mod app;
mod ask;
mod budget;
mod call;
mod caller;
mod checks;
mod comments;
mod error;
mod judge;
mod labels;
mod pages;
mod pulls;
mod scanning;
mod secret;
mod token;
mod transport;

use std::{fmt, sync::Arc};

use secrecy::SecretString;

pub use self::{
    app::{DeliveryPage, HookDelivery, NewApp, convert_manifest},
    checks::{Check, CheckSeen},
    error::{CallError, ClientError},
    labels::{CommitStatus, StatusState},
    pulls::{Permission, PullFile},
    transport::Patience,
};
use self::{
    call::route,
    caller::Caller,
    token::{AppKey, Tokens},
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

/// GitHub, as the App sees it. Clones share connections, tokens and limits.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    caller: Caller,
    key: AppKey,
    tokens: Tokens,
    clock: Clock,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("caller", &self.0.caller).field("key", &self.0.key).finish()
    }
}

impl Client {
    /// A client that has not spoken with GitHub yet. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// If the private key or the address cannot be what they are said to be.
    pub fn new(access: &Access, clock: Clock) -> Result<Self, ClientError> {
        Self::with_patience(access, clock, Patience::default())
    }

    /// A client that waits for GitHub as long as it is told.
    ///
    /// # Errors
    /// If the private key or the address cannot be what they are said to be.
    pub fn with_patience(
        access: &Access,
        clock: Clock,
        patience: Patience,
    ) -> Result<Self, ClientError> {
        let key = AppKey::new(access, clock.now())?;
        let caller = Caller::new(&access.api_url, clock.clone(), patience)?;
        Ok(Self(Arc::new(Inner { caller, key, tokens: Tokens::default(), clock })))
    }
}

impl At {
    /// A path below this repository's.
    fn path(&self, parts: &[&str]) -> String {
        let mut all = vec!["repos", self.owner.as_str(), self.name.as_str()];
        all.extend_from_slice(parts);
        route(&all)
    }
}
