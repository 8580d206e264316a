//! Whole reports, as they stand on the page and in the terminal.

use jiff::civil::date;
use t5_gate::{
    perf::{BuildState, Target, TargetState},
    policy::{FindingState, RuleEdit, ScanState, Side, Source, Waiver},
    receipt::{Area, DependencyChange, judge},
    report::{Screen, human, json, markdown},
    verdict::Outcome,
};

use crate::receipt::build::{Gated, advisory, bench, content, duplicate, empty, licence};

fn outcome(gated: &Gated) -> Outcome {
    judge(&gated.receipt).outcome
}

fn page(gated: &Gated) -> String {
    markdown(&gated.receipt, &judge(&gated.receipt)).unwrap()
}

fn screen(gated: &Gated) -> String {
    let screen = Screen { width: 80, colour: false, folder: Some("t5-runs/1") };
    human(&gated.receipt, &judge(&gated.receipt), &screen).unwrap()
}

fn regressed() -> Gated {
    content().bench("sum/4096", 1_350_000.0, 1.08, 0.004, 10)
}

/// A loss that fresh rounds confirm, and no other order of functions has.
fn layout() -> Gated {
    regressed().again("sum/4096", 1.01)
}

fn inconclusive() -> Gated {
    content().bench("alloc/64", 420.0, 1.03, 0.3, 54).bench("alloc/128", 840.0, 1.0, 0.3, 16)
}

fn could_not_run() -> Gated {
    let mut gated = content().silent("sum/4096", "the process ran longer than 60 s");
    gated.perf().targets.push(Target {
        package: "widgets".to_owned(),
        name: "old".to_owned(),
        state: TargetState::CouldNotRun {
            reason: "it has libtest's harness, which measures nothing here".to_owned(),
            next: "set `harness = false` for it in Cargo.toml".to_owned(),
        },
    });
    for scan in gated.policy().scans.iter_mut().filter(|scan| scan.source == Source::DenyBans) {
        scan.state = ScanState::CouldNotRun {
            reason: "this cargo-deny refuses deny.toml: unknown key «deny-all»".to_owned(),
            next: "remove the key".to_owned(),
        };
    }
    gated
}

fn policy_fails() -> Gated {
    let mut gated = content()
        .finding(advisory(FindingState::Introduced))
        .finding(licence(FindingState::Introduced))
        .finding(duplicate(FindingState::PreExisting));
    gated.receipt.changes.dependencies = vec![DependencyChange {
        name: "rsa".to_owned(),
        before: Vec::new(),
        after: vec!["0.9.8".to_owned()],
    }];
    let waiver = |id: &str, scope: &str, expires| Waiver {
        id: id.to_owned(),
        scope: scope.to_owned(),
        reason: "only signs test data".to_owned(),
        owner: "@octocat".to_owned(),
        expires,
    };
    let policy = gated.policy();
    policy.waivers = vec![
        waiver("CVE-2023-49092", "rsa", date(2026, 11, 30)),
        waiver("RUSTSEC-2020-0001", "gone@1.0.0", date(2026, 1, 31)),
    ];
    policy.edits =
        vec![RuleEdit { path: "deny.toml".to_owned(), summary: "accepts GPL-3.0-only".to_owned() }];
    policy.database.fallback = Some("the network is off".to_owned());
    gated
}

#[test]
fn all_pass() {
    let gated = content().unchanged("tables", "lookup/256", 87.5);
    assert_eq!(outcome(&gated), Outcome::Pass);
    insta::assert_snapshot!("all_pass", page(&gated));
    insta::assert_snapshot!("all_pass_screen", screen(&gated));
}

#[test]
fn a_benchmark_regressed() {
    assert_eq!(outcome(&regressed()), Outcome::Fail);
    insta::assert_snapshot!("regressed", page(&regressed()));
    insta::assert_snapshot!("regressed_screen", screen(&regressed()));
}

#[test]
fn a_confirmed_regression_says_how() {
    let confirmed = regressed().again("sum/4096", 1.08);
    assert_eq!(outcome(&confirmed), Outcome::Fail);
    let page = page(&confirmed);
    let line = page.lines().find(|line| line.contains("confirmed by")).unwrap();
    assert!(line.contains("confirmed by fresh rounds, and with functions linked"), "{line}");
}

