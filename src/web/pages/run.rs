//! A run's page: the verdict, the report, and the files that prove it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};

use super::words;
use crate::{
    receipt::{Artifact, KeyId, Standing},
    report::{units, words as gate},
    verdict::{self, Verdict},
    web::{Web, answer, answer::NoPage, markdown},
};

struct Part {
    name: &'static str,
    class: &'static str,
    word: String,
    /// Code and sentence.
    reasons: Vec<(String, String)>,
}

struct File {
    name: String,
    what: String,
    size: String,
    digest: String,
}

struct Signature {
    key: String,
    /// How this server stands to the key.
    standing: &'static str,
}

#[derive(Template)]
#[template(path = "run.html", config = "src/web/templates/askama.toml")]
struct Page {
    id: String,
    title: String,
    state: words::State,
    head: String,
    base: Option<String>,
    scope: String,
    finished: String,
    took: String,
    job: String,
    parts: Vec<Part>,
    routes: Vec<&'static str>,
    report: Option<String>,
    files: Vec<File>,
    signatures: Vec<Signature>,
    public_url: String,
}

/// `GET /runs/{run}`
pub(in crate::web) async fn page(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
) -> Result<Response, NoPage> {
    let run = web.run(&id).await?;
    let job = web.store.job(&run.job).await?;
    let shown = web.shown(&run).await?;
    let name = job.map_or_else(|| "Run".to_owned(), |job| job.job.repo.full_name());
    let (parts, routes) = shown.verdict.as_ref().map(judged).unwrap_or_default();
    // Rendering a long report takes a while, and nobody else should wait for it.
    let report = shown.report;
    let rendering = move || report.as_deref().map(markdown::to_html);
    answer::page(&Page {
        title: words::title(&name, &run.subject),
        state: words::outcome(run.outcome),
        scope: words::scope(&run.scope),
        finished: words::time(run.finished),
        took: words::took(&run),
        parts,
        routes,
        report: tokio::task::spawn_blocking(rendering).await?,
        files: shown.files.into_iter().map(file).collect(),
        signatures: shown.signed_by.iter().map(|id| signature(&web, id)).collect(),
        public_url: web.server.public_url.clone(),
        id: run.id,
        head: run.head,
        base: run.base,
        job: run.job,
    })
}

fn signature(web: &Web, id: &KeyId) -> Signature {
    let standing = match web.keys.standing(id) {
        Standing::Current => "this server’s key",
        Standing::Retired => "an earlier key of this server, and what it signed still counts",
        Standing::Leaked => "leaked, so nothing that it signed proves anything",
        Standing::Unlisted => "no key that this server knows",
    };
    Signature { key: id.to_string(), standing }
}

fn judged(verdict: &Verdict) -> (Vec<Part>, Vec<&'static str>) {
    let parts = verdict.parts.iter().map(part).collect();
    (parts, verdict.routes.iter().map(|route| gate::route(*route)).collect())
}

fn part(part: &verdict::Part) -> Part {
    let (class, word) = match (part.skipped, part.outcome()) {
        (Some(skip), _) => ("", format!("skipped: {}", gate::skip_meaning(skip))),
        (None, Some(outcome)) => (words::class(outcome), gate::outcome(outcome).to_owned()),
        (None, None) => ("", String::new()),
    };
    let reasons = part.reasons.iter().map(|reason| (reason.code.clone(), reason.text.clone()));
    Part { name: gate::part(part.name), class, word, reasons: reasons.collect() }
}

fn file(artifact: Artifact) -> File {
    File {
        size: units::size(artifact.bytes),
        name: artifact.path,
        what: artifact.what,
        digest: artifact.sha256,
    }
}
