//! The JSON schema of the server's file describes what is read.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use t5_gate::config::server::parse;

const SCHEMA: &str = include_str!("../../../config/server.schema.json");
const DEFAULT: &str = include_str!("../../../config/server.default.yml");

static VALIDATOR: LazyLock<Result<Validator, String>> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
    jsonschema::validator_for(&schema).map_err(|error| error.to_string())
});

/// What an editor that knows the schema says about a file; nothing if it is content.
fn said_by_schema(text: &str) -> Vec<String> {
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
    jsonschema::meta::validate(&schema).unwrap();
}

#[test]
fn the_documented_default_shows_every_key_with_the_default_of_the_schema() {
    assert_eq!(said_by_schema(DEFAULT), Vec::<String>::new());
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let shown: Value = serde_yaml::from_str(DEFAULT).unwrap();
    compare(&schema["properties"], &shown, "");
}

fn compare(described: &Value, shown: &Value, of: &str) {
    let mut keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
    let mut known: Vec<&String> = described.as_object().unwrap().keys().collect();
    keys.sort();
    known.sort();
    assert_eq!(keys, known, "of {of}");
    for (key, property) in described.as_object().unwrap() {
        match (property.get("default"), property.get("properties")) {
            (Some(default), _) => assert_eq!(&shown[key], default, "{of}{key}"),
            (None, Some(inner)) => compare(inner, &shown[key], &format!("{of}{key}.")),
            // The address of the server has no default.
            (None, None) => assert_eq!((of, key.as_str()), ("", "public-url")),
        }
    }
}

#[test]
fn what_is_read_fits_the_schema() {
    for line in [
        "",
        "github:",
        "publish: {status: true}",
        "listen: '[::]:80'",
        "gates: []",
        "gates: [{name: T1, what: 'a, b', check: c/d}]",
        "check: {inconclusive: neutral}",
        "github: {app-id: 1, private-key-file: /etc/k, webhook-secret-files: [/etc/s]}",
        "github: {api-url: 'https://ghe.example/api/v3/'}",
        "runner: {embedded: false, lease: 1m30s, attempts: 10}",
        "keep: 365d",
        "signing-key: /etc/t5/k",
        "signing-key: null",
        "keep-records: 730d",
        "isolation: full",
        "isolation: none",
    ] {
        let text = format!("public-url: http://localhost:8080/\n{line}");
        assert!(parse(&text).is_ok(), "{line}");
        assert_eq!(said_by_schema(&text), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn what_is_wrong_is_refused_by_both() {
    for line in [
        "extra: 1",
        "listen: 8080",
        "listen: '::1:8080'",
        "data: t5",
        "signing-key: key.pem",
        "signing-key: 1",
        "data: /var/../etc",
        "github: {app-id: 0}",
        "github: {app-id: 1.5}",
        "github: {app-id: '1'}",
        "github: {private-key-file: key.pem}",
        "github: {webhook-secret-files: /etc/secret}",
        "github: {webhook-secret-files: [/a, /a]}",
        "github: {web-url: github.com}",
        "check: {inconclusive: success}",
        "check: {inconclusive: skipped}",
        "check: {name: ''}",
        "publish: {labels: yes}",
        "gates: {}",
        "gates: [T1]",
        "gates: [{name: T1, what: w}]",
        "gates: [{name: T1, what: w, check: c, extra: 1}]",
        "runner: {attempts: 0}",
        "runner: {lease: 120}",
        "runner: {lease: 0s}",
        "keep: 30",
        "keep: forever",
        "keep-records: 1",
        "isolation: landlock",
        "isolation: Full",
        "isolation: true",
        "keep:",
    ] {
        let text = format!("public-url: https://t5.example.org\n{line}");
        assert!(parse(&text).is_err(), "{line}");
        assert_ne!(said_by_schema(&text), Vec::<String>::new(), "{line}");
    }
    for text in ["{}", "public-url: t5.example.org", "public-url: https://a/b", "public-url: 1"] {
        assert!(parse(text).is_err(), "{text}");
        assert_ne!(said_by_schema(text), Vec::<String>::new(), "{text}");
    }
}
