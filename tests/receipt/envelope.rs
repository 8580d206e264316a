//! The envelope as bytes: one form, under limits.

use serde_json::{Value, json};
use t5_gate::receipt::{
    ENVELOPE_LIMIT, Envelope, EnvelopeError, PAYLOAD_TYPE, PREDICATE_TYPE, PublicKeys, Sealed,
    Signer, decode_envelope, decode_statement, digest, encode, pae, sign,
};

use super::verify::small;

fn signer(seed: u8) -> Signer {
    Signer::from_seed(&[seed; 32])
}

fn keys(seeds: &[u8]) -> PublicKeys {
    seeds.iter().map(|seed| signer(*seed).public()).collect()
}

fn receipt() -> Vec<u8> {
    encode(&small().receipt).unwrap()
}

fn envelope() -> String {
    String::from_utf8(sign(&receipt(), &signer(7)).unwrap()).unwrap()
}

fn said(text: &str) -> String {
    decode_envelope(text.as_bytes()).unwrap_err().to_string()
}

/// Edits the envelope as JSON, and writes it in the form of the gate.
fn edited(edit: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(&envelope()).unwrap();
    edit(&mut value);
    format!("{value}\n")
}

/// The example that DSSE's own description gives.
#[test]
fn what_is_signed_is_joined_as_dsse_says() {
    let joined =
        |kind: &str, payload: &str| String::from_utf8(pae(kind, payload.as_bytes())).unwrap();
    assert_eq!(
        joined("http://example.com/HelloWorld", "hello world"),
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
    assert_eq!(joined("", ""), "DSSEv1 0  0 ");
    assert_eq!(joined("ä", "→"), "DSSEv1 2 ä 3 →", "lengths are those of bytes");
}

#[test]
fn the_envelope_holds_a_statement_over_the_receipt_and_its_artifacts() {
    let (bytes, written) = (receipt(), envelope());
    let outer: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(outer["payloadType"], PAYLOAD_TYPE);
    assert_eq!(outer["signatures"].as_array().unwrap().len(), 1);
    assert_eq!(outer["signatures"][0]["keyid"], signer(7).public().id().as_str());
    let payload = outer["payload"].as_str().unwrap();
    let payload = data_encoding::BASE64.decode(payload.as_bytes()).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], PREDICATE_TYPE);
    let artifact = &small().receipt.artifacts[0];
    let subject = json!([
        {"name": "receipt.json", "digest": {"sha256": digest(&bytes)}},
        {"name": "samples.jsonl", "digest": {"sha256": artifact.sha256}},
    ]);
    assert_eq!(statement["subject"], subject);
    assert_eq!(statement["predicate"]["schema"], "t5-receipt/1");
}

#[test]
fn the_exact_receipt_is_taken_out_again() {
    let read = decode_envelope(envelope().as_bytes()).unwrap();
    let statement = decode_statement(read.payload()).unwrap();
    assert_eq!(statement.receipt(), receipt());
    assert_eq!(statement.subject[0].digest.sha256, digest(statement.receipt()));
    assert_eq!(read.encode().unwrap(), envelope().as_bytes());
    assert_eq!(sign(&receipt(), &signer(7)).unwrap(), envelope().as_bytes(), "nothing is drawn");
}

#[test]
fn only_a_receipt_as_the_gate_writes_it_is_signed() {
    let bytes = receipt();
    let text = String::from_utf8(bytes.clone()).unwrap();
    for other in [
        text.trim_end().to_owned(),
        format!("{text}\n"),
        format!(" {text}"),
        text.replace("t5-receipt/1", "t5-receipt/2"),
        "{}\n".to_owned(),
    ] {
        assert!(sign(other.as_bytes(), &signer(7)).is_err(), "{other}");
    }
    sign(&bytes, &signer(7)).unwrap();
}

