//! Requests about comments.

use serde_json::{Value, json};

use super::super::{
    answer::{Answer, paged},
    ask::Ask,
    state::{Comment, State},
};

pub const BOT: &str = "t5-gate[bot]";
const REACTIONS: &[&str] = &["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];

pub fn described(comment: &Comment) -> Value {
    json!({
        "id": comment.id,
        "body": comment.body,
        "user": {
            "login": comment.author,
            "type": if comment.author.ends_with("[bot]") { "Bot" } else { "User" },
        },
        "performed_via_github_app": comment.app.map(|id| json!({ "id": id, "slug": "an-app" })),
        "author_association": "NONE",
        "created_at": comment.created,
        "updated_at": comment.updated,
        "minimized": comment.hidden.then(|| json!({ "reason": "outdated" })),
    })
}

fn rules(body: Option<&str>) -> Result<&str, Answer> {
    let body = body.filter(|body| !body.trim().is_empty());
    let Some(body) = body else { return Err(Answer::invalid("Body cannot be blank")) };
    match body.chars().count() > 65_536 {
        true => Err(Answer::invalid("Body is too long (maximum is 65536 characters)")),
        false => Ok(body),
    }
}

pub fn list(state: &State, ask: &Ask, repo: u64, number: u64) -> Answer {
    let repo = &state.repos[&repo];
    if !repo.pulls.contains_key(&number) {
        return Answer::not_found();
    }
    let here = |comment: &&Comment| comment.number == number && !comment.deleted;
    let items = repo.comments.iter().filter(here).map(described).collect();
    paged(items, &ask.query, &ask.address(), |_, here| Value::Array(here))
}

pub fn create(state: &mut State, ask: &Ask, repo: u64, number: u64) -> Answer {
    if !state.repos[&repo].pulls.contains_key(&number) {
        return Answer::not_found();
    }
    let body = match rules(ask.text("body")) {
        Ok(body) => body.to_owned(),
        Err(refused) => return refused,
    };
    let comment = Comment {
        id: state.fresh_id(),
        number,
        author: BOT.to_owned(),
        app: Some(state.app_id),
        body,
        created: ask.at,
        updated: ask.at,
        hidden: false,
        deleted: false,
        reactions: Vec::new(),
        looked_at: false,
    };
    let answer = Answer::new(201, described(&comment));
    state.repos.get_mut(&repo).unwrap().comments.push(comment);
    answer
}

fn find(state: &mut State, repo: u64, id: u64) -> Option<&mut Comment> {
    let comments = &mut state.repos.get_mut(&repo).unwrap().comments;
    comments.iter_mut().find(|comment| comment.id == id && !comment.deleted)
}

pub fn update(state: &mut State, ask: &Ask, repo: u64, id: u64) -> Answer {
    let app_id = state.app_id;
    let Some(comment) = find(state, repo, id) else { return Answer::not_found() };
    if comment.author != BOT || comment.app != Some(app_id) {
        return Answer::refused(403, "Resource not accessible by integration");
    }
    match rules(ask.text("body")) {
        Ok(body) => body.clone_into(&mut comment.body),
        Err(refused) => return refused,
    }
    comment.updated = ask.at;
    Answer::new(200, described(comment))
}

pub fn react(state: &mut State, ask: &Ask, repo: u64, id: u64) -> Answer {
    let content = ask.text("content").unwrap_or_default().to_owned();
    if !REACTIONS.contains(&content.as_str()) {
        return Answer::invalid("content is not included in the list");
    }
    let fresh = state.fresh_id();
    let Some(comment) = find(state, repo, id) else { return Answer::not_found() };
    let reaction = (BOT.to_owned(), content.clone());
    let known = comment.reactions.contains(&reaction);
    if !known {
        comment.reactions.push(reaction);
    }
    let status = if known { 200 } else { 201 };
    Answer::new(status, json!({ "id": fresh, "content": content, "user": { "login": BOT } }))
}
