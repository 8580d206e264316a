//! Somebody writes a file with mistakes, and is told each of them with its place.

use insta::assert_snapshot;

use super::{told, told_of_bench, told_of_policy};
use t5_gate::config;

#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    let text = "\
version: 1
polcy:
  deny: deny.toml
policy:
  deny: ../deny.toml
  waivers:
    - id: RUSTSEC-2024-436
      scope: '*'
      reason: ' '
      expires: 2027-02-30
bench:
  packges: [kernels]
  features: cpu
  all-features: yes
  toolchain: 1.95
  min-throughput: 95
  budget: 600
  budget: 10m
";
    assert_snapshot!(told(text), @"
    t5.yml:2:1: unknown key `polcy` in the file; did you mean `policy`?
    t5.yml:5:9: `deny` must stay in the repository, not `../deny.toml`
    t5.yml:7:7: a waiver lacks `owner`; it says who answers for it
    t5.yml:7:11: `id` is no advisory's id, but `RUSTSEC-2024-436`; they look like RUSTSEC-2024-0436
    t5.yml:8:14: `scope` must name one package: nothing is waived for everything; as in paste or paste@1.0.15
    t5.yml:9:15: `reason` must not be empty
    t5.yml:10:16: `expires` names a day that does not exist: `2027-02-30`
    t5.yml:12:3: unknown key `packges` in `bench`; did you mean `packages`?
    t5.yml:13:13: `features` must be a list, not the text `cpu`; write `features: [cpu]`
    t5.yml:14:17: `all-features` must be `true` or `false`, not the text `yes`
    t5.yml:15:14: `toolchain` must be a text, not the number 1.95; put it in quotes
    t5.yml:16:19: `min-throughput` must be more than 0 and less than 1, not 95; 95 % of the base is 0.95
    t5.yml:17:11: `budget` must be a duration, not the number 600; add its unit, as in 90s, 10m, 1h30m or 30d
    t5.yml:18:3: `budget` stands twice in `bench`; the first is on line 17
    ");
}

#[test]
fn a_file_that_is_read_under_another_name_is_told_under_that_name() {
    let mistakes = config::parse("version: 1\nbench: {guard: 1}").unwrap_err();
    assert_snapshot!(mistakes.render("config/t5.yml"), @"config/t5.yml:2:16: `guard` must be between 0 and 0.05, not 1; half a percent is 0.005");
    let mistake = &mistakes.list()[0];
    assert_eq!((mistake.line, mistake.column), (2, 16));
}

