//! Requests about commit statuses and code scanning.

use std::io::Read as _;

use data_encoding::BASE64;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::super::{
    answer::Answer,
    ask::Ask,
    state::{Sarif, State, Status},
};

pub fn set(state: &mut State, ask: &Ask, repo: u64, sha: &str) -> Answer {
    let repo = state.repos.get_mut(&repo).unwrap();
    if !repo.commits.contains(sha) {
        return Answer::invalid(&format!("No commit found for SHA: {sha}"));
    }
    let text = |key: &str| ask.text(key).unwrap_or_default().to_owned();
    let status = Status {
        sha: sha.to_owned(),
        context: ask.text("context").unwrap_or("default").to_owned(),
        state: text("state"),
        description: text("description"),
        target_url: text("target_url"),
    };
    if !["error", "failure", "pending", "success"].contains(&status.state.as_str()) {
        return Answer::invalid("state is not included in the list");
    }
    if status.description.chars().count() > 140 {
        return Answer::invalid("description is too long (maximum is 140 characters)");
    }
    let same = |other: &&Status| other.sha == status.sha && other.context == status.context;
    if repo.statuses.iter().filter(same).count() >= 1_000 {
        return Answer::invalid("This SHA and context has reached the maximum number of statuses.");
    }
    let answer = json!({ "state": status.state, "context": status.context });
    repo.statuses.push(status);
    Answer::new(201, answer)
}

pub fn sarif(state: &mut State, ask: &Ask, repo: u64) -> Answer {
    let repo = state.repos.get_mut(&repo).unwrap();
    let packed = ask.text("sarif").unwrap_or_default();
    let Some(document) = unpack(packed) else {
        return Answer::refused(400, "The SARIF is not gzipped and base64-encoded JSON");
    };
    let commit = ask.text("commit_sha").unwrap_or_default().to_owned();
    if !repo.commits.contains(&commit) {
        return Answer::refused(422, &format!("No commit found for SHA: {commit}"));
    }
    let git_ref = ask.text("ref").unwrap_or_default().to_owned();
    repo.sarifs.push(Sarif { commit, git_ref, document });
    Answer::new(202, json!({ "id": "47177e22-5596-11eb-80a1-c1e54ef945c6" }))
}

fn unpack(text: &str) -> Option<Value> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    let mut json = Vec::new();
    GzDecoder::new(bytes.as_slice()).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}
