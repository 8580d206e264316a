//! How long until a pull request is decided: the usual tools one after the other, and `t5 run`
//! with policies and benchmarks, each from a commit that it has not seen yet and with everything
//! else warm.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    commits::{Commits, LOSSES, Variant, git},
    decisions::{self, Decision},
};

const T5: &str = env!("CARGO_BIN_EXE_t5");
const DENY: &str = "[licenses]\nallow = [\"MIT\", \"Apache-2.0\", \"Apache-2.0 WITH LLVM-exception\", \
    \"BSD-2-Clause\", \"BSD-3-Clause\", \"Unicode-3.0\", \"Unlicense\", \"Zlib\", \"ISC\"]\n";

pub fn run(commits: &Commits, runs: usize) {
    let usual = Usual::prepare(commits);
    gate(commits, &commits.neutral(999));
    usual.decide(commits, &commits.neutral(999));
    for run in 0..runs {
        // Numbers that no other part has built.
        let held = commits.neutral(1000 + run);
        let lost = commits.slower((LOSSES[2].0, LOSSES[2].1 + run + 1));
        for (name, variant) in [("held", held), ("lost", lost)] {
            let (ours, theirs) = if run % 2 == 0 {
                let ours = gate(commits, &variant);
                (ours, usual.decide(commits, &variant))
            } else {
                let theirs = usual.decide(commits, &variant);
                (gate(commits, &variant), theirs)
            };
            println!("{name}: t5 {ours:.1} s, the usual tools {theirs:.1} s, {:.2}", ours / theirs);
            let kept = [("t5", ours), ("deny, audit, 2 × bench, critcmp", theirs)];
            let kept = kept.map(|(by, seconds)| Decision {
                part: "usual".to_owned(),
                by: by.to_owned(),
                variant: name.to_owned(),
                loss: variant.loss,
                bench: "all".to_owned(),
                state: "decided".to_owned(),
                method: None,
                ratio: Some(ours / theirs),
                bounds: None,
                rounds: None,
                seconds,
                built: false,
            });
            decisions::keep(&commits.folder, &kept);
        }
    }
}

fn gate(commits: &Commits, variant: &Variant) -> f64 {
    let out = commits.folder.join("out");
    let _ = fs::remove_dir_all(&out);
    let started = Instant::now();
    let said = Command::new(T5)
        .args(["run", "--base", &commits.base, "--head", &variant.sha, "--budget", "20m"])
        .arg("--out")
        .arg(&out)
        .current_dir(&commits.repository)
        .env("T5_CACHE", commits.folder.join("cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let seconds = started.elapsed().as_secs_f64();
    assert!(out.join("report.md").exists(), "{}", String::from_utf8_lossy(&said.stderr));
    seconds
}

/// A checkout a side, each with a target folder of its own, as people have it.
struct Usual {
    base: PathBuf,
    head: PathBuf,
    home: PathBuf,
}

impl Usual {
    fn prepare(commits: &Commits) -> Self {
        let at = |name: &str| commits.folder.join("usual").join(name);
        let made = Self { base: at("base"), head: at("head"), home: at("criterion") };
        for side in [&made.base, &made.head] {
            let _ = fs::remove_dir_all(side);
            fs::create_dir_all(side.parent().unwrap()).unwrap();
            let from = commits.repository.display().to_string();
            git(&commits.folder, &["clone", "--quiet", &from, &side.display().to_string()]);
            git(side, &["checkout", "--quiet", &commits.base]);
            fs::write(side.join("deny.toml"), DENY).unwrap();
            made.say(side, "cargo", &["bench", "--no-run", "--bench", "kinds"]);
        }
        made
    }

    /// With criterion's own times.
    fn decide(&self, commits: &Commits, variant: &Variant) -> f64 {
        let from = commits.repository.display().to_string();
        let started = Instant::now();
        git(&self.head, &["fetch", "--quiet", &from, &variant.sha]);
        git(&self.head, &["checkout", "--quiet", "--force", &variant.sha]);
        self.say(
            &self.head,
            "cargo",
            &["deny", "--offline", "check", "bans", "licenses", "sources"],
        );
        self.audit();
        let bench = |side: &Path, to: &str| {
            let words = ["bench", "--bench", "kinds", "--", "--noplot", to, "base"];
            self.say(side, "cargo", &words);
        };
        bench(&self.base, "--save-baseline");
        bench(&self.head, "--baseline");
        self.say(
            &self.head,
            "critcmp",
            &["--target-dir", self.home.parent().unwrap().to_str().unwrap(), "base", "new"],
        );
        started.elapsed().as_secs_f64()
    }

    /// Without a network it takes a database that lies here; with one it fetches.
    fn audit(&self) {
        match std::env::var("T5_ADVISORY_DB") {
            Ok(database) => {
                self.say(&self.head, "cargo", &["audit", "--no-fetch", "--db", &database]);
            }
            Err(_) => self.say(&self.head, "cargo", &["audit"]),
        }
    }

    fn say(&self, dir: &Path, program: &str, words: &[&str]) {
        let said = Command::new(program)
            .args(words)
            .current_dir(dir)
            .env("CRITERION_HOME", &self.home)
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let told = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{program} {words:?}: {told}");
    }
}
