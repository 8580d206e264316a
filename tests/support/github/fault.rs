//! What goes wrong, and when.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::Answer;

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 403 with `retry-after`, in seconds.
    RetryAfter(u32),
    /// 403 with `x-ratelimit-remaining: 0` and `x-ratelimit-reset`.
    RateLimit(Timestamp),
    /// 403 that speaks of a secondary limit and carries no header.
    SecondaryLimit,
    /// 429 without a header.
    TooMany,
    /// 502 with a page in HTML, before anything happened.
    BadGateway,
    /// It happened, but the connection breaks before the answer.
    AnswerLost,
    /// The connection breaks before anything happened.
    RequestLost,
    /// It waits until `release`, then goes on as always.
    Held,
    /// Another answer, before anything happened.
    Answer(u16, Vec<(&'static str, String)>, Value),
}

impl Fault {
    /// The answer instead of the real one; none where the real thing happens first.
    pub fn instead(&self) -> Option<Answer> {
        let secondary = json!({
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before \
                        you try again.",
        });
        match self {
            Self::RetryAfter(seconds) => {
                Some(Answer::new(403, secondary).with("retry-after", seconds.to_string()))
            }
            Self::RateLimit(reset) => {
                let said = json!({ "message": "API rate limit exceeded for installation ID 77." });
                let answer = Answer::new(403, said).with("x-ratelimit-remaining", "0");
                Some(answer.with("x-ratelimit-reset", reset.as_second().to_string()))
            }
            Self::SecondaryLimit => Some(Answer::new(403, secondary)),
            Self::TooMany => Some(Answer::new(429, json!({ "message": "Too many requests" }))),
            Self::BadGateway => Some(Answer::page(502, "<html><h1>Bad gateway</h1></html>")),
            Self::Answer(status, headers, body) => {
                let mut answer = Answer::new(*status, body.clone());
                for (name, value) in headers {
                    answer = answer.with(name, value.clone());
                }
                Some(answer)
            }
            Self::AnswerLost | Self::RequestLost | Self::Held => None,
        }
    }
}

/// Faults that wait for their request, in order.
#[derive(Debug, Default)]
pub struct Plan(VecDeque<(String, String, Fault)>);

impl Plan {
    pub fn add(&mut self, method: &str, pattern: &str, fault: Fault) {
        self.0.push_back((method.to_owned(), pattern.to_owned(), fault));
    }

    /// Takes the first fault that is meant for this request.
    pub fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        let at = self
            .0
            .iter()
            .position(|(for_method, pattern, _)| for_method == method && matches(pattern, path))?;
        self.0.remove(at).map(|(_, _, fault)| fault)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `*` stands for one part of a path.
pub fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(p, s)| *p == "*" || p == s)
}
