//! Keys as text.

use secrecy::{ExposeSecret as _, SecretString};
use t5_gate::receipt::{KeyError, KeyId, ListedKeys, PublicKeys, Signer, Standing, digest};

/// The example of RFC 8410, 10.3: a secret key, and its public one in 10.1.
const SECRET: &str = "-----BEGIN PRIVATE KEY-----\n\
                      MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                      -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
                      MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
                      -----END PUBLIC KEY-----\n";

fn secret(text: &str) -> Result<Signer, KeyError> {
    Signer::parse(&SecretString::from(text))
}

fn public(text: &str) -> Result<PublicKeys, KeyError> {
    PublicKeys::parse(text)
}

#[test]
fn the_published_example_is_read_and_written() {
    let signer = secret(SECRET).unwrap();
    assert_eq!(signer.public().to_pem(), PUBLIC);
    assert_eq!(signer.to_pem().expose_secret(), SECRET);
    assert_eq!(public(PUBLIC).unwrap().ids(), [signer.public().id()]);
}

#[test]
fn a_key_is_called_by_the_digest_of_its_32_bytes() {
    let bytes = data_encoding::BASE64
        .decode(b"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
        .unwrap();
    let id = secret(SECRET).unwrap().public().id();
    assert_eq!(id.as_str(), digest(&bytes[12..]));
}

/// The first test of RFC 8032, 7.1: which public key belongs to a seed.
#[test]
fn the_public_key_of_a_seed_is_the_published_one() {
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let known = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    let signer = Signer::from_seed(&seed.try_into().unwrap());
    assert_eq!(signer.public().id().as_str(), digest(&known));
}

#[test]
fn a_secret_key_cannot_be_printed() {
    let signer = secret(SECRET).unwrap();
    let (printed, whole) = (format!("{signer:?}"), format!("{signer:#?}"));
    assert_eq!(printed, format!("Signer({})", signer.public().id()));
    assert_eq!(whole, printed);
    assert!(!format!("{:?}", signer.to_pem()).contains("MC4C"));
}

#[test]
fn a_file_that_is_not_the_key_is_told_from_one() {
    let no_key = |text: &str| secret(text).unwrap_err().to_string();
    insta::assert_snapshot!(no_key(""), @"it holds no key; expected a line «-----BEGIN PRIVATE KEY-----»");
    insta::assert_snapshot!(no_key(PUBLIC), @"it holds a public key, and nobody can sign with that; name the file of the secret one");
    insta::assert_snapshot!(no_key(&SECRET.replace("PRIVATE", "RSA PRIVATE")), @"it holds another kind of thing than «-----BEGIN PRIVATE KEY-----»; `t5 key new` makes a key");
    insta::assert_snapshot!(no_key(&format!("{SECRET}{SECRET}")), @"it holds 2 keys; one is used to sign");
    insta::assert_snapshot!(no_key(SECRET.split_once("-----END").unwrap().0), @"the key that begins in line 1 does not end");
    insta::assert_snapshot!(no_key(&SECRET.replace("MC4C", "MC5C")), @"the key in line 1 is no ed25519 key in its plain form; `t5 key new` makes one");
    insta::assert_snapshot!(no_key(&format!("secret: x\n{SECRET}")), @"line 1 is neither part of a key nor a remark behind a #");
    insta::assert_snapshot!(no_key(&"#".repeat(70_000)), @"it is too long for a file of keys");

    let no_key = |text: &str| public(text).unwrap_err().to_string();
    insta::assert_snapshot!(no_key("# nothing\n\n"), @"it holds no key; expected a line «-----BEGIN PUBLIC KEY-----»");
    insta::assert_snapshot!(no_key(SECRET), @"it holds a secret key where a public one is meant; `t5 key public --key FILE` prints its public one");
    insta::assert_snapshot!(no_key(&format!("\n{}", PUBLIC.replace("MCow", "MCoy"))), @"the key in line 2 is no ed25519 key in its plain form; `t5 key new` makes one");
    insta::assert_snapshot!(no_key(&PUBLIC.repeat(65)), @"it holds more than 64 keys");
}

#[test]
fn what_is_said_of_a_broken_key_holds_nothing_of_it() {
    for broken in [
        SECRET.replace("PRIVATE KEY-----\nMC4", "PRIVATE KEY-----\nXX4"),
        SECRET.replacen("-----BEGIN", "BEGIN", 1),
        SECRET.replace("-----END", "END"),
        SECRET.replace('\n', " "),
    ] {
        let error = secret(&broken).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("BCIEINTuctv5E1hK1bbY8fdp"), "{said}");
    }
}

/// Under the neutral point, and the other points of small order, anything has a signature.
#[test]
fn a_weak_public_key_is_refused() {
    let mut neutral = [0_u8; 32];
    neutral[0] = 1;
    for weak in [neutral, [0; 32]] {
        let der =
            [&data_encoding::HEXLOWER.decode(b"302a300506032b6570032100").unwrap()[..], &weak];
        let line = data_encoding::BASE64.encode(&der.concat());
        let text = format!("-----BEGIN PUBLIC KEY-----\n{line}\n-----END PUBLIC KEY-----\n");
        assert_eq!(public(&text), Err(KeyError::Weak));
    }
}

#[test]
fn the_keys_that_a_server_lists_are_a_file_for_verify() {
    let [current, old, leaked] = [1, 2, 3].map(|seed| Signer::from_seed(&[seed; 32]).public());
    let unlisted = Signer::from_seed(&[4; 32]).public().id();
    let listed = ListedKeys {
        current: current.clone(),
        retired: vec![old.clone()],
        leaked: vec![leaked.id()],
    };
    let text = listed.to_string();
    let read = public(&text).unwrap();
    assert_eq!(read.ids(), [current.id(), old.id()], "nobody trusts the leaked one by this file");
    assert!(text.contains(&format!("# leaked: key {}", leaked.id())), "{text}");
    let standing = [current.id(), old.id(), leaked.id(), unlisted].map(|id| listed.standing(&id));
    use Standing::{Current, Leaked, Retired, Unlisted};
    assert_eq!(standing, [Current, Retired, Leaked, Unlisted]);
}

#[test]
fn an_id_has_one_form() {
    let id = "0123456789abcdef".repeat(4);
    assert_eq!(KeyId::try_from(id.clone()).unwrap().as_str(), id);
    for wrong in [id.to_uppercase(), id[1..].to_owned(), format!("{id}0"), String::new()] {
        assert!(KeyId::try_from(wrong.clone()).is_err(), "{wrong}");
    }
}
