//! What must be so once everything has come to rest.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use t5_gate::{
    queue::{DeliveryState, Ended, Job, JobState, Store as _, Subject},
    report::posted::{STICKY_MARKER, answers},
    store::Sqlite,
};

use super::story::{ALL, Story};
use crate::support::github::{Check, REPO};

/// Looks at everything; what there was, in a sentence.
pub async fn look(story: &Story) -> String {
    let store = story.store().await;
    let log = story.log.text();
    assert!(!log.contains("panicked"), "a thread of the server panicked");
    let deliveries = deliveries(story, &store).await;
    assert_eq!(story.outbox("given-up").await, [""; 0], "GitHub was not told");
    assert_eq!(story.outbox("due").await, [""; 0], "GitHub was not told");

    let jobs = store.jobs(ALL).await.unwrap();
    expect_jobs(story, &jobs);
    expect_checks(story, &jobs);
    expect_comments(story, &jobs);
    let runs = receipts(story, &store, &jobs).await;
    expect_no_locks(story);

    let mut ended: BTreeMap<String, u32> = BTreeMap::new();
    for job in &jobs {
        *ended.entry(format!("{:?}", job.ended.unwrap())).or_default() += 1;
    }
    let most = jobs.iter().map(|job| job.attempts).max().unwrap_or(0);
    format!(
        "{deliveries} deliveries, {} jobs {ended:?} with at most {most} attempts, {runs} runs, \
         {} pull requests",
        jobs.len(),
        story.people.heads.iter().map(|(pull, _)| pull).collect::<BTreeSet<_>>().len(),
    )
}

/// Each delivery that was taken was acted on.
async fn deliveries(story: &Story, store: &Sqlite) -> usize {
    let stored = store.deliveries(None, ALL).await.unwrap();
    for one in &stored {
        assert_eq!(one.state, DeliveryState::Settled, "{one:?}");
    }
    let stored: BTreeSet<&str> = stored.iter().map(|one| one.guid.as_str()).collect();
    let accepted: BTreeSet<&str> = story.people.accepted.iter().map(String::as_str).collect();
    assert_eq!(accepted.len(), story.people.accepted.len(), "each is accepted once");
    assert_eq!(stored, accepted);
    stored.len()
}

/// Each head is gated by itself once at most, and each command gives one job.
fn expect_jobs(story: &Story, jobs: &[Job]) {
    for job in jobs {
        assert_eq!(job.state, JobState::Over, "{job:?}");
        assert_ne!(job.ended, Some(Ended::Error), "{job:?}");
        let Subject::Pull(pull) = job.job.subject else { panic!("{job:?}") };
        assert!(story.people.heads.contains(&(pull, job.job.head.clone())), "{job:?}");
    }
    let of_itself = |pull: u64, head: &str| {
        let this = |job: &&Job| job.job.subject == Subject::Pull(pull) && job.job.head == head;
        let here = jobs.iter().filter(this);
        here.partition::<Vec<&Job>, _>(|job| job.job.asked.comment.is_none())
    };
    for (pull, head) in &story.people.heads {
        let (itself, _) = of_itself(*pull, head);
        assert!(itself.len() <= 1, "a head is gated once by itself: {itself:?}");
    }
    // Whatever came in between: where the pull request ended up, it was gated.
    for pull in &story.people.open {
        let (_, head) = story.people.heads.iter().rfind(|(other, _)| other == pull).unwrap();
        let (itself, asked) = of_itself(*pull, head);
        assert!(!itself.is_empty() || !asked.is_empty(), "{pull} at {head} was not gated");
        let newest = jobs.iter().find(|job| job.job.subject == Subject::Pull(*pull)).unwrap();
        assert_eq!(&newest.job.head, head);
        assert!(matches!(newest.ended, Some(Ended::Judged | Ended::TimedOut)), "{newest:?}");
    }
    for (pull, comment) in &story.people.comments {
        let asked = jobs.iter().filter(|job| job.job.asked.comment == Some(*comment)).count();
        let replies = replies(story, *pull, *comment);
        // A command on a pull request that was closed meanwhile is answered instead.
        let closed = !story.people.open.contains(pull);
        let one = (asked, replies) == (1, 0) || closed && (asked, replies) == (0, 1);
        assert!(one, "comment {comment} on {pull}: {asked} jobs, {replies} replies");
    }
}

