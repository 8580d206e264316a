//! A report on a page: whatever Markdown a stranger manages to put into one can only be read.

use axum::http::StatusCode;
use proptest::{prelude::*, test_runner::TestRunner};
use t5_gate::verdict::Outcome;

use super::world::{World, pull};
use crate::receipt::build::content;

async fn world() -> World {
    let world = World::new().await;
    world.enqueue(pull("j1", 7, 'a')).await;
    world.judge("r1", Outcome::Pass).await;
    world.keep("r1", &content().sealed());
    world
}

/// The report as the page shows it.
async fn shown(world: &World, markdown: &str) -> String {
    std::fs::write(world.runs().join("r1/report.md"), markdown).unwrap();
    let answer = world.get("/runs/r1").await;
    assert_eq!(answer.status, StatusCode::OK);
    let page = answer.text();
    let (_, rest) = page.split_once("<article class=\"report\"").unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    let (report, after) = rest.rsplit_once("</article>").unwrap();
    assert!(after.contains("<h2>Artifacts</h2>"), "the page goes on after the report");
    report.to_owned()
}

/// What a report's tags may be, with their attributes.
const TAGS: &[&str] = &[
    "p",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "code",
    "pre",
    "em",
    "strong",
    "table",
    "thead",
    "tbody",
    "tr",
    "td",
    "blockquote",
    "hr /",
    "br /",
    "details",
    "summary",
    "th scope=\"col\"",
    "div class=\"scroll\" role=\"region\" aria-label=\"Table\" tabindex=\"0\"",
    "th",
    "div",
    "a",
];

/// Tags that are none of those.
fn strange(html: &str) -> Vec<String> {
    let tags = html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or(rest));
    let plain = |tag: &str| TAGS.contains(&tag.trim_start_matches('/'));
    let link = |tag: &str| {
        tag.strip_prefix("a href=\"")
            .is_some_and(|to| ["https://", "http://", "#"].iter().any(|good| to.starts_with(good)))
    };
    let listed =
        |tag: &str| tag.starts_with("ol start=\"") || tag.starts_with("code class=\"language-");
    tags.filter(|tag| !plain(tag) && !link(tag) && !listed(tag)).map(str::to_owned).collect()
}

#[tokio::test]
async fn known_tricks_do_nothing() {
    let world = world().await;
    for trick in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=alert(1)>b</b>",
        "<details open ontoggle=alert(1)>x</details>",
        "<details><summary onclick=alert(1)>x</summary></details>",
        "<summary\n>x",
        "</article></main><script>alert(1)</script>",
        "<!-- --><script>alert(1)</script>",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<?php <script> ?>",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html,<script>alert(1)</script>)",
        "[click]( \u{1}javascript:alert(1))",
        "[click](//evil.example)",
        "[a](https://x \"onmouseover=alert(1)\")",
        "![pixel](https://evil.example/pixel.png)",
        "![p](https://evil.example/\" onerror=alert(1) x=\")",
        "<https://evil.example/\"onmouseover=alert(1)>",
        "<javascript:alert(1)>",
        "```\"><script>\nx\n```",
        "<style>body{display:none}</style>",
        "<iframe src=https://evil.example></iframe>",
        "<form action=https://evil.example><button>x</button></form>",
        "| a |\n| --- |\n| <script>alert(1)</script> |",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<code><script>alert(1)</script></code>",
        "<details><summary>x</summary>\n\n<script>alert(1)</script>\n\n</details>",
    ] {
        let html = shown(&world, trick).await;
        assert_eq!(strange(&html), Vec::<String>::new(), "{trick}\n{html}");
        assert!(!html.contains("href=\"j"), "{trick}\n{html}");
    }
}

#[tokio::test]
async fn what_our_own_reports_hold_is_rendered() {
    let world = world().await;
    let text = "# T5\n\n<details><summary>2 more: <code>a&#124;b</code></summary>\n\n| x | y |\n| --- | --- |\n| `z` | <code>p&#124;q</code> |\n\n</details>\n\n[advisory](https://rustsec.org/x)\n";
    let html = shown(&world, text).await;
    for part in [
        "<h2>T5</h2>",
        "<details><summary>2 more: <code>a&#124;b</code></summary>",
        "<th scope=\"col\">x</th>",
        "<td><code>z</code></td>",
        "<code>p|q</code>",
        "</details>",
        "<a href=\"https://rustsec.org/x\">advisory</a>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[test]
fn no_markdown_becomes_markup_of_its_own() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(world());
    let piece = prop_oneof![
        "[<>&\"'`*_\\[\\]()!|#\\\\ \\n:/=-]{0,6}",
        prop::sample::select(vec![
            "<script>",
            "</script>",
            "<details>",
            "</details>",
            "<summary>",
            "</summary>",
            "<code>",
            "</code>",
            "<!--",
            "-->",
            "javascript:",
            "https://a.b",
            "onerror=",
            "<img ",
            "| a |\n| - |\n",
            "```\n",
            "\n\n",
            "- ",
            "> ",
            "<a href=\"",
            "&#",
            "&lt;",
            "x",
        ])
        .prop_map(str::to_owned),
    ];
    let text = prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat());
    let config = ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() };
    let algorithm = proptest::test_runner::RngAlgorithm::ChaCha;
    let seed = proptest::test_runner::TestRng::from_seed(algorithm, &[5; 32]);
    let mut runner = TestRunner::new_with_rng(config, seed);
    runner
        .run(&text, |text| {
            let html = runtime.block_on(shown(&world, &text));
            prop_assert_eq!(strange(&html), Vec::<String>::new(), "{}", html);
            for tag in ["details", "summary", "code", "table"] {
                let opened = html.matches(&format!("<{tag}>")).count()
                    + html.matches(&format!("<{tag} ")).count();
                let closed = html.matches(&format!("</{tag}>")).count();
                prop_assert_eq!(opened, closed, "{}", html);
            }
            Ok(())
        })
        .unwrap();
}