#[test]
fn a_signature_counts_for_its_own_key_alone() {
    let read = decode_envelope(envelope().as_bytes()).unwrap();
    let id = signer(7).public().id();
    assert_eq!(read.check(&keys(&[7])), Sealed::By(vec![id.clone()]));
    assert_eq!(read.check(&keys(&[8, 7, 9])), Sealed::By(vec![id]));
    assert_eq!(read.check(&keys(&[8, 9])), Sealed::Unknown);
    assert_eq!(read.check(&keys(&[])), Sealed::Unknown);
    let stolen = signer(8).public().id();
    let claimed = edited(|value| value["signatures"][0]["keyid"] = json!(stolen.as_str()));
    let read = decode_envelope(claimed.as_bytes()).unwrap();
    assert_eq!(read.check(&keys(&[7, 8])), Sealed::Wrong(stolen));
}

/// While a key is replaced two may sign; a reader knows one of them, or both.
#[test]
fn two_keys_may_sign_and_a_wrong_signature_is_never_outweighed() {
    let other: Value = serde_json::from_slice(&sign(&receipt(), &signer(8)).unwrap()).unwrap();
    let second = other["signatures"][0].clone();
    let both = edited(|value| value["signatures"].as_array_mut().unwrap().push(second));
    let read = decode_envelope(both.as_bytes()).unwrap();
    let ids = [7, 8].map(|seed| signer(seed).public().id());
    assert_eq!(read.key_ids(), ids);
    assert_eq!(read.check(&keys(&[7, 8])), Sealed::By(ids.to_vec()));
    assert_eq!(read.check(&keys(&[8])), Sealed::By(vec![ids[1].clone()]));

    let mut value: Value = serde_json::from_str(&both).unwrap();
    value["signatures"][1]["sig"] = value["signatures"][0]["sig"].clone();
    let mixed = format!("{value}\n");
    let read = decode_envelope(mixed.as_bytes()).unwrap();
    assert_eq!(read.check(&keys(&[7, 8])), Sealed::Wrong(ids[1].clone()));
    assert_eq!(read.check(&keys(&[7])), Sealed::By(vec![ids[0].clone()]));
}

