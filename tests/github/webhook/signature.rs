//! Which deliveries are taken.

use std::{fs, path::Path};

use insta::assert_snapshot;
use secrecy::SecretString;
use t5_gate::github::webhook::{BODY_LIMIT, Headers, Refused, Secrets, Verified, verify};

use super::secrets;
use crate::support::signed::signature;

/// A delivery that is about to be taken or refused.
struct Delivery {
    delivery: Option<&'static [u8]>,
    event: Option<&'static [u8]>,
    signature: Option<String>,
    content_type: Option<&'static [u8]>,
    body: Vec<u8>,
}

impl Delivery {
    fn signed(secret: &str, body: &str) -> Self {
        Self {
            delivery: Some(b"72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            event: Some(b"issue_comment"),
            signature: Some(signature(secret, body.as_bytes())),
            content_type: Some(b"application/json"),
            body: body.as_bytes().to_vec(),
        }
    }

    fn to(&self, secrets: &Secrets) -> Result<Verified, Refused> {
        let headers = Headers {
            delivery: self.delivery,
            event: self.event,
            signature: self.signature.as_ref().map(String::as_bytes),
            content_type: self.content_type,
        };
        verify(secrets, headers, self.body.clone())
    }

    /// The same with another signature, to a server that knows the secret `new`.
    fn with_signature(signature: Option<&str>) -> Result<Verified, Refused> {
        let delivery =
            Self { signature: signature.map(str::to_owned), ..Self::signed("new", "{}") };
        delivery.to(&secrets(&["new"]))
    }
}

#[test]
fn githubs_own_example_is_taken() {
    let taken = Delivery {
        signature: Some(
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17".to_owned(),
        ),
        ..Delivery::signed("", "Hello, World!")
    }
    .to(&secrets(&["It's a Secret to Everybody"]))
    .unwrap();
    assert_eq!(taken.guid(), "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    assert_eq!(taken.event(), "issue_comment");
    assert_eq!(taken.body(), b"Hello, World!");
}

#[test]
fn while_a_secret_is_replaced_both_count() {
    let both = secrets(&["new", "old"]);
    assert!(Delivery::signed("new", "{}").to(&both).is_ok());
    assert!(Delivery::signed("old", "{}").to(&both).is_ok());
    assert_eq!(Delivery::signed("older", "{}").to(&both), Err(Refused::Signature));
    assert_eq!(Delivery::signed("old", "{}").to(&secrets(&["new"])), Err(Refused::Signature));
}

#[test]
fn a_signature_is_good_for_its_own_bytes_alone() {
    let secrets = secrets(&["new"]);
    for body in ["{} ", "{", "", "[]"] {
        let altered = Delivery { body: body.as_bytes().to_vec(), ..Delivery::signed("new", "{}") };
        assert_eq!(altered.to(&secrets), Err(Refused::Signature), "{body:?}");
    }
    // The empty body has a signature of its own.
    assert!(Delivery::signed("new", "").to(&secrets).is_ok());
}

#[test]
fn a_signature_that_is_missing_or_malformed_is_refused() {
    let good = signature("new", b"{}");
    let digits = good.strip_prefix("sha256=").unwrap();
    assert!(Delivery::with_signature(Some(&good)).is_ok());
    assert_eq!(Delivery::with_signature(None), Err(Refused::Unsigned));
    for malformed in [
        "",
        "sha256=",
        digits,
        &format!("sha1={}", &digits[..40]),
        &format!("SHA256={digits}"),
        &format!("sha256={}", &digits[1..]),
        &format!("sha256={}", &digits[2..]),
        &format!("sha256={digits}00"),
        &format!("sha256={digits} "),
        &format!("sha256={}", digits.to_uppercase()),
        &format!("sha256={}zz", &digits[2..]),
        &format!("sha256=sha256={}", &digits[7..]),
        &format!("sha256={}ä", &digits[2..]),
    ] {
        let said = Delivery::with_signature(Some(malformed));
        assert_eq!(said, Err(Refused::Malformed), "{malformed:?}");
    }
    for wrong in ["0".repeat(64), format!("{}{}", &digits[1..], &digits[..1])] {
        let said = Delivery::with_signature(Some(&format!("sha256={wrong}")));
        assert_eq!(said, Err(Refused::Signature), "{wrong:?}");
    }
}

#[test]
fn only_json_is_taken() {
    let sent = |content_type: Option<&'static [u8]>| {
        Delivery { content_type, ..Delivery::signed("new", "{}") }.to(&secrets(&["new"]))
    };
    assert!(sent(Some(b"application/json; charset=utf-8")).is_ok());
    assert!(sent(Some(b"Application/JSON ;charset=utf-8")).is_ok());
    assert_eq!(sent(Some(b"application/x-www-form-urlencoded")), Err(Refused::Form));
    for other in [&b""[..], b"text/plain", b"application/jsonp", b"application/json, text/html"] {
        assert_eq!(sent(Some(other)), Err(Refused::ContentType));
    }
    assert_eq!(sent(None), Err(Refused::ContentType));
}

#[test]
fn the_id_and_the_event_have_a_form() {
    let id = |delivery: Option<&'static [u8]>| {
        Delivery { delivery, ..Delivery::signed("new", "{}") }.to(&secrets(&["new"]))
    };
    // Not everything that speaks like GitHub numbers its deliveries as GitHub does.
    assert_eq!(id(Some(b"1763979816000")).unwrap().guid(), "1763979816000");
    assert!(id(Some(&[b'x'; 100])).is_ok());
    for bad in [&b""[..], b"a b", b"a\n", b"\xff", &[b'x'; 101]] {
        assert_eq!(id(Some(bad)), Err(Refused::Delivery), "{bad:?}");
    }
    assert_eq!(id(None), Err(Refused::Delivery));

