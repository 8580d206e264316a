//! What was seen on two sides, matched.

use proptest::prelude::*;
use t5_gate::policy::{FindingState, Package, Seen, Severity, Source, compare};

fn seen(id: &str, name: &str, version: &str) -> Seen {
    Seen {
        source: Source::Audit,
        id: id.to_owned(),
        detail: String::new(),
        aliases: Vec::new(),
        severity: Severity::Error,
        band: None,
        package: Package { name: name.to_owned(), version: version.to_owned() },
        why: "it is bad".to_owned(),
        chain: Vec::new(),
        location: None,
        published: None,
    }
}

fn states(base: Vec<Seen>, head: Vec<Seen>) -> Vec<(String, FindingState)> {
    let findings = compare(base, head, None, |_| false);
    findings.into_iter().map(|finding| (finding.package.version, finding.state)).collect()
}

#[test]
fn a_second_affected_version_beside_the_first_is_introduced() {
    let base = vec![seen("A", "rand", "0.7.0")];
    let head = vec![seen("A", "rand", "0.7.0"), seen("A", "rand", "0.8.0")];

    let expected = [
        ("0.8.0".to_owned(), FindingState::Introduced),
        ("0.7.0".to_owned(), FindingState::PreExisting),
    ];
    assert_eq!(states(base, head), expected);
}

#[test]
fn the_same_version_matches_before_another_one_does() {
    let base = vec![seen("A", "rand", "0.7.0"), seen("A", "rand", "0.8.0")];
    let head = vec![seen("A", "rand", "0.8.0")];

    let expected = [
        ("0.8.0".to_owned(), FindingState::PreExisting),
        ("0.7.0".to_owned(), FindingState::Fixed),
    ];
    assert_eq!(states(base, head), expected);
}

#[test]
fn another_detail_is_another_finding() {
    let with = |detail: &str| Seen { detail: detail.to_owned(), ..seen("rejected", "x", "1.0.0") };

    let findings = compare(vec![with("GPL-2.0")], vec![with("GPL-3.0")], None, |_| false);

    let states: Vec<FindingState> = findings.iter().map(|finding| finding.state).collect();
    assert_eq!(states, [FindingState::Introduced, FindingState::Fixed]);
}

#[test]
fn an_advisory_of_the_day_of_the_base_was_there_before() {
    let day: jiff::civil::Date = "2026-01-01".parse().unwrap();
    let published = |day: &str| Seen { published: day.parse().ok(), ..seen("A", "x", "1.0.0") };
    let state = |one: Seen| compare(vec![one.clone()], vec![one], Some(day), |_| false)[0].state;

    assert_eq!(state(published("2026-01-01")), FindingState::PreExisting);
    assert_eq!(state(published("2026-01-02")), FindingState::DatabaseMoved);
}

#[test]
fn a_new_package_with_a_young_advisory_is_introduced() {
    let day: jiff::civil::Date = "2026-01-01".parse().unwrap();
    let young = Seen { published: "2026-05-05".parse().ok(), ..seen("A", "x", "1.0.0") };

    let findings = compare(Vec::new(), vec![young], Some(day), |_| false);

    assert_eq!(findings[0].state, FindingState::Introduced);
}

#[test]
fn a_base_that_gave_no_answer_vouches_for_what_it_is_known_to_have() {
    let known = seen("A", "old", "1.0.0");
    let new = seen("A", "new", "1.0.0");

    let findings = compare(Vec::new(), vec![known, new], None, |seen| seen.package.name == "old");

    let states: Vec<(&str, FindingState)> =
        findings.iter().map(|finding| (finding.package.name.as_str(), finding.state)).collect();
    assert_eq!(states, [("new", FindingState::Introduced), ("old", FindingState::PreExisting)]);
}

#[test]
fn findings_are_sorted_by_state_then_the_gravest_then_source_then_package() {
    let warning = |one: Seen| Seen { severity: Severity::Warning, ..one };
    let deny = |one: Seen| Seen { source: Source::DenyBans, ..one };
    let base = vec![seen("A", "gone", "1.0.0")];
    let head = vec![
        warning(seen("B", "a", "1.0.0")),
        seen("C", "z", "1.0.0"),
        seen("C", "b", "1.0.0"),
        deny(seen("C", "y", "1.0.0")),
    ];

    let findings = compare(base, head, None, |_| false);

    let names: Vec<&str> = findings.iter().map(|finding| finding.package.name.as_str()).collect();
    assert_eq!(names, ["y", "b", "z", "a", "gone"]);
}

proptest! {
    #[test]
    fn every_package_of_both_sides_is_in_exactly_one_finding(
        base in proptest::collection::btree_set((0..3_u8, 0..3_u8, 0..4_u8), 0..12),
        head in proptest::collection::btree_set((0..3_u8, 0..3_u8, 0..4_u8), 0..12),
    ) {
        let side = |set: &std::collections::BTreeSet<(u8, u8, u8)>| -> Vec<Seen> {
            set.iter().map(|(id, name, version)| {
                seen(&id.to_string(), &name.to_string(), &version.to_string())
            }).collect()
        };
        let findings = compare(side(&base), side(&head), None, |_| false);

        let of_head = findings.iter().filter(|finding| finding.state != FindingState::Fixed).count();
        prop_assert_eq!(of_head, head.len());
        let matched =
            findings.iter().filter(|finding| finding.state == FindingState::PreExisting).count();
        let fixed = findings.iter().filter(|finding| finding.state == FindingState::Fixed).count();
        prop_assert_eq!(matched + fixed, base.len());
        let same = base.intersection(&head).count();
        prop_assert!(matched >= same);
    }
}
