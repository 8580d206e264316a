//! A server without a socket: its router, a real database, and a GitHub that hands Apps over.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use t5_gate::{
    config::server::Server,
    github::{event::Repo, webhook::Secrets},
    host::Clock,
    queue::{Asked, Effect, Finish, Job, NewJob, Run, Scope, Store as _, Subject, Trust, Waiting},
    receipt::{ListedKeys, Signer, encode, encode_rounds, encode_verdict, judge, side_file, sign},
    report::markdown,
    sandbox::Isolation,
    store::Sqlite,
    verdict::Outcome,
    web::{
        App, BadgeKeys, Conversion, Credentials, NewApp, NotConverted, SetupToken, Web, Wiring,
        router,
    },
};
use tempfile::TempDir;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::receipt::build::Gated;

pub const URL: &str = "https://t5.example.org";
pub const SECRET: &str = "It's a Secret to Everybody";

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// GitHub, as far as it trades codes for Apps.
#[derive(Debug, Default)]
pub struct Trader {
    pub codes: Mutex<Vec<String>>,
}

#[async_trait]
impl Conversion for Trader {
    async fn convert(&self, code: &SecretString) -> Result<NewApp, NotConverted> {
        let code = code.expose_secret();
        self.codes.lock().unwrap().push(code.to_owned());
        if code != "good" {
            return Err(NotConverted("404 Not Found".to_owned()));
        }
        let credentials = Credentials {
            id: 4711,
            slug: "t5-gate-octo".to_owned(),
            private_key: "-----BEGIN RSA PRIVATE KEY-----\nMII\n".into(),
            webhook_secret: "from github".into(),
        };
        let html_url = "https://github.com/apps/t5-gate-octo".to_owned();
        Ok(NewApp { credentials, html_url })
    }
}

pub struct World {
    pub folder: TempDir,
    pub store: Arc<Sqlite>,
    pub wake: Arc<Notify>,
    pub web: Arc<Web>,
    pub trader: Arc<Trader>,
    pub keys: BadgeKeys,
    pub setup_address: String,
    pub router: Router,
    seconds: Arc<AtomicI64>,
    deliveries: AtomicU32,
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

impl World {
    /// A server with an App.
    pub async fn new() -> Self {
        Self::with(Some(app()), Server::default_for(URL)).await
    }

    /// A server that nobody has set up.
    pub async fn fresh() -> Self {
        Self::with(None, Server::default_for(URL)).await
    }

    pub async fn with(app: Option<App>, server: Server) -> Self {
        let folder = TempDir::new().unwrap();
        let store = Arc::new(Sqlite::open(&folder.path().join("t5.db")).await.unwrap());
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = {
            let seconds = Arc::clone(&seconds);
            Clock::showing(move || at(seconds.load(Ordering::SeqCst)))
        };
        let (wake, trader) = (Arc::new(Notify::new()), Arc::new(Trader::default()));
        let keys = BadgeKeys::load_or_make(&folder.path().join("badge-secret")).unwrap();
        let setup_token = SetupToken::make().unwrap();
        let setup_address = setup_token.address("");
        let web = Arc::new(Web::new(Wiring {
            store: store.clone(),
            server,
            runs: folder.path().join("runs"),
            credentials: folder.path().join("app"),
            clock,
            wake: wake.clone(),
            app,
            badge_keys: keys.clone(),
            keys: listed_keys(),
            setup_token,
            conversion: trader.clone(),
            isolation: Isolation::Full,
        }));
        let router = router(web.clone());
        let deliveries = AtomicU32::new(0);
        Self { folder, store, wake, web, trader, keys, setup_address, router, seconds, deliveries }
    }

    pub fn wait(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, address: &str) -> Answer {
        self.send(request(Method::GET, address)).await
    }

