//! The first page: what this is, and the latest jobs of public repositories.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use axum::{extract::State as Shared, response::Response};

use super::words;
use crate::{
    queue::{Job, Run},
    web::{Web, answer, answer::NoPage},
};

/// So many jobs are looked at.
const LOOKED_AT: u32 = 100;
/// So many are shown.
const SHOWN: usize = 20;

enum State {
    NoApp,
    Ready(Option<String>),
}

struct Row {
    id: String,
    title: String,
    head: String,
    state: words::State,
    by: String,
    created: String,
}

#[derive(Template)]
#[template(path = "home.html", config = "src/web/templates/askama.toml")]
struct Home {
    state: State,
    level: &'static str,
    holds: &'static str,
    jobs: Vec<Row>,
}

/// `GET /`
pub(in crate::web) async fn page(Shared(web): Shared<Arc<Web>>) -> Result<Response, NoPage> {
    let install =
        |slug: &String| format!("{}/apps/{slug}/installations/new", web.server.github.web_url);
    let state = match web.current_app() {
        Some(app) => State::Ready(app.slug.as_ref().map(install)),
        None => State::NoApp,
    };
    let mut jobs = Vec::new();
    for job in public(web.store.jobs(LOOKED_AT).await?).into_iter().take(SHOWN) {
        let runs = web.store.runs_of_job(&job.job.id).await?;
        jobs.push(row(&job, runs.last()));
    }
    let level = web.isolation.word();
    answer::page(&Home { state, level, holds: words::holds(web.isolation), jobs })
}

/// Jobs, the newest first, of repositories that are public by the newest that is known of them:
/// one that was made private takes its older jobs with it.
fn public(jobs: Vec<Job>) -> Vec<Job> {
    let mut private: HashMap<u64, bool> = HashMap::new();
    let mut kept = jobs;
    kept.retain(|job| !*private.entry(job.job.repo.id).or_insert(job.job.repo.private));
    kept
}

fn row(job: &Job, run: Option<&Run>) -> Row {
    Row {
        id: job.job.id.clone(),
        title: words::title(&job.job.repo.full_name(), &job.job.subject),
        head: words::short(&job.job.head),
        state: words::job(job, run, None),
        by: job.job.asked.by.clone(),
        created: words::time(job.created),
    }
}
