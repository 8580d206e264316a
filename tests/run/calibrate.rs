//! `t5 calibrate`: one commit against itself, from executables to what later reports print.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::Value;
use t5_gate::{
    host::{Ticks, advice_in},
    perf::{self, PairState, Rule},
    receipt::{Advice, Beside, decode_passes, digest},
    runner::calibrate::passes,
};

use super::slices::crate_with;
use crate::support::{
    repository::Repository,
    t5::{Said, plain, start},
};

fn calibrate(repository: &Repository, args: &[&str]) -> Said {
    let t5 = plain(repository).arg("calibrate").arg("--repo").arg(repository.dir());
    args.iter().fold(t5, |t5, arg| t5.arg(arg)).end()
}

/// The folders of all calibrations in the repository's cache, the oldest first.
fn kept(repository: &Repository) -> Vec<PathBuf> {
    let below = |folder: PathBuf| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).map(|all| all.map(|entry| entry.unwrap().path()));
        entries.map_or(Vec::new(), Iterator::collect)
    };
    let homes = below(repository.beside("cache").join("calibrations"));
    let mut kept: Vec<PathBuf> = homes.into_iter().flat_map(below).collect();
    kept.sort();
    kept
}

/// A run over a change of documents alone: it measures nothing, and prints what it knows.
fn run(repository: &Repository) -> Said {
    start(repository, &["--only", "bench"]).end()
}