#[test]
fn a_file_without_a_version() {
    assert_snapshot!(told(""), @"t5.yml:1:1: `version` is missing from the file; begin it with `version: 1`");
    assert_snapshot!(told("bench:\n  gard: 0"), @"
    t5.yml:1:1: `version` is missing from the file; begin it with `version: 1`
    t5.yml:2:3: unknown key `gard` in `bench`; did you mean `guard`?
    ");
}

#[test]
fn a_version_of_the_future_is_all_that_is_told() {
    assert_snapshot!(told("version: 2\nobjectives: []"), @"t5.yml:1:10: `version` is 2, and this program reads 1");
    assert_snapshot!(told("version: '1'"), @"t5.yml:1:10: `version` must be the number 1, not the text `1`");
    assert_snapshot!(told("version:"), @"t5.yml:1:8: `version` must be the number 1, not nothing");
}

#[test]
fn a_file_that_is_no_mapping() {
    assert_snapshot!(told("- version: 1"), @"t5.yml:1:1: the file must be a mapping, not a list");
    assert_snapshot!(told("hello"), @"t5.yml:1:1: the file must be a mapping, not the text `hello`");
    assert_snapshot!(told("version: 1\nbench: [kernels]"), @"t5.yml:2:8: `bench` must be a mapping, not a list");
    assert_snapshot!(told("version: 1\npolicy: {waivers: [RUSTSEC-2024-0436]}"), @"t5.yml:2:20: a waiver must be a mapping, not the text `RUSTSEC-2024-0436`");
}

#[test]
fn a_file_that_is_no_yaml() {
    assert_snapshot!(told("version: 1\nbench:\n\tguard: 0"), @"t5.yml:3:2: not valid YAML: tabs disallowed within this context (block indentation)");
    assert_snapshot!(told("version: 1\nbench: {guard: 0"), @"t5.yml:2:8: not valid YAML: unclosed bracket '{'");
    assert_snapshot!(told("version: 1\nbench: *rules"), @"t5.yml:2:8: this alias has no anchor before it");
    assert_snapshot!(told("version: 1\nbench: !rules {}"), @"t5.yml:2:15: the tag `!rules` means nothing here");
    assert_snapshot!(told("version: 1\n---\nversion: 1"), @"t5.yml:3:1: a second YAML document begins here; only one is read");
}

#[test]
fn an_unknown_key_is_told_with_the_one_that_was_meant() {
    assert_snapshot!(told_of_bench("min_throughput: 0.9"), @"unknown key `min_throughput` in `bench`; did you mean `min-throughput`?");
    assert_snapshot!(told_of_bench("excludes: []"), @"unknown key `excludes` in `bench`; did you mean `exclude`?");
    assert_snapshot!(told_of_bench("waivers: []"), @"unknown key `waivers` in `bench`; known there: packages, features, all-features, default-features, profile, targets, exclude, filter, toolchain, min-throughput, guard, budget, process-limit, build-limit");
    assert_snapshot!(told_of_bench("<<: {guard: 0}"), @"unknown key `<<` in `bench`; known there: packages, features, all-features, default-features, profile, targets, exclude, filter, toolchain, min-throughput, guard, budget, process-limit, build-limit");
    assert_snapshot!(told_of_bench("1: 2"), @"unknown key `1` in `bench`; known there: packages, features, all-features, default-features, profile, targets, exclude, filter, toolchain, min-throughput, guard, budget, process-limit, build-limit");
}

#[test]
fn a_key_without_a_value_was_forgotten() {
    assert_snapshot!(told_of_bench("budget:"), @"`budget` has no value; leave the key out for the default");
    assert_snapshot!(told_of_bench("packages: ~"), @"`packages` has no value; leave the key out for the default");
    assert_eq!(told_of_bench("toolchain: null"), "no mistake");
}

#[test]
fn a_list_that_is_none() {
    assert_snapshot!(told_of_bench("features: cpu,avx2"), @"`features` must be a list, not the text `cpu,avx2`; write `features: [cpu,avx2]`");
    assert_snapshot!(told_of_bench("features: [\"cpu,avx2\"]"), @"an entry of `features` must name a feature, not `cpu,avx2`; write one feature an entry");
    assert_snapshot!(told_of_bench("features: [cpu, cpu]"), @"`features` lists `cpu` twice");
    assert_snapshot!(told_of_bench("features: [1]"), @"an entry of `features` must be a text, not the number 1; put it in quotes");
    assert_snapshot!(told_of_bench("packages: ['']"), @"an entry of `packages` must not be empty");
    assert_snapshot!(told_of_bench("packages: [--target-dir=/, kernels]"), @"an entry of `packages` must name a package, not `--target-dir=/`");
    assert_snapshot!(told_of_bench("filter: [' i2s']"), @"an entry of `filter` must not begin or end with blanks");
}

#[test]
fn names_that_cargo_or_rustup_would_not_take() {
    assert_snapshot!(told_of_bench("profile: -release"), @"`profile` must name a profile, not `-release`");
    assert_snapshot!(told_of_bench("toolchain: nightly 2026"), @"`toolchain` must name a toolchain, not `nightly 2026`; write it as rustup does: 1.95.0, stable, nightly-2026-11-01");
    assert_snapshot!(told_of_bench("toolchain: ./toolchain"), @"`toolchain` must name a toolchain, not the path `./toolchain`; a toolchain by path would run the repository's own compiler");
    assert_snapshot!(told_of_bench("toolchain: 1.90"), @"`toolchain` must be a text, not the number 1.9; put it in quotes");
}

#[test]
fn patterns_that_could_never_match() {
    assert_snapshot!(told_of_bench("targets: ['quant[']"), @"an entry of `targets` is no pattern, but `quant[`: invalid range pattern at 6");
    assert_snapshot!(told_of_bench("targets: ['a***']"), @"an entry of `targets` is no pattern, but `a***`: wildcards are either regular `*` or recursive `**` at 4");
    assert_snapshot!(told_of_bench("exclude: ['{i2s,tl1}*']"), @"an entry of `exclude` must match a bench target's name, not `{i2s,tl1}*`; write one pattern an entry, with *, ? and [a-c] alone");
}

#[test]
fn numbers_out_of_range() {
    assert_snapshot!(told_of_bench("min-throughput: 0"), @"`min-throughput` must be more than 0 and less than 1, not 0");
    assert_snapshot!(told_of_bench("min-throughput: 95"), @"`min-throughput` must be more than 0 and less than 1, not 95; 95 % of the base is 0.95");
    assert_snapshot!(told_of_bench("min-throughput: 95%"), @"`min-throughput` must be a number, not the text `95%`");
    assert_snapshot!(told_of_bench("min-throughput: .nan"), @"`min-throughput` must be more than 0 and less than 1, not NaN");
    assert_snapshot!(told_of_bench("guard: 0.5"), @"`guard` must be between 0 and 0.05, not 0.5; half a percent is 0.005");
    assert_snapshot!(told_of_bench("guard: -0.001"), @"`guard` must be between 0 and 0.05, not -0.001; half a percent is 0.005");
    assert_snapshot!(told_of_bench("guard: '0.005'"), @"`guard` must be a number, not the text `0.005`");
}

#[test]
fn durations_that_are_none() {
    assert_snapshot!(told_of_bench("budget: 600"), @"`budget` must be a duration, not the number 600; add its unit, as in 90s, 10m, 1h30m or 30d");
    assert_snapshot!(told_of_bench("budget: ten minutes"), @"`budget` is no duration, but the text `ten minutes`: it must begin with a number, such as 10m; write it as in 90s, 10m, 1h30m or 30d");
    assert_snapshot!(told_of_bench("budget: 25h"), @"`budget` must be at most 24h");
    assert_snapshot!(told_of_bench("process-limit: 2h"), @"`process-limit` must be at most 1h");
    assert_snapshot!(told_of_bench("build-limit: 0s"), @"`build-limit` is no duration, but the text `0s`: it must be longer than nothing; write it as in 90s, 10m, 1h30m or 30d");
    assert_snapshot!(told_of_policy("advisory-max-age: 36h"), @"`advisory-max-age` must be whole days; write it as in 30d");
}

#[test]
fn paths_that_leave_the_repository() {
    assert_snapshot!(told_of_policy("deny: /etc/deny.toml"), @"`deny` must be a relative path, not `/etc/deny.toml`; write it from the repository's root");
    assert_snapshot!(told_of_policy("deny: ~/deny.toml"), @"`deny` must be a relative path, not `~/deny.toml`; write it from the repository's root");
    assert_snapshot!(told_of_policy("deny: 'C:/deny.toml'"), @"`deny` must be a relative path, not `C:/deny.toml`; write it from the repository's root");
    assert_snapshot!(told_of_policy("deny: config/../../deny.toml"), @"`deny` must stay in the repository, not `config/../../deny.toml`");
    assert_snapshot!(told_of_policy("deny: config\\deny.toml"), @r#"`deny` must be a path with `/`, not `config\deny.toml`"#);
    assert_snapshot!(told_of_policy("deny: config//deny.toml"), @"`deny` must be a plain path to a file, not `config//deny.toml`; write it without `.` and empty parts");
    assert_snapshot!(told_of_policy("deny: ''"), @"`deny` must not be empty");
}

#[test]
fn all_features_and_some_features() {
    let text = "version: 1\nbench:\n  features: [cpu]\n  all-features: true\n";
    assert_snapshot!(told(text), @"t5.yml:4:17: `all-features` and `features` exclude each other; keep one of them");
}

/// What is told of a waiver in which one line is replaced.
fn told_of_waiver(key: &str, value: &str) -> String {
    let fields = [
        ("id", "RUSTSEC-2024-0436"),
        ("scope", "paste"),
        ("reason", "no successor yet"),
        ("owner", "Ada Lovelace"),
        ("expires", "2027-05-31"),
    ];
    let fields =
        fields.map(|(name, usual)| format!("{name}: {}", if name == key { value } else { usual }));
    told_of_policy(&format!("waivers: [{{{}}}]", fields.join(", ")))
}

#[test]
fn nothing_is_waived_for_everything() {
    assert_snapshot!(told_of_waiver("scope", "'*'"), @"`scope` must name one package: nothing is waived for everything; as in paste or paste@1.0.15");
    assert_snapshot!(told_of_waiver("scope", "''"), @"`scope` must name one package: nothing is waived for everything; as in paste or paste@1.0.15");
    assert_snapshot!(told_of_waiver("scope", "past*"), @"`scope` must name one package: nothing is waived for everything; as in paste or paste@1.0.15");
    assert_snapshot!(told_of_waiver("id", "'*'"), @"`id` must name one finding, not `*`; as the report does: RUSTSEC-2024-0436, rejected, …");
}

#[test]
fn a_waiver_that_could_never_count() {
    assert_eq!(told_of_waiver("id", "CVE-2023-49092"), "no mistake");
    assert_eq!(told_of_waiver("scope", "paste@1.0.15"), "no mistake");
    assert_snapshot!(told_of_waiver("id", "rustsec-2024-0436"), @"`id` is no advisory's id, but `rustsec-2024-0436`; they look like RUSTSEC-2024-0436");
    assert_snapshot!(told_of_waiver("scope", "paste@1.0"), @"`scope` must hold a full version, not `1.0`; write the one of Cargo.lock, as in paste@1.0.15");
    assert_snapshot!(told_of_waiver("scope", "paste 1.0.15"), @"`scope` must name a package, not `paste 1.0.15`");
    assert_snapshot!(told_of_waiver("reason", "''"), @"`reason` must not be empty");
    assert_snapshot!(told_of_waiver("owner", "~"), @"a waiver lacks `owner`; it says who answers for it");
    assert_snapshot!(told_of_waiver("expires", "31.05.2027"), @"`expires` must be a date, not the text `31.05.2027`; write it as in 2027-05-31");
    assert_snapshot!(told_of_waiver("expires", "2027-06-31"), @"`expires` names a day that does not exist: `2027-06-31`");
    assert_snapshot!(told_of_waiver("expires", "20270531"), @"`expires` must be a date, not the number 20270531; write it as in 2027-05-31");
    assert_snapshot!(told_of_waiver("expires", "2027-05-31T00:00:00Z"), @"`expires` must be a date, not the text `2027-05-31T00:00:00Z`; write it as in 2027-05-31");
    let misspelt = told_of_waiver("owner", "Ada Lovelace, untill: 2028-01-01");
    assert_snapshot!(misspelt, @"unknown key `untill` in a waiver; known there: id, scope, reason, owner, expires");
}

#[test]
fn a_waiver_that_stands_twice() {
    let text = "
version: 1
policy:
  waivers:
    - {id: RUSTSEC-2024-0436, scope: paste, reason: r, owner: o, expires: 2027-05-31}
    - {id: RUSTSEC-2024-0436, scope: paste@1.0.15, reason: r, owner: o, expires: 2027-05-31}
    - {id: RUSTSEC-2024-0436, scope: paste, reason: longer, owner: o, expires: 2028-05-31}
";
    assert_snapshot!(told(text), @"t5.yml:7:7: `RUSTSEC-2024-0436` is waived for `paste` twice; the first waiver is on line 5");
}

#[test]
fn what_a_message_repeats_moves_no_cursor() {
    assert_snapshot!(told_of_bench("\"\\e[2Jgone\\u202e\": 1"), @r#"unknown key `\u{1b}[2Jgone\u{202e}` in `bench`; known there: packages, features, all-features, default-features, profile, targets, exclude, filter, toolchain, min-throughput, guard, budget, process-limit, build-limit"#);
    assert_snapshot!(told_of_bench("filter: [\"\\e[2J\"]"), @"an entry of `filter` must not hold control or invisible characters");
    assert!(told_of_bench(&format!("{}: 1", "k".repeat(500))).contains("kkk…`"));
}
