//! The public keys, for whoever checks receipts without this server.

use std::sync::Arc;

use axum::{extract::State, http::header, response::IntoResponse};

use super::Web;

/// `GET /keys`
pub(super) async fn keys(State(web): State<Arc<Web>>) -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, web.keys.to_string())
}
