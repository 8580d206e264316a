//! What a file leaves out has its default, and every default is documented.

use jiff::civil::date;
use t5_gate::{
    config::{self, Config},
    policy::Waiver,
};

const DEFAULT: &str = include_str!("../../config/t5.default.yml");

#[test]
fn the_documented_default_is_the_default() {
    assert_eq!(config::parse(DEFAULT), Ok(Config::default()));
}

#[test]
fn a_file_that_says_only_its_version_means_the_default() {
    assert_eq!(config::parse("version: 1"), Ok(Config::default()));
}

#[test]
fn a_section_whose_every_line_is_commented_out_means_the_default() {
    let text = "version: 1\npolicy:\n  # deny: deny.toml\nbench:\n  # guard: 0.01\n";
    assert_eq!(config::parse(text), Ok(Config::default()));
}

#[test]
fn every_key_is_read() {
    let text = "
version: 1
policy:
  deny: config/deny.toml
  advisory-max-age: 7d
  waivers:
    - id: RUSTSEC-2024-0436
      scope: paste@1.0.15
      reason: >
        Build-time macro of pulp,
        without a successor yet.
      owner: Ada Lovelace
      expires: 2027-05-31
bench:
  packages: [kernels]
  features: [cpu, kernels/avx2]
  all-features: false
  default-features: false
  profile: release-lto
  targets: [\"quant*\", i2s]
  exclude: [\"fuzz_*\"]
  filter: [i2s]
  toolchain: \"1.95\"
  min-throughput: 0.9
  guard: 0
  budget: 1h30m
  process-limit: 90s
  build-limit: 2h
";
    let read = config::parse(text).unwrap();
    assert_eq!(read.policy.deny.as_deref(), Some("config/deny.toml"));
    assert_eq!(read.policy.advisory_max_age_days, 7);
    let waiver = Waiver {
        id: "RUSTSEC-2024-0436".to_owned(),
        scope: "paste@1.0.15".to_owned(),
        reason: "Build-time macro of pulp, without a successor yet.".to_owned(),
        owner: "Ada Lovelace".to_owned(),
        expires: date(2027, 5, 31),
    };
    assert_eq!(read.policy.waivers, [waiver]);
    let bench = read.bench;
    assert_eq!(bench.packages, ["kernels"]);
    assert_eq!(bench.features, ["cpu", "kernels/avx2"]);
    assert!(!bench.all_features);
    assert!(!bench.default_features);
    assert_eq!(bench.profile, "release-lto");
    assert_eq!(bench.targets, ["quant*", "i2s"]);
    assert_eq!(bench.exclude, ["fuzz_*"]);
    assert_eq!(bench.filter, ["i2s"]);
    assert_eq!(bench.toolchain.as_deref(), Some("1.95"));
    assert_eq!((bench.min_throughput, bench.guard), (0.9, 0.0));
    assert_eq!(
        (bench.budget_seconds, bench.process_seconds, bench.build_seconds),
        (5400, 90, 7200)
    );
}

#[test]
fn the_rules_travel_in_a_receipt_and_come_back_the_same() {
    let text = "version: 1\nbench: {guard: 0.01, budget: 5m}";
    let read = config::parse(text).unwrap();
    let receipt = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<Config>(&receipt).unwrap(), read);
}

#[test]
fn the_lines_may_end_as_on_any_system() {
    let text = DEFAULT.replace('\n', "\r\n");
    assert_eq!(config::parse(&text), Ok(Config::default()));
    assert_eq!(config::parse(&format!("\u{feff}{DEFAULT}")), Ok(Config::default()));
}

#[test]
fn an_alias_stands_for_what_its_anchor_holds() {
    let text = "
version: 1
policy:
  waivers:
    - {id: RUSTSEC-2024-0436, scope: paste, reason: r, owner: &team Kernels, expires: 2027-05-31}
    - {id: RUSTSEC-2023-0071, scope: rsa, reason: r, owner: *team, expires: 2027-05-31}
";
    let waivers = config::parse(text).unwrap().policy.waivers;
    assert!(waivers.iter().all(|waiver| waiver.owner == "Kernels"));
}
