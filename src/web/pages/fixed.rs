//! What is the same for everybody.

use axum::{http::header, response::IntoResponse};

const STYLE: &str = include_str!("../templates/style.css");
const ICON: &str = include_str!("../templates/icon.svg");

/// Pages whose addresses are secrets, and badges, are for no search engine.
const ROBOTS: &str =
    "User-agent: *\nDisallow: /jobs/\nDisallow: /runs/\nDisallow: /badge/\nDisallow: /setup\n";

fn fixed(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=600")], text)
}

/// `GET /style.css`
pub(in crate::web) async fn style() -> impl IntoResponse {
    fixed("text/css; charset=utf-8", STYLE)
}

/// `GET /icon.svg`
pub(in crate::web) async fn icon() -> impl IntoResponse {
    fixed("image/svg+xml; charset=utf-8", ICON)
}

/// `GET /robots.txt`
pub(in crate::web) async fn robots() -> impl IntoResponse {
    fixed("text/plain; charset=utf-8", ROBOTS)
}
