//! A bot, a GitHub to talk to, and a runner that does as a test says.

use std::sync::Arc;

use jiff::SignedDuration;
use t5_gate::{
    bot::{Bells, Bot},
    config::server::Server,
    github::webhook::{Headers, Secrets, Verified, verify},
    queue::{
        Accepted, Coordinator as _, DeliveryState, DeliverySummary, Finish, Heard, Lane, Phase,
        Progress, Run, Subject, Target, Work,
    },
    receipt::{encode, judge},
    sandbox::Isolation,
    store::Sqlite,
};
use tempfile::TempDir;

use crate::{
    receipt::build::Gated,
    support::github::{APP, Check, GitHub, INSTALLATION, REPO, REPO_ID, SECRET, Signed},
};

/// Where people reach the server.
pub const URL: &str = "https://t5.example.org";
/// The marker of the one comment.
pub const STICKY: &str = "<!-- t5-gate:sticky -->";
/// May write to the repository.
pub const ADA: &str = "ada";
/// May read it, as anybody may.
pub const EVE: &str = "eve";

/// A commit's name that is easy to tell from others.
pub fn sha(digit: char) -> String {
    digit.to_string().repeat(40)
}

pub struct World {
    pub github: GitHub,
    pub bot: Bot,
    /// The rules that the next runs are made under.
    pub rules: String,
    folder: TempDir,
    runs: u64,
}

impl World {
    /// A server that has no sandbox for strangers' code.
    pub async fn new() -> Self {
        Self::with(Isolation::None, |_| {}).await
    }

    /// A server that could hold strangers' code.
    pub async fn with_sandbox() -> Self {
        Self::with(Isolation::Full, |_| {}).await
    }

    pub async fn with(isolation: Isolation, configure: impl FnOnce(&mut Server)) -> Self {
        let github = GitHub::start();
        github.collaborate(REPO, ADA, "write");
        let mut config = Server::default_for(URL);
        configure(&mut config);
        let folder = TempDir::new().unwrap();
        let bot = Bot {
            store: Arc::new(Sqlite::open(&folder.path().join("t5.db")).await.unwrap()),
            github: github.client(),
            app_id: APP,
            config: Arc::new(config),
            runs: folder.path().join("runs"),
            clock: github.clock(),
            isolation,
            bells: Bells::default(),
        };
        Self { github, bot, rules: "rules".to_owned(), folder, runs: 0 }
    }

    /// The server is killed and starts anew: what is not in its folder is gone.
    pub async fn restart(self) -> Self {
        let isolation = self.bot.isolation;
        self.restart_with(isolation).await
    }

    /// It starts anew on a host that gained or lost its sandbox meanwhile.
    pub async fn restart_with(self, isolation: Isolation) -> Self {
        let Self { github, bot, rules, folder, runs } = self;
        let config = Arc::clone(&bot.config);
        drop(bot);
        let bot = Bot {
            store: Arc::new(Sqlite::open(&folder.path().join("t5.db")).await.unwrap()),
            github: github.client(),
            app_id: APP,
            config,
            runs: folder.path().join("runs"),
            clock: github.clock(),
            isolation,
            bells: Bells::default(),
        };
        bot.step_reaper(Some("embedded")).await.unwrap();
        bot.step_strangers().await.unwrap();
        Self { github, bot, rules, folder, runs }
    }

    pub fn wait(&self, seconds: i64) {
        self.github.time().advance(SignedDuration::from_secs(seconds));
    }

    /// GitHub delivers, and the server stores it.
    pub async fn deliver(&self, signed: Signed) -> Accepted {
        let accepted = self.bot.store.accept(verified(&signed), self.github.time().now()).await;
        self.github.delivered(&signed, 202);
        accepted.unwrap()
    }

    /// Takes every step that is due now.
    pub async fn settle(&self) {
        for _ in 0..200 {
            let acted = self.bot.step_inbox().await.unwrap();
            let published = self.bot.step_outbox().await.unwrap();
            if acted + published == 0 {
                return;
            }
        }
        panic!("there is always something more to do");
    }

    /// GitHub delivers, and everything that follows at once is done.
    pub async fn on(&self, signed: Signed) {
        assert_eq!(self.deliver(signed).await, Accepted::Stored);
        self.settle().await;
    }

    /// Lets time pass until nothing waits for another try.
    pub async fn patiently(&self) {
        for _ in 0..40 {
            self.settle().await;
            self.wait(120);
        }
        self.settle().await;
    }

    /// Somebody comments, and everything that follows at once is done; the comment's id.
    pub async fn say(&self, number: u64, author: &str, body: &str) -> u64 {
        let comment = self.github.say(REPO, number, author, body);
        self.on(self.github.comment_event(REPO, comment, "created")).await;
        comment
    }

    /// Ada opens a pull request, and the bot has acted on it.
    pub async fn opened(&self, number: u64, head: &str) {
        self.github.open_pull(REPO, number, ADA, head);
        self.on(self.github.pull_opened(REPO, number)).await;
    }

    /// What was made of the deliveries, the oldest first.
    pub async fn deliveries(&self) -> Vec<DeliverySummary> {
        let mut all = self.bot.store.deliveries(None, 1_000).await.unwrap();
        all.reverse();
        all
    }

    /// What was made of the last delivery.
    pub async fn note(&self) -> String {
        let last = self.deliveries().await.pop().unwrap();
        assert_eq!(last.state, DeliveryState::Settled, "{last:?}");
        last.note
    }

    // The runner.

    pub async fn lease(&self) -> Option<Work> {
        self.bot.lease("embedded").await.unwrap()
    }

