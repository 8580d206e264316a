//! A server with its data folder, its GitHub, and a way to come to rest.

use std::{
    net::TcpListener,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sqlx::{ConnectOptions as _, Row as _};
use t5_gate::{
    queue::{DeliveryState, JobState, Store as _},
    store::Sqlite,
};
use tokio::time::{Instant, sleep};

use super::{
    life::{Life, Log},
    people::People,
};
use crate::support::{repository::Repository, server::Setting};

/// More rows than any story has.
pub const ALL: u32 = 100_000;
/// Nothing takes so long that is still going on.
const PATIENCE: Duration = Duration::from_secs(180);

/// Everything in one place.
pub struct Story {
    pub people: People,
    pub setting: Setting,
    pub log: Log,
    random: fastrand::Rng,
    pub killed_at_start: u32,
}

impl Story {
    /// A crate on GitHub, and a server that was not started yet.
    pub fn of(here: Repository, seed: u64) -> Self {
        let people = People::at(here, seed);
        let port = quiet_port();
        let (api, web) = (people.github.api_url(), people.git.root_url());
        let setting = Setting::of_app(People::app(), port, &api, &web);
        // Most jobs are judged in the end; and nothing waits for a lease to run out.
        setting.write("runner:\n  attempts: 10\n  lease: 1h\n");
        let random = fastrand::Rng::with_seed(!seed);
        Self { people, setting, log: Log::default(), random, killed_at_start: 0 }
    }

    pub fn begin(&self) -> Life {
        Life::begin(&self.setting, &self.log)
    }

    /// A server that is started, hears of a few things, and is killed within `most`: at any
    /// moment, while it starts, or while something is being made on GitHub.
    pub async fn live_and_be_killed(&mut self, most: Duration) {
        let (kind, part) = (self.random.u32(0..5), self.random.f64());
        let most = if kind == 0 { Duration::from_millis(40) } else { most };
        let shared = Arc::clone(&self.people.github);
        let moment = async {
            if kind < 3 {
                sleep(most.mul_f64(part)).await;
            } else {
                let made = shared.something_is_made();
                let _ = tokio::time::timeout(most, made).await;
                sleep(Duration::from_millis(10).mul_f64(part)).await;
            }
        };
        let mut life = self.begin();
        let mut listened = false;
        tokio::select! {
            () = moment => {}
            () = self.live(&mut life, &mut listened) => {}
        }
        life.kill();
        self.killed_at_start += u32::from(!listened);
    }

    /// Never returns by itself.
    async fn live(&mut self, life: &mut Life, listened: &mut bool) {
        life.until("listening").await;
        *listened = true;
        let webhook = self.setting.webhook();
        for _ in 0..self.random.u32(0..3) {
            self.people.deliver(&webhook).await;
            sleep(Duration::from_millis(self.random.u64(0..700))).await;
            self.people.act();
        }
        self.people.deliver(&webhook).await;
        std::future::pending::<()>().await;
    }

    /// Waits until everything that was asked for is done and told.
    pub async fn come_to_rest(&mut self, life: &mut Life) {
        self.people.deliver(&self.setting.webhook()).await;
        let store = self.store().await;
        let started = Instant::now();
        loop {
            let waiting = store.deliveries(Some(DeliveryState::Waiting), 1).await.unwrap();
            let jobs = store.jobs(ALL).await.unwrap();
            let live = jobs.iter().filter(|job| job.state != JobState::Over).count();
            let untold = self.outbox("due").await;
            if waiting.is_empty() && live == 0 && untold.is_empty() {
                return;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "no rest: {waiting:?}, {live} live jobs, untold: {untold:?}"
            );
            life.something().await;
        }
    }

    pub fn data(&self) -> PathBuf {
        self.setting.path("data")
    }

    /// The database, beside the server that has it.
    pub async fn store(&self) -> Sqlite {
        Sqlite::open_beside(&self.data().join("t5.db")).await.unwrap()
    }

    /// Targets of the outbox in one state, each with why.
    pub async fn outbox(&self, state: &str) -> Vec<String> {
        let path = self.data().join("t5.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).read_only(true);
        let mut raw = options.connect().await.unwrap();
        let rows = sqlx::query("SELECT key, why FROM outbox WHERE state = ?1 ORDER BY due_seq")
            .bind(state)
            .fetch_all(&mut raw)
            .await
            .unwrap();
        let told = |row: &sqlx::sqlite::SqliteRow| {
            let why: Option<String> = row.get("why");
            format!("{}: {}", row.get::<String, _>("key"), why.unwrap_or_default())
        };
        rows.iter().map(told).collect()
    }

    /// Processes that have this server's folder in their command line or their environment.
    pub fn processes(&self) -> Vec<String> {
        let folder = self.setting.path("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let read = |name: &str| {
                let bytes = std::fs::read(entry.path().join(name)).unwrap_or_default();
                String::from_utf8_lossy(&bytes).replace('\0', " ")
            };
            let line = read("cmdline");
            if line.contains(folder) || read("environ").contains(folder) {
                found.push(line);
            }
        }
        found
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the servers' log:\n{}", self.log.text());
        }
    }
}

/// A port that nobody else takes while the server is away: below those that the kernel gives to
/// connections that go out, and another one for each story, whoever runs tests beside us.
fn quiet_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (process::id().wrapping_mul(16) + next) % 10_000;
        let port = u16::try_from(port).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
