//! A run's folder with a signature: believed by those who know the key.

use proptest::prelude::*;
use t5_gate::{
    receipt::{
        ENVELOPE_FILE, Envelope, PublicKeys, RECEIPT_FILE, Refusal, SAMPLES_FILE, Sealed, Signed,
        Signer, Verified, decode_envelope, decode_statement, encode, sign,
    },
    report::{verify, verify_by},
};

use super::{
    build::Gated,
    verify::{Folder, small},
};

fn signer(seed: u8) -> Signer {
    Signer::from_seed(&[seed; 32])
}

fn keys(seeds: &[u8]) -> PublicKeys {
    seeds.iter().map(|seed| signer(*seed).public()).collect()
}

/// What the gate would write for this run with a key.
fn signed(gated: &Gated) -> Folder {
    let mut folder = Folder::of(gated);
    let envelope = sign(&folder.0[RECEIPT_FILE], &signer(7)).unwrap();
    folder.put(ENVELOPE_FILE, envelope);
    folder
}

/// The same run, had it been a tenth slower: whole, and another one.
fn slower() -> Gated {
    super::build::empty().with_policy().with_perf().bench("dot/1024", 8_420.0, 1.1, 0.004, 3)
}

fn by(folder: &Folder, seeds: &[u8]) -> Result<Verified, Vec<Refusal>> {
    verify_by(folder, &keys(seeds))
}