    /// A page that has to be there.
    pub async fn page(&self, address: &str) -> String {
        let answer = self.get(address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        answer.text()
    }

    /// GitHub sends a delivery.
    pub async fn deliver(&self, guid: &str, body: &[u8]) -> Answer {
        self.send(delivery(guid, body)).await
    }

    pub fn runs(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    /// A delivery comes and asks for a job.
    pub async fn enqueue(&self, job: NewJob) {
        let guid = format!("guid-{}", self.deliveries.fetch_add(1, Ordering::SeqCst));
        assert_eq!(self.deliver(&guid, b"{}").await.status, StatusCode::ACCEPTED);
        self.wait(1);
        let now = at(self.seconds.load(Ordering::SeqCst));
        let effects = vec![Effect::Enqueue(Box::new(job))];
        self.store.settle(&guid, "acted on", effects, now).await.unwrap();
    }

    /// A runner takes the next job.
    pub async fn lease(&self) -> Job {
        self.wait(1);
        let now = at(self.seconds.load(Ordering::SeqCst));
        let until = now + SignedDuration::from_secs(120);
        self.store.lease("runner", now, until).await.unwrap().unwrap()
    }

    /// A runner takes the next job and comes to a receipt.
    pub async fn judge(&self, run: &str, outcome: Outcome) {
        let job = self.lease().await;
        let started = at(self.seconds.load(Ordering::SeqCst));
        self.wait(95);
        let finished = at(self.seconds.load(Ordering::SeqCst));
        let finish = Finish::Judged(Run {
            id: run.to_owned(),
            job: job.job.id.clone(),
            repo: job.job.repo.id,
            subject: job.job.subject.clone(),
            head: job.job.head.clone(),
            base: Some("b".repeat(40)),
            rules: "rules".to_owned(),
            scope: job.job.scope.clone(),
            outcome,
            started,
            finished,
        });
        let lease = job.lease.unwrap();
        assert!(self.store.finish(&job.job.id, &lease, finish, finished).await.unwrap());
    }

    /// The same, signed with the key of this seed.
    pub fn keep_signed(&self, run: &str, gated: &Gated, seed: u8) {
        self.keep(run, gated);
        let envelope = sign(&encode(&gated.receipt).unwrap(), &signer(seed)).unwrap();
        fs::write(self.runs().join(run).join("receipt.dsse.json"), envelope).unwrap();
    }

    /// The files of a run, as the runner leaves them.
    pub fn keep(&self, run: &str, gated: &Gated) {
        let folder = self.runs().join(run);
        fs::create_dir_all(&folder).unwrap();
        let verdict = judge(&gated.receipt);
        let receipt = encode(&gated.receipt).unwrap();
        fs::write(folder.join("receipt.json.sha256"), side_file(&receipt)).unwrap();
        fs::write(folder.join("receipt.json"), receipt).unwrap();
        fs::write(folder.join("samples.jsonl"), encode_rounds(&gated.rounds).unwrap()).unwrap();
        fs::write(folder.join("verdict.json"), encode_verdict(&verdict).unwrap()).unwrap();
        fs::write(folder.join("report.md"), markdown(&gated.receipt, &verdict).unwrap()).unwrap();
        let route = t5_gate::report::posted::encode_route(&gated.receipt, &verdict).unwrap();
        fs::write(folder.join("t5-route.json"), route).unwrap();
    }
}

pub fn signer(seed: u8) -> Signer {
    Signer::from_seed(&[seed; 32])
}

/// The server signs with key 1; key 2 did, and key 3 has become known.
fn listed_keys() -> ListedKeys {
    let [current, old, leaked] = [1, 2, 3].map(|seed| signer(seed).public());
    ListedKeys { current, retired: vec![old], leaked: vec![leaked.id()] }
}

pub fn app() -> App {
    App { secrets: Secrets::new(vec![SECRET.into()]).unwrap(), slug: Some("t5-gate".to_owned()) }
}

pub fn request(method: Method, address: &str) -> Request<Body> {
    Request::builder().method(method).uri(address).body(Body::empty()).unwrap()
}

pub fn signature(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body);
    format!("sha256={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
}

/// A delivery as GitHub sends it.
pub fn delivery(guid: &str, body: &[u8]) -> Request<Body> {
    Request::builder()
        .method(Method::POST)
        .uri("/webhook")
        .header("content-type", "application/json")
        .header("content-length", body.len())
        .header("x-github-delivery", guid)
        .header("x-github-event", "pull_request")
        .header("x-hub-signature-256", signature(SECRET, body))
        .body(Body::from(body.to_vec()))
        .unwrap()
}

pub fn repo(id: u64, name: &str, private: bool) -> Repo {
    Repo {
        id,
        owner: "octo".to_owned(),
        name: name.to_owned(),
        private,
        default_branch: "main".to_owned(),
    }
}

/// A member's pull request in a public repository.
pub fn pull(id: &str, number: u64, head: char) -> NewJob {
    NewJob {
        id: id.to_owned(),
        installation: 7,
        repo: repo(42, "kernels", false),
        subject: Subject::Pull(number),
        head: head.to_string().repeat(40),
        base: "b".repeat(40),
        base_ref: "main".to_owned(),
        scope: Scope::All,
        trust: Trust::Member,
        waiting: Waiting::Nothing,
        priority: 0,
        asked: Asked { by: "octocat".to_owned(), how: "pushed".to_owned(), comment: None },
        again: true,
    }
}

/// The same in a private repository.
pub fn private(id: &str, number: u64, head: char) -> NewJob {
    NewJob { repo: repo(43, "secret-kernels", true), ..pull(id, number, head) }
}
