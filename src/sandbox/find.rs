//! Finds out which isolation this host has, and enters it.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::fs::{MetadataExt as _, lchown},
    path::{Component, Path, PathBuf},
};

use super::{
    Cancel, Collect, Finished, Grant, Isolation, Job, Limits, SandboxError, Session, UsageSource,
    Wish,
    bubblewrap::{HELPER, STAGED_HELPER, Way, system},
    cgroup::{Cgroups, Controller},
    enter::Entry,
    mark::Mark,
    protocol::Walls,
};

/// The first argument that makes this program a helper on its way in.
pub(super) const ENTER: &str = "sandbox-enter";
/// The first argument that makes this program the helper inside.
pub(super) const INSIDE: &str = "sandbox-inside";
/// The user that a root's jobs run as: one that nobody else has. It lies above the ranges that
/// systemd gives to containers and services.
const UID: u32 = 2_000_000_005;

/// An isolation that this host has, ready to be used.
#[derive(Debug)]
pub struct Sandbox {
    level: Isolation,
    helper: PathBuf,
    bubblewrap: Option<Bubblewrap>,
    cgroups: Cgroups,
    layers: Vec<String>,
    user: Option<u32>,
    memory: Option<u64>,
}

#[derive(Clone, Debug)]
struct Bubblewrap {
    program: PathBuf,
    version: String,
}

/// Why this host does not have an isolation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("isolation «{}» is not available here: {reason}. Next: {next}", .level.word())]
pub struct Lacking {
    /// Which one.
    pub level: Isolation,
    /// What is in the way.
    pub reason: String,
    /// What a person can do.
    pub next: String,
}

impl Sandbox {
    /// No isolation at all: plain child processes, whose usage is counted by `helper`.
    pub fn none(helper: &Path) -> Self {
        Self {
            level: Isolation::None,
            helper: helper.to_owned(),
            bubblewrap: None,
            cgroups: Cgroups::None,
            layers: Vec::new(),
            user: None,
            memory: None,
        }
    }

    /// The isolation that is wished for; `helper` is this program's own executable (`t5`), and
    /// bubblewrap is looked for in `path`, a value of `PATH`.
    ///
    /// # Errors
    ///
    /// If this host does not have it. [`Wish::Best`] always finds something.
    pub async fn find(wish: Wish, helper: &Path, path: Option<&OsStr>) -> Result<Self, Lacking> {
        match wish {
            Wish::Only(level) => Self::at(level, helper, path).await,
            Wish::Best => {
                for level in [Isolation::Full, Isolation::Landlock] {
                    match Self::at(level, helper, path).await {
                        Ok(found) => return Ok(found),
                        Err(lacking) => tracing::info!(%lacking),
                    }
                }
                Self::at(Isolation::None, helper, path).await
            }
        }
    }

    async fn at(level: Isolation, helper: &Path, path: Option<&OsStr>) -> Result<Self, Lacking> {
        let lacking = |reason: String, next: &str| Lacking { level, reason, next: next.to_owned() };
        let bubblewrap = match level {
            Isolation::Full => Some(
                bubblewrap(path)
                    .await
                    .ok_or_else(|| lacking("bubblewrap is not installed".to_owned(), INSTALL))?,
            ),
            Isolation::None | Isolation::Landlock => None,
        };
        let cgroups = Cgroups::find();
        let root = rustix::process::geteuid().is_root();
        if root && level == Isolation::Full {
            // Another user has to read what we check out.
            rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
        }
        let user = (root && level == Isolation::Full).then_some(UID);
        let layers = Vec::new();
        let helper = helper.to_owned();
        let mut sandbox = Self { level, helper, bubblewrap, cgroups, layers, user, memory: None };
        let (landlock, seccomp) = sandbox.try_out().await.map_err(|error| match level {
            Isolation::Full if error.to_string().contains("option") => {
                lacking(error.to_string(), NEWER)
            }
            Isolation::Full => lacking(error.to_string(), NAMESPACES),
            _ => lacking(error.to_string(), KERNEL),
        })?;
        sandbox.layers = sandbox.described(landlock, seccomp);
        Ok(sandbox)
    }

    /// Enters once, with nothing granted.
    async fn try_out(&self) -> Result<(Option<String>, bool), SandboxError> {
        let failed = |source| SandboxError::Supervise { program: "the sandbox".to_owned(), source };
        let scratch = tempfile::Builder::new().prefix("t5-try-").tempdir().map_err(failed)?;
        self.give(scratch.path()).map_err(failed)?;
        let grant = Grant::nothing(scratch.path(), Limits::of_measurement(1 << 32, 60));
        self.session(grant).hello().await
    }

    /// The same, in which no job takes more memory than this, in bytes.
    #[must_use]
    pub fn with_memory(mut self, most: Option<u64>) -> Self {
        self.memory = most;
        self.layers.extend(most.map(|most| format!("at most {} MiB of memory a job", most >> 20)));
        self
    }

