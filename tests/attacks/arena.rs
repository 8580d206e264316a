//! Where an attack takes place: prizes that the test planted, and who looks whether one was won.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Child,
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::ears::Ears;
use crate::support::{repository::Repository, t5};

/// What a payload says once it has tried everything.
pub const REACHED: &str = "the attack came to its end";
/// Longer than any run that is not held up.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// What stands between the attack and its prize.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// No gate: cargo in the repository, as a shell outside would start it. Here attacks have to
    /// win that the gate stops whatever the isolation is.
    Cargo,
    /// A plain child process of the gate: here all others have to win.
    None,
    /// A Landlock ruleset.
    Landlock,
    /// The sandbox: here none may win.
    Full,
}

/// One attack's surroundings. Everything that it may reach lies in folders of this one.
pub struct Arena {
    /// What protects the prize.
    pub level: Level,
    /// The repository that the attack comes in.
    pub repository: Repository,
    /// The content of every prize: nobody else writes this.
    pub prize: String,
    /// Who listens on the loopback.
    pub ears: Ears,
    keep: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// None if a signal ended it, or we did.
    pub code: Option<i32>,
    /// Standard output and error.
    pub said: String,
    /// It had not come to its end in time.
    pub hung: bool,
}

impl Arena {
    pub fn new(level: Level) -> Self {
        let keep = TempDir::with_prefix("t5 arena ").unwrap();
        let prize = format!("prize-{:032x}", fastrand::u128(..));
        let arena = Self { level, repository: Repository::new(), prize, ears: Ears::open(), keep };
        for folder in ["home", "loot", "cargo"] {
            fs::create_dir(arena.path(folder)).unwrap();
        }
        // Whatever user the job runs as: it shall not be permissions that keep it out.
        let above = arena.repository.dir().parent().unwrap().to_owned();
        for folder in [arena.path("."), arena.path("home"), arena.path("loot"), above] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        }
        arena
    }

    /// A place in the arena's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.keep.path().join(name)
    }

    /// The cache of the runs.
    pub fn cache(&self) -> PathBuf {
        self.repository.beside("cache")
    }

    /// The folder that holds what is kept of the repository: the only one there.
    #[track_caller]
    pub fn home_of_repository(&self) -> PathBuf {
        let entries = fs::read_dir(self.cache().join("repositories")).unwrap();
        let mut homes = entries.map(|entry| entry.unwrap().path());
        homes.next().expect("a run has been here")
    }

    /// Puts the prize into a file that anybody may read and write.
    pub fn plant(&self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{}\n", self.prize)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
    }

    /// A run of the benches at this level, without a network, before it is started.
    pub fn t5(&self) -> t5::T5 {
        match self.isolation() {
            Some(level) => {
                let run = t5::start(&self.repository, &["--only", "bench"]);
                self.at_home(run).arg("--isolation").arg(level)
            }
            None => self.cargo().arg("--offline"),
        }
    }

    /// The same, with whatever network there is.
    pub fn t5_online(&self) -> t5::T5 {
        let Some(level) = self.isolation() else { return self.cargo() };
        let run = t5::plain(&self.repository).arg("run").arg("--only").arg("bench");
        let run = run.arg("--out").arg(self.repository.beside("out"));
        self.at_home(run).arg("--isolation").arg(level)
    }

    fn isolation(&self) -> Option<&'static str> {
        match self.level {
            Level::Cargo => None,
            Level::None => Some("none"),
            Level::Landlock => Some("landlock"),
            Level::Full => Some("full"),
        }
    }

    fn cargo(&self) -> t5::T5 {
        let cargo = self.at_home(t5::cargo(&self.repository));
        cargo.env("CARGO_TARGET_DIR", self.cache().join("target")).arg("bench")
    }

    fn at_home(&self, t5: t5::T5) -> t5::T5 {
        t5.env("HOME", self.path("home"))
            .env("CARGO_HOME", self.path("cargo"))
            .env("RUSTUP_HOME", rustup_home())
    }

    /// Runs it to its end, or until it hangs.
    pub fn run(&self) -> Ended {
        ended(self.t5().spawn(), DEADLINE)
    }

    /// Whether the prize came out: where it did.
    pub fn stolen(&self, ended: &Ended) -> Option<String> {
        if ended.said.contains(&self.prize) {
            return Some(format!("it was printed:\n{}", ended.said));
        }
        if self.ears.heard(&self.prize) {
            return Some("it reached a listener".to_owned());
        }
        self.found_in(&self.path("loot")).or_else(|| self.found_in(&self.repository.beside("out")))
    }

    /// Whether a file in this folder holds the prize: which.
    pub fn found_in(&self, folder: &Path) -> Option<String> {
        let found = files(folder).into_iter().find(|path| holds(path, self.prize.as_bytes()));
        found.map(|path| format!("it lies in {}", path.display()))
    }

    /// Whether the payload came to its end.
    pub fn reached(&self, ended: &Ended) -> bool {
        let folders = [self.repository.beside("out"), self.path("loot")];
        ended.said.contains(REACHED)
            || folders
                .iter()
                .flat_map(|dir| files(dir))
                .any(|file| holds(&file, REACHED.as_bytes()))
    }

    /// The state of the one pair of benchmarks, where there is one.
    pub fn pair_state(&self) -> Option<String> {
        let receipt = self.written("receipt.json")?;
        receipt["perf"]["pairs"][0]["state"].as_str().map(str::to_owned)
    }

    /// The outcome that the verdict states.
    pub fn outcome(&self) -> Option<String> {
        self.written("verdict.json")?["outcome"].as_str().map(str::to_owned)
    }

    /// The codes of its reasons.
    pub fn reasons(&self) -> Vec<String> {
        let verdict = self.written("verdict.json").unwrap_or_default();
        let parts = verdict["parts"].as_array().into_iter().flatten();
        let reasons = parts.flat_map(|part| part["reasons"].as_array().into_iter().flatten());
        reasons.filter_map(|reason| reason["code"].as_str().map(str::to_owned)).collect()
    }

    /// A file of the run's folder, if it is there.
    fn written(&self, name: &str) -> Option<serde_json::Value> {
        serde_json::from_slice(&fs::read(self.repository.beside("out").join(name)).ok()?).ok()
    }

    /// Whether the run came to a verdict.
    pub fn judged(&self) -> bool {
        self.repository.beside("out").join("verdict.json").exists()
    }
}

/// Waits for the end of `t5`, and ends it if that does not come.
pub fn ended(child: Child, deadline: Duration) -> Ended {
    let pid = rustix::process::Pid::from_child(&child);
    let (tell, heard) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait_with_output().unwrap()));
    let (output, hung) = match heard.recv_timeout(deadline) {
        Ok(output) => (output, false),
        Err(_) => {
            // It may have been stopped; this signal ends it all the same.
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            (heard.recv().unwrap(), true)
        }
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    Ended { code: output.status.code(), said, hung }
}

/// Everything in a folder that is a plain file.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Ok(about) = fs::symlink_metadata(&path) else { continue };
        if about.is_dir() {
            found.extend(files(&path));
        } else if about.is_file() {
            found.push(path);
        }
    }
    found
}

/// Whether a file holds these bytes.
pub fn holds(path: &Path, bytes: &[u8]) -> bool {
    let content = fs::read(path).unwrap_or_default();
    content.windows(bytes.len()).any(|window| window == bytes)
}

/// The toolchains of whoever runs the tests; the arena's home holds none.
fn rustup_home() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".rustup");
    std::env::var_os("RUSTUP_HOME").map_or_else(home, PathBuf::from)
}
