//! Talks to one bench executable of divan: one process of one benchmark.
//!
//! Left to itself divan takes as many iterations as it has time for, so that a process of slow code
//! lives as long as one of fast code and whole processes tell nothing. Here the numbers are fixed:
//! divan tunes the size of a sample once, on the base; how many samples make a slice of some
//! milliseconds follows from how long they took there; and every process of either side is asked
//! for the same. Larger samples would make quicker work of it, but divan keeps all inputs and
//! outputs of a sample in memory, so that its size is part of what a benchmark measures.
//!
//! Divan prints no raw samples, only the fastest, the slowest, the median and the mean of them. The
//! mean times the number of iterations is all the time that was measured, which is what a slice is:
//! so a process gives one slice, and a round has some processes of each side, which take turns. Of
//! the mean four digits are printed, the rest is cut off: a thousandth at most, on both sides alike.

use super::criterion::{Bench, ID_LIMIT, RunError, Sample, Trouble, seen};
use crate::perf::Slice;

/// Timed work of one process, in nanoseconds. Half of it would measure caches that are cold in a
/// fresh process, twice as much would see the machine change its speed more often.
const SLICE_NS: f64 = 10e6;
/// Timed work of a side in a round, in nanoseconds: as much as where criterion is measured.
const ROUND_NS: f64 = 60e6;
/// Processes of a side in a round.
const PROCESSES: f64 = 6.0;
/// What is untimed (inputs, drops) may take this much processor time in a process, in nanoseconds …
const SPENT_NS: f64 = 100e6;
/// … beside the start of a process and divan's own look at its clock. Wall time would leave a
/// benchmark hardly any samples where other load takes the core away.
const START_NS: f64 = 10e6;
/// The most samples of a process.
const SAMPLES: f64 = 100_000.0;
/// Divan counts in whole picoseconds: a shorter iteration is known to no half of a per cent.
const LEAST_NS: f64 = 0.2;
/// Divan would end a process after this long however many samples it was asked for, in seconds:
/// longer than any process lives here.
const NO_LIMIT: &str = "86400";

/// How deep modules and groups may be nested in a tree, and how many lines of it are read.
const DEPTH: usize = 64;
const LINES: usize = 8192;

/// What every process of a benchmark is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Iterations a sample.
    pub size: u64,
    /// Samples a process.
    pub samples: u64,
    /// Processes of each side a round.
    pub processes: u32,
}

/// What a process printed of its one benchmark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Mean over all iterations, in nanoseconds.
    pub mean_ns: f64,
    /// Samples taken.
    pub samples: u64,
    /// Iterations of all samples.
    pub iterations: u64,
}

impl Bench<'_, '_> {
    /// Finds out what processes of this benchmark are to be asked for.
    ///
    /// # Errors
    ///
    /// If it gives no samples.
    pub(super) async fn pace(&self, id: &str) -> Result<Pace, RunError> {
        let (tuned, sample) = self.row(id, 1, None).await?;
        let size = (tuned.iterations / tuned.samples.max(1)).max(1);
        let first = Pace::after(size, &tuned, spent(&sample));
        let (row, sample) = self.row(id, first.samples, Some(size)).await?;
        Ok(Pace::after(size, &row, spent(&sample)))
    }

    /// Runs one benchmark in a process of its own, at this pace.
    ///
    /// # Errors
    ///
    /// If it does not give what it was asked for.
    pub(super) async fn paced(&self, id: &str, pace: Pace) -> Result<Sample, RunError> {
        let (row, sample) = self.row(id, pace.samples, Some(pace.size)).await?;
        let asked = pace.samples.saturating_mul(pace.size);
        if row.samples == pace.samples && row.iterations == asked {
            return Ok(sample);
        }
        Err(Trouble::Unreadable(format!(
            "it was asked for {} samples of {} iterations and took {} of {} together",
            pace.samples, pace.size, row.samples, row.iterations
        ))
        .into())
    }

    async fn row(
        &self,
        id: &str,
        samples: u64,
        size: Option<u64>,
    ) -> Result<(Row, Sample), RunError> {
        let mut job = self
            .job()
            .args(["--bench", "--color", "never", "--exact", id])
            // It is pinned to one core.
            .args(["--threads", "1", "--min-time", "0", "--max-time", NO_LIMIT])
            .args(["--sample-count", &samples.to_string()]);
        if let Some(size) = size {
            job = job.args(["--sample-size", &size.to_string()]);
        }
        let finished = self.finish(job, None).await?;
        let row = only_row(&finished.stdout_text())?;
        let iterations = float(row.iterations);
        let slices = vec![Slice(iterations, iterations * row.mean_ns)];
        Ok((row, Sample { slices, throughput: None, seen: seen(&finished) }))
    }
}

