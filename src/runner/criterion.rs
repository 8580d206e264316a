//! Talks to one bench executable of criterion: one process of one benchmark.
//!
//! Unmodified executables of criterion 0.3 and later are driven by their own
//! command line, and their raw samples are read from the folder that
//! `CRITERION_HOME` names (format: criterion's `SavedSample` and `BenchmarkId`).

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use tokio::sync::Mutex;

use super::{Context, gate::canary};
use crate::{
    perf::{Seen, Slice, Throughput},
    policy::Side,
    sandbox::{Collect, Ended, Finished, Job, Returned, SandboxError, Session},
};

/// Slices a process: enough for a median, few enough to be quick.
const SAMPLE_SIZE: u32 = 20;
/// Seconds of untimed work before the first slice, and of timed work after it.
const WARM_UP_SECONDS: &str = "0.02";
const MEASURE_SECONDS: &str = "0.06";
/// The fewest that criterion takes without a warning; its own statistics are not used.
const RESAMPLES: &str = "1001";
/// However many benchmarks take turns in one process, it ends within this long.
const TURNS_LIMIT: Duration = Duration::from_secs(3600);
/// What one process may print.
pub(super) const OUTPUT_LIMIT: usize = 16 << 20;
/// The largest sample file that is read, and of one process all of them together, in bytes. Twenty
/// slices take one KiB.
const SAMPLE_FILE_LIMIT: u64 = 1 << 20;
const SAMPLES_LIMIT: u64 = 4 << 20;
/// The most slices of one process: benchmarks may ask for more than we do.
const SLICES_LIMIT: usize = 1000;
/// The most that is quoted of one process, in bytes.
const SAID_LIMIT: usize = 512;
/// The longest id of a benchmark, in bytes, and the most ids of one executable.
pub(super) const ID_LIMIT: usize = 512;
const IDS_LIMIT: usize = 4096;
/// What criterion calls a benchmark's description and its samples, in a folder `new`.
const DESCRIBED: &str = "benchmark.json";
const SAMPLED: &str = "sample.json";
/// The most files of one process that are read: an id that names a group may run several.
const SAMPLE_FILES: usize = 64;
/// How deep criterion nests them: an id has a part for each folder.
const SAMPLE_DEPTH: u32 = 10;

/// A bench executable of one side, ready to be run.
#[derive(Debug)]
pub struct Bench<'a, 's> {
    /// What every step is given.
    pub ctx: &'a Context,
    /// Whose it is.
    pub side: Side,
    /// Where processes of its side run, one at a time.
    pub room: &'a Mutex<Session<'s>>,
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
    /// It lists more benchmarks than anybody could wait for.
    #[error("it lists more than {0} benchmarks")]
    TooMany(usize),
    /// It said too much.
    #[error("it was stopped after printing {0} MiB")]
    TooLoud(usize),
    /// What it wrote cannot be read.
    #[error("its samples cannot be read: {0}")]
    Unreadable(String),
    /// One side's harness is not the other's.
    #[error("the base measures with {base} and the head with {head}, which cannot be compared")]
    OtherHarness {
        /// The base's.
        base: &'static str,
        /// The head's.
        head: &'static str,
    },
    /// A program of its own that hardly does anything.
    #[error("it ends after {0} ms of processor time, and much of that is its start")]
    TooShort(u64),
    /// A program of its own that does more work where it is given more time.
    #[error(
        "it works for a time and not for an amount of work: beside another process on its core it \
         ends as soon as alone, having done less"
    )]
    Adapts,
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
            Self::TooMany(_) => {
                "give it fewer, or leave it out with bench.exclude in t5.yml".to_owned()
            }
            Self::OtherHarness { .. } => "look at the figures by hand with `cargo bench`; after \
                the merge both sides have the new one"
                .to_owned(),
            Self::TooShort(_) => "give it more work, or criterion or divan, or leave it out with \
                bench.exclude in t5.yml"
                .to_owned(),
            Self::Adapts => {
                "give it a fixed number of iterations, or criterion or divan, or leave \
                it out with bench.exclude in t5.yml"
                    .to_owned()
            }
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

impl Bench<'_, '_> {
    /// Runs one benchmark in a process of its own, which leaves its samples in `home`.
    ///
    /// # Errors
    ///
    /// If it gives no samples.
    pub async fn sample(&self, id: &str, home: &Path) -> Result<Sample, RunError> {
        let filter = format!("^{}$", escape(id));
        let job = self
            .job()
            .env("CRITERION_HOME", home)
            .args(["--bench", "--noplot", "--sample-size", &SAMPLE_SIZE.to_string()])
            .args(["--warm-up-time", WARM_UP_SECONDS, "--measurement-time", MEASURE_SECONDS])
            .args(["--nresamples", RESAMPLES, &filter]);
        let collect = Collect {
            folder: home.display().to_string(),
            names: vec![DESCRIBED.to_owned(), SAMPLED.to_owned()],
            file: SAMPLE_FILE_LIMIT,
            files: SAMPLE_FILES,
            total: SAMPLES_LIMIT,
            depth: SAMPLE_DEPTH,
        };
        let finished = self.finish(job, Some(&collect)).await?;
        let sample = samples(&finished.files, id)?;
        Ok(Sample { seen: seen(&finished), ..sample })
    }

