//! The HTTP side: takes deliveries in, and shows jobs, runs and badges.
//!
//! The only module that knows axum. It decides nothing: a delivery is verified, stored and
//! answered, and the bot is woken; a page shows what is stored. Job and run ids are random and
//! cannot be guessed, and whoever knows one may read its page: that is how a private repository's
//! pages are kept, so they are listed nowhere, and no page names another job of theirs but those
//! of the same head.

mod answer;
mod badge;
pub mod credentials;
mod files;
mod headers;
mod health;
mod intake;
mod keys;
mod listen;
mod markdown;
mod pages;
mod random;
mod room;
mod setup;
mod trace;

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router, middleware,
    routing::{get, post},
};
use tokio::sync::{Notify, watch};

pub use badge::BadgeKeys;
pub use credentials::Credentials;
pub use listen::{listen, serve};
pub use setup::{Conversion, NewApp, NotConverted, SetupToken};

use crate::{
    config::server::Server, github::webhook::Secrets, host::Clock, queue::Store,
    receipt::ListedKeys, sandbox::Isolation,
};

/// Where GitHub sends deliveries, below the public address.
pub const WEBHOOK: &str = "/webhook";
/// The page that creates the App, below the public address.
pub const SETUP: &str = "/setup";

/// Address of a job's page, below the public address.
pub fn job_path(job: &str) -> String {
    format!("/jobs/{job}")
}

/// Address of a run's page, below the public address.
pub fn run_path(run: &str) -> String {
    format!("/runs/{run}")
}

/// Address of a run's report as Markdown, below the public address.
pub fn report_path(run: &str) -> String {
    format!("/runs/{run}/report")
}

/// What the HTTP side knows of the GitHub App.
#[derive(Clone, Debug)]
pub struct App {
    /// Any of them may have signed a delivery.
    pub secrets: Secrets,
    /// Its name in addresses, where it is known.
    pub slug: Option<String>,
}

/// What the HTTP side is plugged into.
#[derive(Debug)]
pub struct Wiring {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Public address, GitHub's address, what is published.
    pub server: Server,
    /// Holds one folder a run, named by its id.
    pub runs: PathBuf,
    /// The folder that [`credentials`] keeps the App in.
    pub credentials: PathBuf,
    /// Tells the time.
    pub clock: Clock,
    /// Woken after a delivery was stored.
    pub wake: Arc<Notify>,
    /// The App, if there is one yet.
    pub app: Option<App>,
    /// Makes and checks the keys of private repositories' badges.
    pub badge_keys: BadgeKeys,
    /// The public keys that receipts are checked by.
    pub keys: ListedKeys,
    /// Opens the setup page while there is no App.
    pub setup_token: SetupToken,
    /// Trades GitHub's code for the new App.
    pub conversion: Arc<dyn Conversion>,
    /// How far the code of changes is kept apart here.
    pub isolation: Isolation,
}

/// The state of the HTTP side.
#[derive(Debug)]
pub struct Web {
    store: Arc<dyn Store>,
    server: Server,
    runs: PathBuf,
    clock: Clock,
    wake: Arc<Notify>,
    app: watch::Sender<Option<Arc<App>>>,
    badge_keys: BadgeKeys,
    keys: ListedKeys,
    setup: setup::Setup,
    room: room::Room,
    isolation: Isolation,
}

impl Web {
    /// Puts the parts together.
    pub fn new(wiring: Wiring) -> Self {
        let Wiring { store, server, runs, credentials, clock, wake, .. } = wiring;
        Self {
            store,
            server,
            runs,
            clock,
            wake,
            app: watch::Sender::new(wiring.app.map(Arc::new)),
            badge_keys: wiring.badge_keys,
            keys: wiring.keys,
            setup: setup::Setup::new(wiring.setup_token, wiring.conversion, credentials),
            room: room::Room::default(),
            isolation: wiring.isolation,
        }
    }

    /// Follows the App: it changes once, when the setup page made one. Its credentials are
    /// stored by then.
    pub fn app(&self) -> watch::Receiver<Option<Arc<App>>> {
        self.app.subscribe()
    }

    /// The App as it is now.
    fn current_app(&self) -> Option<Arc<App>> {
        self.app.borrow().clone()
    }
}

/// All addresses of the server.
pub fn router(web: Arc<Web>) -> Router {
    Router::new()
        .route(WEBHOOK, post(intake::webhook))
        .route("/", get(pages::home::page))
        .route("/jobs/{job}", get(pages::job::page))
        .route("/runs/{run}", get(pages::run::page))
        .route("/runs/{run}/report", get(files::report))
        .route("/runs/{run}/files/{name}", get(files::file))
        .route("/keys", get(keys::keys))
        .route("/badge/{owner}/{repo}/{*subject}", get(badge::badge))
        .route(SETUP, get(setup::page::form))
        .route("/setup/done", get(setup::page::done))
        .route("/style.css", get(pages::fixed::style))
        .route("/icon.svg", get(pages::fixed::icon))
        .route("/robots.txt", get(pages::fixed::robots))
        .route("/healthz", get(health::healthz))
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(&web), headers::secure))
        .layer(middleware::from_fn(trace::trace))
        .with_state(web)
}