    /// This program's own executable, which jobs may be given to run.
    pub fn helper(&self) -> &Path {
        &self.helper
    }

    /// How far jobs are kept apart.
    pub fn level(&self) -> Isolation {
        self.level
    }

    /// Which layers and limits hold, in words.
    pub fn layers(&self) -> &[String] {
        &self.layers
    }

    /// Who counts the processor time of jobs.
    pub fn usage_source(&self) -> UsageSource {
        if self.cgroups.limits(Controller::Cpuacct) {
            UsageSource::Cgroup
        } else {
            UsageSource::FirstProcess
        }
    }

    pub(super) fn cgroups(&self) -> &Cgroups {
        &self.cgroups
    }

    /// Runs one program with what it is granted.
    ///
    /// # Errors
    ///
    /// If the sandbox cannot be entered or the program not be started; a program that fails is not
    /// an error.
    pub async fn run(
        &self,
        job: &Job,
        grant: &Grant,
        cancel: &Cancel,
    ) -> Result<Finished, SandboxError> {
        let mut session = self.session(grant.clone());
        let done = session.run(job, None, cancel).await;
        self.closed(session).await;
        done
    }

    /// The same, and takes files that it leaves in its scratch folder.
    ///
    /// # Errors
    ///
    /// As [`Sandbox::run`].
    pub async fn run_and_collect(
        &self,
        job: &Job,
        grant: &Grant,
        collect: &Collect,
        cancel: &Cancel,
    ) -> Result<Finished, SandboxError> {
        let mut session = self.session(grant.clone());
        let done = session.run(job, Some(collect), cancel).await;
        self.closed(session).await;
        done
    }

    async fn closed(&self, session: Session<'_>) {
        if let Err(error) = session.close().await {
            tracing::warn!(%error, "the end of a job cannot be waited for");
        }
    }

    /// A room for many programs, one after the other.
    pub fn session(&self, mut grant: Grant) -> Session<'_> {
        let memory = grant.limits.memory;
        grant.limits.memory = self.memory.map_or(memory, |most| memory.min(most));
        Session::new(self, grant)
    }

    /// The user that jobs run as, where that is another than this process's own.
    pub fn user(&self) -> Option<u32> {
        self.user
    }

    /// Makes a folder of ours, and all in it, the jobs' own, so that they can change it.
    ///
    /// # Errors
    ///
    /// If it cannot be read or given away.
    pub fn give(&self, folder: &Path) -> io::Result<()> {
        // A root without capabilities is kept from what jobs of another level left, too.
        let root = rustix::process::geteuid().is_root();
        match self.user.or(root.then_some(0)) {
            Some(uid) => give_to(uid, folder),
            None => Ok(()),
        }
    }

    /// The call that enters with this grant.
    pub(super) fn call(
        &self,
        grant: &Grant,
        cgroups: Vec<PathBuf>,
        mark: &Mark,
    ) -> io::Result<Vec<OsString>> {
        let mark = Some(mark.to_string());
        let walls = serde_json::to_string(&self.walls(grant)?).map_err(io::Error::other)?;
        let inside = [INSIDE.into(), OsString::from(walls)];
        let Some(bubblewrap) = &self.bubblewrap else {
            let then = std::iter::once(self.helper.clone().into_os_string()).chain(inside);
            let entry = Entry { cgroups, mark, uid: None, then: then.collect() };
            return Ok(entered(&self.helper, entry));
        };
        let way = Way {
            program: &bubblewrap.program,
            helper: &self.helper,
            grant,
            staged: self.user.is_some(),
        };
        let mut walls = way.walls();
        walls.extend(inside);
        let Some(uid) = self.user else {
            return Ok(entered(&self.helper, Entry { cgroups, mark, uid: None, then: walls }));
        };
        let mut staged = way.stage();
        let drop = Entry { cgroups: Vec::new(), mark: mark.clone(), uid: Some(uid), then: walls };
        staged.extend(entered(Path::new(STAGED_HELPER), drop));
        Ok(entered(&self.helper, Entry { cgroups, mark, uid: None, then: staged }))
    }

    fn walls(&self, grant: &Grant) -> io::Result<Walls> {
        let full = self.level == Isolation::Full;
        let limits = &grant.limits;
        let texts = |paths: Vec<PathBuf>| paths.into_iter().map(text).collect::<io::Result<_>>();
        let special = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        let mut read = system(grant.network);
        read.extend(special(&["/proc"]));
        // A root's job without a device namespace must not read its disks.
        read.extend(special(if full { &["/dev"] } else { &DEVICES }));
        read.extend(grant.read.iter().cloned());
        read.extend(grant.shown.iter().map(|(_, to)| to.clone()));
        if full {
            read.push(HELPER.into());
        }
        let mut write = grant.write.clone();
        write.push(grant.scratch.clone());
        write.extend(special(&["/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/shm"]));
        let mut emptied = vec![grant.scratch.clone()];
        if full {
            write.push("/tmp".into());
            emptied.push("/dev/shm".into());
            // Grants may lie below `/tmp`, and are told apart from what was left by their paths.
            let plain = |path: &PathBuf| path.components().all(|step| step != Component::ParentDir);
            if read.iter().chain(&write).all(plain) {
                emptied.push("/tmp".into());
            }
        }
        Ok(Walls {
            // The level that is nothing but a ruleset is none without it.
            landlock: match self.level {
                Isolation::None => false,
                Isolation::Landlock => true,
                Isolation::Full => landlock_known(),
            },
            seccomp: self.level >= Isolation::Landlock,
            unprivileged: self.level == Isolation::Landlock,
            read: texts(read)?,
            write: texts(write)?,
            emptied: texts(emptied)?,
            network: grant.network,
            file: limits.file,
            cpu_seconds: limits.cpu_seconds,
            address_space: (!self.cgroups.limits(Controller::Memory)).then_some(limits.memory),
            processes: (!self.cgroups.limits(Controller::Pids)).then_some(limits.processes),
        })
    }

    fn described(&self, landlock: Option<String>, seccomp: bool) -> Vec<String> {
        let mut layers = Vec::new();
        if let Some(bubblewrap) = &self.bubblewrap {
            layers.push(format!(
                "bubblewrap {}: namespaces of its own for users, mounts, processes, network, IPC, \
                 host name and control groups",
                bubblewrap.version
            ));
            layers.push(match self.user {
                Some(uid) => format!("an unprivileged user ({uid})"),
                None => "an unprivileged user".to_owned(),
            });
        }
        layers.extend(landlock.map(|abi| format!("Landlock ({abi})")));
        layers.extend(seccomp.then(|| "seccomp".to_owned()));
        layers.push(self.limits_described());
        layers
    }

    fn limits_described(&self) -> String {
        let by = |controller, alone: &str| match self.cgroups.word() {
            Some(word) if self.cgroups.limits(controller) => word.to_owned(),
            _ => alone.to_owned(),
        };
        format!(
            "limits: memory by {}, processes by {}, processor time counted by {}, file size and \
             processor time of one process by rlimits, wall time, output and disk by the gate",
            by(Controller::Memory, "rlimits (each process alone)"),
            by(Controller::Pids, "rlimits"),
            by(Controller::Cpuacct, "the first process inside"),
        )
    }
}

