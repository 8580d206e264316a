//! A job's page: where it stands, who asked, and what came of it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use serde::Deserialize;

use super::words;
use crate::{
    queue::{Job, JobState, Run, Subject, Trust},
    web::{Web, answer, answer::NoPage, badge},
};

struct Progress {
    phase: &'static str,
    what: String,
    done: u64,
    total: u64,
}

struct RunRow {
    id: String,
    state: words::State,
    scope: String,
    took: String,
    finished: String,
}

struct Badge {
    path: String,
    markdown: String,
}

#[derive(Template)]
#[template(path = "job.html", config = "src/web/templates/askama.toml")]
struct Page {
    id: String,
    title: String,
    state: words::State,
    live: bool,
    watching: bool,
    note: Option<String>,
    progress: Option<Progress>,
    approval: String,
    risks: Vec<String>,
    runs: Vec<RunRow>,
    earlier: Vec<RunRow>,
    repo: String,
    repo_url: String,
    private: bool,
    head: String,
    head_url: String,
    base: String,
    base_ref: String,
    by: String,
    how: String,
    scope: String,
    attempts: u32,
    created: String,
    started: Option<String>,
    finished: Option<String>,
    badge: Option<Badge>,
}

#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    watch: Option<String>,
}

/// `GET /jobs/{job}`
pub(in crate::web) async fn page(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let job = web.store.job(&id).await?.ok_or(NoPage::NotFound)?;
    let runs = web.store.runs_of_job(&job.job.id).await?;
    let of_head = web.store.runs_of_head(job.job.repo.id, &job.job.subject, &job.job.head).await?;
    let ahead = match job.state {
        JobState::Queued => Some(web.store.ahead_of(&job.job.id).await?),
        _ => None,
    };
    let mut page = described(&web, &job);
    page.state = words::job(&job, runs.last(), ahead);
    page.watching = page.live && asked.watch.is_some();
    page.earlier = of_head.iter().filter(|run| run.job != job.job.id).map(row).collect();
    page.runs = runs.iter().map(row).collect();
    answer::page(&page)
}

fn described(web: &Web, job: &Job) -> Page {
    let new = &job.job;
    let repo_url = format!("{}/{}", web.server.github.web_url, new.repo.full_name());
    let (approval, risks) = strangers(&new.trust);
    let running = job.state == JobState::Leased;
    Page {
        id: new.id.clone(),
        title: words::title(&new.repo.full_name(), &new.subject),
        state: words::job(job, None, None),
        live: job.state != JobState::Over,
        watching: false,
        note: job.note.clone(),
        progress: job.progress.as_ref().filter(|_| running).map(|progress| Progress {
            phase: words::phase(progress.phase),
            what: progress.what.clone(),
            done: progress.done,
            total: progress.total,
        }),
        approval,
        risks,
        runs: Vec::new(),
        earlier: Vec::new(),
        repo: new.repo.full_name(),
        private: new.repo.private,
        head: new.head.clone(),
        head_url: head_url(&repo_url, new.head.as_str(), &new.subject),
        repo_url,
        base: words::short(&new.base),
        base_ref: new.base_ref.clone(),
        by: new.asked.by.clone(),
        how: new.asked.how.clone(),
        scope: words::scope(&new.scope),
        attempts: job.attempts,
        created: words::time(job.created),
        started: job.started.map(words::time),
        finished: job.finished.map(words::time),
        badge: badge_of(web, job),
    }
}

fn head_url(repo_url: &str, head: &str, subject: &Subject) -> String {
    match subject {
        Subject::Pull(number) => format!("{repo_url}/pull/{number}/commits/{head}"),
        Subject::MergeGroup(_) | Subject::Branch(_) => format!("{repo_url}/commit/{head}"),
    }
}

fn strangers(trust: &Trust) -> (String, Vec<String>) {
    match trust {
        Trust::Member => (String::new(), Vec::new()),
        Trust::Stranger { risks, approved_by } => {
            let approval = match approved_by {
                Some(who) => format!("Approved by {who}. What runs, and what is risky about it:"),
                None => "Not approved. What would run, and what is risky about it:".to_owned(),
            };
            (approval, risks.clone())
        }
    }
}

fn badge_of(web: &Web, job: &Job) -> Option<Badge> {
    let path = badge::path(&web.badge_keys, &job.job.repo, &job.job.subject)?;
    let markdown = format!("![T5 gate]({}{path})", web.server.public_url);
    Some(Badge { path, markdown })
}

fn row(run: &Run) -> RunRow {
    RunRow {
        id: run.id.clone(),
        state: words::outcome(run.outcome),
        scope: words::scope(&run.scope),
        took: words::took(run),
        finished: words::time(run.finished),
    }
}
