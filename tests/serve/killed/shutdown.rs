//! A server that is asked to end in the middle of a run.

use std::{
    fs,
    time::{Duration, Instant, SystemTime},
};

use t5_gate::queue::{Ended, JobState, Store as _, Subject};

use super::{after, story::Story};
use crate::support::{
    bench_double::crate_with,
    github::{Fault, REPO, REPO_ID},
    hanging,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_handed_back_when_the_server_ends_and_done_when_it_is_back() {
    let here = crate_with(&[("add", 100.0)]);
    let (started, go) = (here.beside("started"), here.beside("go"));
    let body = format!(
        "fn main() {{\nif !env::args().any(|arg| arg == \"--list\") \
         && !Path::new({go:?}).exists() {{\n\
         std::process::Command::new(\"setsid\").args([\"sleep\", \"86399\"]).spawn().unwrap();\n\
         fs::write({started:?}, \"\").unwrap();\nloop {{ std::thread::park() }}\n}}\n"
    );
    here.edit("benches/speed.rs", "fn main() {", &body);
    let mut story = Story::of(here, 1);
    // What the benchmark says and waits for is seen from outside.
    story.setting.write("isolation: none\nrunner:\n  attempts: 10\n  lease: 1h\n");
    let mut life = story.begin();
    life.until("listening").await;
    story.people.open();
    story.people.deliver(&story.setting.webhook()).await;
    hanging::until("the benchmark", || started.exists());

    let asked = Instant::now();
    assert_eq!(life.terminate(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let stayed = story.processes();
    assert!(stayed.is_empty(), "{stayed:#?}");

    let (_, head) = story.people.heads[0].clone();
    let checks = story.people.github.check_runs(REPO, &head);
    assert_eq!((checks.len(), checks[0].status.as_str()), (1, "queued"), "{checks:?}");
    let sticky = story.people.github.comments(REPO, 1);
    assert!(sticky[0].contains("ueued"), "{sticky:?}");
    let newest = || async { story.store().await.newest_job(REPO_ID, &Subject::Pull(1)).await };
    let job = newest().await.unwrap().unwrap();
    assert_eq!((job.state, job.attempts, job.runner), (JobState::Queued, 0, None));

    // Folders of runs that never were: one lies there for long, one may yet be written into.
    let runs = story.data().join("runs");
    let folder = |digit: &str, age: u64| {
        let folder = runs.join(digit.repeat(32));
        fs::create_dir(&folder).unwrap();
        let then = SystemTime::now() - Duration::from_secs(age);
        fs::File::open(&folder).unwrap().set_modified(then).unwrap();
        folder
    };
    let (old, young) = (folder("a", 4000), folder("b", 3000));

    fs::write(&go, "").unwrap();
    let mut life = story.begin();
    life.until("listening").await;
    story.come_to_rest(&mut life).await;
    assert_eq!(life.terminate(), Some(0));
    after::look(&story).await;
    let job = story.store().await.newest_job(REPO_ID, &Subject::Pull(1)).await.unwrap().unwrap();
    assert_eq!((job.ended, job.attempts), (Some(Ended::Judged), 1));
    assert!(!old.exists() && young.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_though_github_does_not_answer_and_makes_no_second_check_run_later() {
    let mut story = Story::of(crate_with(&[("add", 100.0)]), 3);
    story.people.github.fault("POST", "/repos/*/*/check-runs", Fault::Held);
    let mut life = story.begin();
    life.until("listening").await;
    story.people.open();
    story.people.deliver(&story.setting.webhook()).await;
    let github = &story.people.github;
    let asked = || github.requests_to("POST", "/repos/*/*/check-runs").len() == 1;
    hanging::until("the request", asked);

    let from = Instant::now();
    assert_eq!(life.terminate(), Some(0));
    assert!(from.elapsed() < Duration::from_secs(10), "{:?}", from.elapsed());
    story.people.github.release();

    let mut life = story.begin();
    life.until("listening").await;
    story.come_to_rest(&mut life).await;
    assert_eq!(life.terminate(), Some(0));
    after::look(&story).await;
}
