//! EnvGuard: the fixed surroundings of a measured process.
//!
//! A measured process starts from an empty environment plus this fixed list and
//! is pinned to one core, so that nothing of the host leaks into a figure.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use rustix::thread::sched_getaffinity;

/// What is the same for every measured process of every run.
const FIXED: [(&str, &str); 8] = [
    ("PATH", "/usr/bin:/bin"),
    ("LC_ALL", "C"),
    ("TZ", "UTC"),
    ("RUST_BACKTRACE", "0"),
    ("RAYON_NUM_THREADS", "1"),
    ("OMP_NUM_THREADS", "1"),
    ("BITNET_DETERMINISTIC", "1"),
    ("BITNET_SEED", "42"),
];
/// Those of them that say how many threads a process uses.
const THREADS: [&str; 2] = ["RAYON_NUM_THREADS", "OMP_NUM_THREADS"];
/// The largest padding of the environment. Its size moves the stack, and with it the
/// alignment that a figure depends on (Mytkowicz et al. 2009); drawing it afresh for each
/// process turns that bias into noise.
const PADDING: usize = 4096;

/// The surroundings of this run's measured processes.
#[derive(Clone, Debug)]
pub struct EnvGuard {
    scratch: PathBuf,
    /// The core that measured processes are pinned to; none where there is but one.
    pub core: Option<usize>,
}

impl EnvGuard {
    /// Makes the scratch folder and picks the core.
    ///
    /// # Errors
    ///
    /// If the scratch folder cannot be made.
    pub fn new(scratch: &Path) -> io::Result<Self> {
        fs::create_dir_all(scratch)?;
        Ok(Self { scratch: scratch.to_owned(), core: core() })
    }

    /// The whole environment of one process, padded by as many bytes as `draw` says.
    pub fn environment(&self, draw: &mut fastrand::Rng) -> BTreeMap<OsString, OsString> {
        let mut env = self.fixed();
        env.insert("T5_PADDING".into(), "x".repeat(draw.usize(..PADDING)).into());
        env
    }

    /// The same for a process that may use every core: nothing tells it to use one thread.
    pub fn environment_of_many(&self, draw: &mut fastrand::Rng) -> BTreeMap<OsString, OsString> {
        let mut env = self.environment(draw);
        env.retain(|name, _| !THREADS.iter().any(|of_threads| name == of_threads));
        env
    }

    /// The same as it stands in a receipt: without this machine's paths.
    pub fn described(&self) -> BTreeMap<String, String> {
        let scratch = self.scratch.to_string_lossy().into_owned();
        let text = |value: OsString| value.to_string_lossy().replace(&scratch, "<scratch>");
        let mut env: BTreeMap<String, String> =
            self.fixed().into_iter().map(|(name, value)| (text(name), text(value))).collect();
        env.insert(
            "T5_PADDING".to_owned(),
            format!("0 to {PADDING} bytes, drawn for each process"),
        );
        env
    }

    /// The folder for what a process writes; it is empty whenever one starts.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// A folder for the samples of one process.
    pub fn samples(&self) -> PathBuf {
        self.scratch.join("samples")
    }

    fn fixed(&self) -> BTreeMap<OsString, OsString> {
        let mut env: BTreeMap<OsString, OsString> =
            FIXED.iter().map(|(name, value)| (name.into(), value.into())).collect();
        env.insert("HOME".into(), self.scratch.clone().into());
        env.insert("TMPDIR".into(), self.scratch.clone().into());
        env
    }
}

/// The highest core that this process may use: the lowest ones serve most interrupts.
fn core() -> Option<usize> {
    let allowed = sched_getaffinity(None).ok()?;
    let cores: Vec<usize> = (0..1024).filter(|core| allowed.is_set(*core)).collect();
    cores.last().copied().filter(|_| cores.len() > 1)
}