    let event = |event: Option<&'static [u8]>| {
        Delivery { event, ..Delivery::signed("new", "{}") }.to(&secrets(&["new"]))
    };
    assert_eq!(event(Some(b"projects_v2_item")).unwrap().event(), "projects_v2_item");
    assert!(event(Some(&[b'x'; 64])).is_ok());
    for bad in [&b""[..], b"Push", b"push ", b"../push", b"push\xff", &[b'x'; 65]] {
        assert_eq!(event(Some(bad)), Err(Refused::Event), "{bad:?}");
    }
    assert_eq!(event(None), Err(Refused::Event));
}

#[test]
fn the_largest_body_that_github_sends_is_taken_and_no_larger_one() {
    let sent = |length: usize| {
        Delivery::signed("new", &" ".repeat(length)).to(&secrets(&["new"])).map(drop)
    };
    assert_eq!(sent(BODY_LIMIT), Ok(()));
    assert_eq!(sent(BODY_LIMIT + 1), Err(Refused::TooLarge(BODY_LIMIT + 1)));
}

#[test]
fn an_empty_secret_is_none() {
    let made = |all: &[&str]| {
        let all = all.iter().map(|secret| SecretString::from(*secret)).collect();
        Secrets::new(all).unwrap_err().to_string()
    };
    assert_snapshot!(made(&[]), @"no webhook secret is set, so no delivery could be told from a forged one; name a file that holds the one that was entered on the App's page");
    assert_snapshot!(made(&["new", ""]), @"webhook secret 2 of 2 is empty, and anybody could sign with it; write the one that was entered on the App's page into its file, or leave the file out");
    assert_snapshot!(made(&[" \n"]), @"webhook secret 1 of 1 is empty, and anybody could sign with it; write the one that was entered on the App's page into its file, or leave the file out");
}

#[test]
fn nothing_that_is_said_gives_a_secret_or_a_signature_away() {
    let secret = "It's a Secret to Everybody";
    let secrets = secrets(&[secret]);
    assert_eq!(format!("{secrets:?}"), "Secrets(1 of them)");
    let good = signature(secret, b"{}");
    let refused = Delivery::signed("another", "{}").to(&secrets).unwrap_err();
    for said in [refused.to_string(), format!("{refused:?}")] {
        assert!(!said.contains(secret) && !said.contains(&good[7..]), "{said}");
    }
}

#[test]
fn every_refusal_says_what_to_do() {
    let all = [
        Refused::Form,
        Refused::ContentType,
        Refused::TooLarge(30_000_000),
        Refused::Delivery,
        Refused::Event,
        Refused::Unsigned,
        Refused::Malformed,
        Refused::Signature,
    ];
    assert_snapshot!(all.map(|refused| refused.to_string()).join("\n"), @"
    the body is a form; set the webhook's content type to application/json on the App's page
    Content-Type is not application/json; only GitHub's JSON deliveries are taken
    the body has 30000000 bytes; GitHub sends, and this server takes, at most 26214400
    X-GitHub-Delivery is missing, or is not 1 to 100 visible ASCII characters; only GitHub's deliveries are taken
    X-GitHub-Event is missing, or is not 1 to 64 lower-case letters, digits and underscores; only GitHub's deliveries are taken
    X-Hub-Signature-256 is missing; set the webhook's secret on the App's page
    X-Hub-Signature-256 is not `sha256=` and 64 lower-case hexadecimal digits; only GitHub's deliveries are taken
    X-Hub-Signature-256 was made with another secret, or for another body; compare the secret on the App's page with the server's, and let no proxy change the body
    ");
}

/// Every source file below a folder.
fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn an_unverified_delivery_cannot_be_parsed() {
    // Outside of the crate there is no way but `verify` to the one type that `parse` takes;
    // within it, `store` alone may make one again of what it kept.
    let parse: fn(&Verified, u64) -> t5_gate::github::event::Parsed =
        t5_gate::github::webhook::parse;
    let _ = parse;
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&src, &mut found);
    for (path, source) in found {
        let path = path.strip_prefix(&format!("{}/", src.display())).unwrap();
        assert!(!source.contains("Verified::kept(") || path.starts_with("store/"), "{path}");
        // Its fields are private, so that nothing outside of this folder can make one.
        if path.starts_with("github/webhook/") {
            let makes = source.contains("Ok(Verified {");
            assert_eq!(makes, path.ends_with("/signature.rs"), "{path}");
        }
    }
}
