//! The same examples cut short, in another order, and with fields of the wrong type.

use std::{collections::BTreeMap, fmt::Write as _};

use proptest::prelude::*;
use serde_json::{Value, json};
use t5_gate::github::event::Parsed;

use super::{Example, as_an_app_gets_it, examples, parsed, understood};

#[test]
fn a_payload_that_was_cut_is_not_json() {
    let Some(examples) = examples() else { return };
    let mut places = fastrand::Rng::with_seed(5);
    for Example { event, name, payload } in &examples {
        let whole = payload.to_string().into_bytes();
        for _ in 0..20 {
            let at = places.usize(..whole.len());
            let Parsed::Ignored(reason) = parsed(event, whole[..at].to_vec()) else {
                panic!("{name} cut at {at}");
            };
            assert!(reason.starts_with("not JSON: "), "{name} cut at {at}: {reason}");
            assert!(reason.chars().count() <= 200);
        }
    }
}

/// Every object's fields from the last to the first.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().rev().map(|(name, value)| (name.clone(), reversed(value))).collect()
        }
        Value::Array(values) => values.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_order_of_fields_means_nothing() {
    let Some(examples) = examples() else { return };
    for Example { event, name, payload } in &examples {
        let payload = as_an_app_gets_it(payload);
        let other = reversed(&payload);
        assert_ne!(other.to_string(), payload.to_string());
        assert_eq!(understood(event, &other), understood(event, &payload), "{name}");
    }
}

/// The outcome without the facts of an event.
fn kind(parsed: Parsed) -> String {
    match parsed {
        Parsed::Event(_) => "an event all the same".to_owned(),
        Parsed::Ignored(reason) => reason,
    }
}

#[test]
fn a_field_of_the_wrong_type_is_named_and_any_other_field_means_nothing() {
    let Some(examples) = examples() else { return };
    let wrong = [
        ("number", json!(5)),
        ("string", json!("x")),
        ("null", Value::Null),
        ("array", json!([])),
        ("object", json!({})),
    ];
    // Of those that are events: what becomes of each field, and with which types.
    let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for Example { event, payload, .. } in &examples {
        let payload = as_an_app_gets_it(payload);
        let before = understood(event, &payload);
        for field in payload.as_object().unwrap().keys() {
            for (name, value) in &wrong {
                let mut other = payload.clone();
                other[field] = value.clone();
                let after = understood(event, &other);
                if matches!(before, Parsed::Event(_)) && after != before {
                    let types = told.entry(format!("{event}: `{field}` → {}", kind(after)));
                    let types = types.or_default();
                    if !types.contains(name) {
                        types.push(*name);
                    }
                }
            }
        }
    }
    let mut lines = String::new();
    for (what, types) in told {
        writeln!(lines, "{what} ({})", types.join(", ")).unwrap();
    }
    insta::assert_snapshot!(lines);
}

/// Bytes that are likely to get far: pieces of what GitHub sends.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\"action\":\"opened\"",
        "\"installation\":{\"id\":1}",
        "\"repository\":",
        "\"sender\":{\"login\":\"ann\"}",
        "\"pull_request\":{",
        "\"id\":",
        "\"owner\":{\"login\":\"octo\"}",
        "null",
        "true",
        "-1",
        "1e999",
        "\\ud800",
        "\u{202e}",
        "\0",
    ]);
    prop_oneof![
        3 => prop::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        rng_seed: proptest::test_runner::RngSeed::Fixed(5),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_bytes_come_to_an_event_or_to_a_short_and_plain_reason(
        event in prop::sample::select(vec!["pull_request", "push", "check_run", "installation", "x"]),
        body in bodies(),
    ) {
        if let Parsed::Ignored(reason) = parsed(event, body) {
            prop_assert!((1..=200).contains(&reason.chars().count()), "{}", reason);
            prop_assert!(!reason.contains(|c: char| c.is_control() || c == '\u{202e}'), "{}", reason);
        }
    }
}