    /// The runner takes the next job, and everybody hears of it.
    pub async fn take(&self) -> Work {
        let work = self.lease().await.expect("a job is queued");
        self.settle().await;
        work
    }

    /// The runner says how far it is.
    pub async fn at(&self, work: &Work, phase: Phase, what: &str, count: (u64, u64)) -> Heard {
        let (done, total) = count;
        let progress = Progress { phase, what: what.to_owned(), done, total };
        let heard = self.bot.heartbeat(work, Some(progress)).await.unwrap();
        self.settle().await;
        heard
    }

    /// The runner is still there.
    pub async fn beat(&self, work: &Work) -> Heard {
        self.bot.heartbeat(work, None).await.unwrap()
    }

    /// The runner gives a receipt back: whether it counted.
    pub async fn give(&mut self, work: &Work, gated: &Gated) -> bool {
        self.runs += 1;
        let id = format!("{:032x}", self.runs);
        let (run, receipt) = self.receipt(work, &id, gated);
        if self.bot.upload(work, &id, "receipt.json", receipt).await.is_err() {
            return false;
        }
        self.bot.finish(work, Finish::Judged(run)).await.unwrap()
    }

    fn receipt(&self, work: &Work, id: &str, gated: &Gated) -> (Run, Vec<u8>) {
        let job = &work.job.job;
        let mut receipt = gated.receipt.clone();
        receipt.subject.head.sha.clone_from(&job.head);
        if let Some(base) = &mut receipt.subject.base {
            base.sha.clone_from(&job.base);
        }
        let now = self.github.time().now();
        let run = Run {
            id: id.to_owned(),
            job: job.id.clone(),
            repo: job.repo.id,
            subject: job.subject.clone(),
            head: job.head.clone(),
            base: receipt.subject.base.as_ref().map(|base| base.sha.clone()),
            rules: self.rules.clone(),
            scope: job.scope.clone(),
            outcome: judge(&receipt).outcome,
            started: work.job.started.unwrap_or(now),
            finished: now,
        };
        (run, encode(&receipt).unwrap())
    }

    /// The runner takes the next job and comes to this; everybody hears of it.
    pub async fn run(&mut self, gated: &Gated) -> Work {
        let work = self.take().await;
        self.wait(90);
        assert!(self.give(&work, gated).await, "the result counts");
        self.settle().await;
        work
    }

    /// The runner takes the next job and comes to no receipt.
    pub async fn run_in_vain(&self, why: &str) -> Work {
        let work = self.take().await;
        self.wait(90);
        assert!(self.bot.finish(&work, Finish::Error(why.to_owned())).await.unwrap());
        self.settle().await;
        work
    }

    // What people see.

    /// The check runs of a commit, the oldest first.
    pub fn checks(&self, head: &str) -> Vec<Check> {
        self.github.check_runs(REPO, head)
    }

    /// The newest check run of a commit.
    pub fn check(&self, head: &str) -> Check {
        self.checks(head).pop().expect("a check run")
    }

    /// How the check runs of a commit stand, in short.
    pub fn states(&self, head: &str) -> Vec<String> {
        self.checks(head).iter().map(state).collect()
    }

    /// The one comment of a pull request.
    pub fn sticky(&self, number: u64) -> String {
        let mut all = self.github.comments(REPO, number);
        all.retain(|body| body.starts_with(STICKY));
        assert_eq!(all.len(), 1, "one sticky comment: {all:#?}");
        all.remove(0)
    }

    /// The answers on a pull request, without their markers.
    pub fn answers(&self, number: u64) -> Vec<String> {
        let mut all = self.github.comments(REPO, number);
        all.retain(|body| !body.starts_with(STICKY));
        let text = |body: String| body.split_once('\n').unwrap().1.trim().to_owned();
        all.into_iter().map(text).collect()
    }

    pub fn reactions(&self, comment: u64) -> Vec<String> {
        self.github.reactions(REPO, comment)
    }

    /// The identifiers of a check run's buttons.
    pub fn buttons(&self, head: &str) -> Vec<String> {
        let actions = self.check(head).actions;
        actions.iter().map(|one| one["identifier"].as_str().unwrap().to_owned()).collect()
    }

    /// Makes something due although nothing changed, and does what follows.
    pub async fn publish_again(&self, pull: u64, target: Target) {
        let (now, subject) = (self.github.time().now(), Subject::Pull(pull).to_string());
        let (owner, name) = REPO.split_once('/').unwrap();
        let (owner, name) = (owner.to_owned(), name.to_owned());
        let lane = Lane { installation: INSTALLATION, repo: REPO_ID, owner, name, subject };
        self.bot.store.post(lane, target, now).await.unwrap();
        self.settle().await;
    }

    /// How many requests were sent that change something.
    pub fn changes(&self) -> usize {
        let asks = self.github.requests();
        let token = |path: &str| path.ends_with("/access_tokens");
        asks.iter().filter(|ask| ask.method != "GET" && !token(&ask.path)).count()
    }
}

/// `queued`, `in_progress`, or how it was completed.
pub fn state(check: &Check) -> String {
    check.conclusion.clone().unwrap_or_else(|| check.status.clone())
}

/// What the server makes of a delivery at its door.
pub fn verified(signed: &Signed) -> Verified {
    let headers = signed.headers();
    let header = |name: &str| {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes())
    };
    let headers = Headers {
        delivery: header("x-github-delivery"),
        event: header("x-github-event"),
        signature: header("x-hub-signature-256"),
        content_type: header("content-type"),
    };
    let secrets = Secrets::new(vec![SECRET.into()]).unwrap();
    verify(&secrets, headers, signed.body.clone()).unwrap()
}
