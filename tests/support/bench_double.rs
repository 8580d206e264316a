//! A bench target that speaks criterion's command line and writes criterion's files,
//! with times that the test chooses: so no test depends on how fast this machine is.

use super::repository::Repository;

/// The source of the double. `NANOSECONDS` lists each benchmark with its time.
const SOURCE: &str = r##"
use std::{env, fs, path::Path};

const NANOSECONDS: &[(&str, f64)] = &[/*benchmarks*/];

fn main() {
    let args: Vec<String> = env::args().collect();
    if args.iter().any(|arg| arg == "--list") {
        for (id, _) in NANOSECONDS {
            println!("{id}: benchmark");
        }
        return;
    }
    let filter = args.last().unwrap().trim_start_matches('^').trim_end_matches('$').replace('\\', "");
    let (id, nanoseconds) = NANOSECONDS.iter().find(|(id, _)| *id == filter).expect("a known id");
    let home = env::var("CRITERION_HOME").unwrap();
    let folder = Path::new(&home).join("b").join("new");
    fs::create_dir_all(&folder).unwrap();
    let mut state = u64::from(std::process::id()).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let times: Vec<String> = (0..20).map(|_| {
        state ^= state << 13; state ^= state >> 7; state ^= state << 17;
        let noise = (state % 1000) as f64 / 1000.0 * 0.02;
        format!("{}", 2.0 * nanoseconds * (1.0 + noise))
    }).collect();
    // So few that no process is too short to have taken them: the runner's own clock looks, too.
    let iters = vec!["2.0"; 20].join(",");
    fs::write(folder.join("benchmark.json"), format!(r#"{{"full_id":"{id}","throughput":{{"Elements":64}}}}"#)).unwrap();
    fs::write(folder.join("sample.json"), format!(r#"{{"sampling_mode":"Flat","iters":[{iters}],"times":[{}]}}"#, times.join(","))).unwrap();
}
"##;

/// The double with these benchmarks, each an id and its nanoseconds.
pub fn source(benchmarks: &[(&str, f64)]) -> String {
    let listed: Vec<String> =
        benchmarks.iter().map(|(id, time)| format!("({id:?}, {time:?})")).collect();
    SOURCE.replace("/*benchmarks*/", &listed.join(", "))
}

/// A crate without dependencies and with one bench target, `speed`, that is the double.
pub fn crate_with(benchmarks: &[(&str, f64)]) -> Repository {
    let repository = Repository::new();
    write_crate(&repository, "", benchmarks);
    repository
}

/// Writes such a crate into a folder of the repository.
pub fn write_crate(repository: &Repository, folder: &str, benchmarks: &[(&str, f64)]) {
    let manifest = r#"[package]
name = "quick"
version = "0.1.0"
edition = "2021"
license = "MIT"

[[bench]]
name = "speed"
harness = false
"#;
    let lock = "version = 4\n\n[[package]]\nname = \"quick\"\nversion = \"0.1.0\"\n";
    repository
        .write(&format!("{folder}Cargo.toml"), manifest)
        .write(&format!("{folder}Cargo.lock"), lock)
        .write(&format!("{folder}src/lib.rs"), "//! A crate to be gated.\n")
        .write(&format!("{folder}benches/speed.rs"), &source(benchmarks))
        .write("README.md", "# quick\n");
}
