//! Both sides take turns slice by slice, through a gate inside their own criterion.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{
    bench_double::crate_with as crate_with_double,
    repository::Repository,
    t5::{Said, cargo, fixture, plain, start},
};

/// A crate with these bench targets, each one of the fixtures, against a version of criterion.
pub(super) fn crate_with(targets: &[&str], criterion: &str) -> Repository {
    let repository = Repository::new();
    let mut manifest = format!(
        "[package]\nname = \"real\"\nversion = \"0.1.0\"\nedition = \"2021\"\nlicense = \"MIT\"\n\n\
         [dev-dependencies]\ncriterion = {{ version = \"={criterion}\", default-features = false, \
         features = [\"async\", \"cargo_bench_support\"] }}\n"
    );
    for target in targets {
        manifest += &format!("\n[[bench]]\nname = \"{target}\"\nharness = false\n");
        let source = fs::read_to_string(fixture("benches").join(format!("{target}.rs"))).unwrap();
        repository.write(&format!("benches/{target}.rs"), &source);
    }
    repository.write("Cargo.toml", &manifest).write("src/lib.rs", "//! A crate to be gated.\n");
    lock(&repository);
    repository.commit("Begin");
    repository
}

/// Locks what this workspace has locked, so that little has to be fetched.
fn lock(repository: &Repository) {
    let own = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    repository.write("Cargo.lock", &own);
    let said = std::process::Command::new("cargo")
        .args(["metadata", "--format-version=1"])
        .current_dir(repository.dir())
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

/// Gates a head that does the same in other words.
fn gated(repository: &Repository, target: &str, isolation: &str) -> Said {
    let file = format!("benches/{target}.rs");
    repository.edit(&file, "black_box(all ^ time)", "black_box(time ^ all)");
    repository.edit(&file, "wrapping_mul(31)", "wrapping_mul(37)").commit("Put it otherwise");
    let said = measured(repository, isolation);
    assert_ne!(said.code, Some(2), "{}{}", said.out, said.err);
    said
}

/// What a person would type: criterion is fetched where it is not there yet.
fn measured(repository: &Repository, isolation: &str) -> Said {
    let out = repository.beside("out").display().to_string();
    let words = ["run", "--out", &out, "--only", "bench", "--budget", "60s"];
    let t5 = words.into_iter().fold(plain(repository), |t5, word| t5.arg(word));
    t5.arg("--isolation").arg(isolation).end()
}

fn method(said: &Said, id: &str) -> Value {
    said.pair(id)["method"].clone()
}

#[test]
fn every_form_of_criterion_takes_turns() {
    let repository = crate_with(&["forms"], "0.8.2");
    let said = gated(&repository, "forms", "best");
    for id in [
        "iter",
        "custom",
        "batched",
        "batched, one by one",
        "large drop",
        "async",
        "steps",
        "group (a+b)|c/with input/100",
        "group (a+b)|c/with input/1000",
    ] {
        let pair = said.pair(id);
        assert_eq!(pair["method"], "slices", "{id}: {pair}");
        assert_ne!(pair["state"], "could-not-run", "{id}: {pair}");
    }
    assert_eq!(said.pair("group (a+b)|c/with input/100")["throughput"]["elements"], 100);
    let turns = said.file("samples.jsonl");
    let round: Value = serde_json::from_str(turns.lines().next().unwrap()).unwrap();
    let letters = round["turns"].as_str().unwrap();
    assert_eq!(letters.len(), round["base"].as_array().unwrap().len());
    assert!(letters.contains('b') && letters.contains('h'), "a coin decides: {letters}");
}

#[test]
fn odd_benches_have_a_sane_outcome() {
    let repository = crate_with(&["odd"], "0.8.2");
    let said = gated(&repository, "odd", "best");
    for id in ["slow", "set-up", "state", "prints", "reads stdin", "changes directory"] {
        let pair = said.pair(id);
        assert_eq!(pair["method"], "slices", "{id}: {pair}");
        assert_ne!(pair["state"], "could-not-run", "{id}: {pair}");
    }
    // A process that works while the other is measured cannot take turns with it.
    assert_eq!(method(&said, "busy"), "process-pairs");
    assert_eq!(said.pair("exits")["state"], "could-not-run");
    assert_ne!(said.pair("after that")["state"], "could-not-run", "it is not its fault");
    assert_ne!(said.pair("threads")["state"], "could-not-run");
}

#[test]
fn every_criterion_since_0_4_takes_turns_also_several_in_one_workspace() {
    let versions = ["0.4.0", "0.5.1", "0.6.0", "0.7.0", "0.8.2"];
    let repository = Repository::new();
    let source = fs::read_to_string(fixture("benches").join("plain.rs")).unwrap();
    let mut manifest = "[package]\nname = \"real\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                        license = \"MIT\"\n\n[dev-dependencies]\n"
        .to_owned();
    let mut targets = String::new();
    for (index, version) in versions.iter().enumerate() {
        manifest += &format!(
            "criterion{index} = {{ package = \"criterion\", version = \"={version}\", \
             default-features = false, features = [\"cargo_bench_support\"] }}\n"
        );
        targets += &format!("\n[[bench]]\nname = \"speed{index}\"\nharness = false\n");
        let source = source.replace("use criterion::", &format!("use criterion{index}::"));
        repository.write(&format!("benches/speed{index}.rs"), &source);
    }
    repository.write("Cargo.toml", &(manifest + &targets)).write("src/lib.rs", "//! Empty.\n");
    cargo(&repository).arg("generate-lockfile").end().ends_with(0);
    repository.commit("Begin");
    for index in 0..versions.len() {
        let file = format!("benches/speed{index}.rs");
        repository.edit(&file, "wrapping_mul(31)", "wrapping_mul(37)");
    }
    repository.commit("Put it otherwise");

    let said = measured(&repository, "best");

    assert_ne!(said.code, Some(2), "{}{}", said.out, said.err);
    let pairs = said.receipt()["perf"]["pairs"].as_array().unwrap().clone();
    let ways: Vec<(&str, &str)> = pairs
        .iter()
        .map(|pair| (pair["bench"]["target"].as_str().unwrap(), pair["method"].as_str().unwrap()))
        .collect();
    let wanted: Vec<String> = (0..versions.len()).map(|index| format!("speed{index}")).collect();
    let wanted: Vec<(&str, &str)> = wanted.iter().map(|name| (name.as_str(), "slices")).collect();
    assert_eq!(ways, wanted);
}

#[test]
fn what_is_no_criterion_of_the_registry_is_measured_as_whole_processes() {
    let repository = crate_with_double(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");
    let said = start(&repository, &["--only", "bench"]).end().ends_with(0);
    assert_eq!(method(&said, "add"), "process-pairs");
}

#[test]
fn a_loss_is_measured_again_and_with_functions_in_other_orders() {
    let repository = crate_with(&["plain"], "0.8.2");
    let file = "benches/plain.rs";
    repository.edit(file, "0..1000_u64", "0..3000_u64").commit("Do three times the work");
    let said = measured(&repository, "best").ends_with(1);
    assert!(said.reasons().contains(&"regressed".to_owned()), "{:?}", said.reasons());
    let confirmation = said.pair("plain")["confirmation"].clone();
    assert_eq!(confirmation["confirmed"], true, "{confirmation}");
    let orders = confirmation["relinked"].as_array().unwrap();
    assert_eq!(orders.len(), 3, "{confirmation}");
    // Every figure of it can be computed again from the samples.
    plain(&repository).arg("verify").arg(said.folder().display().to_string()).end().ends_with(0);
}
