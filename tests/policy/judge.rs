//! The judgement, rule by rule.

use jiff::civil::Date;
use t5_gate::{
    policy::{
        Checked, DatabaseFact, DatabaseOrigin, Facts, Finding, FindingState, Package, PolicyFile,
        PolicyOrigin, RefusedAdvisory, RuleEdit, Scan, ScanState, Severity, Side, Source, Standing,
        disagreements, judge, waiver_for, waiver_states,
    },
    verdict::{Outcome, Part},
};

use super::waiver;

fn today() -> Date {
    "2026-11-01".parse().unwrap()
}

/// A scan that found nothing, with a database of yesterday.
fn clean() -> Facts {
    let finished = ScanState::Finished { errors: 0, warnings: 0 };
    let scan = |source, side| Scan { source, side, state: finished.clone() };
    let sources = [
        Source::DenyLicenses,
        Source::DenySources,
        Source::DenyBans,
        Source::DenyAdvisories,
        Source::Audit,
    ];
    let both = |source| [scan(source, Side::Base), scan(source, Side::Head)];
    Facts {
        policy_file: PolicyFile {
            origin: PolicyOrigin::Repository,
            path: "deny.toml".to_owned(),
            sha256: "00".to_owned(),
        },
        database: DatabaseFact {
            origin: DatabaseOrigin::Fetched { url: "https://example.org/db".to_owned() },
            commit: Some("bf5c0d2".to_owned()),
            committed: Some("2026-10-31T00:00:00Z".parse().unwrap()),
            advisories: 1000,
            refused: Vec::new(),
            fallback: None,
        },
        database_max_age_days: 30,
        checked: Checked { base_packages: Some(10), head_packages: 11 },
        scans: sources.into_iter().flat_map(both).collect(),
        findings: Vec::new(),
        waivers: Vec::new(),
        edits: Vec::new(),
    }
}

fn advisory(source: Source, severity: Severity, state: FindingState) -> Finding {
    Finding {
        source,
        id: "RUSTSEC-2026-0001".to_owned(),
        aliases: vec!["CVE-2026-1".to_owned()],
        severity,
        band: Some("high".to_owned()),
        package: Package { name: "old".to_owned(), version: "1.2.3".to_owned() },
        why: "it writes out of bounds".to_owned(),
        chain: Vec::new(),
        location: None,
        published: Some("2026-09-09".parse().unwrap()),
        state,
    }
}

fn found(findings: impl IntoIterator<Item = Finding>) -> Facts {
    Facts { findings: findings.into_iter().collect(), ..clean() }
}

fn said(part: &Part) -> Vec<(Outcome, &str)> {
    part.reasons.iter().map(|reason| (reason.outcome, reason.code.as_str())).collect()
}

#[track_caller]
fn only_reason(facts: &Facts, outcome: Outcome, code: &str) -> String {
    let part = judge(facts, today());
    assert_eq!(said(&part), [(outcome, code)], "{part:#?}");
    part.reasons[0].text.clone()
}

#[test]
fn nothing_found_is_pass() {
    let part = judge(&clean(), today());

    assert_eq!(part.outcome(), Some(Outcome::Pass));
    assert_eq!(said(&part), []);
}

#[test]
fn an_introduced_error_fails_once_for_both_sources_and_names_them() {
    let introduced = FindingState::Introduced;
    let facts = found([
        advisory(Source::DenyAdvisories, Severity::Error, introduced),
        advisory(Source::Audit, Severity::Error, introduced),
    ]);

    let text = only_reason(&facts, Outcome::Fail, "introduced-finding");

    assert_eq!(
        text,
        "RUSTSEC-2026-0001 (high) in old 1.2.3: it writes out of bounds (says cargo-deny and \
         rustsec). Next: update or replace old, or waive RUSTSEC-2026-0001 for it in t5.yml on the \
         target branch"
    );
}

#[test]
fn what_was_there_and_what_is_fixed_has_no_effect() {
    let facts = found([
        advisory(Source::Audit, Severity::Error, FindingState::PreExisting),
        advisory(Source::Audit, Severity::Error, FindingState::Fixed),
    ]);

    assert_eq!(judge(&facts, today()).outcome(), Some(Outcome::Pass));
}

