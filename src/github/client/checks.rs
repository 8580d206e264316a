//! Check runs.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    At, CallError, Client,
    call::{Call, query},
    pages::Page,
};
use crate::report::posted::{Annotation, AnnotationLevel, CheckRun, CheckStatus};

const NEEDS: &str = "checks: write";
/// GitHub takes so many annotations in one request.
const ANNOTATIONS: usize = 50;

/// A check run as it is to stand on GitHub.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// The commit that it is about.
    pub head: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Our own id of the job.
    pub external_id: &'a str,
    /// The job's page.
    pub details_url: &'a str,
    /// When the job began; none while it waits.
    pub started: Option<Timestamp>,
    /// When it ended; none before.
    pub completed: Option<Timestamp>,
    /// What it says.
    pub run: &'a CheckRun,
}

/// A check run, anybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSeen {
    /// Its name.
    pub name: String,
    /// `queued`, `in_progress`, `completed` …
    pub status: String,
    /// `success`, `failure` …; none before it completed.
    pub conclusion: Option<String>,
    /// Whose it is.
    pub app_id: Option<u64>,
}

impl Check<'_> {
    /// The annotations to be sent: none before the end, since GitHub adds them up.
    fn annotations(&self) -> &[Annotation] {
        match self.run.status {
            CheckStatus::Completed(_) => &self.run.annotations,
            CheckStatus::Queued | CheckStatus::InProgress => &[],
        }
    }

    /// The body of a request, with these annotations. Each says all of the rest.
    fn body(&self, annotations: &[Annotation]) -> Value {
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
        put("name", json!(self.name));
        put("external_id", json!(self.external_id));
        put("details_url", json!(self.details_url));
        if let Some(started) = self.started {
            put("started_at", json!(second(started)));
        }
        match self.run.status {
            CheckStatus::Queued => _ = put("status", json!("queued")),
            CheckStatus::InProgress => _ = put("status", json!("in_progress")),
            CheckStatus::Completed(conclusion) => {
                put("status", json!("completed"));
                put("conclusion", json!(conclusion.as_str()));
                if let Some(completed) = self.completed {
                    put("completed_at", json!(second(completed)));
                }
            }
        }
        put("output", self.output(annotations));
        put("actions", self.actions());
        Value::Object(body)
    }

    fn output(&self, annotations: &[Annotation]) -> Value {
        let mut output = json!({ "title": self.run.title, "summary": self.run.summary });
        if let (Some(output), Some(text)) = (output.as_object_mut(), &self.run.text) {
            output.insert("text".to_owned(), json!(text));
        }
        if let (Some(output), false) = (output.as_object_mut(), annotations.is_empty()) {
            let list = annotations.iter().map(annotation).collect();
            output.insert("annotations".to_owned(), Value::Array(list));
        }
        output
    }

    fn actions(&self) -> Value {
        let one = |action: &crate::report::posted::Action| {
            json!({
                "label": action.label,
                "description": action.description,
                "identifier": action.identifier,
            })
        };
        Value::Array(self.run.actions.iter().map(one).collect())
    }
}

