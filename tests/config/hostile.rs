//! Files that were written to hurt: refused in little time, never with a panic.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use proptest::{prelude::*, sample::Index};
use t5_gate::config;

use super::{schema::said_by_schema, told, unrecorded};

const DEFAULT: &str = include_str!("../../config/t5.default.yml");

#[test]
fn a_file_that_is_too_large() {
    let text = format!("version: 1\n#{}", "x".repeat(256 * 1024));
    assert_snapshot!(told(&text), @"t5.yml:1:1: the file has 262156 bytes; at most 262144 are read");
}

#[test]
fn a_file_that_nests_too_deep() {
    assert_snapshot!(told(&format!("version: 1\nbench: {}", "[".repeat(10_000))), @"t5.yml:2:24: not valid YAML: recursion limit exceeded");
    assert_snapshot!(told(&format!("version: 1\nbench:\n {}x", "- ".repeat(10_000))), @"t5.yml:3:32: the file nests deeper than a configuration needs");
    let steps: String = (0..300).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_snapshot!(told(&steps), @"t5.yml:17:17: the file nests deeper than a configuration needs");
}

#[test]
fn a_bomb_of_aliases() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (here, before) in ('b'..='i').zip('a'..='h') {
        let aliases = vec![format!("*{before}"); 10].join(", ");
        text.push_str(&format!("{here}: &{here} [{aliases}]\n"));
    }
    assert_snapshot!(told(&text), @"t5.yml:1:7: the file is longer, or repeats itself more, than a configuration needs; use no anchors and aliases, or few");
    assert_snapshot!(told("version: 1\nbench: &b {bench: *b}"), @"t5.yml:2:19: not valid YAML: Recursive reference not allowed here");
}

#[test]
fn a_file_of_nothing_but_mistakes_is_told_in_part() {
    let text: String = (0..500).map(|n| format!("key{n}: 1\n")).collect();
    let mistakes = config::parse(&text).unwrap_err();
    assert_eq!((mistakes.list().len(), mistakes.omitted()), (50, 451));
    assert!(mistakes.to_string().ends_with("t5.yml: and 451 more"));
}

#[test]
fn the_worst_files_of_the_allowed_size_take_little_time() {
    let keys: String = (0..20_000).map(|n| format!("key{n}: 1\n")).collect();
    let packages = format!("version: 1\nbench: {{packages: [{}]}}", "a,".repeat(9_000));
    let names: Vec<String> = (0..9_000).map(|n| format!("a{n}")).collect();
    let distinct = format!("version: 1\nbench: {{packages: [{}]}}", names.join(","));
    let waivers = format!(
        "version: 1\npolicy:\n  waivers:\n{}",
        (0..1_500)
            .map(|n| format!(
                "  - {{id: a{n}, scope: b, reason: r, owner: o, expires: 2027-05-31}}\n"
            ))
            .collect::<String>()
    );
    let comments = "# \n".repeat(80_000);
    for text in [keys, packages, distinct, waivers, comments] {
        let begun = Instant::now();
        let _ = told(&text);
        // A build without optimisation on a busy machine; a file that a person wrote takes a millisecond.
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{}",
            text.get(..60).unwrap_or_default()
        );
    }
}

/// Whatever a file holds, what is said of it has to hold together.
fn holds_together(text: &str) -> Result<(), TestCaseError> {
    match config::parse(text) {
        Ok(config) => {
            let bench = &config.bench;
            prop_assert!(bench.min_throughput > 0.0 && bench.min_throughput < 1.0);
            prop_assert!((0.0..=0.05).contains(&bench.guard));
            prop_assert!(bench.budget_seconds > 0 && bench.process_seconds > 0);
            prop_assert_eq!(said_by_schema(text), Vec::<String>::new(), "the schema is stricter");
        }
        Err(mistakes) => {
            prop_assert!(!mistakes.list().is_empty());
            // YAML takes a carriage return alone for the end of a line too.
            let lines = text.matches(['\n', '\r']).count() + 1;
            let lines = u32::try_from(lines).unwrap_or(u32::MAX);
            for mistake in mistakes.list() {
                prop_assert!(
                    mistake.column >= 1 && (1..=lines).contains(&mistake.line),
                    "{mistake}"
                );
                prop_assert!(!mistake.to_string().contains(char::is_control), "{mistake:?}");
            }
        }
    }
    Ok(())
}

