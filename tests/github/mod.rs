//! What deliveries say, and the calls to GitHub.

mod calls;
mod contract;
mod double;
mod limits;
mod trouble;
mod webhook;

use t5_gate::{
    github::client::{At, Check, Client},
    report::posted::{Annotation, AnnotationLevel, CheckRun, CheckStatus},
};

use crate::support::github::{GitHub, REPO};

const HEAD: &str = "1111111111111111111111111111111111111111";
const GATE: &str = "integrative:gate:benchmarks";

/// A GitHub with pull request 7 at [`HEAD`], a client of it, and where its repository is.
fn github() -> (GitHub, Client, At) {
    let github = GitHub::start();
    github.open_pull(REPO, 7, "mona", HEAD);
    let (client, at) = (github.client(), github.at_repo(REPO));
    (github, client, at)
}

fn run(status: CheckStatus, annotations: usize) -> CheckRun {
    let annotation = |line| Annotation {
        path: "src/lib.rs".to_owned(),
        line,
        level: AnnotationLevel::Failure,
        title: format!("finding {line}"),
        message: "what was found".to_owned(),
    };
    CheckRun {
        status,
        title: "a title".to_owned(),
        summary: "a summary".to_owned(),
        text: Some("a text".to_owned()),
        annotations: (1..=u32::try_from(annotations).unwrap()).map(annotation).collect(),
        actions: Vec::new(),
    }
}

fn check(run: &CheckRun) -> Check<'_> {
    Check {
        head: HEAD,
        name: GATE,
        external_id: "job-1",
        details_url: "https://t5.example/jobs/job-1",
        started: None,
        completed: None,
        run,
    }
}
