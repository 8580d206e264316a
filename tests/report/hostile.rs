//! Text from a repository cannot break a table, a tag, a terminal or a promise.

use proptest::prelude::*;
use t5_gate::{
    config::{Program, Workload},
    perf::{Edit, Together, WorkloadState},
    policy::FindingState,
    receipt::{Receipt, judge},
    report::{Screen, human, markdown},
};

use crate::receipt::build::{advisory, content};

/// A receipt in which everything that a stranger may choose is this text.
fn receipt_of(text: &str) -> Receipt {
    let mut gated = content();
    let finding = {
        let mut finding = advisory(FindingState::Introduced);
        for field in [&mut finding.id, &mut finding.why, &mut finding.package.name] {
            *field = text.to_owned();
        }
        finding.package.version = text.to_owned();
        finding.aliases = vec![text.to_owned()];
        finding.band = Some(text.to_owned());
        finding.chain[1].name = text.to_owned();
        finding.location.as_mut().unwrap().file = text.to_owned();
        finding
    };
    gated = gated.finding(finding);
    let policy = gated.policy();
    policy.edits =
        vec![t5_gate::policy::RuleEdit { path: text.to_owned(), summary: text.to_owned() }];
    let perf = gated.perf();
    perf.pairs[0].bench.id = text.to_owned();
    perf.pairs[0].note = Some(text.to_owned());
    perf.edits = vec![Edit::new(text, text)];
    perf.seen_by = Some(text.to_owned());
    let mut workload = Workload::new(text, text, Program::Bin(text.to_owned()));
    workload.args = vec![text.to_owned()];
    gated = gated.workload(&workload, Together::Duet, 1.3, 1.0).silent_workload(
        &Workload { name: format!("{text} other"), ..workload },
        WorkloadState::DoesNotBuild,
        Some(text),
    );
    let receipt = &mut gated.receipt;
    receipt.subject.head.subject = text.to_owned();
    receipt.subject.head.sha = text.to_owned();
    receipt.subject.repository = text.to_owned();
    receipt.changes.commits[0].subject = text.to_owned();
    receipt.changes.areas[0].examples = vec![text.to_owned()];
    receipt.run.command = text.to_owned();
    receipt.run.layers = vec![text.to_owned()];
    receipt.clone()
}

/// The columns of a table's row, as GitHub counts them.
fn columns(row: &str) -> usize {
    let mut columns: usize = 0;
    let mut escaped = false;
    for c in row.chars() {
        columns += usize::from(c == '|' && !escaped);
        escaped = c == '\\' && !escaped;
    }
    columns.saturating_sub(1)
}

/// The page without its fenced blocks and code spans, which show anything as it is.
fn outside_of_code(page: &str) -> String {
    let mut fence: Option<String> = None;
    let mut kept = String::new();
    for line in page.lines() {
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => {
                fence = Some(line.chars().take_while(|c| *c == '`').collect());
            }
            None => {
                let mut escaped = false;
                let mut inside = false;
                for c in line.chars() {
                    inside ^= c == '`' && !escaped;
                    escaped = c == '\\' && !escaped && !inside;
                    if !inside {
                        kept.push(c);
                    }
                }
                assert!(!inside, "a code span is open at the end of {line:?}");
                kept.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a fence is open at the end of the page");
    kept
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let receipt = receipt_of(text);
    let verdict = judge(&receipt);
    let page = match markdown(&receipt, &verdict) {
        Ok(page) => page,
        // The one honest way out: the text makes two benchmarks one.
        Err(error) => {
            prop_assert!(error.to_string().contains("listed twice"), "{}", error);
            return Ok(());
        }
    };
    let calm = markdown(&receipt_of("calm"), &judge(&receipt_of("calm"))).unwrap();
    let bare = outside_of_code(&page);
    let headings = |page: &str| page.lines().filter(|l| l.starts_with('#')).count();
    prop_assert_eq!(headings(&bare), headings(&outside_of_code(&calm)), "headings come from us");
    let mut table = 0;
    for line in bare.lines() {
        if line.starts_with('|') {
            let width = columns(line);
            prop_assert!(
                table == 0 || table == width,
                "a row of {} in a table of {}: {}",
                width,
                table,
                line
            );
            table = width;
        } else {
            table = 0;
        }
    }
    let tags =
        bare.replace("<details><summary>", "").replace("</summary>", "").replace("</details>", "");
    let tags = tags.replace("<code>", "").replace("</code>", "");
    prop_assert!(!tags.contains('<'), "a tag came through: {}", bare);
    let mention = |c: char| c.is_ascii_alphanumeric();
    for (at, _) in bare.match_indices('@') {
        prop_assert!(!bare[at + 1..].starts_with(mention), "somebody is notified: {}", bare);
    }
    let green = |page: &str| page.matches('✅').count();
    prop_assert_eq!(green(&page), green(&calm), "marks come from facts");
    let silent = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
    prop_assert!(!page.contains(silent));
    let screen = Screen { width: 80, colour: false, folder: None };
    let text = human(&receipt, &verdict, &screen).unwrap();
    prop_assert!(!text.contains(silent), "{:?}", text);
    Ok(())
}

#[test]
fn known_tricks_do_nothing() {
    for trick in [
        "a | b",
        "\\| x",
        "\\",
        "`",
        "``` x",
        "`````",
        "</details>",
        "<!--",
        "-->",
        "<img src=x onerror=y>",
        "@octocat",
        "#1",
        "# heading",
        "- item",
        "1. item",
        "> quote",
        "---",
        "===",
        "|---|",
        "[a](http://x)",
        "![a](b)",
        "&lt;",
        "&#64;octocat",
        ":white_check_mark:",
        "✅ pass",
        "❌",
        "\u{202e}evil",
        "\u{1b}[2J",
        "a\nb",
        "a\r\n\r\n# b",
        "",
        " ",
        "\u{0}",
        "$x$",
        "~~a~~",
        "**a**",
        "https://evil.example",
        "é".repeat(5000).as_str(),
        "\u{2028}# b",
        "\u{85}# b",
    ] {
        check(trick).unwrap_or_else(|error| panic!("{trick:?}: {error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_a_page(text in "\\PC{0,40}") {
        check(&text)?;
    }

    #[test]
    fn no_markup_breaks_a_page(text in "[-\\\\`|<>@#*_~:&$\\[\\]()!a1 \\n\\r\\t]{0,24}") {
        check(&text)?;
    }

    #[test]
    fn no_bytes_break_a_page(text in any::<String>()) {
        check(&text)?;
    }
}