/// GitHub's times have no fractions.
fn second(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

fn annotation(annotation: &Annotation) -> Value {
    let level = match annotation.level {
        AnnotationLevel::Notice => "notice",
        AnnotationLevel::Warning => "warning",
        AnnotationLevel::Failure => "failure",
    };
    json!({
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.line,
        "annotation_level": level,
        "title": annotation.title,
        "message": annotation.message,
    })
}

#[derive(Deserialize)]
struct CheckRuns {
    check_runs: Vec<Seen>,
}

impl Page for CheckRuns {
    fn count(&self) -> usize {
        self.check_runs.len()
    }
}

#[derive(Deserialize)]
struct Seen {
    id: u64,
    name: String,
    status: String,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    app: Option<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: u64,
}

#[derive(Deserialize)]
struct Counted {
    output: Output,
}

#[derive(Deserialize)]
struct Output {
    #[serde(default)]
    annotations_count: usize,
}

impl Client {
    /// Makes a check run, and says its id. Annotations are sent with a completed one only.
    ///
    /// # Errors
    /// See [`CallError`]. If annotations beyond the first 50 fail, the check run exists:
    /// [`Client::find_check`] finds it, and an update adds what is missing.
    pub async fn create_check(&self, at: &At, check: Check<'_>) -> Result<u64, CallError> {
        let (first, rest) = split(check.annotations());
        let mut body = check.body(first);
        if let Some(body) = body.as_object_mut() {
            body.insert("head_sha".to_owned(), json!(check.head));
        }
        let what = format!("commit {}", check.head);
        let call = Call::post(at, at.path(&["check-runs"]), body, NEEDS, what);
        let id = self.ask::<Id>(&call).await?.id;
        self.add_annotations(at, id, check, rest).await?;
        Ok(id)
    }

    /// Brings a check run up to date. GitHub adds annotations and never replaces them, so they
    /// are sent with a completed one only, and only those that GitHub does not count yet: the
    /// same update sent twice changes nothing.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn update_check(&self, at: &At, id: u64, check: Check<'_>) -> Result<(), CallError> {
        let known = match check.annotations() {
            [] => 0,
            _ => self.annotations_of(at, id).await?,
        };
        let missing = check.annotations().get(known..).unwrap_or_default();
        let (first, rest) = split(missing);
        self.patch_check(at, id, check.body(first)).await?;
        self.add_annotations(at, id, check, rest).await
    }

    async fn add_annotations(
        &self,
        at: &At,
        id: u64,
        check: Check<'_>,
        rest: &[Annotation],
    ) -> Result<(), CallError> {
        for part in rest.chunks(ANNOTATIONS) {
            self.patch_check(at, id, check.body(part)).await?;
        }
        Ok(())
    }

    async fn patch_check(&self, at: &At, id: u64, body: Value) -> Result<(), CallError> {
        let path = at.path(&["check-runs", &id.to_string()]);
        self.call(&Call::patch(at, path, body, NEEDS, format!("check run {id}"))).await?;
        Ok(())
    }

    /// How many annotations GitHub has of a check run.
    async fn annotations_of(&self, at: &At, id: u64) -> Result<usize, CallError> {
        let path = at.path(&["check-runs", &id.to_string()]);
        let call = Call::get(at, path, "checks: read", format!("check run {id}"));
        Ok(self.ask::<Counted>(&call).await?.output.annotations_count)
    }

    /// Our own check run of that name and `external_id`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn find_check(
        &self,
        at: &At,
        head: &str,
        name: &str,
        external_id: &str,
    ) -> Result<Option<u64>, CallError> {
        let ours = self.0.key.app_id();
        let wanted = format!("?check_name={}&filter=all&app_id={ours}", query(name));
        let mut pages = self.pages(runs_at(at, head, &wanted));
        while let Some(CheckRuns { check_runs }) = pages.next().await? {
            // Not every server that speaks like GitHub knows all of the query, or says whose a
            // check run is.
            let is_it = |run: &&Seen| {
                run.name == name
                    && run.external_id.as_deref() == Some(external_id)
                    && run.app.as_ref().is_none_or(|app| app.id == ours)
            };
            if let Some(run) = check_runs.iter().find(is_it) {
                return Ok(Some(run.id));
            }
        }
        Ok(None)
    }

    /// The newest check run of each name and App at a commit.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn checks_of(&self, at: &At, head: &str) -> Result<Vec<CheckSeen>, CallError> {
        let mut pages = self.pages(runs_at(at, head, "?filter=latest"));
        let mut seen = Vec::new();
        while let Some(CheckRuns { check_runs }) = pages.next().await? {
            seen.extend(check_runs.into_iter().map(|run| CheckSeen {
                name: run.name,
                status: run.status,
                conclusion: run.conclusion,
                app_id: run.app.map(|app| app.id),
            }));
        }
        Ok(seen)
    }
}

/// The first annotations, as many as one request takes, and the others.
fn split(annotations: &[Annotation]) -> (&[Annotation], &[Annotation]) {
    annotations.split_at_checked(ANNOTATIONS).unwrap_or((annotations, &[]))
}

fn runs_at(at: &At, head: &str, wanted: &str) -> Call {
    let path = at.path(&["commits", head, "check-runs"]);
    Call::get(at, format!("{path}{wanted}"), "checks: read", format!("commit {head}"))
}