/// Devices that every program may read.
const DEVICES: [&str; 8] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/fd",
    "/dev/shm",
];

const INSTALL: &str = "install it (Debian, Ubuntu: `apt-get install bubblewrap`; Fedora: `dnf \
    install bubblewrap`; Arch: `pacman -S bubblewrap`)";
const NAMESPACES: &str = "let unprivileged users make namespaces: on Ubuntu 24.04 and later an \
    AppArmor profile for bwrap (package `apparmor-profiles`, or `sysctl \
    kernel.apparmor_restrict_unprivileged_userns=0`), elsewhere `sysctl \
    user.max_user_namespaces=10000` and `sysctl kernel.unprivileged_userns_clone=1`; in a \
    container, run it with a seccomp profile that allows unshare and mount";
const NEWER: &str = "install bubblewrap 0.8 or later";
const KERNEL: &str = "a kernel from 5.13 on with Landlock among its security modules (`lsm=` on \
    the kernel's command line)";

fn entered(helper: &Path, entry: Entry) -> Vec<OsString> {
    let head = [helper.as_os_str().to_owned(), ENTER.into()];
    head.into_iter().chain(entry.into_args()).collect()
}

fn text(path: PathBuf) -> io::Result<String> {
    let not_text = |path: OsString| io::Error::other(format!("«{}» is not UTF-8", path.display()));
    path.into_os_string().into_string().map_err(not_text)
}

/// Whether the running kernel lists Landlock; where that cannot be read, it is tried.
fn landlock_known() -> bool {
    fs::read_to_string("/sys/kernel/security/lsm").map_or(true, |list| list.contains("landlock"))
}

async fn bubblewrap(path: Option<&OsStr>) -> Option<Bubblewrap> {
    let usual = ["/usr/bin", "/usr/local/bin", "/bin"].map(PathBuf::from);
    let folders = path.into_iter().flat_map(std::env::split_paths).chain(usual);
    let program = folders.map(|folder| folder.join("bwrap")).find(|program| program.is_file())?;
    let asked = Job::new(&program, "/").args(["--version"]);
    let said = asked.run(&Cancel::default()).await.ok()?.stdout_text();
    let version = said.split_whitespace().last().unwrap_or("of unknown version").to_owned();
    Some(Bubblewrap { program, version })
}

fn give_to(uid: u32, path: &Path) -> io::Result<()> {
    let about = fs::symlink_metadata(path)?;
    if about.uid() != uid {
        lchown(path, Some(uid), Some(uid))?;
    }
    if about.is_dir() {
        for entry in fs::read_dir(path)? {
            give_to(uid, &entry?.path())?;
        }
    }
    Ok(())
}
