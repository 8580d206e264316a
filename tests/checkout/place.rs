//! A server with one repository, a runner's cache, and what a job wants of them.

use std::{collections::BTreeMap, env, ffi::OsString, path::PathBuf};

use secrecy::SecretString;
use t5_gate::{
    queue::Subject,
    runner::{
        Context,
        mirror::{Mirror, MirrorError, Wanted},
        progress::Progress,
    },
    sandbox::Cancel,
};

use crate::support::{git_server::GitServer, repository::Repository, tool};

/// The repository's name on the server.
pub(super) const NAME: &str = "ada/quick";

/// A repository, and a server that has it.
pub(super) struct Place {
    pub(super) repository: Repository,
    pub(super) server: GitServer,
    pub(super) token: String,
}

impl Place {
    /// Serves what a repository will push, to whoever knows a token of this place's own.
    pub(super) fn with(repository: Repository) -> Self {
        let token = format!("ghs_{:016x}", fastrand::u64(..));
        let server = GitServer::start(&repository.beside("server"), Some(&token));
        server.bare(NAME);
        Self { repository, server, token }
    }

    pub(super) fn put(&self, commit: &str, to: &str) {
        self.server.put(NAME, &self.repository, commit, to);
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.repository.beside("cache")
    }

    pub(super) fn scratch(&self) -> PathBuf {
        self.repository.beside("scratch")
    }

    /// What a pull request's job wants.
    pub(super) fn pull(&self, number: u64, head: &str, base: &str) -> Wanted {
        Wanted {
            clone_url: self.server.url(NAME),
            token: Some(SecretString::from(self.token.clone())),
            repo: 7,
            subject: Subject::Pull(number),
            head: head.to_owned(),
            base: Some(base.to_owned()),
            base_ref: "main".to_owned(),
        }
    }

    pub(super) fn context(&self) -> Context {
        Context {
            cache: self.cache(),
            env: environment(),
            sandbox: tool::unwalled(),
            cancel: Cancel::default(),
            progress: Progress::silent(),
        }
    }

    pub(super) async fn fetch(&self, wanted: &Wanted) -> Result<Mirror, MirrorError> {
        Mirror::fetch(&self.context(), wanted).await
    }
}

/// Of our own environment, what a runner's children may see.
pub(super) fn environment() -> BTreeMap<OsString, OsString> {
    let pass = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    let passed = pass.iter().filter_map(|name| Some((OsString::from(name), env::var_os(name)?)));
    passed.chain([("PATH".into(), tool::path_with_cargo_deny())]).collect()
}

/// Runs git in a mirror, as a person would who looks into it.
pub(super) fn look(mirror: &Mirror, args: &[&str]) -> String {
    let mut command = std::process::Command::new("git");
    command.arg("--git-dir").arg(mirror.dir()).args(args);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
