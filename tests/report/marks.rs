//! What is green, and what is not.

use t5_gate::{
    perf::PairState,
    policy::{FindingState, ScanState, Side, Source},
    receipt::judge,
    report::{Screen, human, markdown},
    verdict::Outcome,
};

use crate::receipt::build::{Gated, advisory, content, duplicate, empty, licence};

fn page(gated: &Gated) -> String {
    markdown(&gated.receipt, &judge(&gated.receipt)).unwrap()
}

fn green(page: &str) -> Vec<&str> {
    page.lines().filter(|line| line.contains('✅')).collect()
}

#[test]
fn a_row_is_green_only_where_the_receipt_holds_a_finished_measurement() {
    let gated = content()
        .bench("slow/64", 420.0, 1.2, 0.004, 6)
        .bench("noisy/64", 420.0, 1.03, 0.3, 16)
        .bench("fast/64", 420.0, 0.5, 0.004, 6)
        .silent("hung/64", "the process ran longer than 60 s")
        .unchanged("tables", "same/64", 87.5);
    let page = page(&gated);
    for pair in &gated.receipt.perf.as_ref().unwrap().pairs {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}`", pair.bench)));
        let row = row.unwrap_or_else(|| panic!("{} has no row", pair.bench));
        assert_eq!(row.contains('✅'), pair.state == PairState::Held, "{row}");
        let measured = pair.estimate.is_some() && pair.base.is_some() && pair.head.is_some();
        assert!(measured || !row.contains('✅'), "{row}");
    }
    // Besides the two that held, the five checks and the policy part, nothing is green.
    let rows = green(&page);
    let known = |row: &&&str| {
        row.contains("held |") || row.contains("nothing introduced") || row.contains("olicy")
    };
    assert_eq!(rows.iter().filter(known).count(), rows.len(), "{rows:#?}");
}

#[test]
fn what_held_and_is_slower_beside_other_load_is_not_green() {
    let mut gated = content();
    let pair = &mut gated.perf().pairs[0];
    let mut paired = pair.estimate.clone().unwrap();
    (paired.lower, paired.ratio, paired.upper) = (0.86, 0.88, 0.90);
    pair.contention = Some(paired);
    let verdict = judge(&gated.receipt);
    assert_eq!(verdict.outcome, Outcome::Attention);
    let page = page(&gated);
    let row = page.lines().find(|line| line.starts_with("| `widgets/kernels: dot/1024`")).unwrap();
    assert!(row.contains("⚠️ held, slower only under contention (layout)"), "{row}");
    let screen = Screen { width: 200, colour: false, folder: None };
    let human = human(&gated.receipt, &verdict, &screen).unwrap();
    assert!(human.contains("slower-under-contention"), "{human}");
    assert!(human.contains("−12.0 %") || human.contains("-12.0 %"), "{human}");
}

#[test]
fn nothing_is_green_where_nothing_was_measured() {
    let mut silent = empty().with_policy();
    for scan in &mut silent.policy().scans {
        scan.state = ScanState::CouldNotRun { reason: "?".to_owned(), next: "?".to_owned() };
    }
    let mut unscanned = empty().with_policy();
    unscanned.policy().scans.clear();
    let unchanged = empty().with_perf().unchanged("tables", "same/64", 87.5);
    let hung = empty().with_perf().silent("hung/64", "it ran longer than 60 s");
    for gated in [empty(), silent, unscanned, unchanged, hung, empty().with_perf()] {
        let (page, verdict) = (page(&gated), judge(&gated.receipt));
        assert_eq!(green(&page), Vec::<&str>::new());
        let screen = Screen { width: 80, colour: true, folder: None };
        let text = human(&gated.receipt, &verdict, &screen).unwrap();
        assert!(!text.contains('✅') && !text.contains("\u{1b}[1;32m"), "{text}");
    }
}

#[test]
fn a_check_is_green_only_if_it_finished_on_every_side() {
    for side in [Side::Base, Side::Head] {
        let mut gated = content();
        for scan in gated.policy().scans.iter_mut().filter(|scan| scan.side == side) {
            scan.state = ScanState::CouldNotRun { reason: "?".to_owned(), next: "?".to_owned() };
        }
        let page = page(&gated);
        assert!(!page.contains("✅ nothing introduced"), "{page}");
        let check = |line: &&str| line.contains("`cargo deny check") || line.contains("`rustsec`");
        let checks: Vec<&str> = page.lines().filter(check).collect();
        assert_eq!(checks.len(), 5, "{page}");
        assert!(checks.iter().all(|row| row.ends_with("🚫 could not run |")), "{checks:#?}");
    }
}

/// cargo-deny counts an unreadable index of a registry as an error: no finding, and no content.
#[test]
fn a_check_whose_errors_are_no_findings_is_not_green() {
    let mut gated = content();
    for scan in gated.policy().scans.iter_mut().filter(|s| s.source == Source::DenyAdvisories) {
        scan.state = ScanState::Finished { errors: 1, warnings: 0 };
    }
    let page = page(&gated);
    assert!(
        page.contains("| ⚠️ 1 error counted, none of them a finding: see what the scan printed |"),
        "{page}"
    );
}

/// A finding's mark is made here and the verdict in `policy`: they must say the same.
#[test]
fn marks_of_findings_agree_with_the_verdict() {
    let states = [
        FindingState::Introduced,
        FindingState::PreExisting,
        FindingState::Fixed,
        FindingState::DatabaseMoved,
    ];
    let mut unmaintained = duplicate(FindingState::Introduced);
    unmaintained.band = Some("unmaintained".to_owned());
    for template in [advisory, licence, duplicate, |state| t5_gate::policy::Finding {
        state,
        ..unmaintained_of(state)
    }] {
        for state in states {
            let gated = empty().with_policy().finding(template(state));
            let verdict = judge(&gated.receipt);
            let page = page(&gated);
            let row = page.lines().find(|line| line.starts_with("| ") && line.contains("→"));
            let row = row.unwrap_or_else(|| panic!("the finding has no row: {page}"));
            use t5_gate::verdict::Outcome::{Attention, Fail};
            assert_eq!(row.contains('❌'), verdict.outcome == Fail, "{row}");
            assert_eq!(row.contains('⚠'), verdict.outcome == Attention, "{row}");
        }
    }
}

fn unmaintained_of(state: FindingState) -> t5_gate::policy::Finding {
    let mut finding = duplicate(state);
    finding.band = Some("unmaintained".to_owned());
    finding
}
