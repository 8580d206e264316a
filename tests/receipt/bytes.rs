//! A receipt as bytes, and back.

use t5_gate::{
    perf::{Edit, Slice},
    receipt::{
        ReceiptError, SamplesError, decode, decode_rounds, digest, encode, encode_rounds, side_file,
    },
};

use super::build::{advisory, content};
use t5_gate::policy::FindingState;

fn changed(from: &str, to: &str) -> Vec<u8> {
    let bytes = encode(&content().receipt).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn what_is_written_reads_back_the_same() {
    let receipt = content().finding(advisory(FindingState::Introduced)).receipt;
    let bytes = encode(&receipt).unwrap();
    assert!(bytes.ends_with(b"}\n"));
    let back = decode(&bytes).unwrap();
    assert_eq!(back, receipt);
    assert_eq!(encode(&back).unwrap(), bytes, "the same receipt has the same bytes");
}

#[test]
fn fields_of_a_later_version_are_ignored() {
    let later =
        changed("\"run\": {", "\"signature\": {\"by\": [1, null]}, \"run\": {\"tries\": 3,");
    assert_eq!(decode(&later).unwrap(), content().receipt);
    let later = changed("\"bench\": {", "\"bench\": {\"warmth\": \"high\",");
    assert_eq!(decode(&later).unwrap(), content().receipt);
}

#[test]
fn a_newer_schema_is_refused_by_name() {
    let error = decode(&changed("t5-receipt/1", "t5-receipt/2")).unwrap_err();
    assert_eq!(error, ReceiptError::Newer { found: "t5-receipt/2".to_owned() });
    assert!(error.to_string().starts_with("written by a newer gate: "), "{error}");
    // Even where nothing but the schema is as we know it.
    let error = decode(br#"{"schema": "t5-receipt/7", "all": "new"}"#).unwrap_err();
    assert!(matches!(error, ReceiptError::Newer { .. }), "{error}");
}

#[test]
fn what_is_no_receipt_is_refused_with_its_place() {
    let foreign = decode(br#"{"schema": "1.0.0"}"#).unwrap_err();
    assert!(matches!(foreign, ReceiptError::Foreign { .. }), "{foreign}");
    let said = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
    insta::assert_snapshot!(said(b""), @"line 1, column 0: EOF while parsing a value");
    insta::assert_snapshot!(said(b"{}"), @"line 1, column 2: missing field `schema`");
    insta::assert_snapshot!(said(&changed("\"cpus\": 2", "\"cpus\": two")), @"line 62, column 14: expected ident");
    insta::assert_snapshot!(said(&changed("\"cpus\": 2", "\"cpus\": \"2\"")), @r#"line 62, column 15: invalid type: string "2", expected u32"#);
    insta::assert_snapshot!(said(&changed("2026-11-22T10:00:00Z", "yesterday")), @"line 6, column 26: failed to parse four digit integer as year: invalid digit, expected 0-9 but got y");
}

#[test]
fn a_figure_that_is_not_finite_is_neither_written_nor_read() {
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut gated = content();
        gated.perf().pairs[0].estimate.as_mut().unwrap().upper = odd;
        let error = encode(&gated.receipt).unwrap_err();
        assert!(matches!(error, ReceiptError::NotRepresentable { .. }), "{error}");
        gated.rounds[0].head[0] = Slice(100.0, odd);
        assert!(encode_rounds(&gated.rounds).is_err());
    }
    for odd in ["NaN", "1e999", "null", "-1e999"] {
        assert!(
            decode(&changed("\"guard\": 0.005", &format!("\"guard\": {odd}"))).is_err(),
            "{odd}"
        );
    }
}

#[test]
fn samples_are_refused_with_their_line() {
    let bytes = encode_rounds(&content().rounds).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(decode_rounds(text.as_bytes()).unwrap(), content().rounds);
    let said = |text: &str| decode_rounds(text.as_bytes()).unwrap_err().to_string();
    let twice = format!("{text}{}\n", text.lines().next().unwrap());
    insta::assert_snapshot!(said(&twice), @"line 13: round 0 of widgets/kernels: dot/1024 stands there twice");
    insta::assert_snapshot!(said(text.trim_end()), @"line 12: the line does not end");
    insta::assert_snapshot!(said(&text.replacen("[100.0,", "[0,", 1)), @"line 1: 0 iterations in 845415 ns cannot have been measured");
    insta::assert_snapshot!(said(&text.replacen("[100.0,", "[-100.0,", 1)), @"line 1: -100 iterations in 845415 ns cannot have been measured");
    insta::assert_snapshot!(said(&format!("{text}\n")), @"line 13, column 0: EOF while parsing a value");
    let long = format!("{}\n", " ".repeat(17 << 20));
    assert!(matches!(decode_rounds(long.as_bytes()), Err(SamplesError::TooLarge { .. })));
}

#[test]
fn the_side_file_is_what_sha256sum_prints() {
    assert_eq!(digest(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(
        side_file(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  receipt.json\n"
    );
}

#[test]
fn a_receipt_that_is_too_large_is_refused_unread() {
    let bytes = vec![b' '; (64 << 20) + 1];
    assert!(matches!(decode(&bytes), Err(ReceiptError::TooLarge { .. })));
}

#[test]
fn a_receipt_that_names_edited_files_alone_is_read() {
    let mut gated = content();
    gated.perf().edits = vec![Edit::new("benches/speed.rs", "bench code")];
    let text = String::from_utf8(encode(&gated.receipt).unwrap()).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["perf"]["edits"] = serde_json::json!(["benches/speed.rs"]);
    value["run"].as_object_mut().unwrap().remove("layers");
    value["perf"]["rule"].as_object_mut().unwrap().remove("clock");
    let old = decode(value.to_string().as_bytes()).unwrap();
    assert_eq!(old.perf.as_ref().unwrap().edits, [Edit::new("benches/speed.rs", "")]);
    assert_eq!(old.perf.as_ref().unwrap().rule, gated.perf().rule);
    assert!(old.run.layers.is_empty());
}