#[test]
fn a_regression_says_what_the_machine_was_like_and_how_to_see_it_again() {
    let gated = regressed();
    let verdict = judge(&gated.receipt);
    let reasons = verdict.parts.iter().flat_map(|part| &part.reasons);
    let reason = reasons.into_iter().find(|reason| reason.code == "regressed").unwrap();
    assert!(reason.text.contains("sum/4096: -7.3 % throughput (-7.6 to -6.8"), "{}", reason.text);
    let machine = "machine meanwhile: 1.1 cores busy, load 0.4 before, 0.2 % of the time stolen";
    assert!(reason.text.ends_with(machine), "{}", reason.text);
    let page = page(&gated);
    assert!(page.contains("The machine meanwhile: 1.1 of 2 cores busy"), "{page}");
    assert!(page.contains("below; runs under a hypervisor."), "{page}");
    let command = format!(
        "t5 run --base {} --head {} --only bench --bench=sum/4096 --seed 42",
        "1".repeat(40),
        "2".repeat(40)
    );
    assert!(page.contains(&format!("\n```sh\n{command}\n```\n")), "{page}");
    assert!(screen(&gated).contains(&format!("\nWorst:  {command}\n")), "{}", screen(&gated));
}

#[test]
fn a_command_stays_one_whatever_a_benchmark_is_called() {
    let gated = content().bench("a`b' $(rm -rf .)|&\"", 1_350_000.0, 1.08, 0.004, 10);
    let page = page(&gated);
    let line = page.lines().find(|line| line.contains("--seed 42")).unwrap();
    assert!(line.ends_with(r#" '--bench=a`b'\'' $(rm -rf .)|&"' --seed 42"#), "{line}");
}

#[test]
fn an_improvement_says_how_often_it_was_seen() {
    let improved = content().bench("sum/4096", 1_350_000.0, 0.8, 0.004, 10);
    let said = |gated: &Gated| {
        let reasons = judge(&gated.receipt).parts.into_iter().flat_map(|part| part.reasons);
        reasons.map(|reason| format!("{}: {}", reason.code, reason.text)).collect::<Vec<_>>()
    };
    assert!(said(&improved)[0].ends_with("somebody should know why; not measured again"));
    let twice = improved.clone().repeated("sum/4096", 0.8);
    assert_eq!(outcome(&twice), Outcome::Attention);
    assert!(said(&twice)[0].contains("should know why; confirmed by fresh rounds, +25"));
    let once = improved.repeated("sum/4096", 1.0);
    assert_eq!((outcome(&once), said(&once)), (Outcome::Pass, Vec::new()));
    let page = page(&once);
    assert!(page.contains("no improvement: 6 rounds more gave 100"), "{page}");
}

#[test]
fn what_is_inconclusive_names_the_time_that_would_resolve_it() {
    let page = page(&inconclusive());
    let line = page.lines().find(|line| line.contains("alloc/128`: ")).unwrap();
    assert!(line.contains("±") && line.contains("after 16 of 54 rounds"), "{line}");
    assert!(line.contains("it takes about") && line.contains(" of measuring)"), "{line}");
}

#[test]
fn a_loss_of_code_layout_alone_is_attention() {
    assert_eq!(outcome(&layout()), Outcome::Attention);
    insta::assert_snapshot!("layout", page(&layout()));
    insta::assert_snapshot!("layout_screen", screen(&layout()));
}

#[test]
fn a_measurement_cannot_tell() {
    assert_eq!(outcome(&inconclusive()), Outcome::Inconclusive);
    insta::assert_snapshot!("inconclusive", page(&inconclusive()));
    insta::assert_snapshot!("inconclusive_screen", screen(&inconclusive()));
}

#[test]
fn something_could_not_run() {
    assert_eq!(outcome(&could_not_run()), Outcome::CouldNotRun);
    insta::assert_snapshot!("could_not_run", page(&could_not_run()));
    insta::assert_snapshot!("could_not_run_screen", screen(&could_not_run()));
}

/// A head whose processes take 90 ms more than they account for.
fn clock_disagrees() -> Gated {
    let mut gated =
        content().seen(|id| if id == "dot/1024" { 90e6 } else { 0.0 }).unchanged("t", "u/1", 80.0);
    gated.receipt.run.isolation = "full".to_owned();
    gated.receipt.run.layers =
        vec!["namespaces (bubblewrap)".to_owned(), "memory 4 GiB (cgroup v2)".to_owned()];
    gated
}

#[test]
fn a_clock_that_is_not_believed() {
    assert_eq!(outcome(&clock_disagrees()), Outcome::Inconclusive);
    insta::assert_snapshot!("clock_disagrees", page(&clock_disagrees()));
    insta::assert_snapshot!("clock_disagrees_screen", screen(&clock_disagrees()));
}

#[test]
fn clocks_that_agree_are_said_to() {
    let gated = content().seen(|_| 0.0);
    assert_eq!(outcome(&gated), Outcome::Pass);
    assert!(page(&gated).contains("nothing disagrees beyond noise"));
}

#[test]
fn documentation_only() {
    let mut gated = empty().with_policy().with_perf();
    gated.perf().builds.clear();
    gated.receipt.changes.documentation_only = true;
    gated.receipt.changes.areas = vec![Area {
        name: "documentation".to_owned(),
        files: 1,
        added: 3,
        removed: 1,
        examples: vec!["README.md".to_owned()],
    }];
    assert_eq!(outcome(&gated), Outcome::Pass);
    insta::assert_snapshot!("documentation_only", page(&gated));
}

#[test]
fn policy_fails_with_chains() {
    assert_eq!(outcome(&policy_fails()), Outcome::Fail);
    insta::assert_snapshot!("policy_fails", page(&policy_fails()));
    insta::assert_snapshot!("policy_fails_screen", screen(&policy_fails()));
}

#[test]
fn no_base() {
    let mut gated = empty().with_policy().with_perf().first_commit();
    gated.perf().targets.push(Target {
        package: "widgets".to_owned(),
        name: "kernels".to_owned(),
        state: TargetState::Added,
    });
    gated.perf().added.push(bench("kernels", "dot/1024"));
    insta::assert_snapshot!("no_base", page(&gated));
}

#[test]
fn a_head_that_does_not_build() {
    let mut gated = empty().with_policy().with_perf();
    for build in gated.perf().builds.iter_mut().filter(|build| build.side == Side::Head) {
        build.state = BuildState::Failed {
            reason: "error[E0308]: mismatched types\n --> src/dot.rs:7:5\n  |\n7 |     ```\n"
                .to_owned(),
        };
    }
    assert_eq!(outcome(&gated), Outcome::Fail);
    let page = page(&gated);
    insta::assert_snapshot!(page.split("## Benchmark execution").nth(1).unwrap().split("\n## ").next().unwrap(), @r"


Both sides are built with rustc 1.95.0.

### Builds

| Side | Command | Result |
| --- | --- | --- |
| base | `cargo bench --no-run --workspace --locked` | built in 43 s |
| head | `cargo bench --no-run --workspace --locked` | ❌ failed |

What the build of the head said:

````text
error[E0308]: mismatched types
 --> src/dot.rs:7:5
  |
7 |     ```
````

### Bench targets

None was found.

### Benchmarks

There is none to compare, so nothing was measured.
");
}

#[test]
fn one_part_alone() {
    let gated = empty().with_policy();
    insta::assert_snapshot!(screen(&gated), @r"
T5 gate: ✅ pass
widgets 111111111111 … 222222222222 Unroll the inner loop

Policy: ✅ pass: 215 packages in the head; every scan finished; no finding
  introduced.
Performance: ⏭️ skipped (not-requested): this run was asked for the other part
  alone.

Next:   pr-doc-reviewer
Report: t5-runs/1/report.md
Isolation: none
Repeat: t5 run --repo widgets --base 1111111 --head 2222222
");
    let page = page(&gated);
    assert!(page.contains("Not measured: this run was not asked for the performance part."));
}

#[test]
fn colour_is_for_those_who_ask() {
    let receipt = regressed().receipt;
    let verdict = judge(&receipt);
    let screen = Screen { width: 80, colour: true, folder: None };
    assert!(human(&receipt, &verdict, &screen).unwrap().contains("\u{1b}[1;31mfail\u{1b}[0m"));
    let screen = Screen { colour: false, ..screen };
    assert!(!human(&receipt, &verdict, &screen).unwrap().contains('\u{1b}'));
}

#[test]
fn a_program_gets_receipt_and_verdict() {
    let receipt = regressed().receipt;
    let value = json(&receipt, &judge(&receipt)).unwrap();
    assert_eq!(value["receipt"]["schema"], "t5-receipt/1");
    assert_eq!(value["verdict"]["outcome"], "fail");
    assert_eq!(value["verdict"]["routes"][0], "perf-fixer");
}

#[test]
fn a_report_is_rendered_again_to_the_byte() {
    for gated in [content(), regressed(), inconclusive(), could_not_run(), policy_fails()] {
        let again = t5_gate::receipt::decode(&t5_gate::receipt::encode(&gated.receipt).unwrap());
        let again = again.unwrap();
        assert_eq!(markdown(&again, &judge(&again)).unwrap(), page(&gated));
    }
}