#[test]
fn one_commit_is_measured_against_itself_and_later_reports_print_it() {
    let repository = crate_with(&["plain"], "0.8.2");
    repository.write("README.md", "It computes.\n").commit("Say what it does");
    let said = run(&repository);
    assert_eq!(said.receipt()["calibration"]["state"], "never");
    assert!(said.file("report.md").contains("never calibrated: `t5 calibrate`"));
    assert!(said.out.contains("never calibrated"), "{}", said.out);

    let args = ["--decisions", "2", "--budget", "2m", "--seed", "11", "--format", "json"];
    let said = calibrate(&repository, &args).ends_with(0);

    let calibration: Value = serde_json::from_str(&said.out).unwrap();
    let [folder] = <[PathBuf; 1]>::try_from(kept(&repository)).unwrap();
    let stored = fs::read(folder.join("calibration.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&stored).unwrap(), calibration);
    assert!(
        said.err.contains("s allow") || said.err.contains("a pass on identical"),
        "{}",
        said.err
    );
    let losses: Vec<f64> = calibration["passes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pass| pass["loss"].as_f64().unwrap())
        .collect();
    let ended = "a budget may end them, after the first at the earliest";
    assert_eq!(losses, passes(2)[..losses.len()], "{ended}");
    follows(&calibration, &fs::read(folder.join("samples.jsonl")).unwrap());

    let said = run(&repository);
    let carried = said.receipt()["calibration"].clone();
    assert_eq!(carried["state"], "of");
    assert_eq!(carried["calibration"], calibration);
    assert!(
        said.file("report.md").contains("### Calibration of this host\n\nThis host resolves ±")
    );
    plain(&repository).arg("verify").arg(said.folder()).end().ends_with(0);
    broken_ones_are_named_and_kept(&repository, &folder);
}

/// The counts of a calibration, computed again from its raw samples.
fn follows(calibration: &Value, samples: &[u8]) {
    assert_eq!(calibration["samples"]["sha256"], digest(samples));
    let rule: Rule = serde_json::from_value(calibration["rule"].clone()).unwrap();
    let [bench] =
        <[Value; 1]>::try_from(calibration["benches"].as_array().unwrap().clone()).unwrap();
    assert_eq!(bench["bench"]["id"], "plain");
    assert_eq!(bench["method"], "slices");
    let rounds = decode_passes(samples).unwrap();
    let passes = calibration["passes"].as_array().unwrap();
    assert_eq!(rounds.len(), passes.len());
    let mut came_to: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (pass, rounds) in passes.iter().zip(&rounds) {
        let own: Vec<_> =
            rounds.iter().filter(|round| round.bench.id == "plain").cloned().collect();
        let seed = pass["seed"].as_u64().unwrap();
        let state = perf::pair(own[0].bench.clone(), &own, &rule, seed).state;
        let believed = pass["canaries"] != "false";
        let regressed = u64::from(believed && state == PairState::Regressed);
        let loss = &pass["loss"];
        let (of, hits) = came_to.entry(loss.to_string()).or_default();
        (*of, *hits) = (*of + 1, *hits + regressed);
        for canary in ["same", "slower"] {
            assert!(rounds.iter().any(|round| round.bench.id == canary), "{canary} at {loss}");
        }
    }
    let losses = bench["losses"].as_array().into_iter().flatten();
    let losses = losses.map(|one| (one["loss"].to_string(), &one["found"]));
    let counted: BTreeMap<String, (u64, u64)> = losses
        .chain([("0.0".to_owned(), &bench["same"]["false_alarms"])])
        .map(|(loss, share)| {
            (loss, (share["of"].as_u64().unwrap(), share["hits"].as_u64().unwrap()))
        })
        .collect();
    assert_eq!(counted, came_to);
}

/// A file that cannot be read is said to be there, left as it is, and in nobody's way.
fn broken_ones_are_named_and_kept(repository: &Repository, folder: &std::path::Path) {
    let file = folder.join("calibration.json");
    fs::write(&file, "{\"schema\":\"t5-calibration/1\",\"started\"").unwrap();
    let said = run(repository);
    let carried = said.receipt()["calibration"].clone();
    assert_eq!(carried["state"], "not-used");
    let reason = carried["reason"].as_str().unwrap();
    assert!(reason.contains("calibration.json cannot be used: line 1"), "{reason}");
    assert!(said.file("report.md").contains("it is not used"), "{}", said.file("report.md"));
    assert!(fs::read_to_string(&file).unwrap().ends_with("\"started\""));
}

#[test]
fn what_cannot_be_calibrated_says_why() {
    let repository = Repository::new();
    repository
        .write(
            "Cargo.toml",
            "[package]\nname = \"bare\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        )
        .write("src/lib.rs", "//! Nothing to measure.\n")
        .write("Cargo.lock", "version = 3\n\n[[package]]\nname = \"bare\"\nversion = \"0.1.0\"\n")
        .commit("Begin");
    let bare = calibrate(&repository, &["--offline"]).ends_with(4);
    assert!(bare.err.contains("has no benchmark to measure"), "{}", bare.err);
    let unknown = calibrate(&repository, &["--rev", "nowhere"]).ends_with(2);
    assert!(
        unknown.err.contains("--rev nowhere: this repository has no such commit"),
        "{}",
        unknown.err
    );
    let endless = calibrate(&repository, &["--budget", "long"]).ends_with(2);
    assert!(endless.err.contains("--budget long:"), "{}", endless.err);
    calibrate(&repository, &["--decisions", "0"]).ends_with(2);
    assert_eq!(kept(&repository), Vec::<PathBuf>::new());
}

#[test]
fn wherever_a_budget_ends_the_passes_both_kinds_have_run() {
    assert_eq!(passes(1).len(), 2);
    let all = passes(20);
    let count = |loss: f64| all.iter().filter(|one| **one == loss).count();
    assert_eq!((count(0.0), count(0.02), count(0.04), count(0.065), count(0.09)), (20, 5, 5, 5, 5));
    assert!(all.iter().step_by(2).all(|loss| *loss == 0.0), "every other one: {all:?}");
}

/// What is said of a host with these files.
fn advised(files: &[(&str, &str)], beside: &Beside) -> impl Fn(&str) -> Advice + use<> {
    let root = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let all = advice_in(root.path(), beside, 4);
    move |what| all.iter().find(|one| one.what == what).unwrap().clone()
}

#[test]
fn a_host_is_told_what_to_change_and_by_which_command() {
    let said = advised(
        &[
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n"),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"),
            ("sys/devices/system/cpu/smt/control", "on\n"),
            ("proc/sys/kernel/randomize_va_space", "0\n"),
            ("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n"),
        ],
        &Beside { load: Some(3.0), stolen: Some(0.02) },
    );
    for (what, now, command) in [
        ("frequency governor", "powersave", "cpupower frequency-set -g performance"),
        ("turbo", "on", "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"),
        ("simultaneous multithreading", "on", "echo off"),
        ("address space randomisation", "0", "kernel.randomize_va_space=2"),
        ("transparent huge pages", "always", "echo madvise"),
        ("other load", "3.0 processes on 4 processors", "top"),
        ("steal", "2.0 % of the processors' time", "dedicated"),
    ] {
        let advice = said(what);
        assert_eq!(advice.now.as_deref(), Some(now), "{what}");
        assert!(advice.change.unwrap().contains(command), "{what}");
    }
}

#[test]
fn a_host_that_is_as_it_should_be_is_told_nothing_and_one_that_shows_nothing_neither() {
    let good = advised(
        &[
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"),
            ("sys/devices/system/cpu/cpufreq/boost", "0\n"),
            ("sys/devices/system/cpu/smt/control", "notsupported\n"),
            ("proc/sys/kernel/randomize_va_space", "2\n"),
            ("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
        ],
        &Beside { load: Some(0.1), stolen: Some(0.0) },
    );
    let hidden = advised(&[], &Beside::default());
    for what in [
        "frequency governor",
        "turbo",
        "simultaneous multithreading",
        "address space randomisation",
        "transparent huge pages",
        "other load",
        "steal",
    ] {
        assert_eq!(good(what).change, None, "{what}");
        assert!(good(what).now.is_some(), "{what}");
        assert_eq!((hidden(what).now, hidden(what).change), (None, None), "{what}");
    }
}

#[test]
fn steal_is_the_share_of_all_ticks_since() {
    let before = Ticks::of("cpu  100 0 50 800 0 0 0 50 7 0\ncpu0 1 2 3\n").unwrap();
    let after = Ticks::of("cpu  150 0 70 900 0 0 0 80 9 0\n").unwrap();
    assert_eq!(after.stolen(before), Some(0.15), "30 of 200; guests are counted as user already");
    assert_eq!(before.stolen(before), None, "no time, no share");
    assert_eq!(Ticks::of("cpu 1 2 3\n"), None, "an old kernel says nothing of steal");
    assert_eq!(Ticks::of(""), None);
}