fn said(folder: &Folder, seeds: &[u8]) -> String {
    let refusals = by(folder, seeds).map(|verified| verified.to_string()).unwrap_err();
    refusals.iter().map(Refusal::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_signed_folder_says_whose_it_is() {
    let verified = by(&signed(&small()), &[7, 8]).unwrap();
    assert_eq!(verified.signed, Signed::By(vec![signer(7).public().id()]));
    insta::assert_snapshot!(verified, @"intact, signed by key fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889: artifacts with their digests: 1; pairs computed again: 1 (raw rounds: 3); the verdict and the report come out the same");
}

#[test]
fn without_a_key_it_is_said_that_a_signature_was_not_checked() {
    let verified = verify(&signed(&small())).unwrap();
    assert_eq!(verified.signed, Signed::Unchecked(vec![signer(7).public().id()]));
    insta::assert_snapshot!(verified, @"intact, not authenticated: artifacts with their digests: 1; pairs computed again: 1 (raw rounds: 3); the verdict and the report come out the same. A signature that names key fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889 is there and was not checked, so who wrote this folder is unknown; give the file of its public key with --key");
    assert_eq!(verify(&Folder::of(&small())).unwrap().signed, Signed::Nobody);
}

#[test]
fn what_keeps_a_signature_from_counting_is_said() {
    let unsigned = Folder::of(&small());
    insta::assert_snapshot!(said(&unsigned, &[7]), @"receipt.dsse.json: it is missing. There is no signature to check, so who wrote this folder is unknown");
    insta::assert_snapshot!(said(&signed(&small()), &[8]), @"receipt.dsse.json: it names key fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889, and only 5c29b78f10a35a49a6231d08ee840a04bcc3a37a4f9d46df327dec56b8a9b7c9 may have signed it. Another gate wrote this folder, or one whose key was not given with --key");

    // Somebody without the key signs, and says that it was the one that is trusted.
    let mut forged = signed(&small());
    let (theirs, ours) = (signer(8).public().id(), signer(7).public().id());
    let envelope = sign(&forged.0[RECEIPT_FILE], &signer(8)).unwrap();
    let envelope = String::from_utf8(envelope).unwrap().replace(theirs.as_str(), ours.as_str());
    forged.put(ENVELOPE_FILE, envelope);
    insta::assert_snapshot!(said(&forged, &[7]), @"receipt.dsse.json: its signature is not one that key fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889 made over these bytes. It was changed after it was signed, or somebody else signed it");

    let mut broken = signed(&small());
    broken.put(ENVELOPE_FILE, broken.text(ENVELOPE_FILE).replace("\":", "\" :"));
    insta::assert_snapshot!(said(&broken, &[7]), @"receipt.dsse.json: it is not exactly the one line that this gate writes; spaces, another order of the keys or a missing line break at the end make it another file. It was changed after the run, or something else wrote it");
    assert!(verify(&broken).is_err(), "whoever has no key sees that, too");
}

/// Who forges a run writes all of its files anew, and every digest with them.
#[test]
fn a_receipt_that_is_not_the_signed_one_is_refused() {
    let mut forged = Folder::of(&slower());
    verify(&forged).unwrap();
    forged.put(ENVELOPE_FILE, signed(&small()).text(ENVELOPE_FILE));
    insta::assert_snapshot!(said(&forged, &[7]), @"
    receipt.json: it is not byte for byte the receipt in receipt.dsse.json. It was changed after it was signed, or the envelope is another run's
    samples.jsonl: its digest is not the one that is signed in receipt.dsse.json. It was changed after it was signed, or the envelope is another run's
    ");
    assert!(verify(&forged).is_err(), "whoever has no key sees that, too");

    let mut unreadable = signed(&small());
    unreadable.put(RECEIPT_FILE, "{}\n");
    insta::assert_snapshot!(said(&unreadable, &[7]), @"
    receipt.json: its digest is not the one in receipt.json.sha256. One of the two was changed after the run
    receipt.json: it is not byte for byte the receipt in receipt.dsse.json. It was changed after it was signed, or the envelope is another run's
    receipt.json: line 1, column 2: missing field `schema`. Without a readable receipt nothing else can be verified
    ");
}

#[test]
fn an_artifact_that_is_not_the_signed_one_is_refused() {
    let mut changed = signed(&small());
    let samples = changed.text(SAMPLES_FILE).replacen("[100.0,", "[101.0,", 1);
    changed.put(SAMPLES_FILE, samples);
    insta::assert_snapshot!(said(&changed, &[7]), @"samples.jsonl: its digest is not the one in the receipt. It was changed after the run");
    changed.0.remove(SAMPLES_FILE);
    insta::assert_snapshot!(said(&changed, &[7]), @"samples.jsonl: it is missing. The receipt rests on a file that is not there");
}

/// The key signed something; that it signed a statement which fits is looked at all the same.
#[test]
fn a_statement_that_does_not_fit_the_receipt_is_refused_under_a_good_signature() {
    let payload = |edit: &dyn Fn(String) -> String| {
        let envelope = decode_envelope(&signed(&small()).0[ENVELOPE_FILE]).unwrap();
        edit(String::from_utf8(envelope.payload().to_vec()).unwrap()).into_bytes()
    };
    let sealed = |edit: &dyn Fn(String) -> String| {
        let mut folder = signed(&small());
        let envelope = Envelope::sealed(payload(edit), &signer(7)).encode().unwrap();
        folder.put(ENVELOPE_FILE, envelope);
        said(&folder, &[7])
    };
    let digest = &small().receipt.artifacts[0].sha256;
    let entry = format!(",{{\"name\":\"samples.jsonl\",\"digest\":{{\"sha256\":\"{digest}\"}}}}");
    insta::assert_snapshot!(sealed(&|text| text.replacen(&digest[..], &"0".repeat(64), 1)), @"samples.jsonl: its digest is not the one that is signed in receipt.dsse.json. It was changed after it was signed, or the envelope is another run's");
    insta::assert_snapshot!(sealed(&|text| text.replacen(&entry, "", 1)), @"samples.jsonl: receipt.dsse.json does not name it. It was changed after it was signed, or the envelope is another run's");
    insta::assert_snapshot!(sealed(&|text| text.replacen(&entry, &entry.repeat(2), 1)), @"receipt.dsse.json: it names the receipt's files twice, or in another order. This gate writes no such statement");
    insta::assert_snapshot!(sealed(&|text| text.replacen(&entry, &format!("{entry}{}", entry.replace("samples", "other")), 1)), @"other.jsonl: receipt.dsse.json names it, and the receipt does not. It was changed after it was signed, or the envelope is another run's");
    insta::assert_snapshot!(sealed(&|text| text.replacen("t5-gate:receipt:1", "other:receipt:1", 1)), @"receipt.dsse.json: what is signed is «urn:other:receipt:1», expected «urn:t5-gate:receipt:1». It says nothing of this receipt");
}

#[test]
fn nothing_that_guards_a_receipt_is_one_of_its_artifacts() {
    let mut gated = small();
    gated.receipt.artifacts.push(t5_gate::receipt::Artifact {
        path: ENVELOPE_FILE.to_owned(),
        what: "a signature".to_owned(),
        sha256: "0".repeat(64),
        bytes: 1,
    });
    let folder = signed(&gated);
    assert!(said(&folder, &[7]).contains("is no artifact"), "{}", said(&folder, &[7]));
}

#[test]
fn each_byte_around_the_payload_counts() {
    let whole = signed(&small()).0.remove(ENVELOPE_FILE).unwrap();
    let payload = whole.windows(15).position(|part| part == b"\",\"payloadType\"").unwrap();
    let around = (0..12).chain(payload - 8..whole.len());
    for at in around {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        let read = decode_envelope(&flipped);
        let checked = read.map(|envelope| envelope.check(&keys(&[7])));
        assert!(!matches!(checked, Ok(Sealed::By(_))), "byte {at} of {}", whole.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Not only a flipped bit: any other byte, anywhere.
    #[test]
    fn any_other_byte_in_a_signed_folder_is_refused(
        file in prop::sample::select(vec![ENVELOPE_FILE, RECEIPT_FILE, SAMPLES_FILE]),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
    ) {
        let mut folder = signed(&small());
        let bytes = folder.0.get_mut(file).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(by(&folder, &[7]).is_err(), "{file}: byte {at}, {flip:#x}");
    }
}

proptest! {
    // Each case measures a run of its own.
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whoever writes all digests anew still lacks the key.
    #[test]
    fn no_other_receipt_passes_for_the_signed_one(ratio in 0.5_f64..2.0) {
        let forged = super::build::empty()
            .with_policy()
            .with_perf()
            .bench("dot/1024", 8_421.0, ratio, 0.004, 3);
        let mut folder = Folder::of(&forged);
        folder.put(ENVELOPE_FILE, signed(&small()).text(ENVELOPE_FILE));
        prop_assert!(verify(&folder).is_err());
        prop_assert!(by(&folder, &[7]).is_err());
        let theirs = sign(&encode(&forged.receipt).unwrap(), &signer(8)).unwrap();
        folder.put(ENVELOPE_FILE, theirs);
        prop_assert!(verify(&folder).is_ok());
        prop_assert!(by(&folder, &[7]).is_err());
    }
}

#[test]
fn the_receipt_in_the_envelope_is_enough_to_restore_a_lost_one() {
    let mut folder = signed(&small());
    let envelope = decode_envelope(&folder.0[ENVELOPE_FILE]).unwrap();
    folder.0.remove(RECEIPT_FILE);
    assert!(by(&folder, &[7]).is_err());
    folder.put(RECEIPT_FILE, decode_statement(envelope.payload()).unwrap().receipt());
    by(&folder, &[7]).unwrap();
}
