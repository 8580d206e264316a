//! Waivers: findings that are accepted for a time, one by one.

use jiff::civil::Date;

use super::{
    mistake::{Found, Mistake, Place, shown},
    name,
    scalar::{Wrong, line, prose, word},
    section::Section,
    tree::{Node, Value},
};
use crate::policy::Waiver;

pub(super) const KEYS: &[&str] = &["id", "scope", "reason", "owner", "expires"];

/// Reads the waivers of a list; those with mistakes are told and left out.
pub(super) fn list(nodes: &[Node], found: &mut Found) -> Vec<Waiver> {
    let mut waivers: Vec<(Place, Waiver)> = Vec::new();
    for node in nodes {
        let Some(waiver) = waiver(node, found) else { continue };
        let same =
            waivers.iter().find(|(_, other)| other.id == waiver.id && other.scope == waiver.scope);
        if let Some((place, _)) = same {
            let what =
                format!("{} is waived for {} twice", shown(&waiver.id), shown(&waiver.scope));
            let hint = format!("the first waiver is on line {}", place.line);
            found.push(Mistake::at(node.place, what).hint(hint));
        } else {
            waivers.push((node.place, waiver));
        }
    }
    waivers.into_iter().map(|(_, waiver)| waiver).collect()
}

fn waiver(node: &Node, found: &mut Found) -> Option<Waiver> {
    let mut section = Section::open(node, "a waiver", KEYS, found)?;
    // All are read before any is missed, so that every mistake is told.
    let id = section.require("id", "which finding is accepted", id);
    let scope = section.require("scope", "for which package", scope);
    let reason = section.require("reason", "why this is acceptable", prose);
    let owner = section.require("owner", "who answers for it", line);
    let expires = section.require("expires", "the last day on which it counts", date);
    Some(Waiver { id: id?, scope: scope?, reason: reason?, owner: owner?, expires: expires? })
}

fn id(node: &Node) -> Result<String, Wrong> {
    let text = word(node)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.chars().all(plain) {
        let wrong = Wrong::new(format!("must name one finding, not {}", shown(&text)));
        return Err(wrong.hint("as the report does: RUSTSEC-2024-0436, rejected, …"));
    }
    let looks = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("rustsec"));
    if looks && !is_rustsec(&text) {
        let wrong = Wrong::new(format!("is no advisory's id, but {}", shown(&text)));
        return Err(wrong.hint("they look like RUSTSEC-2024-0436"));
    }
    Ok(text)
}

fn is_rustsec(text: &str) -> bool {
    let four = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit());
    let Some((year, number)) = text.strip_prefix("RUSTSEC-").and_then(|t| t.split_once('-')) else {
        return false;
    };
    four(year) && four(number)
}

fn scope(node: &Node) -> Result<String, Wrong> {
    let everything = || {
        Wrong::new("must name one package: nothing is waived for everything")
            .hint("as in paste or paste@1.0.15")
    };
    if matches!(&node.value, Value::Text(text) if text.trim().is_empty()) {
        return Err(everything());
    }
    let text = word(node)?;
    if text.contains('*') {
        return Err(everything());
    }
    let (package, version) = match text.split_once('@') {
        Some((package, version)) => (package, Some(version)),
        None => (text.as_str(), None),
    };
    name::package(package)?;
    if let Some(version) = version
        && semver::Version::parse(version).is_err()
    {
        let wrong = Wrong::new(format!("must hold a full version, not {}", shown(version)));
        return Err(wrong.hint("write the one of Cargo.lock, as in paste@1.0.15"));
    }
    Ok(text)
}

fn date(node: &Node) -> Result<Date, Wrong> {
    let refused = || {
        let wrong = Wrong::new(format!("must be a date, not {}", node.value.described()));
        wrong.hint("write it as in 2027-05-31")
    };
    if matches!(node.value, Value::Number(_)) {
        return Err(refused());
    }
    let text = word(node)?;
    let is_shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_shaped {
        return Err(refused());
    }
    text.parse()
        .map_err(|_| Wrong::new(format!("names a day that does not exist: {}", shown(&text))))
}
