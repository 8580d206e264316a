//! Makes calls within GitHub's limits, and sorts what comes of them.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tracing::{Instrument as _, Span, field};

use super::{
    CallError, ClientError, Patience,
    budget::Budget,
    call::{Call, Who},
    judge::{Meaning, accepted, meaning},
    transport::{Answer, Request, Transport},
};
use crate::host::Clock;

/// GitHub lets an App have a hundred requests under way; other programs may act for it too.
const AT_ONCE: usize = 50;

/// What came of one attempt.
pub(super) enum Outcome {
    /// It was done.
    Done(Answer),
    /// The proof of who calls does not count.
    Unauthorised(CallError),
}

/// Makes calls, within GitHub's limits.
pub(super) struct Caller {
    transport: Transport,
    clock: Clock,
    budgets: Mutex<HashMap<Who, Budget>>,
    places: Semaphore,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.transport.fmt(f)
    }
}

impl Caller {
    /// Calls this address.
    pub(super) fn new(
        api_url: &str,
        clock: Clock,
        patience: Patience,
    ) -> Result<Self, ClientError> {
        let transport = Transport::new(api_url, patience)?;
        let budgets = Mutex::new(HashMap::new());
        Ok(Self { transport, clock, budgets, places: Semaphore::new(AT_ONCE) })
    }

    /// Makes one call, following a repository that moved.
    pub(super) async fn make(
        &self,
        call: &Call,
        bearer: Option<&SecretString>,
    ) -> Result<Outcome, CallError> {
        let mut place = call.path.clone();
        for _ in 0..2 {
            let answer = self.once(call, &place, bearer).await?;
            let meaning = meaning(answer.status, &answer.headers, &answer.body);
            if !matches!(meaning, Meaning::Limit(..)) {
                self.with_budget(call.who, Budget::answered);
            }
            match meaning {
                Meaning::Done => return Ok(Outcome::Done(answer)),
                Meaning::Unauthorised(said) => {
                    return Ok(Outcome::Unauthorised(unauthorised(call.who, &said)));
                }
                Meaning::Moved(to) => match self.transport.path_of(&to) {
                    Some(path) => path.clone_into(&mut place),
                    None => return Err(refused(&answer, "moved away from this GitHub")),
                },
                failed => return Err(self.failed(call, &answer, failed)),
            }
        }
        Err(CallError::Gone { what: call.what.clone() })
    }

    /// Whether GitHub lets this caller call at all now.
    pub(super) fn open(&self, who: Who) -> Result<(), CallError> {
        let now = self.clock.now();
        self.with_budget(who, |budget| budget.open(now))
    }

    /// One request, in its span.
    async fn once(
        &self,
        call: &Call,
        path: &str,
        bearer: Option<&SecretString>,
    ) -> Result<Answer, CallError> {
        let _place = self.places.acquire().await;
        let now = self.clock.now();
        self.with_budget(call.who, |budget| budget.spend(call.cost(), now))?;
        let span = tracing::info_span!(
            "github",
            method = %call.method,
            path = call.shown(),
            status = field::Empty,
            took = field::Empty,
        );
        let name = call.to_string();
        let body = call.body.as_ref();
        let request = Request { name: &name, method: &call.method, path, bearer, body };
        let begun = Instant::now();
        let answer = self.transport.send(request).instrument(span.clone()).await;
        note(&span, &answer, begun);
        answer
    }

    fn failed(&self, call: &Call, answer: &Answer, meaning: Meaning) -> CallError {
        match meaning {
            Meaning::Limit(wait, said) => {
                let why = format!("GitHub asked to wait ({}): {said}", answer.status.as_u16());
                let now = self.clock.now();
                let until = self.with_budget(call.who, |budget| budget.limited(wait, &why, now));
                CallError::Limited { until, why }
            }
            Meaning::Gone => CallError::Gone { what: call.what.clone() },
            Meaning::Refused(said) => refused(answer, &advice(call, answer, &said)),
            _ => CallError::Unsure {
                why: format!("GitHub answered {} to {call}", answer.status.as_u16()),
            },
        }
    }

    fn with_budget<T>(&self, who: Who, change: impl FnOnce(&mut Budget) -> T) -> T {
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        change(budgets.entry(who).or_default())
    }
}

fn note(span: &Span, answer: &Result<Answer, CallError>, begun: Instant) {
    span.record("took", field::debug(begun.elapsed()));
    match answer {
        Ok(answer) => {
            span.record("status", answer.status.as_u16());
            span.in_scope(|| tracing::debug!("answered"));
        }
        Err(error) => span.in_scope(|| tracing::warn!(%error, "no answer")),
    }
}

fn refused(answer: &Answer, message: &str) -> CallError {
    CallError::Refused { status: answer.status.as_u16(), message: message.to_owned() }
}

fn unauthorised(who: Who, said: &str) -> CallError {
    let next = match who {
        Who::Anybody => "the code is used up or older than an hour: begin again",
        Who::App => {
            "the App's id and its private key do not belong together, the key was deleted, or \
             this machine's clock is wrong: compare them with the App's settings page"
        }
        Who::Installation(_) => {
            "the installation may be suspended: look at the App's installations"
        }
    };
    CallError::Refused { status: 401, message: format!("{said}; {next}") }
}

/// GitHub's reason, with the permission that is missing where one is.
fn advice(call: &Call, answer: &Answer, said: &str) -> String {
    let named = accepted(&answer.headers);
    let missing = named.is_some() || said.contains("not accessible");
    if answer.status.as_u16() != 403 || !missing {
        return format!("{said} ({call})");
    }
    let needs = named.unwrap_or(call.needs);
    format!(
        "{said} ({call}); it needs `{needs}`: give the App that permission on its settings page, \
         then have the owner of the installation accept it"
    )
}

/// An answer that holds a secret, as what it should be. What is wrong with one is not shown: a
/// parser's words repeat what it stumbled over.
pub(super) fn read_secret<T: DeserializeOwned>(
    call: &Call,
    answer: &Answer,
) -> Result<T, CallError> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let why = format!("GitHub's answer to {call} cannot be read at {line}:{column}");
        CallError::Unsure { why }
    })
}

/// An answer as what it should be. It is too late to refuse: what was asked for has been done.
pub(super) fn read<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, CallError> {
    serde_json::from_slice(&answer.body).map_err(|error| CallError::Unsure {
        why: format!("GitHub's answer to {call} cannot be read: {error}"),
    })
}
