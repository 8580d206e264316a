//! The judgement of the policy part.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use super::{
    DatabaseOrigin, Facts, Finding, FindingState, Package, ScanState, Severity, Side, Source,
    Standing, standing, waive::days_between, waiver_for, waiver_states,
};
use crate::verdict::{Outcome, Part, PartName, Reason};

/// Judges the policy part, as of the day `today`.
///
/// An introduced error that nobody waived fails; what was there before and what was fixed has no
/// effect. Everything else that a person should look at is attention.
pub fn judge(facts: &Facts, today: Date) -> Part {
    let mut reasons = Vec::new();
    reasons.extend(findings(facts, today));
    reasons.extend(waivers(facts, today));
    reasons.extend(silent_scans(facts));
    reasons.extend(database(facts, today));
    reasons.extend(edits(facts));
    Part::judged(PartName::Policy, reasons)
}

/// Findings that are one thing to a person: the same id and package, from whichever source.
type Matter<'a> = BTreeMap<(&'a str, &'a Package), Vec<&'a Finding>>;

fn findings(facts: &Facts, today: Date) -> Vec<Reason> {
    let introduced = matters(facts, FindingState::Introduced, today);
    let moved = matters(facts, FindingState::DatabaseMoved, today);
    let moved = moved.values().filter_map(|found| database_moved(found));
    introduced.values().filter_map(|found| self::introduced(found)).chain(moved).collect()
}

fn matters(facts: &Facts, state: FindingState, today: Date) -> Matter<'_> {
    let mut matters = Matter::new();
    let waived = |finding: &Finding| {
        waiver_for(facts, finding).is_some_and(|waiver| standing(waiver, today).counts())
    };
    for finding in facts.findings.iter().filter(|f| f.state == state && !waived(f)) {
        matters.entry((finding.id.as_str(), &finding.package)).or_default().push(finding);
    }
    matters
}

fn introduced(found: &[&Finding]) -> Option<Reason> {
    let gravest = found.iter().max_by_key(|finding| finding.severity)?;
    let what = describe(gravest, found);
    match gravest.severity {
        Severity::Error => Some(Reason::new(
            Outcome::Fail,
            "introduced-finding",
            format!("{what}. {}", remedy(gravest)),
        )),
        Severity::Warning if advisory_kind(gravest) => Some(Reason::new(
            Outcome::Attention,
            "introduced-warning",
            format!("{what}. {}", remedy(gravest)),
        )),
        Severity::Warning | Severity::Note => None,
    }
}

fn database_moved(found: &[&Finding]) -> Option<Reason> {
    let gravest = found.iter().max_by_key(|finding| finding.severity)?;
    if gravest.severity < Severity::Error {
        return None;
    }
    let what = describe(gravest, found);
    let published = gravest.published.map_or_else(String::new, |day| format!(" on {day}"));
    Some(Reason::new(
        Outcome::Attention,
        "database-moved",
        format!(
            "{what}. It was published{published}, after the base commit, and both sides have it: \
             this change did not bring it in, but a change of its own should deal with it"
        ),
    ))
}

fn describe(finding: &Finding, all: &[&Finding]) -> String {
    let band = finding.band.as_ref().map_or_else(String::new, |band| format!(" ({band})"));
    let place = finding
        .location
        .as_ref()
        .map_or_else(String::new, |place| format!(", {}:{}", place.file, place.line));
    let mut sources: Vec<&str> = all.iter().map(|finding| tool(finding.source)).collect();
    sources.dedup();
    let said = sources.join(" and ");
    let why = finding.why.trim_end_matches('.');
    let subject = subject(&finding.package);
    format!("{}{band}{subject}{}{place}: {why} (says {said})", finding.id, brought_in(finding))
}

fn subject(package: &Package) -> String {
    match (package.name.as_str(), package.version.as_str()) {
        ("", _) => String::new(),
        (name, "") => format!(" in {name}"),
        (name, version) => format!(" in {name} {version}"),
    }
}

fn brought_in(finding: &Finding) -> String {
    if finding.chain.len() < 2 {
        return String::new();
    }
    let names: Vec<&str> = finding.chain.iter().map(|package| package.name.as_str()).collect();
    format!(", brought in by {}", names.join(" → "))
}

fn remedy(finding: &Finding) -> String {
    let name = &finding.package.name;
    match finding.source {
        Source::DenyAdvisories | Source::Audit => format!(
            "Next: update or replace {name}, or waive {} for it in t5.yml on the target branch",
            finding.id
        ),
        Source::DenyLicenses => format!(
            "Next: replace {name}, or accept its licence in the cargo-deny configuration on the \
             target branch"
        ),
        Source::DenySources => format!(
            "Next: take {name} from an accepted source, or accept this one in the cargo-deny \
             configuration on the target branch"
        ),
        Source::DenyBans if name.is_empty() => {
            "Next: correct the cargo-deny configuration on the target branch".to_owned()
        }
        Source::DenyBans => format!(
            "Next: drop {name}, or change the rule in the cargo-deny configuration on the target \
             branch"
        ),
    }
}

fn tool(source: Source) -> &'static str {
    match source {
        Source::Audit => "rustsec",
        Source::DenyLicenses | Source::DenySources | Source::DenyBans | Source::DenyAdvisories => {
            "cargo-deny"
        }
    }
}

