//! Whether this server can do its work.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

use super::Web;

/// A database that takes longer is no use.
const LONGEST: Duration = Duration::from_secs(3);

/// `GET /healthz`: 200 if the database answers, else 503.
pub(super) async fn healthz(State(web): State<Arc<Web>>) -> impl IntoResponse {
    let asked = tokio::time::timeout(LONGEST, web.store.note("health")).await;
    let reachable = matches!(asked, Ok(Ok(_)));
    let said = serde_json::json!({
        "status": if reachable { "ok" } else { "failing" },
        "database": if reachable { "reachable" } else { "unreachable" },
        "app": if web.current_app().is_some() { "configured" } else { "not configured" },
        "version": env!("CARGO_PKG_VERSION"),
    });
    let status = if reachable { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, format!("{said}\n"))
}
