//! Rules that the head edits. An edit counts only after the merge; until then it is shown.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    policy::{RuleEdit, Side, Waiver},
    runner::rule_files::{AUDIT_FILES, DENY_FILES, EXCEPTION_FILES, GATE_FILES},
};

/// Changed lines that a summary quotes, and how much of each.
const QUOTED: usize = 3;
const QUOTE: usize = 60;
/// Waivers that a summary names, and how much of each name.
const WAIVERS: usize = 10;
const WAIVER: usize = 120;

/// The rule files among `changed`, with what the head does to each.
///
/// `prefix` is where the crate lies in the repository, `configured` the cargo-deny configuration
/// that the rules name, `read` gives a file of a side by its path in the repository.
pub fn rule_edits(
    changed: &[String],
    prefix: &str,
    configured: Option<&str>,
    waivers: &[Waiver],
    read: impl Fn(Side, &str) -> Option<String>,
) -> Vec<RuleEdit> {
    let ours = |path: &str| {
        let inside = path.strip_prefix(prefix).map(|rest| rest.trim_start_matches('/'));
        let named = |path: &str| {
            let lists: [&[&str]; 4] = [&DENY_FILES, &EXCEPTION_FILES, &AUDIT_FILES, &GATE_FILES];
            lists.iter().any(|names| names.contains(&path))
        };
        named(path) || inside.is_some_and(named) || configured == Some(path)
    };
    changed
        .iter()
        .filter(|path| ours(path))
        .map(|path| {
            let (before, after) = (read(Side::Base, path), read(Side::Head, path));
            let mut summary = vec![lines_changed(before.as_deref(), after.as_deref())];
            if GATE_FILES.iter().any(|name| path.ends_with(name)) {
                summary.extend(waivers_changed(after.as_deref().unwrap_or_default(), waivers));
            }
            RuleEdit { path: path.clone(), summary: summary.join("; ") }
        })
        .collect()
}

fn lines_changed(before: Option<&str>, after: Option<&str>) -> String {
    let (before, after) = match (before, after) {
        (None, Some(after)) => return format!("added, {}", count(after.lines().count(), "line")),
        (Some(_), None) => return "removed".to_owned(),
        (None, None) => return "changed".to_owned(),
        (Some(before), Some(after)) => (before, after),
    };
    let added = without(after, before);
    let removed = without(before, after);
    let mut quotes: Vec<String> = added.iter().map(|line| quote('+', line)).collect();
    quotes.extend(removed.iter().map(|line| quote('-', line)));
    let more = quotes.len().saturating_sub(QUOTED);
    quotes.truncate(QUOTED);
    if more > 0 {
        quotes.push(format!("and {more} more"));
    }
    let counts = format!("{} added, {} removed", count(added.len(), "line"), removed.len());
    if quotes.is_empty() { counts } else { format!("{counts}: {}", quotes.join(", ")) }
}

/// Lines of `text` that `other` does not have, without comments and blank lines.
fn without<'a>(text: &'a str, other: &str) -> Vec<&'a str> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for line in other.lines() {
        *known.entry(line.trim()).or_default() += 1;
    }
    let said = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let mut new = Vec::new();
    for line in text.lines().map(str::trim).filter(said) {
        match known.get_mut(line) {
            Some(left) if *left > 0 => *left -= 1,
            _ => new.push(line),
        }
    }
    new
}

fn quote(sign: char, line: &str) -> String {
    format!("«{sign} {}»", cut(line, QUOTE))
}

fn cut(text: &str, characters: usize) -> String {
    let cut: String = text.chars().take(characters).collect();
    let rest = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut}{rest}")
}

fn count(number: usize, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

/// As much of the gate's own file as is needed to name waivers; whether it is valid is not asked.
#[derive(Default, Deserialize)]
#[serde(default)]
struct GateFile {
    policy: GatePolicy,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GatePolicy {
    waivers: Vec<HeadWaiver>,
}

#[derive(Deserialize)]
struct HeadWaiver {
    id: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    expires: String,
}

fn waivers_changed(head: &str, rules: &[Waiver]) -> Vec<String> {
    let Ok(file) = serde_yaml::from_str::<GateFile>(head) else {
        return vec!["its waivers could not be read".to_owned()];
    };
    let named = |id: &str, scope: &str| format!("{id} for {scope}");
    let before: BTreeMap<String, String> =
        rules.iter().map(|w| (named(&w.id, &w.scope), w.expires.to_string())).collect();
    let after: BTreeMap<String, String> = file
        .policy
        .waivers
        .into_iter()
        .map(|waiver| (named(&waiver.id, &waiver.scope), waiver.expires))
        .collect();
    let mut said = Vec::new();
    for (waiver, expires) in &after {
        match before.get(waiver) {
            None => said.push(format!("waives {waiver} until {expires}")),
            Some(old) if old != expires => {
                said.push(format!("moves the waiver of {waiver} from {old} to {expires}"));
            }
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|waiver| !after.contains_key(*waiver));
    said.extend(gone.map(|waiver| format!("drops the waiver of {waiver}")));
    let more = said.len().saturating_sub(WAIVERS);
    said.truncate(WAIVERS);
    let mut said: Vec<String> = said.iter().map(|what| cut(what, WAIVER)).collect();
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    said
}
