//! `t5` as a person runs it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::{repository::Repository, tool};

/// A command line of `t5`, with a cache of its own.
pub struct T5 {
    command: Command,
    out: PathBuf,
}

/// What `t5` did.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    folder: PathBuf,
}

/// `t5 run` on a repository, with the embedded advisory snapshot.
pub fn run(repository: &Repository, args: &[&str]) -> Said {
    start(repository, args).end()
}

/// The same, to be changed before it is started.
pub fn start(repository: &Repository, args: &[&str]) -> T5 {
    let out = repository.beside("out");
    let mut t5 = plain(repository);
    t5.command
        .arg("run")
        .arg("--repo")
        .arg(repository.dir())
        .arg("--out")
        .arg(&out)
        .arg("--offline")
        .args(args);
    t5.out = out;
    t5
}

/// `t5` with nothing but its surroundings.
pub fn plain(repository: &Repository) -> T5 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_t5"));
    command
        .env("T5_CACHE", repository.beside("cache"))
        .env("T5_LOCK", repository.beside("lock"))
        .env("PATH", tool::path_with_cargo_deny())
        .env_remove("T5_ADVISORY_DB")
        .env_remove("T5_SIGNING_KEY")
        .current_dir(repository.dir());
    T5 { command, out: repository.beside("out") }
}

/// `cargo` in the repository, as a person would type it.
pub fn cargo(repository: &Repository) -> T5 {
    let mut command = Command::new("cargo");
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").current_dir(repository.dir());
    T5 { command, out: repository.beside("out") }
}

/// A committed fixture.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

impl T5 {
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs it through another program, which gets our command line as its last arguments.
    pub fn within(mut self, outer: &[&str]) -> Self {
        let mut command = Command::new(outer[0]);
        command.args(&outer[1..]).arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(self.command.get_current_dir().unwrap());
        self.command = command;
        self
    }

    /// Runs it to its end.
    pub fn end(mut self) -> Said {
        let output = self.command.stdin(Stdio::null()).output().unwrap();
        Said {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            folder: self.out,
        }
    }

    /// Starts it and lets it run.
    pub fn spawn(mut self) -> Child {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl Said {
    /// Checks the exit code, showing everything if it is another.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// A file of the run's folder.
    pub fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }

    /// Where the run's folder is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn receipt(&self) -> Value {
        serde_json::from_str(&self.file("receipt.json")).unwrap()
    }

    pub fn verdict(&self) -> Value {
        serde_json::from_str(&self.file("verdict.json")).unwrap()
    }

    /// The state of the pair with this id.
    #[track_caller]
    pub fn pair(&self, id: &str) -> Value {
        let receipt = self.receipt();
        let pairs = receipt["perf"]["pairs"].as_array().unwrap();
        let found = pairs.iter().find(|pair| pair["bench"]["id"] == id);
        found.unwrap_or_else(|| panic!("no pair {id} in {pairs:#?}")).clone()
    }

    /// The codes of all reasons of the verdict.
    pub fn reasons(&self) -> Vec<String> {
        let verdict = self.verdict();
        let parts = verdict["parts"].as_array().unwrap().iter();
        parts
            .flat_map(|part| part["reasons"].as_array().unwrap().clone())
            .map(|reason| reason["code"].as_str().unwrap().to_owned())
            .collect()
    }
}