#[test]
fn an_introduced_warning_is_attention_only_about_a_packages_health() {
    let warning = |band: Option<&str>| Finding {
        band: band.map(str::to_owned),
        ..advisory(Source::Audit, Severity::Warning, FindingState::Introduced)
    };

    for band in ["unmaintained", "unsound", "yanked"] {
        only_reason(&found([warning(Some(band))]), Outcome::Attention, "introduced-warning");
    }
    assert_eq!(judge(&found([warning(None)]), today()).outcome(), Some(Outcome::Pass));
}

#[test]
fn an_error_that_the_database_brought_is_attention_and_a_warning_is_nothing() {
    let moved = |severity| found([advisory(Source::Audit, severity, FindingState::DatabaseMoved)]);

    let text = only_reason(&moved(Severity::Error), Outcome::Attention, "database-moved");
    assert!(text.contains("published on 2026-09-09, after the base commit"), "{text}");
    assert_eq!(judge(&moved(Severity::Warning), today()).outcome(), Some(Outcome::Pass));
}

#[test]
fn a_waiver_covers_by_id_or_alias_and_by_name_or_exact_version() {
    let finding = advisory(Source::Audit, Severity::Error, FindingState::Introduced);
    let covers = |id: &str, scope: &str| {
        let waivers = vec![waiver(id, scope, "2027-01-01")];
        let facts = Facts { waivers, ..found([finding.clone()]) };
        let covers = waiver_for(&facts, &finding).is_some();
        let passes = judge(&facts, today()).outcome() == Some(Outcome::Pass);
        assert_eq!(covers, passes);
        covers
    };

    assert!(covers("RUSTSEC-2026-0001", "old"));
    assert!(covers("CVE-2026-1", "old@1.2.3"));
    assert!(!covers("RUSTSEC-2026-0001", "old@1.2.4"));
    assert!(!covers("RUSTSEC-2026-0001", "older"));
    assert!(!covers("RUSTSEC-2026-0002", "old"));
}

#[test]
fn a_waiver_counts_on_its_last_day_and_not_on_the_next() {
    let with = |expires: &str| Facts {
        waivers: vec![waiver("RUSTSEC-2026-0001", "old", expires)],
        ..found([advisory(Source::Audit, Severity::Error, FindingState::Introduced)])
    };

    let text = only_reason(&with("2026-11-01"), Outcome::Attention, "waiver-expiring");
    assert!(text.contains("expires in 0 days (2026-11-01)") && text.contains("ada"), "{text}");
    only_reason(&with("2026-11-15"), Outcome::Attention, "waiver-expiring");
    assert_eq!(judge(&with("2026-11-16"), today()).outcome(), Some(Outcome::Pass));
    let expired = judge(&with("2026-10-31"), today());
    assert_eq!(
        said(&expired),
        [(Outcome::Fail, "introduced-finding"), (Outcome::Fail, "waiver-expired")]
    );
}

#[test]
fn an_expired_waiver_fails_while_the_head_has_the_finding_and_is_attention_after() {
    let with = |state| Facts {
        waivers: vec![waiver("RUSTSEC-2026-0001", "old", "2026-10-31")],
        ..found([advisory(Source::Audit, Severity::Error, state)])
    };

    only_reason(&with(FindingState::PreExisting), Outcome::Fail, "waiver-expired");
    only_reason(&with(FindingState::Fixed), Outcome::Attention, "waiver-unused");
}

#[test]
fn waivers_are_listed_with_how_they_stand_and_what_they_cover() {
    let facts = Facts {
        waivers: vec![
            waiver("RUSTSEC-2026-0001", "old", "2027-06-01"),
            waiver("RUSTSEC-2026-0002", "other", "2026-11-03"),
            waiver("RUSTSEC-2026-0003", "third", "2026-10-30"),
        ],
        ..found([advisory(Source::Audit, Severity::Error, FindingState::PreExisting)])
    };

    let states: Vec<(Standing, usize)> = waiver_states(&facts, today())
        .iter()
        .map(|state| (state.standing, state.covers.len()))
        .collect();

    let expected = [
        (Standing::Active, 1),
        (Standing::Expiring { days: 2 }, 0),
        (Standing::Expired { days: 2 }, 0),
    ];
    assert_eq!(states, expected);
}