/// Warnings of these kinds speak about a dependency's health; the others (duplicates, …) are style.
fn advisory_kind(finding: &Finding) -> bool {
    matches!(finding.band.as_deref(), Some("unmaintained" | "unsound" | "yanked"))
}

fn waivers(facts: &Facts, today: Date) -> Vec<Reason> {
    waiver_states(facts, today)
        .iter()
        .filter_map(|state| {
            let waiver = state.waiver;
            let what = format!("the waiver of {} for {}", waiver.id, waiver.scope);
            let (owner, day) = (&waiver.owner, waiver.expires);
            match state.standing {
                Standing::Active => None,
                Standing::Expiring { days } => Some(Reason::new(
                    Outcome::Attention,
                    "waiver-expiring",
                    format!(
                        "{what} expires in {} ({day}). Next: {owner} renews it or deals with the \
                         finding",
                        count_days(i64::from(days))
                    ),
                )),
                Standing::Expired { .. } if state.covers.is_empty() => Some(Reason::new(
                    Outcome::Attention,
                    "waiver-unused",
                    format!("{what} expired on {day} and covers nothing any more. Next: remove it"),
                )),
                Standing::Expired { .. } => Some(Reason::new(
                    Outcome::Fail,
                    "waiver-expired",
                    format!(
                        "{what} expired on {day}, and the head still has the finding. Next: \
                         {owner} deals with it or renews the waiver on the target branch"
                    ),
                )),
            }
        })
        .collect()
}

/// Scans that gave no answer; several that gave none for the same reason are one sentence.
fn silent_scans(facts: &Facts) -> Vec<Reason> {
    let mut silent: BTreeMap<(Side, &str, &str), Vec<&str>> = BTreeMap::new();
    for scan in &facts.scans {
        if let ScanState::CouldNotRun { reason, next } = &scan.state {
            silent.entry((scan.side, reason, next)).or_default().push(check(scan.source));
        }
    }
    silent
        .into_iter()
        .map(|((side, reason, next), checks)| {
            let side = match side {
                Side::Base => "base",
                Side::Head => "head",
            };
            let checks = checks.join(", ");
            let text = format!("{checks} could not run on the {side}: {reason}. Next: {next}");
            Reason::new(Outcome::CouldNotRun, "scan-could-not-run", text)
        })
        .collect()
}

fn check(source: Source) -> &'static str {
    match source {
        Source::DenyLicenses => "licences",
        Source::DenySources => "sources",
        Source::DenyBans => "bans",
        Source::DenyAdvisories => "advisories",
        Source::Audit => "audit",
    }
}

fn database(facts: &Facts, today: Date) -> Vec<Reason> {
    let database = &facts.database;
    let mut reasons = Vec::new();
    let age = database
        .committed
        .map(|at| i64::from(days_between(at.to_zoned(TimeZone::UTC).date(), today).max(0)));
    if database.origin == DatabaseOrigin::Snapshot {
        reasons.push(snapshot(facts, age));
    }
    match age {
        None => reasons.push(Reason::new(
            Outcome::Attention,
            "database-age-unknown",
            "the advisory database is a plain directory without git data, so nobody can tell how \
             old it is. Next: name a git checkout of the database, or let the gate fetch it",
        )),
        // A snapshot's sentence tells its age already.
        Some(days)
            if days > i64::from(facts.database_max_age_days)
                && database.origin != DatabaseOrigin::Snapshot =>
        {
            reasons.push(Reason::new(
                Outcome::Attention,
                "database-old",
                format!(
                    "the advisory database is {} old, and at most {} are accepted. Next: update it",
                    count_days(days),
                    facts.database_max_age_days
                ),
            ));
        }
        Some(_) => {}
    }
    reasons.extend(database.refused.iter().map(|refused| {
        Reason::new(
            Outcome::Attention,
            "advisory-refused",
            format!(
                "the advisory file {} was left out: {}. Next: correct it in the database",
                refused.file, refused.reason
            ),
        )
    }));
    reasons
}

fn snapshot(facts: &Facts, age: Option<i64>) -> Reason {
    let commit = facts.database.commit.as_deref().unwrap_or("unknown");
    let age = age.map_or_else(String::new, |days| format!(", {} old", count_days(days)));
    let why = facts
        .database
        .fallback
        .as_ref()
        .map_or_else(String::new, |why| format!(" because {}", why.trim_end_matches('.')));
    let text = format!(
        "advisories come from the snapshot that this program carries (commit {commit}{age}){why}. \
         Next: run with network, or name a copy of the database with --advisory-db"
    );
    Reason::new(Outcome::Attention, "database-snapshot", text)
}

fn edits(facts: &Facts) -> Option<Reason> {
    if facts.edits.is_empty() {
        return None;
    }
    let edits: Vec<String> =
        facts.edits.iter().map(|edit| format!("{} ({})", edit.path, edit.summary)).collect();
    let text = format!(
        "the head edits rules of this gate: {}. They were not applied and count only after the \
         merge. Next: a person reads the edit",
        edits.join("; ")
    );
    Some(Reason::new(Outcome::Attention, "rules-edited", text))
}

fn count_days(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}
