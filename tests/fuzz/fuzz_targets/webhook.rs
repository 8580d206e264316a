//! Any bytes as a delivery: refused unless they were signed, and read or ignored if they were.

#![no_main]

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;
use sha2::Sha256;
use t5_gate::github::{
    event::{Parsed, What},
    webhook::{self, Headers, Secrets},
};

/// The App that most of GitHub's examples speak of.
const APP: u64 = 29310;
const SECRET: &str = "a secret for tests";
const EVENTS: &[&str] = &[
    "pull_request",
    "issue_comment",
    "check_run",
    "check_suite",
    "merge_group",
    "push",
    "installation",
    "installation_repositories",
    "ping",
];

fuzz_target!(|input: (u8, &[u8], &[u8])| {
    let (choice, header, body) = input;
    let name = EVENTS[usize::from(choice) % EVENTS.len()];
    let secrets = Secrets::new(vec![SecretString::from(SECRET)]).unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(body);
    let signature = format!("sha256={}", HEXLOWER.encode(&mac.finalize().into_bytes()));
    let good = Headers {
        delivery: Some(b"1"),
        event: Some(name.as_bytes()),
        signature: Some(signature.as_bytes()),
        content_type: Some(b"application/json"),
    };

    // Whatever stands in one header, nothing but the one signature opens the door.
    let forged = Headers { signature: Some(header), ..good };
    assert!(
        header == signature.as_bytes() || webhook::verify(&secrets, forged, body.to_vec()).is_err()
    );
    let _ = webhook::verify(&secrets, Headers { delivery: Some(header), ..good }, body.to_vec());
    let _ = webhook::verify(&secrets, Headers { event: Some(header), ..good }, body.to_vec());
    let _ =
        webhook::verify(&secrets, Headers { content_type: Some(header), ..good }, body.to_vec());

    let verified = webhook::verify(&secrets, good, body.to_vec()).unwrap();
    match webhook::parse(&verified, APP) {
        Parsed::Ignored(reason) => {
            assert!((1..=200).contains(&reason.chars().count()), "{reason}");
            assert!(!reason.contains(char::is_control), "{reason}");
        }
        Parsed::Event(event) => {
            let of_installation = matches!(event.what, What::Uninstalled { .. } | What::Restored);
            assert!(event.repo.is_some() != of_installation);
            if let What::Uninstalled { repositories } = &event.what {
                assert!(name == "installation" || !repositories.is_empty());
            }
            if let Some(repo) = &event.repo {
                assert!(!repo.full_name().contains(['\0', ' ', '\\']));
                assert_eq!(repo.full_name().matches('/').count(), 1);
            }
            if let What::Pull(_, pull) = &event.what {
                assert!(commit(&pull.head) && commit(&pull.base));
            }
            if let What::Rerun(check) | What::RerunSuite(check) = &event.what {
                assert!(commit(&check.head));
            }
        }
    }
});

fn commit(sha: &str) -> bool {
    matches!(sha.len(), 40 | 64) && sha.bytes().all(|byte| byte.is_ascii_hexdigit())
}
