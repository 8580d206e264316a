//! The other gates of the chain, and the check runs that tell their state.

use super::Gate;
use crate::config::{
    mistake::{Found, Mistake, shown},
    scalar::{Wrong, line},
    section::Section,
    tree::Node,
};

/// What is known of a gate.
pub(super) const KEYS: &[&str] = &["name", "what", "check"];

/// More than these would be no table that anybody reads.
const MOST: usize = 16;

/// The chain as it is without configuration; T5 is this gate.
pub(super) fn usual() -> Vec<Gate> {
    [
        ("T1", "triage: format, lints, build", "integrative:gate:format"),
        ("T2", "feature matrix", "integrative:gate:features"),
        ("T3", "core tests", "integrative:gate:tests"),
        ("T4", "safety", "integrative:gate:safety"),
        ("T6", "documentation review", "integrative:gate:docs"),
        ("T7", "merge readiness", "integrative:gate:merge"),
    ]
    .map(|(name, what, check)| Gate {
        name: name.to_owned(),
        what: what.to_owned(),
        check: check.to_owned(),
    })
    .into()
}

/// Reads the list.
pub(super) fn list(nodes: &[Node], found: &mut Found) -> Vec<Gate> {
    let mut gates: Vec<Gate> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        if at == MOST {
            found.push(Mistake::at(node.place, format!("`gates` lists more than {MOST}")));
            break;
        }
        let Some(gate) = one(node, found) else { continue };
        if gates.iter().any(|known| known.name == gate.name) {
            let message = format!("`gates` names {} twice", shown(&gate.name));
            found.push(Mistake::at(node.place, message));
        } else {
            gates.push(gate);
        }
    }
    gates
}

fn one(node: &Node, found: &mut Found) -> Option<Gate> {
    let mut section = Section::open(node, "a gate", KEYS, found)?;
    let name = section.require("name", "how the chain calls it: T1", |node| short(node, 20));
    let what = section.require("what", "what it looks at", |node| short(node, 100));
    let check = section.require("check", "the name of its check run", |node| short(node, 200));
    Some(Gate { name: name?, what: what?, check: check? })
}

/// One line of limited length.
pub(super) fn short(node: &Node, longest: usize) -> Result<String, Wrong> {
    let text = line(node)?;
    if text.chars().count() > longest {
        return Err(Wrong::new(format!("must have at most {longest} characters")));
    }
    Ok(text)
}
