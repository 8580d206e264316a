//! What the sandbox costs: entering it, a build in it, a benchmark in it; and what the fixed
//! environment of measured processes does to a benchmark.
//!
//! Inside and outside take turns, in an order drawn by a coin, and what is quoted are medians of
//! the ratios of turns. Let nothing else run beside it:
//!
//! ```sh
//! cargo bench --bench sandbox
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench says what it found, and ends where it cannot go on"
)]

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use t5_gate::{
    policy::Side,
    runner::{
        Context, criterion::Bench, guard::EnvGuard, progress::Progress, rooms::Rooms,
        toolchain::Toolchain,
    },
    sandbox::{Cancel, Grant, Isolation, Job, Limits, Sandbox, Session, Wish},
};
use tokio::sync::Mutex;

const T5: &str = env!("CARGO_BIN_EXE_t5");
/// Turns of quick things, of benchmarks and of builds.
const QUICK: usize = 60;
const BENCHES: usize = 60;
const BUILDS: usize = 8;
/// Benchmarks of the kernels that take turns: one in the cache, one that streams.
const FILTERS: [&str; 2] = ["avx2", "scalar"];

fn main() {
    if !env::args().any(|arg| arg == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(all());
}

async fn all() {
    let scratch = tempfile::tempdir().unwrap();
    let outside = context(Isolation::None, scratch.path()).await;
    let inside = context(Isolation::Full, scratch.path()).await;
    println!("inside: {}", inside.sandbox.layers().join("; "));
    let toolchain = Toolchain::find(&outside, None).await.unwrap();
    entering(&outside, &inside, scratch.path()).await;
    let executable = kernels();
    let ids = ids(&outside, &executable, scratch.path()).await;
    for id in ids {
        measuring(&outside, &inside, &executable, &id, scratch.path()).await;
        environment(&outside, &executable, &id, scratch.path()).await;
    }
    building(&outside, &inside, &toolchain, scratch.path()).await;
}

async fn context(level: Isolation, scratch: &Path) -> Context {
    let env: BTreeMap<OsString, OsString> = env::vars_os().collect();
    let path = env.get(&OsString::from("PATH")).cloned();
    let sandbox = Sandbox::find(Wish::Only(level), Path::new(T5), path.as_deref()).await;
    Context {
        cache: scratch.join("cache"),
        env,
        sandbox: Arc::new(sandbox.expect("the level is there: see `t5 doctor`")),
        cancel: Cancel::default(),
        progress: Progress::silent(),
    }
}

/// A coin that falls the same way in every run of this bench.
fn coins() -> fastrand::Rng {
    fastrand::Rng::with_seed(5)
}

fn told(what: &str, mut ratios: Vec<f64>) {
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| ratios[((ratios.len() - 1) as f64 * share) as usize];
    println!(
        "{what}: ×{:.4} (median of {} turns; quartiles ×{:.4} and ×{:.4})",
        at(0.5),
        ratios.len(),
        at(0.25),
        at(0.75)
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn room<'a>(ctx: &'a Context, scratch: &Path, read: &[&Path]) -> Session<'a> {
    fs::create_dir_all(scratch).unwrap();
    ctx.sandbox.give(scratch).unwrap();
    let grant = Grant::nothing(scratch, Limits::of_measurement(8 << 30, 600));
    ctx.sandbox.session(grant.reading(read.iter().copied()))
}

async fn entering(outside: &Context, inside: &Context, scratch: &Path) {
    let job = Job::new("/bin/true", "/");
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for _ in 0..QUICK {
        for (first, again, ctx) in [
            ("none, first program", "none, next program", outside),
            ("full, first program", "full, next program", inside),
        ] {
            let mut session = room(ctx, &scratch.join("true"), &[]);
            for name in [first, again] {
                let started = Instant::now();
                let done = session.run(&job, None, &ctx.cancel).await.unwrap();
                assert!(done.success(), "{done:?}");
                times.entry(name).or_default().push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    for (name, values) in times {
        println!("{name}: {:.1} ms (median of {QUICK})", median(values));
    }
}

/// A bench executable of the kernels.
fn kernels() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["bench", "--no-run", "--locked", "--package=t5-kernels", "--bench=qk256"])
        .arg("--message-format=json")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    String::from_utf8_lossy(&built.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["kind"][0] == "bench")
        .filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
        .next_back()
        .expect("cargo names the executable")
}

fn bench<'a, 's>(
    ctx: &'a Context,
    room: &'a Mutex<Session<'s>>,
    path: &'a Path,
    env: &'a BTreeMap<OsString, OsString>,
    guard: &EnvGuard,
) -> Bench<'a, 's> {
    let limit = Duration::from_secs(60);
    let side = Side::Head;
    Bench { ctx, side, room, path, dir: "/".into(), env, core: guard.core, limit }
}

async fn ids(ctx: &Context, executable: &Path, scratch: &Path) -> Vec<String> {
    let guard = EnvGuard::new(&scratch.join("list")).unwrap();
    let env = guard.environment(&mut coins());
    let room = Mutex::new(room(ctx, guard.scratch(), &[executable]));
    let all = bench(ctx, &room, executable, &env, &guard).list().await.unwrap().ids;
    let first = |filter: &str| all.iter().find(|id| id.contains(filter)).cloned();
    FILTERS.iter().filter_map(|filter| first(filter)).collect()
}

/// Nanoseconds an iteration, the median of one process's slices.
async fn sampled(bench: &Bench<'_, '_>, id: &str, guard: &EnvGuard) -> f64 {
    let sample = bench.sample(id, &guard.samples()).await.unwrap();
    median(sample.slices.iter().map(|slice| slice.per_iteration()).collect())
}

async fn measuring(outside: &Context, inside: &Context, path: &Path, id: &str, scratch: &Path) {
    let guard = EnvGuard::new(&scratch.join("measure")).unwrap();
    let rooms = [outside, inside].map(|ctx| Mutex::new(room(ctx, guard.scratch(), &[path])));
    let mut draw = coins();
    let mut ratios = Vec::new();
    for _ in 0..BENCHES {
        let env = guard.environment(&mut draw);
        let benches = [
            bench(outside, &rooms[0], path, &env, &guard),
            bench(inside, &rooms[1], path, &env, &guard),
        ];
        let mut times = [0.0; 2];
        let first = usize::from(draw.bool());
        for side in [first, 1 - first] {
            times[side] = sampled(&benches[side], id, &guard).await;
        }
        ratios.push(times[1] / times[0]);
    }
    told(&format!("a benchmark inside ({id}), time"), ratios);
}

/// The same executable in the fixed environment and in ours, both outside.
async fn environment(ctx: &Context, path: &Path, id: &str, scratch: &Path) {
    let guard = EnvGuard::new(&scratch.join("environment")).unwrap();
    let room = Mutex::new(room(ctx, guard.scratch(), &[path]));
    let mut draw = coins();
    let mut ratios = Vec::new();
    for _ in 0..BENCHES {
        let environments = [ctx.env.clone(), guard.environment(&mut draw)];
        let mut times = [0.0; 2];
        let first = usize::from(draw.bool());
        for side in [first, 1 - first] {
            let bench = bench(ctx, &room, path, &environments[side], &guard);
            times[side] = sampled(&bench, id, &guard).await;
        }
        ratios.push(times[1] / times[0]);
    }
    told(&format!("a benchmark in the fixed environment ({id}), time"), ratios);
}

async fn building(outside: &Context, inside: &Context, toolchain: &Toolchain, scratch: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut draw = coins();
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    for ctx in [outside, inside] {
        // What has to be fetched is not what is measured.
        let _ = built(ctx, toolchain, root, scratch).await;
    }
    for _ in 0..BUILDS {
        let mut took = [(0.0, 0.0); 2];
        let first = usize::from(draw.bool());
        for side in [first, 1 - first] {
            took[side] = built([outside, inside][side], toolchain, root, scratch).await;
        }
        cpu.push(took[1].0 / took[0].0);
        wall.push(took[1].1 / took[0].1);
    }
    told("a build inside (the kernels and what they stand on, release), processor time", cpu);
    told("the same, wall time", wall);
}

/// Processor and wall time of a build from nothing, in seconds.
async fn built(ctx: &Context, toolchain: &Toolchain, root: &Path, scratch: &Path) -> (f64, f64) {
    let target = scratch.join("target");
    let _ = fs::remove_dir_all(&target);
    fs::create_dir_all(&target).unwrap();
    ctx.sandbox.give(&target).unwrap();
    let rooms = Rooms::new(ctx, toolchain, &scratch.join("files")).unwrap();
    let fetch = rooms.cargo_fetching(root).args(["fetch", "--locked"]);
    let fetched = ctx.sandbox.run(&fetch, &rooms.fetching(root), &ctx.cancel).await.unwrap();
    assert!(fetched.success(), "{}", fetched.stderr_text());
    let job = rooms.cargo_offline(root).env("CARGO_TARGET_DIR", &target).args([
        "build",
        "--release",
        "--locked",
        "--offline",
        "--package=t5-kernels",
    ]);
    let grant = rooms.building(root, &target, 600);
    let done = ctx.sandbox.run(&job, &grant, &ctx.cancel).await.unwrap();
    assert!(done.success(), "{}", done.stderr_text());
    (done.usage.unwrap().cpu.as_secs_f64(), done.wall.as_secs_f64())
}
