//! Requests about the App itself.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::{
    answer::Answer,
    ask::{Ask, Auth},
    state::{Delivery, Permissions, State, Token},
};

const APP_KEY: &str = include_str!("../../../fixtures/github/app.pem");

fn as_app(ask: &Ask) -> Result<(), Answer> {
    match ask.auth {
        Auth::App => Ok(()),
        _ => Err(Answer::refused(401, "A JSON web token could not be decoded")),
    }
}

pub fn token(state: &mut State, ask: &Ask, id: &str) -> Answer {
    if let Err(refused) = as_app(ask) {
        return refused;
    }
    let Some(installation) = id.parse().ok().and_then(|id: u64| state.installations.get(&id))
    else {
        return Answer::not_found();
    };
    if installation.suspended {
        return Answer::refused(403, "This installation has been suspended");
    }
    let repos: BTreeSet<u64> = match ask.body["repository_ids"].as_array() {
        Some(ids) => ids.iter().filter_map(Value::as_u64).collect(),
        None => installation.repos.clone(),
    };
    if !repos.is_subset(&installation.repos) {
        return Answer::invalid(
            "There is at least one repository that does not exist or is not accessible to the \
             parent installation.",
        );
    }
    let mut permissions = installation.permissions.clone();
    if let Some(wish) = ask.body["permissions"].as_object() {
        let wish: Permissions = wish
            .iter()
            .map(|(name, level)| (name.clone(), level.as_str().unwrap_or_default().to_owned()))
            .collect();
        let granted = |(name, level): (&String, &String)| {
            permissions.get(name).is_some_and(|has| has == level || has == "write")
        };
        if !wish.iter().all(granted) {
            return Answer::invalid(
                "The permissions requested are not granted to this installation.",
            );
        }
        permissions = wish;
    }
    permissions.insert("metadata".to_owned(), "read".to_owned());
    let expires = ask.at.checked_add(SignedDuration::from_hours(1)).unwrap();
    let token = Token { repos, permissions, expires };
    let text = format!("ghs_double{:030}", state.fresh_id());
    let said = json!({
        "token": text,
        "expires_at": expires,
        "permissions": token.permissions,
        "repository_selection": "selected",
    });
    state.tokens.insert(text, token);
    Answer::new(201, said)
}

fn described(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": delivery.delivered,
        "redelivery": delivery.redelivery,
        "duration": 0.4,
        "status": if delivery.status_code == 0 { "timed out" } else { "OK" },
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": null,
        "installation_id": null,
        "repository_id": null,
        "throttled_at": null,
    })
}

/// The newest first; a cursor names the delivery that was last seen.
pub fn deliveries(state: &State, ask: &Ask) -> Answer {
    if let Err(refused) = as_app(ask) {
        return refused;
    }
    let size = ask.query.get("per_page").and_then(|n| n.parse().ok()).unwrap_or(30).clamp(1, 100);
    let before: u64 = match ask.query.get("cursor").map(|cursor| cursor.strip_prefix("v1=")) {
        None => u64::MAX,
        Some(id) => match id.and_then(|id| id.parse().ok()) {
            Some(id) => id,
            None => return Answer::refused(422, "Invalid cursor"),
        },
    };
    let mut older: Vec<&Delivery> =
        state.deliveries.iter().filter(|delivery| delivery.id < before).collect();
    older.sort_by_key(|delivery| std::cmp::Reverse(delivery.id));
    let here: Vec<&Delivery> = older.iter().take(size).copied().collect();
    let answer = Answer::new(200, here.iter().map(|delivery| described(delivery)).collect());
    match here.last() {
        Some(last) if older.len() > size => {
            let to = format!("{}?per_page={size}&cursor=v1%3D{}", ask.address(), last.id);
            answer.with("link", format!("<{to}>; rel=\"next\""))
        }
        _ => answer,
    }
}

pub fn redeliver(state: &mut State, ask: &Ask, id: &str) -> Answer {
    if let Err(refused) = as_app(ask) {
        return refused;
    }
    let id: u64 = id.parse().unwrap_or(0);
    let Some(known) = state.deliveries.iter().find(|delivery| delivery.id == id).cloned() else {
        return Answer::not_found();
    };
    let days = SignedDuration::from_hours(72);
    if ask.at.duration_since(known.delivered) > days {
        return Answer::invalid("The delivery is too old to be redelivered.");
    }
    state.redelivered.push(id);
    Answer::new(202, json!({}))
}

pub fn convert(state: &mut State, code: &str) -> Answer {
    if !state.manifest_codes.remove(code) {
        return Answer::not_found();
    }
    Answer::new(
        201,
        json!({
            "id": state.app_id,
            "slug": "t5-gate-of-octo",
            "node_id": "A_kwDOAA",
            "client_id": "Iv1.0123456789abcdef",
            "client_secret": "a-client-secret",
            "html_url": "https://github.com/apps/t5-gate-of-octo",
            "pem": APP_KEY,
            "webhook_secret": "a-webhook-secret",
        }),
    )
}
