//! The same commits through other tools: criterion's own verdict, critcmp, a ratio of means, tango
//! and perfgate.
//!
//! Each tool is used as its own documentation has it, with a threshold of 5 % where it takes one.
//! What is not installed is said and left out; `cargo install critcmp perfgate-cli` brings them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Instant,
};

use serde_json::Value;

use crate::{
    commits::{Commits, KINDS, LOSSES, Variant, git},
    decisions::{self, Decision},
    gate::told,
};

/// A loss that the rule asks to be found.
const LOSS: (u32, usize) = LOSSES[2];
/// Shorter than criterion's own 3 s and 5 s, which would take three times as long.
const TIMES: [&str; 4] = ["--warm-up-time", "0.5", "--measurement-time", "2"];

/// So many runs on unchanged code, every other one of them placed otherwise, and on a loss.
pub fn run(commits: &Commits, runs: usize) {
    let base = Side::build(commits, &commits.base);
    for run in 0..runs {
        let same = if run % 2 == 0 { commits.unchanged() } else { commits.neutral(run / 2) };
        for variant in [same, commits.slower(LOSS)] {
            let head = Side::build(commits, &variant.sha);
            let decided = decide(commits, &base, &head, &variant);
            for by in ["t5", "criterion", "critcmp 5 %", "mean 5 %", "tango", "perfgate 5 %"] {
                let of: Vec<Decision> =
                    decided.iter().filter(|one| one.by == by).cloned().collect();
                if !of.is_empty() {
                    println!("peers {}/{runs}, {}, {by}: {}", run + 1, variant.name, told(&of));
                }
            }
            decisions::keep(&commits.folder, &decided);
        }
    }
}

fn decide(commits: &Commits, base: &Side, head: &Side, variant: &Variant) -> Vec<Decision> {
    let say = |by: &str, bench: &str, regressed: bool, ratio: Option<f64>, seconds: f64| Decision {
        part: "peers".to_owned(),
        by: by.to_owned(),
        variant: variant.name.clone(),
        loss: variant.loss,
        bench: bench.to_owned(),
        state: if regressed { "regressed" } else { "held" }.to_owned(),
        method: None,
        ratio,
        bounds: None,
        rounds: None,
        seconds,
        built: false,
    };
    let places = (commits.folder.as_path(), commits.repository.as_path());
    let seed = fastrand::usize(..1 << 30);
    let mut decided = crate::gate::decide(places, "peers", &commits.base, variant, seed);
    decided.retain(|one| !one.bench.starts_with("canary"));

    let home = commits.folder.join("criterion");
    let _ = fs::remove_dir_all(&home);
    let started = Instant::now();
    criterion(&base.kinds, &home, "--save-baseline");
    let said = criterion(&head.kinds, &home, "--baseline");
    let share = started.elapsed().as_secs_f64() / KINDS.len() as f64;
    let factors = critcmp(&home);
    for kind in KINDS {
        let mean = mean(&home, kind, "base") / mean(&home, kind, "new");
        decided.push(say("criterion", kind, regressed(&said, kind), Some(mean), share));
        decided.push(say("mean 5 %", kind, mean < 1.0 / 1.05, Some(mean), share));
        if let Some(factors) = &factors {
            let slower = factors.iter().any(|name| name == kind);
            decided.push(say("critcmp 5 %", kind, slower, Some(mean), share));
        }
    }
    for (kind, slower, seconds) in tango(base, head) {
        decided.push(say("tango", &kind, slower, None, seconds));
    }
    for kind in KINDS {
        if let Some((slower, seconds)) = perfgate(&commits.folder, base, head, kind) {
            decided.push(say("perfgate 5 %", kind, slower, None, seconds));
        }
    }
    decided
}

/// Executables of one commit, built without t5.
struct Side {
    kinds: PathBuf,
    tango: PathBuf,
    once: PathBuf,
}

impl Side {
    fn build(commits: &Commits, sha: &str) -> Self {
        let keep = commits.folder.join("peers").join(sha);
        let made =
            Self { kinds: keep.join("kinds"), tango: keep.join("tango"), once: keep.join("once") };
        if made.once.exists() {
            return made;
        }
        git(&commits.repository, &["checkout", "--quiet", "--force", sha]);
        fs::create_dir_all(&keep).unwrap();
        for (words, to) in [
            (["bench", "--no-run", "--bench", "kinds"].as_slice(), &made.kinds),
            (&["bench", "--no-run", "--bench", "tango", "--features", "tango"], &made.tango),
            (&["build", "--release", "--example", "once"], &made.once),
        ] {
            fs::copy(build(&commits.repository, words), to).unwrap();
        }
        made
    }
}

