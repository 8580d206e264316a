//! Answers that are no page of their own: what went wrong, for a person.

use std::io;

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use crate::queue::StoreError;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPage {
    /// Nothing is there, or nobody may know.
    #[error("not found")]
    NotFound,
    /// The database gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file could not be read.
    #[error("cannot read a run's file: {0}")]
    File(#[from] io::Error),
    /// A page could not be made.
    #[error("cannot make the page: {0}")]
    Template(#[from] askama::Error),
    /// A task ended without an answer.
    #[error("a task was cut off: {0}")]
    Task(#[from] tokio::task::JoinError),
}

#[derive(Template)]
#[template(path = "message.html", config = "src/web/templates/askama.toml")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
}

impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        if matches!(self, Self::NotFound) {
            return message(
                StatusCode::NOT_FOUND,
                "Nothing here",
                "There is no such page. It may never have been, or its files were dropped after \
                 the time for which this server keeps them.",
            );
        }
        tracing::error!(error = %self, "a page could not be shown");
        let said = "This server could not put the page together. The reason stands in its log; \
                    nothing that was asked of the gate is lost.";
        message(StatusCode::INTERNAL_SERVER_ERROR, "That went wrong here", said)
    }
}

/// A page that holds one message.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    match (Message { title, text }).render() {
        Ok(html) => (status, Html(html)).into_response(),
        // The message itself is plain enough without its page.
        Err(_) => (status, format!("{title}: {text}\n")).into_response(),
    }
}

/// A page.
pub(super) fn page(template: &impl Template) -> Result<Response, NoPage> {
    let uncached = [(header::CACHE_CONTROL, "no-cache")];
    Ok((uncached, Html(template.render()?)).into_response())
}

pub(super) async fn not_found() -> NoPage {
    NoPage::NotFound
}

pub(super) async fn method_not_allowed() -> Response {
    let text = "This address does not take requests of that method.";
    message(StatusCode::METHOD_NOT_ALLOWED, "Not like this", text)
}
