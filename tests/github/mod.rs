//! What deliveries say, and the calls to GitHub.


        actions: Vec::new(),
        annotations: (1..=u32::try_from(annotations).unwrap()).map(annotation).collect(),
        completed: None,
        details_url: "https://t5.example/jobs/job-1",
        external_id: "job-1",
        head: HEAD,
        level: AnnotationLevel::Failure,
        line,
        message: "what was found".to_owned(),
        name: GATE,
        path: "src/lib.rs".to_owned(),
        run,
        started: None,
        status,
        summary: "a summary".to_owned(),
        text: Some("a text".to_owned()),
        title: "a title".to_owned(),
        title: format!("finding {line}"),
    (github, client, at)
    Check {
    CheckRun {
    github.open_pull(REPO, 7, "mona", HEAD);
    github::client::{At, Check, Client},
    let (client, at) = (github.client(), github.at_repo(REPO));
    let annotation = |line| Annotation {
    let github = GitHub::start();
    report::posted::{Annotation, AnnotationLevel, CheckRun, CheckStatus},
    }
    };
/// A GitHub with pull request 7 at [`HEAD`], a client of it, and where its repository is.
const GATE: &str = "integrative:gate:benchmarks";
const HEAD: &str = "1111111111111111111111111111111111111111";
fn check(run: &CheckRun) -> Check<'_> {
fn github() -> (GitHub, Client, At) {
fn run(status: CheckStatus, annotations: usize) -> CheckRun {
mod contract;
mod calls;
mod double;
mod limits;
mod webhook;
use crate::support::github::{GitHub, REPO};
use t5_gate::{
}
};
