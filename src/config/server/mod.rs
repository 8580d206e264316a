//! The server's own configuration, `/etc/t5/server.yml`: text in, valid value out.
//!
//! `config/server.schema.json` describes the file, and `config/server.default.yml` says nothing
//! but the defaults.

mod address;
mod gates;
mod read;

use std::time::Duration;

pub use read::parse;

use super::Mistake;
use crate::config::mistake::Place;

/// What `t5 serve` is told. Secrets never stand here, only the files that hold them.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Where people and GitHub reach this server, without a slash at the end.
    pub public_url: String,
    /// Address and port to listen on.
    pub listen: String,
    /// Folder of the database, mirrors, runs and the App's own credentials.
    pub data: String,
    /// File with the secret key that receipts are signed with; one in [`Server::data`] if absent.
    pub signing_key: Option<String>,
    /// The App on GitHub.
    pub github: GitHub,
    /// How the check run is called and ends.
    pub check: Check,
    /// What is published beside the check run and the comment.
    pub publish: Publish,
    /// The other gates of the chain, in their order.
    pub gates: Vec<Gate>,
    /// Leases.
    pub runner: Runner,
    /// How far the code of changes is to be kept apart from this machine.
    pub isolation: IsolationWish,
    /// How long bodies of deliveries and files of runs are kept.
    pub keep: Duration,
    /// How long the records of deliveries, jobs and runs are kept that are over.
    pub keep_records: Duration,
}

/// The App on GitHub. What is not named here comes from the manifest flow, and lies in
/// [`Server::data`].
#[derive(Clone, Debug, PartialEq)]
pub struct GitHub {
    /// GitHub's API, without a slash at the end.
    pub api_url: String,
    /// GitHub's pages and repositories, without a slash at the end.
    pub web_url: String,
    /// The App's id.
    pub app_id: Option<u64>,
    /// File with the App's private key, as PEM.
    pub private_key_file: Option<String>,
    /// Files with webhook secrets; a signature by any of them counts, so that they can be changed.
    pub webhook_secret_files: Vec<String>,
}

/// How the check run is called and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// How «inconclusive» ends.
    pub inconclusive: Unproved,
    /// How «could not run» ends.
    pub could_not_run: Unproved,
}

/// How a check run ends where nothing was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproved {
    /// `action_required`, the default.
    ActionRequired,
    /// `failure`
    Failure,
    /// `neutral`, which satisfies a required check: only on request.
    Neutral,
}

/// What is published beside the check run and the comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish {
    /// The label of the route.
    pub labels: bool,
    /// A commit status.
    pub status: bool,
    /// Findings for code scanning.
    pub sarif: bool,
}

/// How far the code of changes is to be kept apart. Strangers' runs in the full sandbox alone,
/// whatever is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsolationWish {
    /// The full sandbox, or the server does not start.
    Full,
    /// The strongest that the host has, the default.
    Best,
    /// None: members' code runs as the server's own account.
    None,
}

/// Another gate of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// `T1` … `T7`.
    pub name: String,
    /// What it looks at.
    pub what: String,
    /// The name of its check run.
    pub check: String,
}

/// Leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runner {
    /// Run jobs in this process.
    pub embedded: bool,
    /// A runner that is silent for so long has lost its job.
    pub lease: Duration,
    /// How often a job may be begun.
    pub attempts: u32,
    /// A job that takes longer, waiting for other runs on the host included, ends as timed out.
    pub longest: Duration,
}

impl Server {
    /// What a file means that holds this address alone.
    pub fn default_for(public_url: &str) -> Self {
        Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            listen: "127.0.0.1:8080".to_owned(),
            data: "/var/lib/t5".to_owned(),
            signing_key: None,
            github: GitHub::default(),
            check: Check::default(),
            publish: Publish { labels: true, status: false, sarif: false },
            gates: gates::usual(),
            runner: Runner {
                embedded: true,
                lease: Duration::from_secs(120),
                attempts: 3,
                longest: Duration::from_secs(4 * 3600),
            },
            isolation: IsolationWish::Best,
            keep: Duration::from_secs(30 * 86_400),
            keep_records: Duration::from_secs(365 * 86_400),
        }
    }

    /// Takes another public address, as it came from outside the file.
    ///
    /// # Errors
    ///
    /// If it is no such address; the place of the mistake means nothing.
    pub fn set_public_url(&mut self, address: &str) -> Result<(), Mistake> {
        let read = address::public(address);
        self.public_url = read.map_err(|wrong| wrong.of("the public address", Place::START))?;
        Ok(())
    }
}

impl Default for GitHub {
    fn default() -> Self {
        Self {
            api_url: "https://api.github.com".to_owned(),
            web_url: "https://github.com".to_owned(),
            app_id: None,
            private_key_file: None,
            webhook_secret_files: Vec::new(),
        }
    }
}

impl Default for Check {
    fn default() -> Self {
        Self {
            name: "integrative:gate:benchmarks".to_owned(),
            inconclusive: Unproved::ActionRequired,
            could_not_run: Unproved::ActionRequired,
        }
    }
}
