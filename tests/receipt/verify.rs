//! A run's folder: believed when whole, refused when a byte of it is not as it was.

use std::collections::BTreeMap;

use t5_gate::{
    policy::FindingState,
    receipt::{
        Artifact, DIGEST_FILE, FileError, Files, RECEIPT_FILE, REPORT_FILE, ROUTE_FILE, Refusal,
        SAMPLES_FILE, VERDICT_FILE, Verified, WORKLOADS_FILE, digest, encode, encode_rounds,
        encode_verdict, encode_workloads, judge, side_file,
    },
    report::{markdown, posted::encode_route, verify},
};

use super::build::{Gated, content, empty, licence};

/// A run's folder in memory.
#[derive(Clone, Default)]
pub(super) struct Folder(pub(super) BTreeMap<String, Vec<u8>>);

impl Files for Folder {
    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        assert!(!name.contains(".."), "a name that leaves the folder must not be asked for");
        let bytes = self.0.get(name).ok_or(FileError::Absent)?;
        if bytes.len() as u64 > limit {
            return Err(FileError::TooLarge { limit });
        }
        Ok(bytes.clone())
    }
}

impl Folder {
    /// What the gate would write for this run.
    pub(super) fn of(gated: &Gated) -> Self {
        let verdict = judge(&gated.receipt);
        let receipt = encode(&gated.receipt).unwrap();
        let mut folder = Self::default();
        folder.put(DIGEST_FILE, side_file(&receipt));
        folder.put(RECEIPT_FILE, receipt);
        folder.put(VERDICT_FILE, encode_verdict(&verdict).unwrap());
        folder.put(REPORT_FILE, markdown(&gated.receipt, &verdict).unwrap());
        folder.put(ROUTE_FILE, encode_route(&gated.receipt, &verdict).unwrap());
        if !gated.rounds.is_empty() {
            folder.put(SAMPLES_FILE, encode_rounds(&gated.rounds).unwrap());
        }
        if !gated.workloads.is_empty() {
            folder.put(WORKLOADS_FILE, encode_workloads(&gated.workloads).unwrap());
        }
        folder
    }

    pub(super) fn put(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.0.insert(name.to_owned(), bytes.into());
    }

    pub(super) fn text(&self, name: &str) -> String {
        String::from_utf8(self.0[name].clone()).unwrap()
    }

    fn verify(&self) -> Result<Verified, Vec<Refusal>> {
        verify(self)
    }

    /// What is said against it, a line each.
    fn said(&self) -> String {
        let refusals = self.verify().map(|verified| verified.to_string()).unwrap_err();
        refusals.iter().map(Refusal::to_string).collect::<Vec<_>>().join("\n")
    }
}

/// Small, and yet every part of it is there: three rounds, a finding.
pub(super) fn small() -> Gated {
    empty()
        .with_policy()
        .finding(licence(FindingState::PreExisting))
        .with_perf()
        .bench("dot/1024", 8_420.0, 1.0, 0.004, 3)
}

#[test]
fn a_whole_folder_is_intact_and_not_authenticated() {
    let verified = Folder::of(&small()).verify().unwrap();
    assert_eq!(verified.receipt, small().receipt);
    assert_eq!(verified.verdict, judge(&verified.receipt));
    insta::assert_snapshot!(verified, @"intact, not authenticated: artifacts with their digests: 1; pairs computed again: 1 (raw rounds: 3); the verdict and the report come out the same. Nothing is signed, so who wrote this folder is unknown");
    Folder::of(&content()).verify().unwrap();
    Folder::of(&empty().with_policy()).verify().unwrap();
}

#[test]
fn every_flipped_byte_is_refused() {
    let whole = Folder::of(&small());
    for name in [RECEIPT_FILE, DIGEST_FILE, SAMPLES_FILE, VERDICT_FILE, REPORT_FILE, ROUTE_FILE] {
        let length = whole.0[name].len();
        // What follows from the receipt is compared as a whole: a sample of its bytes will do.
        let step = if matches!(name, REPORT_FILE | ROUTE_FILE) { 17 } else { 1 };
        for at in (0..length).step_by(step) {
            let mut flipped = whole.clone();
            let byte = &mut flipped.0.get_mut(name).unwrap()[at];
            *byte ^= 1 << (at % 8);
            let Err(refusals) = flipped.verify() else {
                panic!("{name}: byte {at} of {length} was flipped, and nobody saw it");
            };
            assert!(!refusals.is_empty());
        }
    }
}

