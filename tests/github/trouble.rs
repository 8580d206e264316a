//! What the bot does where GitHub, or one of its installations, does not play along.

use std::{
    collections::BTreeSet,
    fs,
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use t5_gate::{
    bot::{Bells, Bot},
    config::server::Server,
    github::webhook::{Headers, Secrets, verify},
    queue::{Coordinator as _, Ended, JobState, Subject},
    sandbox::Isolation,
    store::Sqlite,
};
use tempfile::TempDir;

use crate::support::github::{APP, Fault, GitHub, REPO, REPO_ID, SECRET, Signed};

const HEAD: &str = "1111111111111111111111111111111111111111";

/// A bot of a GitHub. What stands on GitHub in the end is other tests' matter.
struct World {
    github: GitHub,
    bot: Bot,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let github = GitHub::start();
        let folder = TempDir::new().unwrap();
        let runs = folder.path().join("runs");
        fs::create_dir(&runs).unwrap();
        let bot = Bot {
            store: Arc::new(Sqlite::open(&folder.path().join("t5.db")).await.unwrap()),
            github: github.client(),
            app_id: APP,
            config: Arc::new(Server::default_for("https://t5.example.org")),
            runs,
            clock: github.clock(),
            isolation: Isolation::None,
            bells: Bells::default(),
        };
        Self { github, bot, _folder: folder }
    }

    async fn receive(&self, signed: &Signed) {
        let headers = signed.headers();
        let value = |name: &str| {
            headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes())
        };
        let headers = Headers {
            delivery: value("x-github-delivery"),
            event: value("x-github-event"),
            signature: value("x-hub-signature-256"),
            content_type: value("content-type"),
        };
        let secrets = Secrets::new(vec![SecretString::from(SECRET)]).unwrap();
        let verified = verify(&secrets, headers, signed.body.clone()).unwrap();
        self.bot.store.accept(verified, self.github.time().now()).await.unwrap();
    }

    /// Opens a pull request of somebody who may write, and acts on it.
    async fn open(&self, full_name: &str, number: u64) {
        self.github.collaborate(full_name, "mona", "write");
        self.github.open_pull(full_name, number, "mona", HEAD);
        let opened = self.github.pull_opened(full_name, number);
        self.receive(&opened).await;
        while self.bot.step_inbox().await.unwrap() > 0 {}
    }

    async fn state(&self, repo: u64, number: u64) -> (JobState, Option<Ended>) {
        let job = self.bot.store.newest_job(repo, &Subject::Pull(number)).await.unwrap().unwrap();
        (job.state, job.ended)
    }
}

#[tokio::test]
async fn a_job_that_github_refuses_a_token_for_holds_up_no_other() {
    let world = World::new().await;
    world.open(REPO, 7).await;
    world.github.install(78, "acme");
    world.github.add_repo(78, 9_002, "acme/other", false);
    world.open("acme/other", 1).await;
    let refused = Fault::Answer(422, vec![], json!({ "message": "not this repository" }));
    world.github.fault("POST", "/app/installations/77/access_tokens", refused);

    let work = world.bot.lease("embedded").await.unwrap().unwrap();
    assert_eq!(work.job.job.repo.id, 9_002);
    assert_eq!(world.state(REPO_ID, 7).await, (JobState::Over, Some(Ended::Error)));
}

#[tokio::test]
async fn a_job_that_github_cannot_be_asked_about_waits_and_holds_up_no_other() {
    let world = World::new().await;
    world.open(REPO, 7).await;
    world.open(REPO, 8).await;
    world.github.fault("GET", "/repos/*/*/pulls/7", Fault::BadGateway);

    let work = world.bot.lease("embedded").await.unwrap().unwrap();
    assert_eq!(work.job.job.subject, Subject::Pull(8));
    assert_eq!(world.state(REPO_ID, 7).await, (JobState::Queued, None));
    let work = world.bot.lease("another").await.unwrap().unwrap();
    assert_eq!((work.job.job.subject, work.job.attempts), (Subject::Pull(7), 1));
}