impl Pace {
    /// What follows from a process that took samples of this size, and spent so many nanoseconds
    /// of processor time.
    pub fn after(size: u64, row: &Row, spent_ns: f64) -> Self {
        let timed = row.mean_ns * float(size);
        let each = (spent_ns - START_NS).max(0.0) / float(row.samples.max(1));
        let samples = (SLICE_NS / timed).min(SPENT_NS / each).clamp(1.0, SAMPLES).floor();
        let processes = (ROUND_NS / (samples * timed)).round().clamp(1.0, PROCESSES);
        Self { size, samples: whole(samples), processes: whole(processes).try_into().unwrap_or(1) }
    }
}

/// Whether what `--list` printed is divan's: a tree.
pub fn is_tree(text: &str) -> bool {
    text.lines().any(|line| node(line).is_some())
}

/// The ids in a tree, which are its leaves; those that are ignored are left out. An id that no
/// person could have written is left out, as if it were not there, and so is what there is too much
/// of.
pub fn leaves(tree: &str) -> Vec<String> {
    let nodes: Vec<(usize, &str)> = tree.lines().take(LINES).filter_map(node_or_root).collect();
    let mut path: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for (index, (depth, name)) in nodes.iter().enumerate() {
        path.truncate(*depth);
        path.push(name);
        let is_leaf = nodes.get(index + 1).is_none_or(|(next, _)| next <= depth);
        let id = path.join("::");
        let written = id.len() <= ID_LIMIT && !id.chars().any(char::is_control);
        if is_leaf && *depth > 0 && written && !name.ends_with("(ignored)") {
            found.push(id);
        }
    }
    found
}

/// Whether for each leaf of a tree there is an id of it or of one of its arguments.
pub fn covers(ids: &[String], leaves: &[String]) -> bool {
    let mut sorted: Vec<&str> = ids.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    leaves.iter().all(|leaf| {
        let with_arguments = format!("{leaf}::");
        let from = sorted.partition_point(|id| *id < with_arguments.as_str());
        let has_arguments = sorted.get(from).is_some_and(|id| id.starts_with(&with_arguments));
        has_arguments || sorted.binary_search(&leaf.as_str()).is_ok()
    })
}

/// The depth and the name of a node below the root.
fn node(line: &str) -> Option<(usize, &str)> {
    let mut rest = line;
    for depth in 1..=DEPTH {
        if let Some(name) = rest.strip_prefix("├─ ").or_else(|| rest.strip_prefix("╰─ ")) {
            return Some((depth, name.trim_end()));
        }
        rest = rest.strip_prefix("│  ").or_else(|| rest.strip_prefix("   "))?;
    }
    None
}

/// A root stands at the margin. What a benchmark prints stands there as well, and is taken for one:
/// the ids that come of that are no benchmarks, and give no samples.
fn node_or_root(line: &str) -> Option<(usize, &str)> {
    let is_root = line.starts_with(|first: char| first.is_alphanumeric() || first == '_');
    node(line).or_else(|| is_root.then_some((0, line.trim_end())))
}

/// The only row of figures among what a process printed; the benchmark itself may print as well.
///
/// # Errors
///
/// If there is none, or more than one, or its figures are none that a clock gives.
pub fn only_row(text: &str) -> Result<Row, Trouble> {
    let mut rows = text.lines().filter_map(row);
    let row = rows.next().ok_or(Trouble::NoSamples)?;
    if rows.next().is_some() {
        let why = "divan's row of figures stands there more than once";
        return Err(Trouble::Unreadable(why.to_owned()));
    }
    if row.samples == 0 || row.iterations == 0 {
        return Err(Trouble::NoSamples);
    }
    // Whoever prints a row may print any figure.
    if !(row.mean_ns * float(row.iterations)).is_finite() {
        return Err(Trouble::Unreadable("its time is none that a clock gives".to_owned()));
    }
    if row.mean_ns < LEAST_NS {
        let why =
            format!("an iteration takes less than {LEAST_NS} ns, too little for divan's digits");
        return Err(Trouble::Unreadable(why));
    }
    Ok(row)
}