#[test]
fn a_byte_more_or_less_is_refused() {
    let whole = Folder::of(&small());
    for name in [RECEIPT_FILE, DIGEST_FILE, SAMPLES_FILE, VERDICT_FILE, REPORT_FILE] {
        let mut shorter = whole.clone();
        shorter.0.get_mut(name).unwrap().pop();
        assert!(shorter.verify().is_err(), "{name} lacks its last byte");
        let mut longer = whole.clone();
        longer.0.get_mut(name).unwrap().push(b'\n');
        assert!(longer.verify().is_err(), "{name} has a byte more");
        let mut without = whole.clone();
        without.0.remove(name);
        assert!(without.said().contains(&format!("{name}: it is missing")), "{}", without.said());
    }
}

#[test]
fn a_folder_of_a_gate_that_wrote_no_route_is_whole() {
    let mut older = Folder::of(&small());
    older.0.remove(ROUTE_FILE);
    older.verify().unwrap();
    older.put(ROUTE_FILE, Folder::of(&small()).text(ROUTE_FILE).replace("pr-doc", "perf"));
    insta::assert_snapshot!(older.said(), @"t5-route.json: from line 10 on it is not the route that the receipt gives. The written route does not follow from the facts");
}

#[test]
fn a_refusal_names_the_file_what_differs_and_what_that_means() {
    let whole = Folder::of(&small());
    let mut other = whole.clone();
    other.put(DIGEST_FILE, side_file(b"something else"));
    insta::assert_snapshot!(other.said(), @"receipt.json: its digest is not the one in receipt.json.sha256. One of the two was changed after the run");
    let mut other = whole.clone();
    other.put(DIGEST_FILE, whole.text(DIGEST_FILE).to_uppercase());
    insta::assert_snapshot!(other.said(), @"receipt.json.sha256: it is not exactly one line of `sha256sum receipt.json`. It was changed after the run, or something else wrote it");
    let mut other = whole.clone();
    other.put(REPORT_FILE, whole.text(REPORT_FILE).replace("held", "improved"));
    insta::assert_snapshot!(other.said(), @"report.md: from line 16 on it is not the report that the receipt gives. The written report does not follow from the facts");
    let mut other = whole.clone();
    other.put(SAMPLES_FILE, whole.text(SAMPLES_FILE).replacen("[100.0,", "[101.0,", 1));
    insta::assert_snapshot!(other.said(), @"samples.jsonl: its digest is not the one in the receipt. It was changed after the run");
}

/// Someone who forges has a program to compute digests, too.
#[test]
fn figures_that_do_not_follow_from_the_samples_are_refused_under_good_digests() {
    let mut forged = small();
    let pair = &mut forged.perf().pairs[0];
    pair.estimate.as_mut().unwrap().ratio += 1e-9;
    insta::assert_snapshot!(Folder::of(&forged).said(), @"samples.jsonl: widgets/kernels: dot/1024: held 1.000443384 (0.992176583 … 1.113858557) from the samples, held 1.000443385 (0.992176583 … 1.113858557) in the receipt. The receipt's figures do not follow from its own samples");
    let mut forged = small();
    forged.rounds.pop();
    insta::assert_snapshot!(Folder::of(&forged.sealed()).said(), @"samples.jsonl: widgets/kernels: dot/1024: inconclusive, head 8463.285 ns from the samples, held 1.000443384 (0.992176583 … 1.113858557) in the receipt. The receipt's figures do not follow from its own samples");
}

#[test]
fn a_disagreement_of_clocks_is_computed_again() {
    let seen = small().seen(|_| 90e6);
    assert!(seen.receipt.perf.as_ref().unwrap().pairs[0].clock.is_some());
    Folder::of(&seen).verify().unwrap();
    let mut forged = seen;
    let pair = &mut forged.perf().pairs[0];
    pair.clock = None;
    pair.state = t5_gate::perf::PairState::Held;
    let said = Folder::of(&forged).said();
    assert!(said.contains("figures do not follow from its own samples"), "{said}");
}

