//! A pull request with a hundred benchmarks, one of which does 7 % more work.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    commits::{Variant, git},
    decisions, gate,
};

/// The one that is slower: 7 % less throughput is 7.53 % more work.
const SLOWER: &str = "work/37";
const LOSS: u32 = 70;
const MORE: usize = 753;

const MANIFEST: &str = "[package]\nname = \"family\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
    license = \"MIT\"\n\n[dev-dependencies]\ncriterion = { version = \"=0.8.2\", \
    default-features = false, features = [\"cargo_bench_support\"] }\n\n\
    [[bench]]\nname = \"hundred\"\nharness = false\n\n[workspace]\n";

const LIBRARY: &str = r"//! Four kinds of work, each over slices of many lengths.

/// Ten-thousandths that number 37 does more.
const MORE: usize = 0;
const SLOWER: usize = 37;

pub fn data(number: usize) -> Vec<u32> {
    (0..2000 + 97 * number as u32).map(|at| at.wrapping_mul(2_654_435_761)).collect()
}

pub fn work(number: usize, data: &[u32]) -> u32 {
    let more = if number == SLOWER { data.len() * MORE / 10_000 } else { 0 };
    kind(number, data) ^ kind(number, &data[..more])
}

#[inline(never)]
fn kind(number: usize, data: &[u32]) -> u32 {
    match number % 4 {
        0 => data.iter().fold(0, |all, one| all ^ one.rotate_left(all & 31)),
        1 => data.iter().map(|one| one / 7 % 13).sum(),
        2 => data.iter().filter(|one| **one & 5 == 5).count() as u32,
        _ => data.iter().fold(1, |all: u32, one| all.wrapping_mul(31).wrapping_add(*one)),
    }
}
";

const BENCH: &str = r#"use criterion::{criterion_group, criterion_main, Criterion};

fn hundred(criterion: &mut Criterion) {
    std::hint::black_box("tag 0");
    for number in 0..100 {
        let data = family::data(number);
        criterion.bench_function(&format!("work/{number}"), |bencher| {
            bencher.iter(|| family::work(number, std::hint::black_box(&data)));
        });
    }
}

criterion_group!(all, hundred);
criterion_main!(all);
"#;

pub fn run(folder: &Path, runs: usize) {
    let repository = folder.join("family");
    let base = make(&repository);
    let tagged = BENCH.replace("tag 0", "tag 1");
    let same = change(&repository, &base, "benches/hundred.rs", &tagged);
    let slower = LIBRARY.replace("MORE: usize = 0", &format!("MORE: usize = {MORE}"));
    let slower = change(&repository, &base, "src/lib.rs", &slower);
    for run in 0..runs {
        for (name, sha) in [("a hundred, the same", &same), ("a hundred, one slower", &slower)] {
            let variant = Variant { name: name.to_owned(), loss: 0, sha: sha.clone() };
            let mut decided = gate::decide((folder, &repository), "family", &base, &variant, run);
            for one in decided.iter_mut().filter(|one| one.bench == SLOWER && *sha == slower) {
                one.loss = LOSS;
            }
            println!("{name}: {}", summary(&decided));
            decisions::keep(folder, &decided);
        }
    }
}

fn make(repository: &PathBuf) -> String {
    let _ = fs::remove_dir_all(repository);
    for (file, text) in [
        ("Cargo.toml", MANIFEST),
        (".gitignore", "/target\n"),
        ("src/lib.rs", LIBRARY),
        ("benches/hundred.rs", BENCH),
    ] {
        let path = repository.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut cargo = std::process::Command::new("cargo");
    assert!(cargo.arg("generate-lockfile").current_dir(repository).status().unwrap().success());
    git(repository, &["init", "--quiet", "--initial-branch=main"]);
    commit(repository)
}

fn change(repository: &Path, base: &str, file: &str, text: &str) -> String {
    git(repository, &["checkout", "--quiet", "--force", base]);
    fs::write(repository.join(file), text).unwrap();
    commit(repository)
}

fn commit(repository: &Path) -> String {
    git(repository, &["add", "--all"]);
    git(repository, &["commit", "--quiet", "-m", "A commit"]);
    git(repository, &["rev-parse", "HEAD"])
}

fn summary(decided: &[decisions::Decision]) -> String {
    let mut told = String::new();
    for one in decided.iter().filter(|one| one.state != "held") {
        write!(told, "{} {} {:.3}, ", one.bench, one.state, one.ratio.unwrap_or(f64::NAN)).unwrap();
    }
    let seconds: f64 = decided.iter().map(|one| one.seconds).sum();
    format!("{told}the rest held, {seconds:.0} s in all")
}
