//! What each phase of a run is granted.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use super::{Context, cargo_home::CargoHome, toolchain::Toolchain};
use crate::sandbox::{Grant, Isolation, Job, Limits};

/// Programs and libraries that every job may read lie here, besides the toolchain's.
const PROGRAMS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
/// What of our environment a fetch needs: where the network is, and whom to trust there.
const FETCHES: [&str; 12] = [
    "CARGO_HTTP_CAINFO",
    "CARGO_HTTP_PROXY",
    "CARGO_NET_OFFLINE",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
/// What of our environment a build may see.
const BUILDS: [&str; 5] = ["CC", "CXX", "AR", "PKG_CONFIG_PATH", "CARGO_BUILD_JOBS"];
/// Variables of those that name a file or folder.
const PATHS: [&str; 3] = ["CARGO_HTTP_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// What the phases of a run have in common.
#[derive(Clone, Debug)]
pub struct Rooms<'a> {
    ctx: &'a Context,
    toolchain: &'a Toolchain,
    cargo_home: CargoHome,
    memory: u64,
    scratch: PathBuf,
}

impl<'a> Rooms<'a> {
    /// Makes the folders ready that jobs share; temporary files go to `scratch`.
    ///
    /// # Errors
    ///
    /// If a folder cannot be written.
    pub fn new(ctx: &'a Context, toolchain: &'a Toolchain, scratch: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(scratch)?;
        ctx.sandbox.give(scratch)?;
        Ok(Self {
            ctx,
            toolchain,
            cargo_home: CargoHome::prepare(ctx).map_err(|error| {
                io::Error::new(error.kind(), format!("the cargo home of jobs: {error}"))
            })?,
            memory: crate::host::memory(),
            scratch: scratch.to_owned(),
        })
    }

    /// A scratch folder for jobs that run beside others.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn with_scratch(&self, scratch: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(scratch)?;
        self.ctx.sandbox.give(scratch)?;
        Ok(Self { scratch: scratch.to_owned(), ..self.clone() })
    }

    /// The toolchain of the run.
    pub fn toolchain(&self) -> &'a Toolchain {
        self.toolchain
    }

    /// Where cargo unpacked a crate that was fetched.
    pub fn unpacked(&self, name: &str, version: &str) -> Option<PathBuf> {
        let registries = std::fs::read_dir(self.cargo_home.path.join("registry/src")).ok()?;
        let crates = registries.flatten().map(|one| one.path().join(format!("{name}-{version}")));
        crates.into_iter().find(|path| path.join("Cargo.toml").is_file())
    }

    /// While fetching: the network, and crates may be written; no code of the change runs.
    pub fn fetching(&self, checkout: &Path) -> Grant {
        let named = PATHS.iter().filter_map(|name| self.ctx.variable(name));
        let mut grant = self
            .grant(Limits::of_build(self.memory, 3600))
            .reading([checkout])
            .reading(self.cargo_home.read.clone())
            .reading(named.map(PathBuf::from).filter(|path| path.exists()))
            .writing(self.cargo_home.fetched.clone());
        grant.network = true;
        grant
    }

    /// While building: offline, and only the target folder may be written.
    pub fn building(&self, checkout: &Path, target: &Path, wall_seconds: u64) -> Grant {
        self.grant(Limits::of_build(self.memory, wall_seconds))
            .reading([checkout])
            .reading(self.cargo_home.read.clone())
            .writing([target])
    }

    /// While measuring: offline, and nothing may be written but temporary files. The checkout is
    /// seen where it was built, too: that is where a benchmark looks for its data.
    pub fn measuring(&self, checkout: &Path, where_built: &Path, wall_seconds: u64) -> Grant {
        let grant =
            self.grant(Limits::of_measurement(self.memory, wall_seconds)).reading([checkout]);
        match self.ctx.sandbox.level() {
            Isolation::Full => grant.showing(checkout, where_built),
            Isolation::None | Isolation::Landlock => grant.reading([where_built]),
        }
    }

    /// While scanning: offline, and only a folder of the call's own may be written.
    pub fn scanning<P: Into<PathBuf>>(
        &self,
        read: impl IntoIterator<Item = P>,
        own: &Path,
    ) -> Grant {
        self.grant(Limits::of_build(self.memory, 600))
            .reading(read)
            .reading(self.cargo_home.read.clone())
            .writing([own])
    }

    fn grant(&self, limits: Limits) -> Grant {
        Grant::nothing(&self.scratch, limits).reading([&self.toolchain.sysroot])
    }

    /// A job of the toolchain's own cargo, in the phase with a network.
    pub fn cargo_fetching(&self, dir: &Path) -> Job {
        self.cargo(dir, &FETCHES)
    }

    /// A job of the toolchain's own cargo, offline.
    pub fn cargo_offline(&self, dir: &Path) -> Job {
        self.cargo(dir, &BUILDS).env("CARGO_NET_OFFLINE", "true")
    }

    fn cargo(&self, dir: &Path, passed: &[&str]) -> Job {
        let job = Job::new(&self.toolchain.cargo, dir).envs(&self.environment(passed));
        self.toolchain.apply(job)
    }

    /// What a job sees of an environment.
    pub fn environment(&self, passed: &[&str]) -> BTreeMap<OsString, OsString> {
        let plain = self.ctx.sandbox.level() == Isolation::None;
        let mut env = if plain { self.ctx.env.clone() } else { BTreeMap::new() };
        let mut set = |name: &str, value: OsString| env.insert(name.into(), value);
        set("PATH", self.path());
        set("CARGO_HOME", self.cargo_home.path.clone().into());
        set("CARGO_TERM_COLOR", "never".into());
        if !plain {
            set("HOME", self.scratch.clone().into());
            set("TMPDIR", self.scratch.clone().into());
            set("LC_ALL", "C".into());
            for name in passed {
                if let Some(value) = self.ctx.variable(name) {
                    set(name, value.to_owned());
                }
            }
        }
        env
    }

    /// The toolchain's programs, then the system's. A plain child process sees ours besides.
    fn path(&self) -> OsString {
        let own = self.toolchain.sysroot.join("bin");
        let folders = PROGRAMS.iter().map(PathBuf::from);
        let ours = self.ctx.variable("PATH").unwrap_or_default();
        let more: Vec<PathBuf> = match self.ctx.sandbox.level() {
            Isolation::None => std::env::split_paths(&ours).collect(),
            _ => folders.collect(),
        };
        std::env::join_paths(std::iter::once(own).chain(more)).unwrap_or_default()
    }
}
