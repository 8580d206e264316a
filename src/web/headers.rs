//! Headers that keep a page harmless, whatever stands in it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::Web;

/// No script, no frame, no address of others: text and style of our own alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; form-action 'self'";

const FIXED: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Adds them to every answer.
pub(super) async fn secure(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // The setup page sends its form to GitHub; no other page sends one anywhere.
    let policy = match web.current_app() {
        Some(_) => HeaderValue::from_static(POLICY),
        None => HeaderValue::try_from(format!("{POLICY} {}", origin(&web.server.github.web_url)))
            .unwrap_or(HeaderValue::from_static(POLICY)),
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Scheme, host and port of an address.
fn origin(address: &str) -> &str {
    let start = address.find("://").map_or(0, |at| at + 3);
    let end =
        address.get(start..).and_then(|rest| rest.find('/')).map_or(address.len(), |at| start + at);
    address.get(..end).unwrap_or(address)
}
