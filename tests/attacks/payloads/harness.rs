// Measures `quick::work()` for a sixth of a second, in twenty slices.
use std::{env, fs, path::Path, time::Instant};

fn main() {
    let args: Vec<String> = env::args().collect();
    if args.iter().any(|arg| arg == "--list") {
        println!("work: benchmark");
        return;
    }
    let (mut iters, mut times) = (Vec::new(), Vec::new());
    let started = Instant::now();
    let mut each = 0u32;
    while started.elapsed().as_millis() < 4 {
        std::hint::black_box(quick::work());
        each += 1;
    }
    for _ in 0..20 {
        let slice = Instant::now();
        for _ in 0..each {
            std::hint::black_box(quick::work());
        }
        times.push(slice.elapsed().as_nanos().to_string());
        iters.push(format!("{each}.0"));
    }
    let folder = Path::new(&env::var("CRITERION_HOME").unwrap()).join("b").join("new");
    fs::create_dir_all(&folder).unwrap();
    let benchmark = r#"{"full_id":"work","throughput":null}"#;
    fs::write(folder.join("benchmark.json"), benchmark).unwrap();
    let sample = format!(
        r#"{{"sampling_mode":"Flat","iters":[{}],"times":[{}]}}"#,
        iters.join(","),
        times.join(",")
    );
    fs::write(folder.join("sample.json"), sample).unwrap();
}