/// Builds one executable and says where it is.
fn build(repository: &Path, words: &[&str]) -> PathBuf {
    let said = Command::new("cargo")
        .args(words)
        .arg("--message-format=json")
        .current_dir(repository)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(said.status.success(), "cargo {words:?}");
    let messages = String::from_utf8(said.stdout).unwrap();
    let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let built: Vec<String> =
        messages.filter_map(|one| one["executable"].as_str().map(str::to_owned)).collect();
    PathBuf::from(built.last().unwrap())
}

fn criterion(executable: &Path, home: &Path, baseline: &str) -> String {
    let said = Command::new(executable)
        .args(["--bench", "--noplot", baseline, "base"])
        .args(TIMES)
        .env("CRITERION_HOME", home)
        .current_dir(home.parent().unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    text(&said)
}

/// Whether criterion says so of this benchmark, by its own test and threshold.
fn regressed(said: &str, kind: &str) -> bool {
    let mut lines = said.lines().skip_while(|line| !line.starts_with(&format!("{kind} ")));
    lines.next();
    let own = lines.take_while(|line| line.starts_with(' ') || line.is_empty());
    own.into_iter().any(|line| line.contains("Performance has regressed"))
}

/// Those whose head critcmp shows as slower by 5 % and more.
fn critcmp(home: &Path) -> Option<Vec<String>> {
    let mut command = Command::new("critcmp");
    command.args(["--color", "never", "--threshold", "5", "base", "new"]);
    // It looks for `criterion` in a target folder.
    command.arg("--target-dir").arg(home.parent().unwrap());
    let said = command.output().ok().filter(|said| said.status.success())?;
    let slower = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let factor: f64 = words.get(5)?.parse().ok()?;
        (factor > 1.0).then(|| words[0].to_owned())
    };
    Some(text(&said).lines().filter_map(slower).collect())
}

fn mean(home: &Path, kind: &str, baseline: &str) -> f64 {
    let text = fs::read_to_string(home.join(kind).join(baseline).join("estimates.json")).unwrap();
    let estimates: Value = serde_json::from_str(&text).unwrap();
    estimates["mean"]["point_estimate"].as_f64().unwrap()
}

/// A star says that a change is significant, and more than its threshold of noise.
fn tango(base: &Side, head: &Side) -> Vec<(String, bool, f64)> {
    let started = Instant::now();
    let said = Command::new(&head.tango)
        .args(["--color", "never", "compare"])
        .arg(&base.tango)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let share = started.elapsed().as_secs_f64() / KINDS.len() as f64;
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let of = |line: &str| {
        let kind = line.split_whitespace().next()?.to_owned();
        let change = line.split_whitespace().last()?;
        let slower = change.starts_with('+') && change.ends_with('*');
        KINDS.contains(&kind.as_str()).then_some((kind, slower, share))
    };
    text(&said).lines().filter_map(of).collect()
}

/// Whole programs in pairs: it fails, with code 2, where a significant loss exceeds 5 %.
fn perfgate(folder: &Path, base: &Side, head: &Side, kind: &str) -> Option<(bool, f64)> {
    let times = times(kind).to_string();
    let command = |side: &Side| format!("'{}' {kind} {times}", side.once.display());
    let started = Instant::now();
    let said = Command::new("perfgate")
        .args(["paired", "--name", kind, "--repeat", "20", "--warmup", "1"])
        .args(["--require-significance", "--fail-on-regression", "5"])
        .args(["--baseline", &command(base), "--current", &command(head)])
        .arg("--out")
        .arg(folder.join("perfgate.json"))
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let seconds = started.elapsed().as_secs_f64();
    match said.status.code() {
        Some(0) => Some((false, seconds)),
        Some(2) => Some((true, seconds)),
        _ => panic!("perfgate: {}", String::from_utf8_lossy(&said.stderr)),
    }
}

/// About 65 ms of a kind.
fn times(kind: &str) -> u32 {
    match kind {
        "alloc" => 900,
        "chase" => 430,
        "dequantize" => 4000,
        "dot" => 38_000,
        "matmul" => 870,
        "parse" => 2450,
        _ => 140,
    }
}

fn text(said: &Output) -> String {
    String::from_utf8_lossy(&said.stdout).into_owned()
}
