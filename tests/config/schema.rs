//! The JSON schema describes the file that is read: what it cannot say it leaves open,
//! and it never refuses what is read.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use super::told;

const SCHEMA: &str = include_str!("../../config/t5.schema.json");
const DEFAULT: &str = include_str!("../../config/t5.default.yml");

static VALIDATOR: LazyLock<Result<Validator, String>> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
    jsonschema::validator_for(&schema).map_err(|error| error.to_string())
});

/// What an editor that knows the schema says about a file; nothing if it is content.
pub(super) fn said_by_schema(text: &str) -> Vec<String> {
    // YAML 1.2, as editors have it.
    let options =
        serde_yaml::options! { strict_booleans: true, underscored_numbers_as_strings: true };
    let value: Value = match serde_yaml::from_str_with_options(text, options) {
        Ok(value) => value,
        Err(error) => return vec![error.to_string()],
    };
    match &*VALIDATOR {
        Ok(validator) => validator.iter_errors(&value).map(|error| error.to_string()).collect(),
        Err(error) => vec![error.clone()],
    }
}

#[test]
fn the_schema_is_a_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::meta::validate(&schema).unwrap();
}

#[test]
fn the_documented_default_fits_the_schema() {
    assert_eq!(said_by_schema(DEFAULT), Vec::<String>::new());
}

#[test]
fn the_documented_default_shows_every_key_with_the_default_of_the_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let shown: Value = serde_yaml::from_str(DEFAULT).unwrap();
    for section in ["policy", "bench"] {
        let described = schema["properties"][section]["properties"].as_object().unwrap();
        let shown = shown[section].as_object().unwrap();
        let mut keys: Vec<&String> = shown.keys().collect();
        keys.sort();
        let mut known: Vec<&String> = described.keys().collect();
        known.sort();
        assert_eq!(keys, known, "of {section}");
        for (key, property) in described {
            assert_eq!(shown[key], property["default"], "of {section}.{key}");
        }
    }
}

const WAIVER: &str =
    "id: RUSTSEC-2024-0436, scope: paste, reason: r, owner: o, expires: 2027-05-31";

#[test]
fn what_is_read_fits_the_schema() {
    for text in [
        "version: 1.0",
        "version: 1\npolicy:\nbench:\n",
        "version: 1\nbench: {all-features: true, features: []}",
        "version: 1\nbench: {packages: [größe, _x], features: [größe/a.b+c, 1x]}",
        "version: 1\nbench: {budget: 1h30m, guard: 0, min-throughput: 0.5, toolchain: stable}",
        "version: 1\npolicy: {deny: .cargo/deny.toml, advisory-max-age: 1d}",
        &format!("version: 1\npolicy: {{waivers: [{{{WAIVER}}}]}}"),
        &format!(
            "version: 1\npolicy: {{waivers: [{{{}}}]}}",
            WAIVER.replace("paste", "p@1.0.0-a+b")
        ),
        &format!(
            "version: 1\npolicy: {{waivers: [{{{}}}]}}",
            WAIVER.replace("RUSTSEC-2024-0436", "rejected")
        ),
    ] {
        assert_eq!(told(text), "no mistake", "{text}");
        assert_eq!(said_by_schema(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_is_wrong_is_refused_by_both() {
    let of_bench = |line: &str| format!("version: 1\nbench:\n  {line}\n");
    let of_policy = |line: &str| format!("version: 1\npolicy:\n  {line}\n");
    let of_waiver =
        |from: &str, to: &str| of_policy(&format!("waivers: [{{{}}}]", WAIVER.replace(from, to)));
    for text in [
        "{}".to_owned(),
        "[]".to_owned(),
        "version: 2".to_owned(),
        "version: '1'".to_owned(),
        "version: 1\nextra: 1".to_owned(),
        of_bench("extra: 1"),
        of_bench("packages: kernels"),
        of_bench("packages: ['']"),
        of_bench("packages: [-p]"),
        of_bench("packages: [a, a]"),
        of_bench("features: ['a,b']"),
        of_bench("{features: [a], all-features: true}"),
        of_bench("all-features: yes"),
        of_bench("default-features: 1"),
        of_bench("profile: '--x'"),
        of_bench("targets: ['{a,b}']"),
        of_bench("exclude: ['']"),
        of_bench("filter: [1]"),
        of_bench("filter: [' a']"),
        of_bench("toolchain: ./x"),
        of_bench("toolchain: 1.95"),
        of_bench("min-throughput: 1"),
        of_bench("min-throughput: 0"),
        of_bench("guard: 0.06"),
        of_bench("guard: -1"),
        of_bench("budget: 600"),
        of_bench("budget: 10"),
        of_bench("budget: 10x"),
        of_bench("budget: 30m1h"),
        of_bench("budget:"),
        of_policy("extra: 1"),
        of_policy("deny: /etc/deny.toml"),
        of_policy("deny: a/../b"),
        of_policy("deny: .."),
        of_policy("deny: a//b"),
        of_policy("deny: a\\b"),
        of_policy("deny: 'C:/x'"),
        of_policy("deny: ''"),
        of_policy("waivers: {}"),
        of_waiver(", owner: o", ""),
        of_waiver("owner: o", "owner: ' '"),
        of_waiver("reason: r", "reason: ''"),
        of_waiver("scope: paste", "scope: '*'"),
        of_waiver("scope: paste", "scope: paste@1.0"),
        of_waiver("RUSTSEC-2024-0436", "rustsec-2024-0436"),
        of_waiver("RUSTSEC-2024-0436", "'*'"),
        of_waiver("2027-05-31", "31.5.2027"),
        of_waiver("owner: o", "owner: o, extra: 1"),
    ] {
        assert_ne!(told(&text), "no mistake", "{text}");
        assert_ne!(said_by_schema(&text), Vec::<String>::new(), "{text}");
    }
}