/// A file that says something under every key.
const FULL: &str = "version: 1
policy:
  deny: config/deny.toml
  advisory-max-age: 7d
  waivers:
    - {id: RUSTSEC-2024-0436, scope: paste@1.0.15, reason: r, owner: &o Ada, expires: 2027-05-31}
    - {id: rejected, scope: ring, reason: \"r\\n\", owner: *o, expires: 2027-05-31}
bench:
  packages: [kernels, a-b]
  features: [cpu, kernels/avx2]
  all-features: false
  default-features: false
  profile: release-lto
  targets: ['quant*', '[a-c]?']
  exclude: ['fuzz_*']
  filter: [i2s/1024]
  toolchain: '1.95'
  min-throughput: 0.9
  guard: 0.01
  budget: 1h30m
  process-limit: 90s
  build-limit: 2h
";

/// Pieces that files of rules are made of, right and wrong.
const PIECES: &[&str] = &[
    "\n",
    "\n  ",
    "\n    - ",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    "\"",
    "#",
    "&a ",
    "*a",
    "!!str ",
    "!x ",
    "|",
    ">-",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "? ",
    "<<: ",
    "~",
    "null",
    "true",
    "no",
    "0",
    "1",
    "-1",
    "1e9",
    ".inf",
    ".nan",
    "0x10",
    "0o7",
    "1_000",
    "é",
    "\u{202e}",
    "\u{feff}",
    "\t",
    "\r",
    "\0",
    "version",
    "policy",
    "bench",
    "waivers",
    "expires",
    "2027-05-31",
    "10m",
    "guard",
    "packages",
    "deny",
    "a/b",
    "../x",
    "@1.0.0",
];

proptest! {
    #![proptest_config(unrecorded())]

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,200}|(?s:.){0,200}") {
        holds_together(&text)?;
    }

    #[test]
    fn no_heap_of_pieces_is_too_strange(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60),
        versioned in any::<bool>(),
    ) {
        let start = if versioned { "version: 1\n" } else { "" };
        holds_together(&format!("{start}{}", pieces.concat()))?;
    }

    #[test]
    fn no_slip_of_the_keyboard_is_too_strange(
        from_default in any::<bool>(),
        slips in prop::collection::vec((any::<Index>(), 0usize..8, prop::sample::select(PIECES)), 1..4),
    ) {
        let mut text: Vec<char> = if from_default { DEFAULT } else { FULL }.chars().collect();
        for (at, removed, piece) in slips {
            let at = at.index(text.len() + 1);
            let end = (at + removed).min(text.len());
            text.splice(at..end, piece.chars());
        }
        holds_together(&text.into_iter().collect::<String>())?;
    }

    #[test]
    fn no_value_of_a_key_is_too_strange(key in any::<Index>(), value in "\\PC{0,16}|[a-zA-Z0-9_@./*+-]{0,12}") {
        let lines: Vec<&str> = FULL.lines().collect();
        let chosen = key.index(lines.len());
        let text: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(at, line)| match line.split_once(": ") {
                Some((key, _)) if at == chosen => format!("{key}: {value}"),
                _ => (*line).to_owned(),
            })
            .collect();
        holds_together(&text.join("\n"))?;
    }
}

#[test]
fn the_file_that_is_mutated_is_right() {
    assert_eq!(told(FULL), "no mistake");
    holds_together(FULL).unwrap();
}
