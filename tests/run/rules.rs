//! Whose rules count.

use crate::support::{
    bench_double::{crate_with, source},
    not_run::needs,
    t5::run,
};

#[test]
fn nothing_from_the_head_commit_configures_the_gate() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("t5.yml", "version: 1\nbench:\n  min-throughput: 0.5\n  exclude: [speed]\n");
    repository.write("benches/speed.rs", &source(&[("add", 130.0)])).commit("Loosen and slow down");

    let said = run(&repository, &[]).ends_with(1);

    assert_eq!(said.pair("add")["state"], "regressed");
    assert!(said.reasons().contains(&"rules-edited".to_owned()), "{:?}", said.reasons());
    assert_eq!(said.receipt()["rules"]["source"], "built-in default");
}

#[test]
fn the_rules_of_the_target_branch_count() {
    let repository = crate_with(&[("add", 100.0), ("mul", 100.0)]);
    repository.write("t5.yml", "version: 1\nbench:\n  filter: [mul]\n").commit("Begin");
    repository.write("benches/speed.rs", &source(&[("add", 130.0), ("mul", 100.0)]));
    repository.commit("Slow down what nobody looks at");

    let said = run(&repository, &["--only", "bench"]).ends_with(0);

    let pairs = said.receipt()["perf"]["pairs"].as_array().unwrap().len();
    assert_eq!(pairs, 1);
    assert_eq!(said.receipt()["rules"]["source"], "t5.yml");
}

#[test]
fn a_file_of_the_operator_replaces_the_repositorys_own() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.write("t5.yml", "version: 1\nbench:\n  exclude: [speed]\n").commit("Begin");
    repository.write("benches/speed.rs", &source(&[("add", 130.0)])).commit("Slow down");
    let mine = repository.beside("mine.yml");
    std::fs::write(&mine, "version: 1\nbench:\n  min-throughput: 0.7\n").unwrap();

    let said = run(&repository, &["--only", "bench", "--config", mine.to_str().unwrap()]);

    assert_eq!(said.pair("add")["state"], "held");
    said.ends_with(0);
}

#[test]
fn features_and_packages_of_a_workspace_can_be_chosen() {
    let repository = crate_with(&[("add", 100.0)]);
    let manifest = std::fs::read_to_string(repository.dir().join("Cargo.toml")).unwrap();
    let manifest = manifest.replace(
        "harness = false\n",
        "harness = false\nrequired-features = [\"cpu\"]\n\n[features]\ndefault = [\"gpu\"]\ncpu = []\ngpu = []\n",
    );
    repository.write("Cargo.toml", &manifest);
    repository.write("src/lib.rs", "#[cfg(feature = \"gpu\")]\ncompile_error!(\"no gpu here\");\n");
    repository.commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");

    // By default the one bench target lacks its feature: named, and nothing left to measure.
    let said = run(&repository, &["--only", "bench"]);
    let target = said.receipt()["perf"]["targets"][0].clone();
    assert_eq!(target["state"], "not-selected");
    assert_eq!(target["reason"], "needs features that are off: cpu");

    let rules =
        "version: 1\nbench:\n  default-features: false\n  features: [cpu]\n  profile: dev\n";
    let mine = repository.beside("mine.yml");
    std::fs::write(&mine, rules).unwrap();
    let said = run(&repository, &["--only", "bench", "--config", mine.to_str().unwrap()]);
    assert_eq!(said.pair("add")["state"], "held");
    let command = said.receipt()["perf"]["builds"][0]["command"].as_str().unwrap().to_owned();
    let flags = "--workspace --no-default-features --features cpu --profile=dev";
    assert!(command.contains(flags), "{command}");
}

#[test]
fn a_toolchain_that_is_missing_is_named_with_the_command() {
    let mend = "install Rust by rustup, which is what knows of several toolchains";
    if !needs("a_toolchain_that_is_missing", &["rustup", "show", "active-toolchain"], mend) {
        return;
    }
    let repository = crate_with(&[("add", 100.0)]);
    repository.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.12.3\"\n").commit("Begin");
    repository.edit("benches/speed.rs", "a known id", "a known name").commit("Rename");

    let said = run(&repository, &["--only", "bench"]).ends_with(4);
    assert!(said.file("report.md").contains("rustup toolchain install 1.12.3"));

    let here = std::process::Command::new("rustup").args(["show", "active-toolchain"]).output();
    let here = String::from_utf8(here.unwrap().stdout).unwrap();
    let here = here.split_whitespace().next().unwrap();
    let said = run(&repository, &["--only", "bench", "--toolchain", here]).ends_with(0);
    assert_eq!(said.pair("add")["state"], "held");
}

#[test]
fn a_head_that_changes_the_toolchain_is_flagged_and_not_followed() {
    let repository = crate_with(&[("add", 100.0)]);
    repository.commit("Begin");
    repository.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.12.3\"\n").commit("Pin");

    let said = run(&repository, &["--only", "bench"]).ends_with(0);
    let edits = serde_json::json!([{ "path": "rust-toolchain.toml", "what": "toolchain" }]);
    assert_eq!(said.receipt()["perf"]["edits"], edits);
    assert!(said.reasons().contains(&"edits-what-measures".to_owned()));
}