    /// The gate's own benchmarks, on this side.
    pub fn canary(&self) -> Job {
        self.job().args(canary::args(self.side))
    }

    /// A process that takes turns with another in these benchmarks, as it is asked to.
    pub fn turns<'i>(&self, ids: impl Iterator<Item = &'i str>, home: &Path) -> Job {
        let filters: Vec<String> = ids.map(escape).collect();
        let mut job = self.job().env("CRITERION_HOME", home).args([
            "--bench",
            "--noplot",
            &format!("^({})$", filters.join("|")),
        ]);
        let benchmarks = u32::try_from(filters.len()).unwrap_or(u32::MAX);
        job.wall = self.limit.saturating_mul(benchmarks).min(TURNS_LIMIT);
        job
    }

    /// A process of it, without arguments.
    pub(super) fn job(&self) -> Job {
        let mut job = Job::new(self.path, &self.dir).envs(self.env);
        job.wall = self.limit;
        job.output = OUTPUT_LIMIT;
        job.core = self.core;
        job
    }

    /// Runs a process to its end.
    ///
    /// # Errors
    ///
    /// If that is no good one.
    pub(super) async fn finish(
        &self,
        job: Job,
        collect: Option<&Collect>,
    ) -> Result<Finished, RunError> {
        let mut room = self.room.lock().await;
        finished(room.run(&job, collect, &self.ctx.cancel).await, &job)
    }
}

/// What came of a measured process, if it came to a good end.
///
/// # Errors
///
/// If it did not, or something of ours failed.
pub(super) fn finished(
    done: Result<Finished, SandboxError>,
    job: &Job,
) -> Result<Finished, RunError> {
    let finished = match done {
        // A build may hand in what is no executable.
        Err(SandboxError::Start { source, .. }) => {
            let how = "a failed start".to_owned();
            return Err(Trouble::Crashed { how, said: source.to_string() }.into());
        }
        // Code that ends its own sandbox has crashed.
        Err(SandboxError::Supervise { source, .. }) => {
            let (how, said) = ("its sandbox".to_owned(), last(source.to_string()));
            return Err(Trouble::Crashed { how, said }.into());
        }
        done => done?,
    };
    let crashed = |how: String| Trouble::Crashed { how, said: last(finished.stderr_tail(3)) };
    match finished.ended {
        Ended::Exited(0) => Ok(finished),
        Ended::Exited(code) => Err(crashed(format!("exit code {code}")).into()),
        Ended::Signaled(signal) => Err(crashed(format!("signal {signal}")).into()),
        Ended::WallTime => Err(Trouble::TooSlow(job.wall.as_secs()).into()),
        Ended::Output => Err(Trouble::TooLoud(job.output >> 20).into()),
        Ended::Memory => Err(crashed("more memory than it may take".to_owned()).into()),
        Ended::Disk => Err(crashed("more files than it may write".to_owned()).into()),
        Ended::Cancelled => Err(RunError::Cancelled),
    }
}

/// The end of what a process said: every benchmark of an executable may have something to say.
fn last(mut said: String) -> String {
    said.split_off(said.ceil_char_boundary(said.len().saturating_sub(SAID_LIMIT)))
}

