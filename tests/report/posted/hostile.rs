//! Text of a pull request cannot notify, link, show a mark or break a page on GitHub.

use std::sync::LazyLock;

use proptest::prelude::*;
use t5_gate::{
    perf::Edit,
    policy::FindingState,
    receipt::{Receipt, judge},
    report::posted::{Earlier, EndedWithout, GateState, Posted, Stage, check_run, sticky},
    verdict::Outcome,
};

use super::{earlier, outside_of_code, posted};
use crate::receipt::build::{advisory, content, time};

fn receipt_of(text: &str) -> Receipt {
    let mut finding = advisory(FindingState::Introduced);
    for field in [&mut finding.id, &mut finding.why, &mut finding.package.name] {
        *field = text.to_owned();
    }
    let mut gated = content().finding(finding);
    gated.perf().pairs[0].note = Some(text.to_owned());
    gated.perf().edits = vec![Edit::new(text, text)];
    gated.receipt.run.command = text.to_owned();
    gated.receipt
}

fn all(text: &str) -> Vec<String> {
    let receipt = receipt_of(text);
    let verdict = judge(&receipt);
    let risks = [text.to_owned()];
    let stages = [
        Stage::Judged { receipt: &receipt, verdict: &verdict, standing: &verdict, kept: &[] },
        Stage::Running {
            phase: text,
            what: text,
            done: 1,
            total: 2,
            started: time("2026-11-22T10:00:00Z"),
            attempt: 1,
        },
        Stage::AwaitsApproval { risks: &risks },
        Stage::AwaitsSandbox { risks: &risks, approved_by: Some(text) },
        Stage::Ended { how: EndedWithout::Error, note: Some(text) },
    ];
    let runs = [Earlier {
        page: text.to_owned(),
        asked: (text.to_owned(), text.to_owned()),
        scope: text.to_owned(),
        ..earlier(Outcome::Fail)
    }];
    let gates = [GateState {
        gate: "T1".to_owned(),
        what: text.to_owned(),
        check: text.to_owned(),
        state: Some(text.to_owned()),
    }];
    let mut pages = Vec::new();
    for stage in stages {
        let posted = Posted {
            asked: (text, text),
            scope: text,
            head: text,
            earlier: &runs,
            gates: &gates,
            ..posted(stage)
        };
        let run = check_run(&posted).unwrap();
        assert!(!run.title.contains(['\n', '\u{202e}']));
        pages.extend([run.summary, sticky(&posted).unwrap()]);
        pages.extend(run.text);
    }
    pages
}

fn check(text: &str) -> Result<(), TestCaseError> {
    static CALM: LazyLock<Vec<String>> = LazyLock::new(|| all("calm"));
    for (page, calm) in all(text).iter().zip(CALM.iter()) {
        let bare = outside_of_code(page);
        let headings = |page: &str| page.lines().filter(|l| l.starts_with('#')).count();
        prop_assert_eq!(headings(&bare), headings(&outside_of_code(calm)), "{}", bare);
        let mut tags = bare.clone();
        for ours in [
            "<!-- t5-gate:sticky -->",
            "<!-- gates:start -->",
            "<!-- gates:end -->",
            "<details>",
            "</details>",
            "<summary>",
            "</summary>",
            "<code>",
            "</code>",
        ] {
            tags = tags.replace(ours, "");
        }
        prop_assert!(!tags.contains('<'), "a tag came through: {}", tags);
        for (at, _) in bare.match_indices('@') {
            let next = bare[at + 1..].chars().next();
            prop_assert!(!next.is_some_and(|c| c.is_ascii_alphanumeric()), "notifies: {}", bare);
        }
        let links = |page: &str| page.replace("\\](", "").matches("](").count();
        prop_assert!(
            links(&bare) <= links(&outside_of_code(calm)),
            "a link came through: {}",
            bare
        );
        let marks = |page: &str| page.matches(['✅', '🟢', '✔']).count();
        prop_assert_eq!(marks(page), marks(calm), "marks come from facts");
        let anchors = |page: &str| page.matches("<!--").count();
        if calm.starts_with("<!--") {
            prop_assert_eq!(anchors(page), anchors(calm), "anchors come from us");
        }
        let silent =
            |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
        prop_assert!(!page.contains(silent));
    }
    Ok(())
}

#[test]
fn known_tricks_do_nothing() {
    for trick in [
        "@octocat",
        "<img src=x onerror=alert(1)>",
        "a | b",
        "\\| x",
        "`",
        "```",
        "a ` b `` c",
        "</details>",
        "<!-- gates:end -->",
        "<!-- t5-gate:sticky -->",
        "-->",
        "✅ pass",
        ":white_check_mark:",
        "\u{202e}ssap",
        "[a](https://evil.example)",
        "https://evil.example/) [b](https://evil.example",
        "![a](https://evil.example/x.png)",
        "# heading",
        "\r\n# heading",
        "/t5 cancel",
        "\u{2028}# b",
    ] {
        check(trick).unwrap_or_else(|error| panic!("{trick:?}: {error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_markup_breaks_a_posted_text(text in "[-\\\\`|<>@#*_~:&$\\[\\]()!a1/ \\n\\r\\t]{0,24}") {
        check(&text)?;
    }

    #[test]
    fn no_text_breaks_a_posted_text(text in "\\PC{0,40}") {
        check(&text)?;
    }
}