/// `╰─ name  fastest │ slowest │ median │ mean │ samples │ iters`.
fn row(line: &str) -> Option<Row> {
    let mut columns = line.rsplitn(6, '│').map(str::trim);
    let iterations = columns.next()?.parse().ok()?;
    let samples = columns.next()?.parse().ok()?;
    let mean_ns = nanoseconds(columns.next()?)?;
    let _median = nanoseconds(columns.next()?)?;
    let _slowest = nanoseconds(columns.next()?)?;
    let mut named = columns.next()?.rsplitn(3, ' ');
    let (unit, figure) = (named.next()?, named.next()?);
    let _fastest = nanoseconds(&format!("{figure} {unit}"))?;
    Some(Row { mean_ns, samples, iterations })
}

fn nanoseconds(text: &str) -> Option<f64> {
    let (figure, unit) = text.split_once(' ')?;
    let unit = match unit {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return None,
    };
    let figure: f64 = figure.parse().ok()?;
    (figure.is_finite() && figure >= 0.0).then_some(figure * unit)
}

fn spent(sample: &Sample) -> f64 {
    sample.seen.map_or(0.0, |seen| seen.cpu_ns)
}

#[expect(clippy::cast_precision_loss, reason = "fifteen digits of a count are enough")]
fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded by its callers, and at least one"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
speed       fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ of                     │               │               │               │         │
│  ╰─ 1000  1.057 µs      │ 1.2 ms        │ 1.061 µs      │ 1.066 µs      │ 120     │ 7680
│           946.2 Mitem/s │ 0.9 Mitem/s   │ 942.1 Mitem/s │ 937.9 Mitem/s │         │
";

    #[test]
    fn the_row_of_a_benchmark_is_found_among_what_is_printed() {
        let row = Row { mean_ns: 1066.0, samples: 120, iterations: 7680 };
        assert_eq!(only_row(PRINTED), Ok(row));
        assert_eq!(only_row(&format!("a line\n│ 1 │ 2\n{PRINTED}")), Ok(row));
        assert!(is_tree(PRINTED) && !is_tree("a line\n"));
    }

    #[test]
    fn the_leaves_of_a_tree_are_its_benchmarks() {
        let tree = "speed\n├─ of\n│  ├─ 100\n│  ╰─ 1000\n├─ inner\n│  ├─ old  (ignored)\n\
                    │  ╰─ deep\n│     ╰─ one\n╰─ last\n\nother\n╰─ one\n";
        let ids = ["speed::of::100", "speed::of::1000", "speed::inner::deep::one", "speed::last"];
        let ids = [&ids[..], &["other::one"]].concat();
        assert_eq!(leaves(tree), ids);
        assert_eq!(leaves("a line\nanother\n"), Vec::<String>::new());
    }

    #[test]
    fn a_list_covers_a_tree_if_no_leaf_is_without_an_id() {
        let ids = ["a::of::1", "a::of::2", "a::ofx", "a::one"].map(str::to_owned);
        let covered = |leaves: &[&str]| {
            covers(&ids, &leaves.iter().map(|leaf| (*leaf).to_owned()).collect::<Vec<_>>())
        };
        assert!(covered(&["a::of", "a::ofx", "a::one"]));
        assert!(!covered(&["a::o"]) && !covered(&["a::two"]));
    }

    #[test]
    fn a_row_that_stands_there_twice_is_not_believed() {
        let twice = format!("{PRINTED}{PRINTED}");
        assert!(matches!(only_row(&twice), Err(Trouble::Unreadable(_))));
        assert_eq!(only_row("speed\n"), Err(Trouble::NoSamples));
        let nothing = PRINTED.replace("1.066 µs", "0 ns");
        assert!(matches!(only_row(&nothing), Err(Trouble::Unreadable(_))));
        let endless = PRINTED.replace("1.066 µs", "9e307 s");
        assert!(matches!(only_row(&endless), Err(Trouble::Unreadable(_))));
    }

    #[test]
    fn a_process_takes_ten_milliseconds_and_no_more_untimed_work_than_it_has_to() {
        let row = Row { mean_ns: 1e3, samples: 10, iterations: 640 };
        let pace = |spent| Pace::after(64, &row, spent);
        assert_eq!(pace(11e6), Pace { size: 64, samples: 156, processes: 6 });
        // Each sample has 5 ms of untimed work beside it.
        assert_eq!(pace(60e6), Pace { size: 64, samples: 20, processes: 6 });
        let slow = Row { mean_ns: 40e6, samples: 1, iterations: 1 };
        assert_eq!(Pace::after(1, &slow, 50e6), Pace { size: 1, samples: 1, processes: 2 });
    }
}
