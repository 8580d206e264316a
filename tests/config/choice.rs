//! What the bench rules choose.

use t5_gate::config::BenchRules;

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn without_rules_everything_is_chosen() {
    let rules = BenchRules::default();
    assert!(rules.selects_target("anything"));
    assert!(rules.selects_bench("any/thing"));
    assert_eq!(rules.cargo_args(), ["--workspace"]);
}

#[test]
fn targets_are_chosen_by_pattern_and_exclusion_wins() {
    let rules = BenchRules {
        targets: texts(&["quant*", "gemv_?", "[t-v]l1"]),
        exclude: texts(&["*_fuzz"]),
        ..BenchRules::default()
    };
    let chosen = |name| rules.selects_target(name);
    assert!(chosen("quant") && chosen("quantize") && chosen("gemv_4") && chosen("tl1"));
    assert!(!chosen("dequant"), "a pattern is about the whole name");
    assert!(!chosen("gemv_16"));
    assert!(!chosen("quant_fuzz"));
}

#[test]
fn exclusion_alone_leaves_the_others() {
    let rules = BenchRules { exclude: texts(&["fuzz_*"]), ..BenchRules::default() };
    assert!(rules.selects_target("quantize"));
    assert!(!rules.selects_target("fuzz_parser"));
}

#[test]
fn a_pattern_that_is_none_chooses_nothing() {
    let rules = BenchRules { targets: texts(&["["]), ..BenchRules::default() };
    assert!(!rules.selects_target("["));
}

#[test]
fn a_pattern_full_of_stars_does_not_take_for_ever() {
    let rules = BenchRules { targets: vec!["*a".repeat(64) + "b"], ..BenchRules::default() };
    assert!(!rules.selects_target(&"a".repeat(5_000)));
}

#[test]
fn benchmarks_are_chosen_by_a_part_of_their_id() {
    let rules = BenchRules { filter: texts(&["i2s", "gemv/16"]), ..BenchRules::default() };
    assert!(rules.selects_bench("quantize/i2s/1024"));
    assert!(rules.selects_bench("gemv/16384"));
    assert!(!rules.selects_bench("quantize/tl1/1024"));
}

#[test]
fn the_command_of_the_seed_can_be_said() {
    let rules =
        BenchRules { features: texts(&["cpu"]), default_features: false, ..BenchRules::default() };
    assert_eq!(rules.cargo_args(), ["--workspace", "--no-default-features", "--features", "cpu"]);
}

#[test]
fn packages_replace_the_workspace() {
    let rules = BenchRules {
        packages: texts(&["a", "b"]),
        features: texts(&["a/x", "b/y"]),
        ..BenchRules::default()
    };
    assert_eq!(rules.cargo_args(), ["-p", "a", "-p", "b", "--features", "a/x,b/y"]);
    assert_eq!(rules.feature_args(), ["--features", "a/x,b/y"]);
    let rules = BenchRules { all_features: true, ..BenchRules::default() };
    assert_eq!(rules.cargo_args(), ["--workspace", "--all-features"]);
}
