//! `t5 serve`: puts the bot, its pages and its runner together.

mod app;
mod isolation;
mod keys;
mod setup;

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use self::{app::AppOnDisk, keys::Keys, setup::Manifest};
use super::{
    Exit,
    args::ServeArgs,
    environment, fail, say,
    server::{config, database},
    signals,
};
use crate::{
    bot::{Bells, Bot, Loops},
    config::server::Server,
    github::client::{Access, Client},
    host::Clock,
    queue::{Store, StoreError},
    receipt::Signer,
    runner::{embedded::Embedded, scan::DatabaseChoice},
    sandbox::{self, Cancel, Isolation, Sandbox},
    store::Sqlite,
    web::{self, BadgeKeys, SetupToken, Web, Wiring},
};

/// The name that the embedded runner holds leases under.
const RUNNER: &str = "embedded";
/// How often the embedded runner says that it is there: also how soon it hears «stop».
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How often it asks for a job if nobody rings.
const POLL: Duration = Duration::from_secs(5);
/// How long the end may take once nothing runs any more. What is not told by then is told after
/// the next start.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Serves until a signal ends it.
pub(super) fn serve(args: &ServeArgs) -> Exit {
    let config = match config(&args.server) {
        Ok(config) => config,
        Err(message) => return fail(&message, Exit::Usage),
    };
    let cache = match environment::cache() {
        Ok(cache) => cache,
        Err(message) => return fail(&message, Exit::Usage),
    };
    if let Err(message) = apart(Path::new(&config.data), &cache) {
        return fail(&message, Exit::Usage);
    }
    let database = match &args.advisory_db {
        Some(dir) if !dir.is_dir() => {
            let message = format!("--advisory-db {}: no such folder", dir.display());
            return fail(&message, Exit::Usage);
        }
        Some(dir) => DatabaseChoice::Directory(dir.clone()),
        None => DatabaseChoice::rustsec(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, Exit::CouldNotRun),
    };
    let sandbox = match runtime.block_on(isolation::decide(config.isolation)) {
        Ok(sandbox) => sandbox,
        Err(message) => return fail(&message, Exit::Usage),
    };
    let place = Place { cache, database, offline: args.offline, sandbox, signer: None };
    match runtime.block_on(run(config, place)) {
        Ok(()) => Exit::Good,
        Err(message) => fail(&message, Exit::CouldNotRun),
    }
}

/// The data folder holds the App's key and the database; the cache holds builds, and code that is
/// not ours writes there. Neither may lie inside the other.
fn apart(data: &Path, cache: &Path) -> Result<(), String> {
    let whole = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        path.canonicalize().unwrap_or(path)
    };
    let (data, cache) = (whole(data), whole(cache));
    if !data.starts_with(&cache) && !cache.starts_with(&data) {
        return Ok(());
    }
    Err(format!(
        "the data folder {} and the cache {} lie inside one another, and a change's build writes \
         into the cache; name another data folder with --data, or another cache with T5_CACHE",
        data.display(),
        cache.display()
    ))
}

/// Where the embedded runner works.
struct Place {
    cache: PathBuf,
    database: DatabaseChoice,
    offline: bool,
    /// Where code of changes runs.
    sandbox: Arc<Sandbox>,
    /// Signs its receipts; known once the data folder is ours.
    signer: Option<Signer>,
}

async fn run(config: Server, place: Place) -> Result<(), String> {
    let data = PathBuf::from(&config.data);
    private_folder(&data)?;
    let stop = Cancel::default();
    signals::listen(&stop).map_err(|error| format!("signals cannot be heard: {error}"))?;
    let store: Arc<dyn Store> =
        Arc::new(Sqlite::open(&database(&config)).await.map_err(|error| error.to_string())?);
    // Not before: until we had the database, a process could be there without its mark.
    sweep();
    let bells = Bells::default();
    let keys = keys::load(&config, &data)?;
    let app = app::load(&config, &data)?;
    let known = (app.as_ref(), place.sandbox.level());
    let web = web(&config, &data, (&store, &bells), &keys, known)?;
    let serving = listen(&config, &web, &stop).await?;

    let app = match app {
        Some(app) => Some(app),
        None => until_set_up(&web, &config, &data, &stop).await?,
    };
    if let Some(app) = app {
        let place = Place { signer: Some(keys.signer), ..place };
        work(config, &data, place, app, store, bells, &stop).await?;
    }
    // Whoever got here without a signal has nothing left to serve for.
    stop.stop();
    serving.await.map_err(|error| format!("the server ended badly: {error}"))
}

/// Ends what a server left behind that was killed.
fn sweep() {
    let swept = sandbox::sweep_orphans();
    if swept > 0 {
        tracing::warn!(swept, "killed what an earlier run left behind");
    }
}

