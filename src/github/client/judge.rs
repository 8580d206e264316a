//! What an answer of GitHub's means: pure.

use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// A message of GitHub's is shown up to this length, in characters.
const MESSAGE: usize = 400;

/// How long GitHub asks to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// `retry-after`.
    For(SignedDuration),
    /// `x-ratelimit-reset`.
    Until(Timestamp),
    /// It does not say.
    Unsaid,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It was done.
    Done,
    /// Look elsewhere: the repository was renamed or transferred.
    Moved(String),
    /// GitHub asks to wait.
    Limit(Wait, String),
    /// It may have been done.
    Unsure,
    /// There is no such thing.
    Gone,
    /// The token or key does not count.
    Unauthorised(String),
    /// Never.
    Refused(String),
}

/// What GitHub writes about an error.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Complaint {
    message: String,
    errors: Vec<serde_json::Value>,
}

/// What an answer means.
pub(super) fn meaning(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Meaning {
    match status.as_u16() {
        200..=299 => Meaning::Done,
        301 | 302 | 307 | 308 => text(headers, "location")
            .map_or_else(|| Meaning::Refused("moved, but not where to".to_owned()), moved),
        404 | 410 => Meaning::Gone,
        408 | 500..=599 => Meaning::Unsure,
        code => {
            let said = complaint(body);
            if let Some(wait) = limit(code, headers, &said) {
                Meaning::Limit(wait, said)
            } else if code == 401 {
                Meaning::Unauthorised(said)
            } else {
                Meaning::Refused(said)
            }
        }
    }
}

fn moved(to: &str) -> Meaning {
    Meaning::Moved(to.to_owned())
}

/// `retry-after`, then `x-ratelimit-reset` where nothing remains, then what the message says.
fn limit(status: u16, headers: &HeaderMap, said: &str) -> Option<Wait> {
    if status != 403 && status != 429 {
        return None;
    }
    if let Some(seconds) = number(headers, "retry-after") {
        return Some(Wait::For(SignedDuration::from_secs(seconds)));
    }
    if number(headers, "x-ratelimit-remaining") == Some(0) {
        let reset = number(headers, "x-ratelimit-reset").map(Timestamp::from_second);
        return Some(reset.and_then(Result::ok).map_or(Wait::Unsaid, Wait::Until));
    }
    (status == 429 || speaks_of_a_limit(said)).then_some(Wait::Unsaid)
}

fn speaks_of_a_limit(said: &str) -> bool {
    let said = said.to_lowercase();
    ["secondary rate limit", "abuse", "api rate limit"].iter().any(|sign| said.contains(sign))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    text(headers, name)?.trim().parse().ok().filter(|number| *number >= 0)
}

/// GitHub's message on one line, with the details that it lists; a page in HTML says nothing.
fn complaint(body: &[u8]) -> String {
    let said: Complaint = serde_json::from_slice(body).unwrap_or_default();
    let mut line =
        if said.message.is_empty() { "no reason given".to_owned() } else { said.message };
    for error in &said.errors {
        line.push_str("; ");
        match error.get("message").and_then(serde_json::Value::as_str).or(error.as_str()) {
            Some(message) => line.push_str(message),
            None => line.push_str(&error.to_string()),
        }
    }
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MESSAGE).collect()
}

/// The permissions that GitHub says would have been enough.
pub(super) fn accepted(headers: &HeaderMap) -> Option<&str> {
    text(headers, "x-accepted-github-permissions").filter(|names| !names.is_empty())
}

/// The address of the next page in a `Link` header.
pub(super) fn next_page(headers: &HeaderMap) -> Option<&str> {
    text(headers, "link")?.split(',').find_map(|link| {
        let (address, about) = link.split_once(';')?;
        about
            .contains("rel=\"next\"")
            .then(|| address.trim().trim_start_matches('<').trim_end_matches('>'))
    })
}
