//! An answer of the double's, and lists in pages.

use std::collections::BTreeMap;

use http_body_util::Full;
use hyper::{Response, body::Bytes};
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub fn new(status: u16, body: Value) -> Self {
        let body = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        let kind = ("content-type".to_owned(), "application/json; charset=utf-8".to_owned());
        Self { status, headers: vec![kind], body }
    }

    pub fn page(status: u16, html: &str) -> Self {
        let kind = ("content-type".to_owned(), "text/html".to_owned());
        Self { status, headers: vec![kind], body: html.as_bytes().to_vec() }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn refused(status: u16, message: &str) -> Self {
        Self::new(status, json!({ "message": message, "status": status.to_string() }))
    }

    pub fn invalid(why: &str) -> Self {
        let errors = json!([{ "resource": "Request", "code": "custom", "message": why }]);
        Self::new(422, json!({ "message": "Validation Failed", "errors": errors }))
    }

    pub fn not_found() -> Self {
        Self::refused(404, "Not Found")
    }

    pub fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::builder().status(self.status);
        let given = |name: &str| self.headers.iter().any(|(header, _)| header == name);
        if !given("x-ratelimit-remaining") {
            response = response.header("x-ratelimit-remaining", "4987");
        }
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        response.body(Full::new(Bytes::from(self.body))).unwrap()
    }
}

/// One page of a list, with links to the others.
pub fn paged(
    items: Vec<Value>,
    query: &BTreeMap<String, String>,
    address: &str,
    wrap: impl FnOnce(usize, Vec<Value>) -> Value,
) -> Answer {
    let number = |name: &str, or: usize| query.get(name).and_then(|n| n.parse().ok()).unwrap_or(or);
    let size = number("per_page", 30).clamp(1, 100);
    let page = number("page", 1).max(1);
    let (total, last) = (items.len(), items.len().div_ceil(size).max(1));
    let here = items.into_iter().skip((page - 1) * size).take(size).collect();
    let answer = Answer::new(200, wrap(total, here));
    if last == 1 {
        return answer;
    }
    let others: String = query
        .iter()
        .filter(|(name, _)| *name != "page")
        .map(|(name, value)| format!("{name}={value}&"))
        .collect();
    let link = |to: usize, rel: &str| format!("<{address}?{others}page={to}>; rel=\"{rel}\"");
    let mut links = Vec::new();
    if page > 1 {
        links.extend([link(1, "first"), link(page - 1, "prev")]);
    }
    if page < last {
        links.extend([link(page + 1, "next"), link(last, "last")]);
    }
    answer.with("link", links.join(", "))
}
