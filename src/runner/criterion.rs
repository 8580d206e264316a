//! Talks to one bench executable: what is in it, and one process of one benchmark.
//!
//! Unmodified executables of criterion 0.3 and later are driven by their own
//! command line, and their raw samples are read from the folder that
//! `CRITERION_HOME` names (format: criterion's `SavedSample` and `BenchmarkId`).

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::Context;
use crate::{
    perf::{Seen, Slice, Throughput},
    sandbox::{Ended, Finished, Job, SandboxError},
};

/// Slices a process: enough for a median, few enough to be quick.
const SAMPLE_SIZE: u32 = 20;
/// Seconds of untimed work before the first slice, and of timed work after it.
const WARM_UP_SECONDS: &str = "0.02";
const MEASURE_SECONDS: &str = "0.06";
/// The fewest that criterion takes without a warning; its own statistics are not used.
const RESAMPLES: &str = "1001";
/// A bench executable that lists nothing within this long is taken to hang.
const LIST_LIMIT: Duration = Duration::from_secs(20);
/// What one process may print.
const OUTPUT_LIMIT: usize = 16 << 20;
/// The largest sample file that is read.
const SAMPLE_FILE_LIMIT: u64 = 16 << 20;

/// A bench executable of one side, ready to be run.
#[derive(Clone, Debug)]
pub struct Bench<'a> {
    /// What every step is given.
    pub ctx: &'a Context,
    /// The executable.
    pub path: &'a Path,
    /// Where it runs: its package's folder in the checkout of its side.
    pub dir: PathBuf,
    /// All that it sees of an environment.
    pub env: &'a BTreeMap<OsString, OsString>,
    /// The core it is pinned to.
    pub core: Option<usize>,
    /// How long one process may take.
    pub limit: Duration,
}

/// One process of one benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// In the order they ran.
    pub slices: Vec<Slice>,
    /// What an iteration processes, if the benchmark says so.
    pub throughput: Option<Throughput>,
    /// The process as the runner saw it from outside, if it did.
    pub seen: Option<Seen>,
}

/// A bench executable did not give what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It is libtest's, which gives no raw samples.
    #[error("it uses libtest's harness, which gives no samples")]
    Libtest,
    /// It lists nothing that looks like criterion's.
    #[error("it lists no benchmark the way criterion does")]
    NoHarness,
    /// It ended well without a sample.
    #[error("it measured nothing")]
    NoSamples,
    /// It ended badly.
    #[error("it ended with {how}: {said}")]
    Crashed {
        /// The code or signal.
        how: String,
        /// The end of what it said.
        said: String,
    },
    /// It took too long.
    #[error("it was stopped after {0} s")]
    TooSlow(u64),
    /// It said too much.
    #[error("it was stopped after printing {0} MiB")]
    TooLoud(usize),
    /// What it wrote cannot be read.
    #[error("its samples cannot be read: {0}")]
    Unreadable(String),
}

