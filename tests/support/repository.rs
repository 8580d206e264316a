//! A git repository made for one test.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A repository in a temporary folder.
pub struct Repository {
    keep: TempDir,
    dir: PathBuf,
    day: std::cell::Cell<i64>,
}

impl Repository {
    /// An empty repository on the branch `main`, in a folder with a space in its name.
    pub fn new() -> Self {
        let keep = TempDir::with_prefix("t5 test ").unwrap();
        let dir = keep.path().join("the repository");
        fs::create_dir(&dir).unwrap();
        let made = Self { keep, dir, day: std::cell::Cell::new(0) };
        made.git(&["init", "--quiet", "--initial-branch=main"]);
        made
    }

    /// Takes over a folder that holds a repository already (a clone).
    pub fn at(keep: TempDir, dir: PathBuf) -> Self {
        Self { keep, dir, day: std::cell::Cell::new(0) }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A folder beside the repository, for caches and receipts.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.keep.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Replaces text that a file must contain.
    pub fn edit(&self, path: &str, from: &str, to: &str) -> &Self {
        let before = fs::read_to_string(self.dir.join(path)).unwrap();
        assert!(before.contains(from), "{path} does not contain {from:?}");
        self.write(path, &before.replace(from, to))
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) -> &Self {
        fs::remove_file(self.dir.join(path)).unwrap();
        self
    }

    /// Commits everything there is, each commit a day after the last; gives the commit's name.
    pub fn commit(&self, subject: &str) -> String {
        self.git(&["add", "--all", "--force"]);
        let day = self.day.replace(self.day.get() + 1);
        let first = jiff::civil::date(2026, 10, 1);
        let date = first.checked_add(jiff::SignedDuration::from_hours(24 * day)).unwrap();
        let date = format!("{date}T12:00:00Z");
        let mut command = self.command(&["commit", "--quiet", "--allow-empty", "-m", subject]);
        command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        run(command);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git; gives what it prints.
    pub fn git(&self, args: &[&str]) -> String {
        run(self.command(args))
    }

    /// Runs git; gives the exact bytes that it prints.
    pub fn bytes(&self, args: &[&str]) -> Vec<u8> {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "git {args:?} failed");
        output.stdout
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(&self.dir)
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
            .args(["-c", "commit.gpgsign=false"])
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// Everything that a run must leave alone: files with their times and contents, git's state.
    pub fn state(&self) -> String {
        let mut seen = Vec::new();
        walk(&self.dir, &mut seen);
        seen.sort();
        seen.join("\n")
    }
}

fn walk(dir: &Path, seen: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let about = fs::symlink_metadata(&path).unwrap();
        if about.is_dir() {
            seen.push(format!("{} dir", path.display()));
            walk(&path, seen);
        } else {
            let digest = t5_gate::receipt::digest(&fs::read(&path).unwrap());
            let modified = about.modified().unwrap();
            seen.push(format!("{} {} {modified:?} {digest}", path.display(), about.len()));
        }
    }
}

fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