#[test]
fn a_verdict_that_does_not_follow_is_refused_under_good_digests() {
    let mut forged = Folder::of(&small());
    let verdict = judge(&empty().with_policy().receipt);
    forged.put(VERDICT_FILE, encode_verdict(&verdict).unwrap());
    insta::assert_snapshot!(forged.said(), @"verdict.json: it is not the verdict that the receipt gives. The written verdict does not follow from the facts");
}

#[test]
fn a_receipt_that_contradicts_itself_is_refused_under_good_digests() {
    let mut folder = Folder::of(&small());
    let mut forged = small().receipt;
    forged.run.finished = forged.run.started - jiff::SignedDuration::from_secs(1);
    let bytes = encode(&forged).unwrap();
    folder.put(DIGEST_FILE, side_file(&bytes));
    folder.put(RECEIPT_FILE, bytes);
    assert!(folder.said().contains("before it began"), "{}", folder.said());
}

#[test]
fn an_artifact_stays_in_the_folder_and_holds_what_was_said() {
    let deny = b"{}\n";
    let artifact = |path: &str| Artifact {
        path: path.to_owned(),
        what: "what cargo-deny said".to_owned(),
        sha256: digest(deny),
        bytes: deny.len() as u64,
    };
    let with = |path: &str| {
        let mut gated = small();
        gated.receipt.artifacts.push(artifact(path));
        let mut folder = Folder::of(&gated);
        folder.put(path, deny.as_slice());
        folder
    };
    assert_eq!(with("scan/deny.ndjson").verify().unwrap().artifacts, 2);
    for path in [
        "../secret",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "./a",
        "",
        "a\\..\\b",
        "C:x",
        "a\nb",
        "verdict.json",
        "receipt.json",
        "report.md",
        "t5-route.json",
        "receipt.json.sha256",
    ] {
        assert!(with(path).verify().is_err(), "«{path}» was accepted");
    }
    let mut longer = with("deny.ndjson");
    longer.put("deny.ndjson", "{}\n\n");
    insta::assert_snapshot!(longer.said(), @"deny.ndjson: it is larger than the 3 bytes that the receipt names. It was changed after the run");
    let mut other = with("deny.ndjson");
    other.put("deny.ndjson", "[]\n");
    insta::assert_snapshot!(other.said(), @"deny.ndjson: its digest is not the one in the receipt. It was changed after the run");
}

#[test]
fn figures_without_samples_are_refused() {
    let mut folder = Folder::of(&small());
    let mut bare = small().receipt;
    bare.artifacts.clear();
    let bytes = encode(&bare).unwrap();
    folder.put(DIGEST_FILE, side_file(&bytes));
    folder.put(RECEIPT_FILE, bytes);
    assert!(folder.said().contains("names no samples.jsonl"), "{}", folder.said());
}

#[test]
fn a_folder_of_another_version_says_so() {
    let mut gated = small();
    gated.receipt.run.gate_version = "0.0.9".to_owned();
    let mut folder = Folder::of(&gated);
    folder.put(VERDICT_FILE, "{}\n");
    assert!(folder.said().contains("t5 0.0.9 wrote it"), "{}", folder.said());
}

#[test]
fn an_improvement_follows_from_its_own_repetition_and_from_none_under_an_older_rule() {
    let improved = || small().bench("sum/4096", 1_350_000.0, 0.8, 0.004, 10);
    Folder::of(&improved().repeated("sum/4096", 0.8)).verify().unwrap();

    // Rounds that do not show it cannot be left out.
    let mut without = improved().repeated("sum/4096", 1.0);
    without.rounds.retain(|round| round.stage.is_first());
    let said = Folder::of(&without.sealed()).said();
    assert!(said.contains("sum/4096"), "{said}");

    // As the gate wrote it before it repeated improvements, or counted what a round takes.
    let mut older = improved();
    let perf = older.perf();
    perf.rule.confirm.improved = false;
    for pair in &mut perf.pairs {
        pair.round_ns = None;
    }
    let folder = Folder::of(&older);
    let stored = folder.text(RECEIPT_FILE).replace(",\n        \"improved\": false", "");
    assert!(!stored.contains("\"improved\": false"), "{stored}");
    assert!(!stored.contains("round_ns"), "{stored}");
    let mut folder = folder;
    folder.put(DIGEST_FILE, side_file(stored.as_bytes()));
    folder.put(RECEIPT_FILE, stored);
    folder.verify().unwrap();
}