async fn listen(
    config: &Server,
    web: &Arc<Web>,
    stop: &Cancel,
) -> Result<tokio::task::JoinHandle<()>, String> {
    let failed = |error: std::io::Error| {
        format!("cannot listen on {}: {error}; name another address with --listen", config.listen)
    };
    let listener = tokio::net::TcpListener::bind(&config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tracing::info!(%address, public_url = config.public_url, "listening");
    let (router, stopped) = (web::router(Arc::clone(web)), stop.clone());
    Ok(tokio::spawn(async move {
        web::serve(router, listener, async move { stopped.wait().await }).await;
    }))
}

/// Waits for the setup page to make an App; none if somebody asked us to stop first.
async fn until_set_up(
    web: &Web,
    config: &Server,
    data: &Path,
    stop: &Cancel,
) -> Result<Option<AppOnDisk>, String> {
    let mut made = web.app();
    tokio::select! {
        () = stop.wait() => return Ok(None),
        changed = made.wait_for(Option::is_some) => {
            changed.map_err(|error| error.to_string())?;
        }
    }
    app::load(config, data)
}

/// Does what the bot is there for until somebody asks to stop; then hands leases back.
async fn work(
    config: Server,
    data: &Path,
    place: Place,
    app: AppOnDisk,
    store: Arc<dyn Store>,
    bells: Bells,
    stop: &Cancel,
) -> Result<(), String> {
    let clock = Clock::real();
    let access = Access {
        api_url: config.github.api_url.clone(),
        app_id: app.id,
        private_key: app.private_key,
    };
    let github = Client::new(&access, clock.clone()).map_err(|error| error.to_string())?;
    let runner = config.runner;
    let bot = Bot {
        store,
        github,
        app_id: app.id,
        config: Arc::new(config),
        runs: runs(data),
        clock,
        isolation: place.sandbox.level(),
        bells: bells.clone(),
    };
    // What the embedded runner had when this process last died, it has no more.
    bot.step_reaper(Some(RUNNER)).await.map_err(|error| error.to_string())?;
    // The host may have gained or lost its sandbox since.
    bot.step_strangers().await.map_err(|error| error.to_string())?;
    let loops = Loops::start(&bot, stop);
    if runner.embedded {
        isolation::announce(bot.isolation, data);
        let embedded = Embedded {
            coordinator: Arc::new(bot.clone()),
            name: RUNNER.to_owned(),
            cache: place.cache,
            scratch: data.join("scratch"),
            env: environment::passed_on(),
            lock: environment::lock(),
            database: place.database,
            offline: place.offline,
            heartbeat: HEARTBEAT.min(runner.lease / 4),
            lease: runner.lease,
            poll: POLL,
            sandbox: place.sandbox,
            signer: place.signer,
        };
        embedded.serve(stop.clone(), bells.runner).await;
    } else {
        stop.wait().await;
    }
    last_words(&bot, loops).await.map_err(|error| error.to_string())?;
    tracing::info!("stopped");
    Ok(())
}

/// Lets the loops end, and tells GitHub what the runner handed back, if GitHub is there to hear it.
async fn last_words(bot: &Bot, loops: Loops) -> Result<(), StoreError> {
    let all = async {
        loops.ended().await;
        // One step tells one thing a pull request, and a job that was handed back is two.
        while bot.step_outbox().await? > 0 {}
        Ok(())
    };
    tokio::time::timeout(LAST_WORDS, all).await.unwrap_or_else(|_| {
        tracing::warn!("GitHub does not answer; it is told after the next start");
        Ok(())
    })
}

fn web(
    config: &Server,
    data: &Path,
    (store, bells): (&Arc<dyn Store>, &Bells),
    keys: &Keys,
    (app, isolation): (Option<&AppOnDisk>, Isolation),
) -> Result<Arc<Web>, String> {
    let failed = |what: &str, error: std::io::Error| format!("cannot {what}: {error}");
    let badges = data.join("badge-key");
    let token = SetupToken::make().map_err(|error| failed("draw a setup token", error))?;
    if app.is_none() {
        say(&format!(
            "t5: no App is configured yet. Create it here (the address is a secret until then):\n\n  {}\n",
            token.address(&config.public_url)
        ));
    }
    private_folder(&runs(data))?;
    Ok(Arc::new(Web::new(Wiring {
        store: Arc::clone(store),
        server: config.clone(),
        runs: runs(data),
        credentials: app::folder(data),
        clock: Clock::real(),
        wake: Arc::clone(&bells.inbox),
        app: app.map(AppOnDisk::for_web),
        badge_keys: BadgeKeys::load_or_make(&badges)
            .map_err(|error| failed(&format!("use {}", badges.display()), error))?,
        keys: keys.listed.clone(),
        setup_token: token,
        isolation,
        conversion: Arc::new(Manifest { api_url: config.github.api_url.clone() }),
    })))
}

fn runs(data: &Path) -> PathBuf {
    data.join("runs")
}

/// Makes a folder that nobody else may look into.
fn private_folder(path: &Path) -> Result<(), String> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path).and_then(|()| {
        let about = fs::metadata(path)?;
        if about.permissions().mode() & 0o077 != 0 {
            tracing::warn!(path = %path.display(), "others on this machine may look in here");
        }
        Ok(())
    });
    made.map_err(|error| {
        format!("cannot use {}: {error}; name another folder with --data", path.display())
    })
}