#[tokio::test]
async fn a_job_whose_pull_request_has_another_base_by_now_is_not_run() {
    let world = World::new().await;
    world.open(REPO, 7).await;
    world.github.edit(|state| "stable".clone_into(&mut state.repo(REPO).pull(7).base_ref));
    assert!(world.bot.lease("embedded").await.unwrap().is_none());
    assert_eq!(world.state(REPO_ID, 7).await, (JobState::Over, Some(Ended::Superseded)));
}

#[tokio::test]
async fn a_push_that_comes_late_does_not_take_the_place_of_a_newer_one() {
    let world = World::new().await;
    let (first, second) = (HEAD, "2222222222222222222222222222222222222222");
    let early = world.github.pushed(REPO, "main", first, "mona");
    let late = world.github.pushed(REPO, "main", second, "mona");
    for pushed in [late, early] {
        world.receive(&pushed).await;
        while world.bot.step_inbox().await.unwrap() > 0 {}
    }
    let subject = Subject::Branch("main".to_owned());
    let job = world.bot.store.newest_job(REPO_ID, &subject).await.unwrap().unwrap();
    assert_eq!(job.job.head, second);
}

#[tokio::test]
async fn a_delivery_waits_while_the_apps_key_does_not_count() {
    let world = World::new().await;
    world.github.collaborate(REPO, "mona", "write");
    world.github.open_pull(REPO, 7, "mona", HEAD);
    world.receive(&world.github.pull_opened(REPO, 7)).await;
    let unknown = Fault::Answer(401, vec![], json!({ "message": "Bad credentials" }));
    world.github.fault("POST", "/app/installations/77/access_tokens", unknown);
    world.bot.step_inbox().await.unwrap();
    assert!(world.bot.store.newest_job(REPO_ID, &Subject::Pull(7)).await.unwrap().is_none());

    world.github.time().advance(SignedDuration::from_secs(10));
    world.bot.step_inbox().await.unwrap();
    assert_eq!(world.state(REPO_ID, 7).await, (JobState::Queued, None));
}

#[tokio::test]
async fn however_many_deliveries_were_lost_each_is_asked_for_again() {
    let world = World::new().await;
    let lost: BTreeSet<u64> =
        (0..120).map(|_| world.github.delivery("ping", &json!({})).id).collect();
    for _ in 0..3 {
        world.github.time().advance(SignedDuration::from_mins(30));
        world.bot.step_audit().await.unwrap();
        // Each arrives that was asked for.
        let asked = world.github.redelivered();
        let known = world.github.edit(|state| state.deliveries.clone());
        for delivery in known.into_iter().filter(|delivery| asked.contains(&delivery.id)) {
            let (id, guid, event) = (delivery.id, delivery.guid, delivery.event);
            world.receive(&Signed { id, guid, event, body: b"{}".to_vec() }).await;
        }
    }
    assert_eq!(world.github.redelivered().into_iter().collect::<BTreeSet<u64>>(), lost);
}

#[tokio::test]
async fn a_folder_that_no_run_came_of_is_removed_once_nobody_writes_into_it() {
    let world = World::new().await;
    let now = SystemTime::from(world.github.time().now());
    let minute = Duration::from_secs(60);
    let [old, young] = ["aa", "bb"].map(|pair| world.bot.runs.join(pair.repeat(16)));
    for (folder, minutes) in [(&old, 61), (&young, 59)] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("receipt.json"), "{}").unwrap();
        fs::File::open(folder).unwrap().set_modified(now - minute * minutes).unwrap();
    }
    world.bot.step_prune().await.unwrap();
    assert!(!old.exists());
    assert!(young.exists());
}

#[tokio::test]
async fn a_token_is_made_when_it_is_needed_and_for_whoever_has_the_job_alone() {
    let world = World::new().await;
    world.open(REPO, 7).await;
    let mut work = world.bot.lease("embedded").await.unwrap().unwrap();
    let first = work.token.clone().unwrap();
    let second = world.bot.token(&work).await.unwrap().unwrap();
    assert_ne!(first.expose_secret(), second.expose_secret());
    work.lease = "another".to_owned();
    let refused = world.bot.token(&work).await.unwrap_err().to_string();
    assert!(refused.contains("no longer has the job"), "{refused}");
}
