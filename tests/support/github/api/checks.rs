//! Requests about check runs.

use serde_json::{Value, json};

use super::super::{
    answer::{Answer, paged},
    ask::Ask,
    state::{Check, State},
};

const CONCLUSIONS: &[&str] =
    &["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"];

fn described(check: &Check) -> Value {
    json!({
        "id": check.id,
        "head_sha": check.head,
        "name": check.name,
        "external_id": check.external_id,
        "details_url": check.details_url,
        "status": check.status,
        "conclusion": check.conclusion,
        "started_at": check.started,
        "completed_at": check.completed,
        "output": {
            "title": check.title,
            "summary": check.summary,
            "text": check.text,
            "annotations_count": check.annotations.len(),
        },
        "app": { "id": check.app_id, "slug": "an-app" },
        "pull_requests": [],
    })
}

pub fn one(state: &State, repo: u64, id: u64) -> Answer {
    match state.repos[&repo].checks.iter().find(|check| check.id == id) {
        Some(check) => Answer::new(200, described(check)),
        None => Answer::not_found(),
    }
}

pub fn list(state: &State, ask: &Ask, repo: u64, head: &str) -> Answer {
    let repo = &state.repos[&repo];
    if !repo.commits.contains(head) {
        return Answer::refused(422, &format!("No commit found for SHA: {head}"));
    }
    let wanted = |check: &&Check| {
        check.head == head
            && ask.query.get("check_name").is_none_or(|name| *name == check.name)
            && ask.query.get("app_id").is_none_or(|id| *id == check.app_id.to_string())
    };
    let mut checks: Vec<&Check> = repo.checks.iter().filter(wanted).collect();
    if ask.query.get("filter").is_none_or(|filter| filter == "latest") {
        let all = checks.clone();
        let newer = |check: &Check| {
            let same = |other: &&&Check| other.name == check.name && other.app_id == check.app_id;
            all.iter().filter(same).any(|other| other.id > check.id)
        };
        checks.retain(|check| !newer(check));
    }
    checks.reverse();
    let items = checks.into_iter().map(described).collect();
    paged(
        items,
        &ask.query,
        &ask.address(),
        |total, here| json!({ "total_count": total, "check_runs": here }),
    )
}

pub fn create(state: &mut State, ask: &Ask, repo: u64) -> Answer {
    let (Some(name), Some(head)) = (ask.text("name"), ask.text("head_sha")) else {
        return Answer::invalid("name and head_sha are required");
    };
    if !state.repos[&repo].commits.contains(head) {
        return Answer::refused(422, &format!("No commit found for SHA: {head}"));
    }
    if let Err(why) = rules(&ask.body) {
        return Answer::invalid(&why);
    }
    let mut check = Check {
        id: state.fresh_id(),
        head: head.to_owned(),
        name: name.to_owned(),
        external_id: String::new(),
        details_url: String::new(),
        status: "queued".to_owned(),
        conclusion: None,
        started: None,
        completed: None,
        title: String::new(),
        summary: String::new(),
        text: None,
        annotations: Vec::new(),
        actions: Vec::new(),
        app_id: state.app_id,
        looked_at: false,
    };
    change(&mut check, ask);
    let answer = Answer::new(201, described(&check));
    state.repos.get_mut(&repo).unwrap().checks.push(check);
    answer
}

pub fn update(state: &mut State, ask: &Ask, repo: u64, id: u64) -> Answer {
    let app_id = state.app_id;
    let checks = &mut state.repos.get_mut(&repo).unwrap().checks;
    let Some(check) = checks.iter_mut().find(|check| check.id == id) else {
        return Answer::not_found();
    };
    if check.app_id != app_id {
        return Answer::refused(403, "Invalid app_id: this check run is another App's");
    }
    if let Err(why) = rules(&ask.body) {
        return Answer::invalid(&why);
    }
    change(check, ask);
    Answer::new(200, described(check))
}

/// Takes over what a request says. Annotations are added to those that are there.
fn change(check: &mut Check, ask: &Ask) {
    let text = |key: &str, to: &mut String| {
        if let Some(text) = ask.text(key) {
            text.clone_into(to);
        }
    };
    text("name", &mut check.name);
    text("external_id", &mut check.external_id);
    text("details_url", &mut check.details_url);
    text("status", &mut check.status);
    if let Some(conclusion) = ask.text("conclusion") {
        check.conclusion = Some(conclusion.to_owned());
        "completed".clone_into(&mut check.status);
    } else if ask.text("status").is_some() {
        (check.conclusion, check.completed) = (None, None);
    }
    let now = || Some(ask.at.to_string());
    if let Some(started) = ask.text("started_at") {
        check.started = Some(started.to_owned());
    }
    if check.status == "completed" {
        check.completed = ask.text("completed_at").map(str::to_owned).or_else(now);
    }
    if let Some(output) = ask.body.get("output") {
        let field = |key: &str| output[key].as_str().map(str::to_owned);
        check.title = field("title").unwrap_or_default();
        check.summary = field("summary").unwrap_or_default();
        check.text = field("text");
        check.annotations.extend(output["annotations"].as_array().into_iter().flatten().cloned());
    }
    if let Some(actions) = ask.body.get("actions").and_then(Value::as_array) {
        check.actions.clone_from(actions);
    }
}

fn longer(value: &Value, most: usize) -> bool {
    value.as_str().is_some_and(|text| text.chars().count() > most)
}

fn rules(body: &Value) -> Result<(), String> {
    let conclusion = body["conclusion"].as_str();
    if conclusion.is_some_and(|conclusion| !CONCLUSIONS.contains(&conclusion)) {
        return Err("conclusion is not included in the list".to_owned());
    }
    if body["status"] == "completed" && conclusion.is_none() {
        return Err("conclusion is required when status is completed".to_owned());
    }
    if let Some(output) = body.get("output") {
        rules_of_output(output)?;
    }
    let actions = body["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if actions.len() > 3 {
        return Err("Only 3 actions may be given".to_owned());
    }
    for action in actions {
        for (field, most) in [("label", 20), ("description", 40), ("identifier", 20)] {
            if action[field].as_str().is_none_or(str::is_empty) {
                return Err(format!("An action needs a {field}"));
            }
            if longer(&action[field], most) {
                return Err(format!("{field} is too long (maximum is {most} characters)"));
            }
        }
    }
    Ok(())
}

fn rules_of_output(output: &Value) -> Result<(), String> {
    for field in ["title", "summary"] {
        if output[field].as_str().is_none_or(str::is_empty) {
            return Err(format!("{field} wasn't supplied"));
        }
    }
    for field in ["summary", "text"] {
        if longer(&output[field], 65_535) {
            return Err(format!("{field} exceeds a maximum of 65535 characters"));
        }
    }
    let annotations = output["annotations"].as_array().map(Vec::as_slice).unwrap_or_default();
    if annotations.len() > 50 {
        return Err("annotations exceeds a maximum quantity of 50".to_owned());
    }
    for annotation in annotations {
        if annotation["message"].as_str().is_some_and(|message| message.len() > 64 << 10) {
            return Err("message exceeds a maximum of 64 KB".to_owned());
        }
        if longer(&annotation["title"], 255) {
            return Err("title is too long (maximum is 255 characters)".to_owned());
        }
        if annotation["path"].as_str().is_none_or(str::is_empty) {
            return Err("path wasn't supplied".to_owned());
        }
        if annotation["start_line"].as_u64() > annotation["end_line"].as_u64() {
            return Err("start_line must not follow end_line".to_owned());
        }
    }
    Ok(())
}
