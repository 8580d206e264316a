//! Requests about labels.

use serde_json::{Value, json};

use super::super::{
    answer::{Answer, paged},
    ask::Ask,
    state::{Pull, State},
};

pub fn described(pull: &Pull) -> Vec<Value> {
    let label = |name: &String| json!({ "id": 1, "name": name, "color": "ededed" });
    pull.labels.iter().map(label).collect()
}

fn find(state: &mut State, repo: u64, number: u64) -> Option<&mut Pull> {
    state.repos.get_mut(&repo).unwrap().pulls.get_mut(&number)
}

pub fn list(state: &State, ask: &Ask, repo: u64, number: u64) -> Answer {
    match state.repos[&repo].pulls.get(&number) {
        Some(pull) => {
            paged(described(pull), &ask.query, &ask.address(), |_, here| Value::Array(here))
        }
        None => Answer::not_found(),
    }
}

pub fn add(state: &mut State, ask: &Ask, repo: u64, number: u64) -> Answer {
    let names = ask.body["labels"].as_array().cloned().unwrap_or_default();
    let names: Vec<String> = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if names.iter().any(|name| name.chars().count() > 50) {
        return Answer::invalid("name is too long (maximum is 50 characters)");
    }
    let Some(pull) = find(state, repo, number) else { return Answer::not_found() };
    for name in names {
        if !pull.labels.contains(&name) {
            pull.labels.push(name);
        }
    }
    Answer::new(200, Value::Array(described(pull)))
}

pub fn remove(state: &mut State, repo: u64, number: u64, name: &str) -> Answer {
    let Some(pull) = find(state, repo, number) else { return Answer::not_found() };
    let Some(at) = pull.labels.iter().position(|label| label == name) else {
        return Answer::refused(404, "Label does not exist");
    };
    pull.labels.remove(at);
    Answer::new(200, Value::Array(described(pull)))
}
