//! The double's HTTP side.

use std::{
    collections::BTreeMap,
    net::TcpListener as Std,
    sync::{Arc, Mutex},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::AUTHORIZATION,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

use super::{
    answer::Answer,
    api,
    ask::{Ask, Auth},
    fault::{Fault, Plan},
    schema,
    state::State,
    time::Time,
};

/// What the server and the test share.
pub struct Shared {
    pub state: Mutex<State>,
    pub log: Mutex<Log>,
    pub time: Time,
    pub api_url: String,
    /// Counts requests.
    pub heard: watch::Sender<usize>,
    /// Counts up each time that held requests are let go.
    pub released: watch::Sender<u64>,
}

/// What happened.
#[derive(Default)]
pub struct Log {
    pub asks: Vec<Ask>,
    pub faults: Plan,
    /// What was sent that GitHub's description does not know.
    pub violations: Vec<String>,
    pub strict: bool,
    pub under_way: usize,
    pub most_at_once: usize,
}

/// The connection breaks here.
#[derive(Debug, thiserror::Error)]
#[error("the connection breaks, as planned")]
pub struct Broken;

/// Serves until `stop` changes.
pub fn run(listener: Std, shared: Arc<Shared>, stop: watch::Receiver<bool>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener).unwrap();
        let mut stop = stop;
        loop {
            let stream = tokio::select! {
                _ = stop.changed() => return,
                accepted = listener.accept() => accepted.unwrap().0,
            };
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(Arc::clone(&shared), request));
                // A client that goes away is its own business.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Broken> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let _under_way = UnderWay::new(&shared);
    let ask = read(&shared, &parts, &body);
    let (fault, violation) = {
        let mut log = shared.log.lock().unwrap();
        log.asks.push(ask.clone());
        shared.heard.send_replace(log.asks.len());
        let fault = log.faults.take(&ask.method, &ask.path);
        (fault, if log.strict { schema::violation(&ask) } else { None })
    };
    if let Some(violation) = violation {
        shared.log.lock().unwrap().violations.push(violation.clone());
        return Ok(Answer::refused(599, &violation).into_response());
    }
    match &fault {
        Some(Fault::RequestLost) => return Err(Broken),
        Some(Fault::Held) => held(&shared).await,
        _ => {}
    }
    if let Some(instead) = fault.as_ref().and_then(Fault::instead) {
        return Ok(instead.into_response());
    }
    let answer = api::answer(&mut shared.state.lock().unwrap(), &ask);
    match fault {
        Some(Fault::AnswerLost) => Err(Broken),
        _ => Ok(answer.into_response()),
    }
}

async fn held(shared: &Shared) {
    let mut released = shared.released.subscribe();
    // An error means that the test is over.
    let _ = released.changed().await;
}

fn read(shared: &Shared, parts: &http::request::Parts, body: &[u8]) -> Ask {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let whole = parts.uri.path();
    // A GitHub of a company's own has its API there.
    let (path, base) = match whole.strip_prefix("/api/v3") {
        Some(path) => (path, format!("{}/api/v3", shared.api_url)),
        None => (whole, shared.api_url.clone()),
    };
    let query: BTreeMap<String, String> = parts
        .uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    let now = shared.time.now();
    let header = parts.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap());
    Ask {
        method: parts.method.to_string(),
        path: decoded(path),
        parts: path.trim_start_matches('/').split('/').map(decoded).collect(),
        query,
        body: if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap() },
        bearer: header.and_then(|text| text.strip_prefix("Bearer ")).map(str::to_owned),
        auth: Auth::of(header, &shared.state.lock().unwrap(), now),
        at: now,
        base,
    }
}

/// Counts requests that are under way.
struct UnderWay<'a>(&'a Shared);

impl<'a> UnderWay<'a> {
    fn new(shared: &'a Shared) -> Self {
        let mut log = shared.log.lock().unwrap();
        log.under_way += 1;
        log.most_at_once = log.most_at_once.max(log.under_way);
        drop(log);
        Self(shared)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.log.lock().unwrap().under_way -= 1;
    }
}
