//! Any text as the head's own rules: what they would waive is told in a few words, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use t5_gate::{config, policy::Side, runner::scan::edits::rule_edits};

fuzz_target!(|text: &str| {
    // Rules of the base, and of the head behind a line of their own.
    let (base, head) = text.split_once("\n---\n").unwrap_or(("", text));
    let waivers = config::parse(base).map(|rules| rules.policy.waivers).unwrap_or_default();
    let changed = ["t5.yml", "deny.toml"].map(str::to_owned);
    let read = |side: Side, _: &str| match side {
        Side::Base => Some(base.to_owned()),
        Side::Head => (!head.is_empty()).then(|| head.to_owned()),
    };
    let edits = rule_edits(&changed, "", None, &waivers, read);
    assert_eq!(edits.len(), 2);
    assert!(edits.iter().all(|edit| edit.summary.chars().count() < 3_000));
});
