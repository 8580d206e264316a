//! Rules that the head edits, told in a few words.

use t5_gate::{
    policy::{RuleEdit, Side, Waiver},
    runner::scan::edits::rule_edits,
};

use super::waiver;

fn edits(path: &str, before: Option<&str>, after: Option<&str>, rules: &[Waiver]) -> Vec<RuleEdit> {
    rule_edits(&[path.to_owned()], "", None, rules, |side, _| {
        let text = match side {
            Side::Base => before,
            Side::Head => after,
        };
        text.map(str::to_owned)
    })
}

#[track_caller]
fn summary(path: &str, before: Option<&str>, after: Option<&str>, rules: &[Waiver]) -> String {
    let edits = edits(path, before, after, rules);
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0].path, path);
    edits[0].summary.clone()
}

#[test]
fn an_edit_is_counted_and_its_first_lines_are_quoted() {
    let before = "# why\n[licenses]\nallow = [\"MIT\"]\n";
    let after = "[licenses]\n# more\nallow = [\"MIT\", \"GPL-3.0-only\"]\n";

    let said = summary("deny.toml", Some(before), Some(after), &[]);

    assert_eq!(
        said,
        "1 line added, 1 removed: «+ allow = [\"MIT\", \"GPL-3.0-only\"]», «- allow = [\"MIT\"]»"
    );
    let many: String = (0..9).map(|at| format!("key{at} = {at}\n")).collect();
    let said = summary(".cargo/audit.toml", Some(""), Some(&many), &[]);
    assert_eq!(
        said,
        "9 lines added, 0 removed: «+ key0 = 0», «+ key1 = 1», «+ key2 = 2», and 6 more"
    );
}

#[test]
fn a_file_that_comes_or_goes_is_said_so() {
    assert_eq!(summary("audit.toml", None, Some("a = 1\nb = 2\n"), &[]), "added, 2 lines");
    assert_eq!(summary("deny.toml", Some("a = 1\n"), None, &[]), "removed");
    assert_eq!(summary("deny.toml", None, None, &[]), "changed");
    let long = "x".repeat(500);
    let said = summary("deny.toml", Some(""), Some(&long), &[]);
    assert!(said.len() < 150 && said.ends_with("…»"), "{said}");
}

#[test]
fn waivers_that_the_head_adds_moves_or_drops_are_named() {
    let rules = [
        waiver("RUSTSEC-2026-0001", "old", "2027-01-01"),
        waiver("RUSTSEC-2026-0002", "gone", "2027-01-01"),
    ];
    let head = "policy:\n  waivers:\n    - {id: RUSTSEC-2026-0001, scope: old, expires: 2031-01-01}\n    \
                - {id: RUSTSEC-2026-0003, scope: new, expires: 2030-01-01}\n";

    let said = summary("t5.yml", Some("version: 1\n"), Some(head), &rules);

    let named = [
        "moves the waiver of RUSTSEC-2026-0001 for old from 2027-01-01 to 2031-01-01",
        "waives RUSTSEC-2026-0003 for new until 2030-01-01",
        "drops the waiver of RUSTSEC-2026-0002 for gone",
    ];
    for part in named {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let said = summary("t5.yml", Some(""), Some("policy: ["), &rules);
    assert!(said.ends_with("its waivers could not be read"), "{said}");
}

#[test]
fn rules_count_at_the_root_at_the_workspace_and_where_they_are_configured() {
    let changed = [
        "deny.toml",
        ".github/t5.yml",
        "rust/deny.toml",
        "rust/.cargo/audit.toml",
        "policy/rules.toml",
        "other/deny.toml",
        "rust/src/deny.toml",
        "src/lib.rs",
    ]
    .map(str::to_owned);

    let edits = rule_edits(&changed, "rust", Some("policy/rules.toml"), &[], |_, _| None);

    let paths: Vec<&str> = edits.iter().map(|edit| edit.path.as_str()).collect();
    assert_eq!(paths, changed[..5]);
}

#[test]
fn a_summary_of_very_many_waivers_stays_short() {
    let waiver = |at: usize| {
        format!("    - {{id: A{at}, scope: {}, expires: 2030-01-01}}\n", "s".repeat(500))
    };
    let many: String = (0..500).map(waiver).collect();
    let head = format!("policy:\n  waivers:\n{many}");

    let said = summary("t5.yml", Some("version: 1\n"), Some(&head), &[]);

    assert!(said.ends_with("and 490 more"), "{said}");
    assert!(said.len() < 2_500, "{} bytes", said.len());
}