#[test]
fn of_two_waivers_the_one_that_lasts_longer_counts() {
    let facts = Facts {
        waivers: vec![
            waiver("RUSTSEC-2026-0001", "old", "2027-06-01"),
            waiver("CVE-2026-1", "old", "2026-12-24"),
        ],
        ..found([advisory(Source::Audit, Severity::Error, FindingState::Introduced)])
    };

    let covering = waiver_for(&facts, &facts.findings[0]).unwrap();

    assert_eq!(covering.expires, "2027-06-01".parse().unwrap());
}

#[test]
fn checks_that_are_silent_for_one_reason_are_one_reason() {
    let mut facts = clean();
    for scan in facts.scans.iter_mut().filter(|scan| scan.side == Side::Head) {
        scan.state = ScanState::CouldNotRun {
            reason: "Cargo.lock:3 is broken: expected `=`".to_owned(),
            next: "restore it".to_owned(),
        };
    }

    let text = only_reason(&facts, Outcome::CouldNotRun, "scan-could-not-run");

    assert_eq!(
        text,
        "licences, sources, bans, advisories, audit could not run on the head: Cargo.lock:3 is \
         broken: expected `=`. Next: restore it"
    );
}

#[test]
fn the_database_is_old_after_its_age_and_not_on_the_day() {
    let aged = |committed: &str| {
        let mut facts = clean();
        facts.database.committed = committed.parse().ok();
        facts
    };

    assert_eq!(judge(&aged("2026-10-02T00:00:00Z"), today()).outcome(), Some(Outcome::Pass));
    let old = aged("2026-10-01T00:00:00Z");
    let text = only_reason(&old, Outcome::Attention, "database-old");
    assert!(text.contains("31 days old, and at most 30"), "{text}");
    only_reason(&aged("nobody knows"), Outcome::Attention, "database-age-unknown");
    // A clock that lags behind the commit is no reason to complain.
    assert_eq!(judge(&aged("2026-12-24T00:00:00Z"), today()).outcome(), Some(Outcome::Pass));
}

#[test]
fn a_snapshot_is_attention_with_commit_age_and_why() {
    let mut facts = clean();
    facts.database.origin = DatabaseOrigin::Snapshot;
    facts.database.fallback = Some("git is not installed".to_owned());

    let text = only_reason(&facts, Outcome::Attention, "database-snapshot");

    for part in ["bf5c0d2", "1 day old", "because git is not installed", "--advisory-db"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn refused_advisories_and_edited_rules_are_attention_and_named() {
    let mut facts = clean();
    facts.database.refused.push(RefusedAdvisory {
        file: "crates/x/RUSTSEC-1.md".to_owned(),
        reason: "it is not text".to_owned(),
    });
    let text = only_reason(&facts, Outcome::Attention, "advisory-refused");
    assert!(text.contains("crates/x/RUSTSEC-1.md") && text.contains("it is not text"), "{text}");

    let mut facts = clean();
    for path in ["deny.toml", "t5.yml"] {
        facts.edits.push(RuleEdit { path: path.to_owned(), summary: "added".to_owned() });
    }
    let text = only_reason(&facts, Outcome::Attention, "rules-edited");
    assert!(text.contains("deny.toml (added); t5.yml (added)"), "{text}");
}

#[test]
fn the_two_sources_disagree_only_where_both_spoke() {
    let head = FindingState::PreExisting;
    let other = Finding {
        id: "RUSTSEC-2026-0002".to_owned(),
        ..advisory(Source::DenyAdvisories, Severity::Error, head)
    };
    let yanked = Finding {
        id: "yanked".to_owned(),
        published: None,
        ..advisory(Source::DenyAdvisories, Severity::Warning, head)
    };
    let mut facts = found([
        advisory(Source::Audit, Severity::Error, head),
        advisory(Source::DenyAdvisories, Severity::Error, head),
        other,
        yanked,
    ]);

    let told = disagreements(&facts);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].id.as_str(), told[0].only), ("RUSTSEC-2026-0002", Source::DenyAdvisories));

    for scan in facts.scans.iter_mut().filter(|scan| scan.source == Source::Audit) {
        scan.state = ScanState::Absent;
    }
    assert_eq!(disagreements(&facts), []);
}
