//! One request and its answer, over HTTP.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Http, Error as HttpError, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use rustls::crypto::{CryptoProvider, ring};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::{CallError, ClientError, secret::never};

/// No answer of GitHub's that this gate asks for is longer, in bytes.
const ANSWER: usize = 64 << 20;
/// A connection that is unused for so long is not used again: GitHub may be closing it.
const IDLE: Duration = Duration::from_secs(20);

/// How long to wait for GitHub.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the beginning of an answer once connected, and again for the rest of it.
    pub read: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), read: Duration::from_secs(30) }
    }
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// Method and path without secrets, for errors.
    pub(super) name: &'a str,
    /// How.
    pub(super) method: &'a Method,
    /// What follows the API's address, escaped; begins with a slash.
    pub(super) path: &'a str,
    /// The token or JWT; none for the few calls that anybody may make.
    pub(super) bearer: Option<&'a SecretString>,
    /// JSON.
    pub(super) body: Option<&'a Value>,
}

/// What came back, whatever its status.
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// All of its body.
    pub(super) body: Vec<u8>,
}

// An answer may hold a token, a request does.
never!(Answer: fmt::Debug, fmt::Display, serde::Serialize);
never!(Request<'static>: fmt::Debug, fmt::Display, serde::Serialize);

/// Sends requests.
pub(super) struct Transport {
    octocrab: Octocrab,
    api_url: String,
    patience: Patience,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("api_url", &self.api_url).finish_non_exhaustive()
    }
}

impl Transport {
    /// Sends to this address.
    pub(super) fn new(api_url: &str, patience: Patience) -> Result<Self, ClientError> {
        let api_url = api_url.trim_end_matches('/').to_owned();
        check(&api_url)?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(patience.connect));
        let http = Http::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build::<_, OctoBody>(secure(tcp)?);
        let built = OctocrabBuilder::new_empty().with_service(http).with_auth(AuthState::None);
        let octocrab = match built.build() {
            Ok(octocrab) => octocrab,
            Err(never) => match never {},
        };
        Ok(Self { octocrab, api_url, patience })
    }

    /// What follows the API's address in another address there; none for one elsewhere.
    pub(super) fn path_of<'u>(&self, url: &'u str) -> Option<&'u str> {
        url.strip_prefix(self.api_url.as_str()).filter(|path| path.starts_with('/'))
    }

    /// Sends a request and waits for all of the answer.
    pub(super) async fn send(&self, request: Request<'_>) -> Result<Answer, CallError> {
        let ready = self.prepare(request).map_err(|why| CallError::Down { why })?;
        let patience = self.patience.connect + self.patience.read;
        let answer = tokio::time::timeout(patience, self.octocrab.send(ready))
            .await
            .map_err(|_| silent(request, patience))?
            .map_err(|error| broken(request, &error))?;
        let (parts, body) = answer.into_parts();
        let body = tokio::time::timeout(self.patience.read, Limited::new(body, ANSWER).collect())
            .await
            .map_err(|_| silent(request, self.patience.read))?
            .map_err(|error| unsure(request, &root(error.as_ref())))?
            .to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_vec() })
    }

    fn prepare(&self, request: Request<'_>) -> Result<http::Request<OctoBody>, String> {
        let address = format!("{}{}", self.api_url, request.path);
        let mut builder = http::Request::builder()
            .method(request.method)
            .uri(address)
            .header(header::ACCEPT, "application/vnd.github+json")
            .header(header::USER_AGENT, concat!("t5-gate/", env!("CARGO_PKG_VERSION")));
        if let Some(bearer) = request.bearer {
            let text = format!("Bearer {}", bearer.expose_secret());
            let mut value = HeaderValue::from_str(&text)
                .map_err(|_| "GitHub's token cannot stand in a header".to_owned())?;
            value.set_sensitive(true);
            builder = builder.header(header::AUTHORIZATION, value);
        }
        self.octocrab
            .build_request(builder, request.body)
            .map_err(|error| format!("the request cannot be written: {}", root(&error)))
    }
}

fn check(api_url: &str) -> Result<(), ClientError> {
    let wrong =
        |why: &str| ClientError::Address { address: api_url.to_owned(), why: why.to_owned() };
    let uri: Uri = api_url.parse().map_err(|_| wrong("it cannot be read"))?;
    if uri.authority().is_none() {
        return Err(wrong("it names no host"));
    }
    if !matches!(uri.scheme_str(), Some("https" | "http")) {
        return Err(wrong("it begins neither with https:// nor with http://"));
    }
    Ok(())
}

/// The system's certificates, so that a company's own authority counts; where there are none, as
/// in many containers, those that Mozilla trusts.
fn secure(tcp: HttpConnector) -> Result<HttpsConnector<HttpConnector>, ClientError> {
    let provider = provider();
    let builder = HttpsConnectorBuilder::new();
    let builder = match builder.with_provider_and_native_roots(Arc::clone(&provider)) {
        Ok(builder) => builder,
        Err(_) => HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)
            .map_err(|error| ClientError::Certificates { why: error.to_string() })?,
    };
    // Plain HTTP only where the operator wrote it into the address.
    Ok(builder.https_or_http().enable_http1().wrap_connector(tcp))
}

fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()))
}

fn silent(request: Request<'_>, patience: Duration) -> CallError {
    unsure(request, &format!("no answer within {} s", patience.as_secs_f64()))
}

fn unsure(request: Request<'_>, why: &str) -> CallError {
    CallError::Unsure { why: format!("{}: {why}", request.name) }
}

/// Whether an error came before anything was sent.
fn broken(request: Request<'_>, error: &octocrab::Error) -> CallError {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<HttpError>().is_some_and(HttpError::is_connect) {
            return CallError::Down { why: root(error) };
        }
        cause = error.source();
    }
    unsure(request, &root(error))
}

/// What lies at the bottom of an error: the rest repeats it, with a backtrace.
fn root(error: &(dyn StdError + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
