//! A call: who makes it, of whom it asks what, and what it costs.

use std::fmt;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{At, budget::Cost};

/// What has to be escaped inside one part of a path.
const PART: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// A path out of parts, each escaped; slashes inside a part too.
pub(super) fn route(parts: &[&str]) -> String {
    let mut path = String::new();
    for part in parts {
        path.push('/');
        path.extend(utf8_percent_encode(part, PART));
    }
    path
}

/// A value for a query, escaped.
pub(super) fn query(value: &str) -> String {
    utf8_percent_encode(value, PART).to_string()
}

/// As whom a call is made. Each has limits of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// Nobody in particular.
    Anybody,
    /// The App itself.
    App,
    /// One of its installations.
    Installation(u64),
}

/// A call.
#[derive(Clone)]
pub(super) struct Call {
    /// As whom.
    pub(super) who: Who,
    /// How.
    pub(super) method: Method,
    /// With its query.
    pub(super) path: String,
    /// The path as it is shown, where it holds a secret.
    shown: Option<&'static str>,
    /// JSON.
    pub(super) body: Option<Value>,
    /// The permission that it takes.
    pub(super) needs: &'static str,
    /// What it is about.
    pub(super) what: String,
    /// It makes something that people see.
    creates: bool,
}

impl Call {
    /// Reads something. `needs` names the permission, `what` the thing, for errors.
    pub(super) fn get(at: &At, path: String, needs: &'static str, what: String) -> Self {
        Self::new(Who::Installation(at.installation), Method::GET, path, needs, what)
    }

    /// Makes something.
    pub(super) fn post(
        at: &At,
        path: String,
        body: Value,
        needs: &'static str,
        what: String,
    ) -> Self {
        let who = Who::Installation(at.installation);
        Self::new(who, Method::POST, path, needs, what).sending(body).creating()
    }

    /// Changes something.
    pub(super) fn patch(
        at: &At,
        path: String,
        body: Value,
        needs: &'static str,
        what: String,
    ) -> Self {
        Self::new(Who::Installation(at.installation), Method::PATCH, path, needs, what)
            .sending(body)
    }

    /// Any call, as anybody.
    pub(super) fn new(
        who: Who,
        method: Method,
        path: String,
        needs: &'static str,
        what: String,
    ) -> Self {
        Self { who, method, path, shown: None, body: None, needs, what, creates: false }
    }

    /// With this body.
    pub(super) fn sending(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// With a path that must not be shown.
    pub(super) fn shown_as(mut self, path: &'static str) -> Self {
        self.shown = Some(path);
        self
    }

    fn creating(mut self) -> Self {
        self.creates = true;
        self
    }

    /// What GitHub counts for it.
    pub(super) fn cost(&self) -> Cost {
        Cost { points: if self.method == Method::GET { 1 } else { 5 }, creates: self.creates }
    }

    /// The path without its query, or what stands for it.
    pub(super) fn shown(&self) -> &str {
        self.shown.unwrap_or_else(|| self.path.split('?').next().unwrap_or_default())
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.shown())
    }
}
