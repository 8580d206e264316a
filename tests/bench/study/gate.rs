//! Commits through `t5 run`.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

use crate::{
    commits::{Commits, LOSSES, Variant},
    decisions::{self, Decision},
    stress::Stress,
};

const T5: &str = env!("CARGO_BIN_EXE_t5");

/// So many runs of a part.
pub fn run(commits: &Commits, part: &str, runs: usize) {
    let _stress = (part == "stress").then(Stress::start);
    for run in 0..runs {
        let variants: Vec<Variant> = match part {
            "neutral" => vec![commits.neutral(run)],
            "losses" => LOSSES.map(|loss| commits.slower(loss)).into(),
            _ => vec![commits.unchanged()],
        };
        for variant in variants {
            let repository = (commits.folder.as_path(), commits.repository.as_path());
            let decided = decide(repository, part, &commits.base, &variant, run);
            println!("{part} {}/{runs}, {}: {}", run + 1, variant.name, told(&decided));
            decisions::keep(&commits.folder, &decided);
        }
    }
}

/// One run, and what it decided about each benchmark.
pub fn decide(
    (folder, repository): (&Path, &Path),
    part: &str,
    base: &str,
    variant: &Variant,
    run: usize,
) -> Vec<Decision> {
    let out = folder.join("runs").join(format!("{part}, {}, {run}", variant.name));
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(out.parent().unwrap()).unwrap();
    let started = Instant::now();
    let said = Command::new(T5)
        .args(["run", "--only", "bench", "--budget", "20m", "--format", "json"])
        .args(["--base", base, "--head", &variant.sha, "--seed", &seed(part, run)])
        .arg("--out")
        .arg(&out)
        .current_dir(repository)
        .env("T5_CACHE", folder.join("cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let text = fs::read_to_string(out.join("receipt.json"));
    let Ok(text) = text else { panic!("no receipt: {}", String::from_utf8_lossy(&said.stderr)) };
    let receipt: Value = serde_json::from_str(&text).unwrap();
    let perf = &receipt["perf"];
    let canaries = perf["canaries"].as_array().into_iter().flatten();
    let canaries = canaries.map(|pair| (format!("canary {}", id(pair)), pair));
    let pairs = perf["pairs"].as_array().unwrap();
    let built = perf["builds"].as_array().unwrap().iter().any(|build| build["reused"] != true);
    let measured = pairs.iter().map(|pair| (id(pair), pair));
    let share = seconds / pairs.len() as f64;
    let decided = |(bench, pair): (String, &Value)| Decision {
        part: part.to_owned(),
        by: "t5".to_owned(),
        variant: variant.name.clone(),
        loss: variant.loss,
        bench,
        state: pair["state"].as_str().unwrap().to_owned(),
        method: pair["method"].as_str().map(str::to_owned),
        ratio: pair["estimate"]["ratio"].as_f64(),
        bounds: bounds(&pair["estimate"]),
        rounds: pair["estimate"]["rounds"].as_u64().and_then(|rounds| rounds.try_into().ok()),
        seconds: share,
        built,
    };
    measured.chain(canaries).map(decided).collect()
}

/// A short line for who waits.
pub fn told(decided: &[Decision]) -> String {
    let mut words: Vec<String> = Vec::new();
    for one in decided.iter().filter(|one| !one.bench.starts_with("canary")) {
        let ratio = one.ratio.map(|ratio| format!(" {ratio:.3}")).unwrap_or_default();
        words.push(format!("{} {}{ratio}", one.bench, one.state));
    }
    let seconds = decided.first().map_or(0.0, |one| one.seconds);
    format!("{} ({seconds:.1} s a benchmark)", words.join(", "))
}

fn id(pair: &Value) -> String {
    pair["bench"]["id"].as_str().unwrap().to_owned()
}

fn bounds(estimate: &Value) -> Option<[f64; 2]> {
    Some([estimate["lower"].as_f64()?, estimate["upper"].as_f64()?])
}

/// Another one for each run of each part, and the same each time.
fn seed(part: &str, run: usize) -> String {
    let part: u64 = part.bytes().map(u64::from).sum();
    (part * 1000 + run as u64).to_string()
}