/// The ids in what `--list` printed: `group/name: benchmark`, or `: bench` up to criterion 0.3.
/// An id that no person could have written is left out, as if it were not there.
///
/// # Errors
///
/// If there is no id, too many, or the list is libtest's.
pub fn listed(text: &str) -> Result<Vec<String>, Trouble> {
    let ids: Vec<String> = text
        .lines()
        .filter_map(|line| {
            line.strip_suffix(": benchmark").or_else(|| line.strip_suffix(": bench"))
        })
        .filter(|id| id.len() <= ID_LIMIT && !id.chars().any(char::is_control))
        .map(str::to_owned)
        .take(IDS_LIMIT + 1)
        .collect();
    if ids.len() > IDS_LIMIT {
        return Err(Trouble::TooMany(IDS_LIMIT));
    }
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

/// What the process took, as seen from outside of it.
pub(super) fn seen(finished: &Finished) -> Option<Seen> {
    let nanoseconds = |time: Duration| time.as_secs_f64() * 1e9;
    let cpu_ns = nanoseconds(finished.usage?.cpu);
    Some(Seen { wall_ns: nanoseconds(finished.wall), cpu_ns })
}

/// The samples of a benchmark among the files that its process left, wherever criterion's naming
/// has put them. They say nothing of how the process was seen.
///
/// # Errors
///
/// If no file describes that benchmark, or its samples are not what a clock gives.
pub fn samples(files: &[Returned], id: &str) -> Result<Sample, Trouble> {
    let (folder, saved) = described(files, id).ok_or(Trouble::NoSamples)?;
    let sampled = files.iter().find(|file| file.path == folder.join(SAMPLED));
    let sampled = sampled.ok_or(Trouble::NoSamples)?;
    let sample: SavedSample = read_json(sampled)?;
    if sample.iters.len() != sample.times.len() {
        return Err(Trouble::Unreadable("as many times as iterations were expected".to_owned()));
    }
    if sample.iters.len() > SLICES_LIMIT {
        return Err(Trouble::Unreadable(format!("there are more than {SLICES_LIMIT} slices")));
    }
    let slices: Vec<Slice> =
        sample.iters.into_iter().zip(sample.times).map(|(iters, ns)| Slice(iters, ns)).collect();
    let usable = |slice: &Slice| {
        let time = slice.per_iteration();
        time.is_finite() && time > 0.0 && slice.0 > 0.0
    };
    match slices.iter().all(usable) {
        _ if slices.is_empty() => Err(Trouble::NoSamples),
        false => Err(Trouble::Unreadable("a slice without time or iterations".to_owned())),
        true => {
            let throughput = saved.throughput.as_ref().and_then(throughput);
            Ok(Sample { slices, throughput, seen: None })
        }
    }
}

/// The folder of a benchmark's new samples, and its description.
fn described<'a>(files: &'a [Returned], id: &str) -> Option<(&'a Path, SavedBenchmark)> {
    files.iter().find_map(|file| {
        let folder = file.path.parent()?;
        let new = folder.ends_with("new") && file.path.ends_with(DESCRIBED);
        let saved: SavedBenchmark = new.then(|| read_json(file).ok())??;
        (saved.full_id == id).then_some((folder, saved))
    })
}

fn read_json<T: serde::de::DeserializeOwned>(file: &Returned) -> Result<T, Trouble> {
    let bytes = file.bytes.as_ref().ok_or_else(|| {
        Trouble::Unreadable(format!("a file of more than {SAMPLE_FILE_LIMIT} bytes"))
    })?;
    serde_json::from_slice(bytes).map_err(|error| Trouble::Unreadable(error.to_string()))
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

    /// What a process of `add` leaves, with this as its samples.
    fn left(sample: &str) -> Vec<Returned> {
        let file = |path: &str, text: &str| Returned {
            path: path.into(),
            bytes: Some(text.as_bytes().to_vec()),
        };
        let described = r#"{"full_id":"add","throughput":{"Elements":64}}"#;
        vec![file("x/new/benchmark.json", described), file("x/new/sample.json", sample)]
    }

    #[test]
    fn samples_are_found_by_the_id_that_describes_them() {
        let files = left(r#"{"iters":[1,2],"times":[7.5,15.0]}"#);
        let sample = samples(&files, "add").unwrap();
        assert_eq!(sample.slices, [Slice(1.0, 7.5), Slice(2.0, 15.0)]);
        assert_eq!(sample.throughput, Some(Throughput::Elements(64)));
        assert_eq!(samples(&files, "mul"), Err(Trouble::NoSamples));
    }

    #[test]
    fn samples_that_no_clock_gives_are_refused() {
        for said in [
            r#"{"iters":[1,2],"times":[7.5]}"#,
            r#"{"iters":[1],"times":[0]}"#,
            r#"{"iters":[0],"times":[7.5]}"#,
            r#"{"iters":[-1],"times":[-7.5]}"#,
            r#"{"iters":[5e-324],"times":[1e308]}"#,
            r#"{"iters":[1e308],"times":[5e-324]}"#,
            r#"{"iters":[1e999],"times":[7.5]}"#,
            r#"{"iters":[null],"times":[7.5]}"#,
        ] {
            let read = samples(&left(said), "add");
            assert!(matches!(read, Err(Trouble::Unreadable(_))), "{said}: {read:?}");
        }
        assert_eq!(samples(&left(r#"{"iters":[],"times":[]}"#), "add"), Err(Trouble::NoSamples));
    }

    #[test]
    fn more_slices_than_anybody_asks_for_are_refused() {
        let said = |slices: usize| {
            let ones = vec!["1"; slices].join(",");
            samples(&left(&format!(r#"{{"iters":[{ones}],"times":[{ones}]}}"#)), "add")
        };
        assert_eq!(said(SLICES_LIMIT).unwrap().slices.len(), SLICES_LIMIT);
        assert!(matches!(said(SLICES_LIMIT + 1), Err(Trouble::Unreadable(_))));
    }

    #[test]
    fn an_id_is_only_itself_in_a_filter() {
        assert_eq!(escape("gemv 4x4 (f32)/a.b"), r"gemv 4x4 \(f32\)/a\.b");
    }
}
