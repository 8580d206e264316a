//! A delivery, from its first header to the answer: it is on disk before GitHub hears `202`.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::Web;
use crate::{
    github::webhook::{BODY_LIMIT, Headers, Refused, Secrets, Verified, verify},
    queue::Accepted,
};

/// GitHub waits ten seconds for an answer, so a body that takes longer is read for nobody.
const READ: Duration = Duration::from_secs(10);
/// Hashing more than this takes long enough to keep other requests waiting.
const LARGE: usize = 128 * 1024;
/// When to come again, in seconds. GitHub does not by itself: the bot asks it to.
const AGAIN: &str = "30";

const DELIVERY: HeaderName = HeaderName::from_static("x-github-delivery");
const EVENT: HeaderName = HeaderName::from_static("x-github-event");
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// Why a delivery is not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("no GitHub App is configured yet; open the setup page")]
    NotConfigured,
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the body is larger than {BODY_LIMIT} bytes")]
    TooLarge,
    #[error("the body ended before its declared length, or came in broken pieces")]
    Broken,
    #[error("the body did not come within {} seconds", READ.as_secs())]
    TooSlow,
    #[error("too many large deliveries at once; send it again")]
    NoRoom,
    #[error("another body was stored under this X-GitHub-Delivery; it is not overwritten")]
    Conflict,
    #[error("the delivery could not be stored; send it again")]
    NotStored,
}

impl NotTaken {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotConfigured | Self::NoRoom | Self::NotStored => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Refused(refused) => match refused {
                Refused::Form | Refused::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Refused::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
                Refused::Delivery | Refused::Event => StatusCode::BAD_REQUEST,
                Refused::Unsigned | Refused::Malformed | Refused::Signature => {
                    StatusCode::UNAUTHORIZED
                }
            },
        }
    }
}

impl IntoResponse for NotTaken {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, format!("{self}\n")).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let again = header::HeaderValue::from_static(AGAIN);
            response.headers_mut().insert(header::RETRY_AFTER, again);
        }
        response
    }
}

/// `POST /webhook`
pub(super) async fn webhook(State(web): State<Arc<Web>>, request: Request) -> Response {
    match take(&web, request).await {
        Ok(said) => (StatusCode::ACCEPTED, said).into_response(),
        Err(not_taken) => {
            let status = not_taken.status().as_u16();
            tracing::warn!(status, reason = %not_taken, "a delivery was not taken");
            not_taken.into_response()
        }
    }
}

async fn take(web: &Web, request: Request) -> Result<&'static str, NotTaken> {
    let app = web.current_app().ok_or(NotTaken::NotConfigured)?;
    let (parts, body) = request.into_parts();
    // Whatever the headers alone give away is refused before a byte of the body is read.
    match verify(&app.secrets, headers(&parts.headers), Vec::new()) {
        Ok(_) | Err(Refused::Signature) => {}
        Err(refused) => return Err(refused.into()),
    }
    let length = declared(&parts)?;
    // Without a length it may become as large as any.
    let room = web.room.take(length.unwrap_or(BODY_LIMIT)).ok_or(NotTaken::NoRoom)?;
    let body = read(body, length).await?;
    let delivery = signed(&app.secrets, parts.headers, body).await?;
    let said = store(web, delivery).await;
    drop(room);
    said
}

fn headers(map: &HeaderMap) -> Headers<'_> {
    // A header that stands twice may be read in two ways by two readers: it counts as none.
    let one = |name: HeaderName| {
        let mut values = map.get_all(name).into_iter();
        values.next().filter(|_| values.next().is_none()).map(|value| value.as_bytes())
    };
    Headers {
        delivery: one(DELIVERY),
        event: one(EVENT),
        signature: one(SIGNATURE),
        content_type: one(header::CONTENT_TYPE),
    }
}

fn declared(parts: &Parts) -> Result<Option<usize>, NotTaken> {
    let Some(value) = parts.headers.get(header::CONTENT_LENGTH) else { return Ok(None) };
    let length = value.to_str().ok().and_then(|text| text.parse().ok()).ok_or(NotTaken::Broken)?;
    if length > BODY_LIMIT { Err(NotTaken::TooLarge) } else { Ok(Some(length)) }
}

async fn read(body: Body, length: Option<usize>) -> Result<Vec<u8>, NotTaken> {
    tokio::time::timeout(READ, gather(body, length)).await.unwrap_or(Err(NotTaken::TooSlow))
}

async fn gather(body: Body, length: Option<usize>) -> Result<Vec<u8>, NotTaken> {
    let mut body = Limited::new(body, BODY_LIMIT);
    let mut bytes = Vec::with_capacity(length.unwrap_or_default());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is::<LengthLimitError>() { NotTaken::TooLarge } else { NotTaken::Broken }
        })?;
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Checks the signature; of a large body where it keeps nobody waiting.
async fn signed(secrets: &Secrets, map: HeaderMap, body: Vec<u8>) -> Result<Verified, NotTaken> {
    if body.len() < LARGE {
        return Ok(verify(secrets, headers(&map), body)?);
    }
    let secrets = secrets.clone();
    let checking = tokio::task::spawn_blocking(move || verify(&secrets, headers(&map), body));
    Ok(checking.await.map_err(|_| NotTaken::NotStored)??)
}

async fn store(web: &Web, delivery: Verified) -> Result<&'static str, NotTaken> {
    let guid = delivery.guid().to_owned();
    match web.store.accept(delivery, web.clock.now()).await {
        Ok(Accepted::Stored) => {
            web.wake.notify_one();
            Ok("taken\n")
        }
        Ok(Accepted::Known) => Ok("taken before\n"),
        Ok(Accepted::Conflict) => {
            tracing::warn!(guid, "a delivery came again with another body");
            Err(NotTaken::Conflict)
        }
        Err(error) => {
            tracing::error!(guid, %error, "a delivery could not be stored");
            Err(NotTaken::NotStored)
        }
    }
}
