//! One line in the log for each request, and an end to those that take too long.

use std::time::{Duration, Instant};

use axum::{
    extract::{MatchedPath, Request},
    http::StatusCode,
    middleware::Next,
    response::Response,
};

use super::answer::message;

/// An answer that is not there by then will not come: the database is stuck.
const LONGEST: Duration = Duration::from_secs(30);

/// Notes method, address, status and time. Never what stands after `?`, never a body, and of an
/// address only its form: ids are secrets.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let began = Instant::now();
    let answered = tokio::time::timeout(LONGEST, next.run(request)).await;
    let response = answered.unwrap_or_else(|_| {
        let text = "The server did not get to an answer in time. Try again in a minute.";
        message(StatusCode::SERVICE_UNAVAILABLE, "Too slow", text)
    });
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    let path = path.as_ref().map_or("(none)", MatchedPath::as_str);
    tracing::info!(%method, path, status, took_ms, "answered");
    response
}