impl Trouble {
    /// What a person can do.
    pub fn next(&self) -> String {
        match self {
            Self::Libtest | Self::NoHarness => "give it `harness = false` and criterion's \
                `criterion_main!`, or leave it out with bench.exclude in t5.yml"
                .to_owned(),
            Self::NoSamples => "look whether it runs anything, or leave it out with \
                bench.exclude in t5.yml"
                .to_owned(),
            Self::TooSlow(_) => "raise bench.process-limit in t5.yml, or make one process of it \
                quicker"
                .to_owned(),
            Self::Crashed { .. } | Self::TooLoud(_) | Self::Unreadable(_) => {
                "run it by hand with `cargo bench`".to_owned()
            }
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The bench executable's own doing.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// Ours.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl Bench<'_> {
    /// The ids of its benchmarks, in the order it lists them.
    ///
    /// # Errors
    ///
    /// If it lists none, hangs, crashes, or is not criterion's.
    pub async fn list(&self) -> Result<Vec<String>, RunError> {
        let mut job = self.job().args(["--bench", "--list"]);
        job.wall = LIST_LIMIT;
        let finished = self.finish(job).await?;
        Ok(listed(&finished.stdout_text())?)
    }

    /// Runs one benchmark in a process of its own; `home` is emptied first.
    ///
    /// # Errors
    ///
    /// If it gives no samples.
    pub async fn sample(&self, id: &str, home: &Path) -> Result<Sample, RunError> {
        let unreadable = |error: std::io::Error| Trouble::Unreadable(error.to_string());
        let _ = fs::remove_dir_all(home);
        fs::create_dir_all(home).map_err(unreadable)?;
        let filter = format!("^{}$", escape(id));
        let job = self
            .job()
            .env("CRITERION_HOME", home)
            .args(["--bench", "--noplot", "--sample-size", &SAMPLE_SIZE.to_string()])
            .args(["--warm-up-time", WARM_UP_SECONDS, "--measurement-time", MEASURE_SECONDS])
            .args(["--nresamples", RESAMPLES, &filter]);
        self.finish(job).await?;
        Ok(read_sample(home, id)?)
    }

    fn job(&self) -> Job {
        let mut job = Job::new(self.path, &self.dir).envs(self.env);
        job.wall = self.limit;
        job.output = OUTPUT_LIMIT;
        job.core = self.core;
        job
    }

    async fn finish(&self, job: Job) -> Result<Finished, RunError> {
        let finished = job.run(&self.ctx.cancel).await?;
        let crashed = |how: String| Trouble::Crashed { how, said: finished.stderr_tail(3) };
        match finished.ended {
            Ended::Exited(0) => Ok(finished),
            Ended::Exited(code) => Err(crashed(format!("exit code {code}")).into()),
            Ended::Signaled(signal) => Err(crashed(format!("signal {signal}")).into()),
            Ended::WallTime => Err(Trouble::TooSlow(job.wall.as_secs()).into()),
            Ended::Output => Err(Trouble::TooLoud(job.output >> 20).into()),
            Ended::Cancelled => Err(RunError::Cancelled),
        }
    }
}

/// The ids in what `--list` printed: `group/name: benchmark`, or `: bench` up to criterion 0.3.
fn listed(text: &str) -> Result<Vec<String>, Trouble> {
    let ids: Vec<String> = text
        .lines()
        .filter_map(|line| {
            line.strip_suffix(": benchmark").or_else(|| line.strip_suffix(": bench"))
        })
        .map(str::to_owned)
        .collect();
    // Only libtest ends its list with a count.
    let counted =
        |line: &str| line.contains(" test") && line.contains(", ") && line.contains(" benchmark");
    match (text.lines().any(counted), ids.is_empty()) {
        (true, _) => Err(Trouble::Libtest),
        (false, true) => Err(Trouble::NoHarness),
        (false, false) => Ok(ids),
    }
}

/// Escapes what a regular expression would read as more than itself.
fn escape(id: &str) -> String {
    let mut escaped = String::with_capacity(id.len() + 8);
    for letter in id.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[derive(Deserialize)]
struct SavedBenchmark {
    full_id: String,
    throughput: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct SavedSample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

fn read_sample(home: &Path, id: &str) -> Result<Sample, Trouble> {
    let folder = folder_of(home, id, 0).ok_or(Trouble::NoSamples)?;
    let saved: SavedSample = read_json(&folder.0.join("sample.json"))?;
    if saved.iters.len() != saved.times.len() {
        return Err(Trouble::Unreadable("as many times as iterations were expected".to_owned()));
    }
    let slices: Vec<Slice> =
        saved.iters.into_iter().zip(saved.times).map(|(iters, ns)| Slice(iters, ns)).collect();
    let usable = |slice: &Slice| {
        let time = slice.per_iteration();
        time.is_finite() && time > 0.0 && slice.0 > 0.0
    };
    match slices.iter().all(usable) {
        _ if slices.is_empty() => Err(Trouble::NoSamples),
        false => Err(Trouble::Unreadable("a slice without time or iterations".to_owned())),
        true => {
            let throughput = folder.1.throughput.as_ref().and_then(throughput);
            Ok(Sample { slices, throughput, seen: None })
        }
    }
}

/// Finds the folder of a benchmark's new samples, wherever criterion's naming has put it.
fn folder_of(dir: &Path, id: &str, depth: u32) -> Option<(PathBuf, SavedBenchmark)> {
    const DEEPEST: u32 = 8;
    let benchmark = dir.join("new/benchmark.json");
    if benchmark.exists()
        && let Ok(saved) = read_json::<SavedBenchmark>(&benchmark)
        && saved.full_id == id
    {
        return Some((dir.join("new"), saved));
    }
    let entries = fs::read_dir(dir).ok()?.flatten();
    let mut folders = entries.map(|entry| entry.path()).filter(|path| path.is_dir());
    folders.find_map(|path| (depth < DEEPEST).then(|| folder_of(&path, id, depth + 1)).flatten())
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Trouble> {
    let unreadable = |error: &dyn std::fmt::Display| Trouble::Unreadable(error.to_string());
    let size = fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if size > SAMPLE_FILE_LIMIT {
        return Err(Trouble::Unreadable(format!("a file of {size} bytes")));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))
}

/// `{"Elements": 1024}` or `{"Bytes": 65536}`, and newer spellings of bytes.
fn throughput(value: &serde_json::Value) -> Option<Throughput> {
    let number = |name: &str| value.get(name).and_then(serde_json::Value::as_u64);
    number("Elements")
        .map(Throughput::Elements)
        .or_else(|| number("Bytes").or_else(|| number("BytesDecimal")).map(Throughput::Bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criterion_lists_its_benchmarks_old_and_new() {
        assert_eq!(listed("a/1: benchmark\nb: bench\n").unwrap(), ["a/1", "b"]);
    }

    #[test]
    fn libtest_and_strangers_are_told_apart() {
        let libtest = "bench_add: benchmark\n\n0 tests, 1 benchmark\n";
        assert_eq!(listed(libtest), Err(Trouble::Libtest));
        assert_eq!(listed("Timer precision: 20 ns\nfoo\n"), Err(Trouble::NoHarness));
        assert_eq!(listed(""), Err(Trouble::NoHarness));
    }

    #[test]
    fn an_id_is_only_itself_in_a_filter() {
        assert_eq!(escape("gemv 4x4 (f32)/a.b"), r"gemv 4x4 \(f32\)/a\.b");
    }
}