fn replies(story: &Story, pull: u64, comment: u64) -> usize {
    let marker = answers::reply_marker(comment);
    story.people.github.comments(REPO, pull).iter().filter(|body| body.contains(&marker)).count()
}

/// Each job has one check run, and none is left open.
fn expect_checks(story: &Story, jobs: &[Job]) {
    let heads: BTreeSet<&str> = story.people.heads.iter().map(|(_, head)| head.as_str()).collect();
    let mut checks: Vec<Check> = Vec::new();
    for head in heads {
        checks.extend(story.people.github.check_runs(REPO, head));
    }
    let mut told: Vec<&str> = checks.iter().map(|check| check.external_id.as_str()).collect();
    let mut stored: Vec<&str> = jobs.iter().map(|job| job.job.id.as_str()).collect();
    told.sort_unstable();
    stored.sort_unstable();
    assert_eq!(told, stored, "one check run a job");
    for check in &checks {
        assert_eq!(check.status, "completed", "{check:?}");
        let job = jobs.iter().find(|job| job.job.id == check.external_id).unwrap();
        assert_eq!(check.head, job.job.head);
        let conclusion = check.conclusion.as_deref().unwrap();
        let judged = ["success", "failure", "neutral", "action_required"].contains(&conclusion);
        assert_eq!(judged, job.ended == Some(Ended::Judged), "{check:?} of {job:?}");
    }
}

/// One comment a pull request, beside answers, and no reaction twice.
fn expect_comments(story: &Story, jobs: &[Job]) {
    let pulls: BTreeSet<u64> = story.people.heads.iter().map(|(pull, _)| *pull).collect();
    for pull in pulls {
        let ours = story.people.github.comments(REPO, pull);
        let sticky = ours.iter().filter(|body| body.contains(STICKY_MARKER)).count();
        let gated = jobs.iter().any(|job| job.job.subject == Subject::Pull(pull));
        assert_eq!(sticky, usize::from(gated), "of pull request {pull}: {ours:#?}");
        // It speaks of the job that was asked for last, and of its end.
        if let Some(newest) = jobs.iter().find(|job| job.job.subject == Subject::Pull(pull)) {
            let body = ours.iter().find(|body| body.contains(STICKY_MARKER)).unwrap();
            assert!(body.contains(&format!("/jobs/{}", newest.job.id)), "{newest:?}: {body}");
            assert!(!body.contains("IN PROGRESS"), "{body}");
        }
        let of_pull = story.people.comments.iter().filter(|(other, _)| *other == pull);
        let answers: usize = of_pull.map(|(_, comment)| replies(story, pull, *comment)).sum();
        assert_eq!(ours.len(), sticky + answers, "{ours:#?}");
    }
    for (_, comment) in &story.people.comments {
        let reactions = story.people.github.reactions(REPO, *comment);
        let different: BTreeSet<&String> = reactions.iter().collect();
        assert_eq!(different.len(), reactions.len(), "{reactions:?}");
        assert!(reactions.iter().any(|content| content == "eyes"), "{reactions:?}");
    }
}

/// Each job that was judged has one run, whose receipt can be verified and whose files are whole.
async fn receipts(story: &Story, store: &Sqlite, jobs: &[Job]) -> usize {
    let mut count = 0;
    for job in jobs {
        let runs = store.runs_of_job(&job.job.id).await.unwrap();
        assert_eq!(runs.len(), usize::from(job.ended == Some(Ended::Judged)), "{job:?}");
        for run in runs {
            let folder = story.data().join("runs").join(&run.id);
            for entry in fs::read_dir(&folder).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                assert!(!name.starts_with('.'), "half written: {name}");
            }
            verify(&folder);
            count += 1;
        }
    }
    let scratch = fs::read_dir(story.data().join("scratch")).into_iter().flatten().count();
    assert_eq!(scratch, 0, "files of runs that are over lie about");
    count
}

fn verify(folder: &Path) {
    let verified = Command::new(env!("CARGO_BIN_EXE_t5")).arg("verify").arg(folder).output();
    let verified = verified.unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success(), "{}: {said}", folder.display());
}

/// Whoever comes next need not wait.
fn expect_no_locks(story: &Story) {
    let locks = [story.setting.path("lock"), story.data().join("t5.db.lock")];
    for path in locks {
        let file = fs::File::options().read(true).write(true).open(&path).unwrap();
        assert!(file.try_lock().is_ok(), "{} is held", path.display());
    }
}