/// The same signature under the order of the curve added to its second half: verifiers that are
/// not strict take it for another signature of the same message.
#[test]
fn a_signature_has_no_second_form() {
    let order = data_encoding::HEXLOWER
        .decode(b"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        .unwrap();
    let other = edited(|value| {
        let sig = value["signatures"][0]["sig"].as_str().unwrap();
        let mut bytes = data_encoding::BASE64.decode(sig.as_bytes()).unwrap();
        let mut carry = 0_u16;
        for (byte, add) in bytes[32..].iter_mut().zip(&order) {
            let sum = u16::from(*byte) + u16::from(*add) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
        assert_eq!(carry, 0);
        value["signatures"][0]["sig"] = json!(data_encoding::BASE64.encode(&bytes));
    });
    let read = decode_envelope(other.as_bytes()).unwrap();
    assert_eq!(read.check(&keys(&[7])), Sealed::Wrong(signer(7).public().id()));
}

#[test]
fn an_envelope_has_one_form() {
    let whole = envelope();
    let spaced = whole.replace("\":", "\": ");
    let unending = whole.trim_end();
    let escaped = whole.replace("application/", "application\\/");
    let ending = format!("{whole}\n");
    let reordered = {
        let value: Value = serde_json::from_str(&whole).unwrap();
        let (kind, payload) = (&value["payloadType"], &value["payload"]);
        let rest = &value["signatures"];
        format!("{{\"payloadType\":{kind},\"payload\":{payload},\"signatures\":{rest}}}\n")
    };
    for other in [&spaced, unending, &escaped, &ending, &reordered] {
        assert_eq!(decode_envelope(other.as_bytes()), Err(EnvelopeError::NotCanonical), "{other}");
    }
    let pretty = {
        let value: Value = serde_json::from_str(&whole).unwrap();
        format!("{value:#}\n")
    };
    assert_eq!(decode_envelope(pretty.as_bytes()), Err(EnvelopeError::NotCanonical));
}

#[test]
fn what_is_no_envelope_is_refused() {
    insta::assert_snapshot!(said(""), @"it is no envelope of this gate: column 0: EOF while parsing a value");
    insta::assert_snapshot!(said("{}\n"), @"it is no envelope of this gate: column 2: missing field `payload`");
    insta::assert_snapshot!(said(&edited(|value| value["payloadType"] = json!("text/plain"))), @"its payload is of the type «text/plain», expected «application/vnd.in-toto+json»");
    insta::assert_snapshot!(said(&edited(|value| value["signatures"] = json!([]))), @"it holds no signature");
    insta::assert_snapshot!(said(&edited(|value| value["payload"] = json!("e30-_w=="))), @"its payload is not in the standard base64 alphabet, or of the wrong length");
    insta::assert_snapshot!(said(&edited(|value| value["signatures"][0]["sig"] = json!("AAAA"))), @"its signature is not in the standard base64 alphabet, or of the wrong length");
    assert!(said(&edited(|value| value["more"] = json!(1))).contains("unknown field `more`"));
    assert!(said(&edited(|value| value["signatures"][0]["cert"] = json!(""))).contains("`cert`"));
    assert!(said(&edited(|value| value["signatures"][0]["keyid"] = json!("x"))).contains("64"));
    let twice = envelope().replacen('{', "{\"payload\":\"\",", 1);
    assert!(said(&twice).contains("duplicate field"), "{}", said(&twice));
}

#[test]
fn an_envelope_stays_within_its_limits() {
    let many = |count: usize| {
        edited(|value| {
            let one = value["signatures"][0].clone();
            value["signatures"] = json!(vec![one; count]);
        })
    };
    decode_envelope(many(16).as_bytes()).unwrap();
    assert!(said(&many(17)).contains("more than 16 entries"), "{}", said(&many(17)));

    let large = vec![b' '; usize::try_from(ENVELOPE_LIMIT).unwrap() + 1];
    assert_eq!(decode_envelope(&large), Err(EnvelopeError::TooLarge { bytes: ENVELOPE_LIMIT + 1 }));

    for deep in ["[", "{\"signatures\":[", "{\"payload\":["] {
        said(&deep.repeat(200_000));
    }
}

#[test]
fn a_statement_over_something_else_is_refused() {
    let statement = |kind: &str, of: &str, rest: &str| {
        format!(
            "{{\"_type\":\"{kind}\",\"subject\":[],\"predicateType\":\"{of}\",\"predicate\":{rest}}}"
        )
    };
    const V1: &str = "https://in-toto.io/Statement/v1";
    let said = |text: &str| decode_statement(text.as_bytes()).unwrap_err().to_string();
    insta::assert_snapshot!(said(&statement("https://in-toto.io/Statement/v0.1", PREDICATE_TYPE, "{}")), @"what is signed is «https://in-toto.io/Statement/v0.1», expected «https://in-toto.io/Statement/v1»");
    insta::assert_snapshot!(said(&statement(V1, "https://slsa.dev/provenance/v1", "{}")), @"what is signed is «https://slsa.dev/provenance/v1», expected «urn:t5-gate:receipt:1»");
    insta::assert_snapshot!(said("hello world"), @"what is signed is no statement over a receipt: line 1, column 1: expected value");
    let many = format!("[{}{{}}]", "{\"name\":\"a\",\"digest\":{\"sha256\":\"\"}},".repeat(4096));
    let many = statement(V1, PREDICATE_TYPE, "{}").replace("[]", &many);
    assert!(said(&many).contains("line 1"), "{}", said(&many));

    // However deep a predicate is, it is only carried.
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let read = decode_statement(statement(V1, PREDICATE_TYPE, &deep).as_bytes()).unwrap();
    assert_eq!(read.receipt().len(), 400_001);
    let sealed = Envelope::sealed(statement(V1, PREDICATE_TYPE, &deep).into_bytes(), &signer(7));
    decode_envelope(&sealed.encode().unwrap()).unwrap();
}
