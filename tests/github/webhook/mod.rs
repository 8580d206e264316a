//! Deliveries: which are taken, and what each of them asks for.

mod events;
mod examples;
mod signature;
mod variants;

use secrecy::SecretString;
use serde_json::Value;
use t5_gate::github::{
    event::Parsed,
    webhook::{self, Headers, Secrets, Verified},
};

use crate::support::{npm, signed};

/// The App that most examples speak of.
const APP: u64 = 29310;

const SECRET: &str = "a secret for tests";

fn secrets(all: &[&str]) -> Secrets {
    Secrets::new(all.iter().map(|secret| SecretString::from(*secret)).collect()).unwrap()
}

/// A delivery that was signed.
fn verified(event: &str, body: Vec<u8>) -> Verified {
    let signature = signed::signature(SECRET, &body);
    let headers = Headers {
        delivery: Some(b"72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        event: Some(event.as_bytes()),
        signature: Some(signature.as_bytes()),
        content_type: Some(b"application/json"),
    };
    webhook::verify(&secrets(&[SECRET]), headers, body).unwrap()
}

/// What a signed body comes to.
fn parsed(event: &str, body: Vec<u8>) -> Parsed {
    webhook::parse(&verified(event, body), APP)
}

/// What a signed payload comes to.
fn understood(event: &str, payload: &Value) -> Parsed {
    parsed(event, payload.to_string().into_bytes())
}

/// One of GitHub's example payloads.
struct Example {
    event: String,
    /// `event.action#index`
    name: String,
    payload: Value,
}

/// All of them; none where there is no npm to fetch them with.
fn examples() -> Option<Vec<Example>> {
    let package = npm::package("@octokit/webhooks-examples", "7.6.1")?;
    let text = std::fs::read(package.join("api.github.com/index.json")).unwrap();
    let events: Value = serde_json::from_slice(&text).unwrap();
    let mut examples = Vec::new();
    for event in events.as_array().unwrap() {
        let name = event["name"].as_str().unwrap();
        for (index, payload) in event["examples"].as_array().unwrap().iter().enumerate() {
            let action = payload["action"].as_str().map_or_else(String::new, |a| format!(".{a}"));
            examples.push(Example {
                event: name.to_owned(),
                name: format!("{name}{action}#{index}"),
                payload: payload.clone(),
            });
        }
    }
    Some(examples)
}

/// The same payload as an App gets it, speaking of a check of its own.
fn as_an_app_gets_it(payload: &Value) -> Value {
    let mut payload = payload.clone();
    let fields = payload.as_object_mut().unwrap();
    if !fields.contains_key("installation") {
        fields.insert("installation".to_owned(), serde_json::json!({ "id": 1 }));
    }
    for check in ["check_run", "check_suite"] {
        if let Some(check) = fields.get_mut(check) {
            check["app"]["id"] = APP.into();
        }
    }
    payload
}
