//! A benchmark that hangs, and ways to see what it left behind.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::repository::Repository;

/// Waits for something that another process does, and not for ever.
#[track_caller]
pub fn until(what: &str, mut there: impl FnMut() -> bool) {
    let started = Instant::now();
    while !there() {
        assert!(started.elapsed() < Duration::from_secs(120), "{what} never came");
        std::thread::yield_now();
    }
}

/// Makes the bench of [`super::bench_double`] leave a daemon behind in a session of its own, that
/// sleeps for `seconds`, and then hang. It says so in a file, whose path is given.
pub fn hanging(repository: &Repository, seconds: u32) -> PathBuf {
    let started = repository.beside("started");
    let body = format!(
        "fn main() {{\nif !env::args().any(|arg| arg == \"--list\") {{\n\
         std::process::Command::new(\"setsid\").args([\"sleep\", \"{seconds}\"]).spawn().unwrap();\n\
         fs::write({started:?}, std::process::id().to_string()).unwrap();\nloop {{}}\n}}\n"
    );
    repository.edit("benches/speed.rs", "fn main() {", &body);
    started
}

/// How many processes have this in their command line.
pub fn processes_of(marker: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(marker)).count()
}
