//! What was built, which targets there are, and every benchmark.

use crate::{
    perf::{BenchId, Build, BuildState, Edit, Facts, Pair, PairState, Target, TargetState},
    receipt::Receipt,
    report::{
        escape::{block, code, text},
        limits,
        mark::Mark,
        page::Page,
        tally::gravity,
        units, words,
    },
    verdict::Outcome,
};

pub(super) fn section(page: &mut Page, receipt: &Receipt) {
    page.heading(2, "Benchmark execution");
    let Some(facts) = &receipt.perf else {
        page.paragraph("Not measured: this run was not asked for the performance part.");
        return;
    };
    if receipt.changes.documentation_only && facts.builds.is_empty() && facts.pairs.is_empty() {
        page.paragraph("Not measured: only files that no build looks at are touched.");
        return;
    }
    page.paragraph(&format!("Both sides are built with {}.", text(&facts.toolchain, limits::ID)));
    builds(page, facts);
    targets(page, facts);
    pairs(page, facts);
    names(page, "Missing: benchmarks of the base that the head no longer has", &facts.missing);
    names(page, "New: benchmarks that only the head has, without a judgement", &facts.added);
    if !facts.edits.is_empty() {
        page.paragraph(&format!(
            "{} This change edits what measures it; read these edits before trusting the figures:",
            Mark::against(Outcome::Attention)
        ));
        page.long_bullets(facts.edits.iter().map(edit), limits::OPEN_ROWS, |folded| {
            words::counted(folded, "more edit", "more edits")
        });
    }
}

fn builds(page: &mut Page, facts: &Facts) {
    page.heading(3, "Builds");
    if facts.builds.is_empty() {
        page.paragraph("Nothing was built.");
    }
    page.table(
        ["Side", "Command", "Result"],
        facts.builds.iter().map(|build| {
            [
                words::side(build.side).to_owned(),
                code(&build.command, limits::COMMAND),
                build_result(build),
            ]
        }),
    );
    for build in &facts.builds {
        if let BuildState::Failed { reason } = &build.state {
            page.paragraph(&format!("What the build of the {} said:", words::side(build.side)));
            page.block(&block("text", reason, limits::OUTPUT.0, limits::OUTPUT.1));
        }
    }
}

fn build_result(build: &Build) -> String {
    match &build.state {
        BuildState::Built { reused: true, .. } => {
            "built, taken over from an earlier run".to_owned()
        }
        BuildState::Built { seconds, reused: false } => {
            format!("built in {}", units::duration(*seconds))
        }
        BuildState::Failed { .. } => format!("{} failed", Mark::against(Outcome::Fail)),
        BuildState::CouldNotRun { reason, next } => format!(
            "{} could not run: {}. Next: {}",
            Mark::against(Outcome::CouldNotRun),
            text(reason, limits::SENTENCE),
            text(next, limits::SENTENCE)
        ),
        BuildState::Absent => "no such side".to_owned(),
    }
}

fn targets(page: &mut Page, facts: &Facts) {
    page.heading(3, "Bench targets");
    if facts.targets.is_empty() {
        page.paragraph("None was found.");
    }
    page.table(
        ["Target", "State"],
        facts.targets.iter().map(|target| {
            [code(&format!("{}/{}", target.package, target.name), limits::ID), target_state(target)]
        }),
    );
}

fn target_state(target: &Target) -> String {
    let count = |benchmarks: u32| words::counted(benchmarks as usize, "benchmark", "benchmarks");
    match &target.state {
        TargetState::Listed { benchmarks } => count(*benchmarks),
        TargetState::Unchanged { benchmarks } => {
            format!(
                "{}, unchanged: the executables of both sides are identical",
                count(*benchmarks)
            )
        }
        TargetState::CouldNotRun { reason, next } => format!(
            "{} could not run: {}. Next: {}",
            Mark::against(Outcome::CouldNotRun),
            text(reason, limits::SENTENCE),
            text(next, limits::SENTENCE)
        ),
        TargetState::NotSelected { reason } => {
            format!("{} not selected: {}", Mark::SKIPPED, text(reason, limits::SENTENCE))
        }
        TargetState::Added => "only the head has it".to_owned(),
        TargetState::Missing => {
            format!("{} only the base has it", Mark::against(Outcome::Attention))
        }
    }
}

fn pairs(page: &mut Page, facts: &Facts) {
    page.heading(3, "Benchmarks");
    if facts.pairs.is_empty() {
        page.paragraph("There is none to compare, so nothing was measured.");
        return;
    }
    let (unchanged, mut compared): (Vec<&Pair>, Vec<&Pair>) =
        facts.pairs.iter().partition(|pair| pair.state == PairState::Unchanged);
    compared.sort_by_key(|pair| gravity(pair));
    page.table(COMPARED, compared.iter().map(|pair| compared_row(pair)));
    if unchanged.is_empty() {
        return;
    }
    let count = words::counted(unchanged.len(), "unchanged benchmark", "unchanged benchmarks");
    page.fold(&format!("{count}: identical executables, not compared"), |page| {
        page.table(
            ["Benchmark", "Head, one short reading, not compared", "Throughput", "Status"],
            unchanged.iter().map(|pair| unchanged_row(pair)),
        );
    });
}

/// `benches/speed.rs`: bench code.
pub(in crate::report) fn edit(edit: &Edit) -> String {
    let path = code(&edit.path, limits::PATH);
    match edit.what.as_str() {
        "" => path,
        what => format!("{path}: {}", text(what, limits::SENTENCE)),
    }
}

/// The columns of a benchmark that was compared.
pub(in crate::report) const COMPARED: [&str; 7] =
    ["Benchmark", "Base", "Head", "Throughput", "Change of throughput", "Rounds", "Status"];

/// A row of [`COMPARED`].
pub(in crate::report) fn compared_row(pair: &Pair) -> [String; 7] {
    let reading = |reading: &Option<crate::perf::Reading>| match reading {
        Some(reading) => units::time(reading.median_ns),
        None => "—".to_owned(),
    };
    let note = match &pair.note {
        Some(note) => format!(": {}", text(note, limits::SENTENCE)),
        None => String::new(),
    };
    let clock = pair.clock.as_ref().map(|clock| format!(", {}", words::disagreement(clock)));
    let clock = clock.unwrap_or_default();
    let contention = pair.contention.as_ref().map(|_| format!(", {}", words::CONTENTION));
    let contention = contention.unwrap_or_default();
    [
        name(&pair.bench),
        reading(&pair.base),
        reading(&pair.head),
        throughput(pair),
        pair.estimate.as_ref().map_or_else(|| "—".to_owned(), units::change),
        pair.estimate.as_ref().map_or_else(|| "—".to_owned(), |e| e.rounds.to_string()),
        format!("{} {}{contention}{clock}{note}", Mark::pair(pair), words::pair_state(pair.state)),
    ]
}

fn unchanged_row(pair: &Pair) -> [String; 4] {
    let head = match &pair.head {
        Some(reading) => units::time(reading.median_ns),
        None => "not measured".to_owned(),
    };
    let status = format!("{} {}", Mark::pair(pair), words::pair_state(pair.state));
    [name(&pair.bench), head, throughput(pair), status]
}

/// Of the head: what is new is what a reader looks for.
fn throughput(pair: &Pair) -> String {
    match (pair.throughput, &pair.head) {
        (Some(work), Some(head)) => units::rate(work, head.median_ns),
        _ => "—".to_owned(),
    }
}

fn name(bench: &BenchId) -> String {
    code(&bench.to_string(), limits::ID)
}

fn names(page: &mut Page, title: &str, benches: &[BenchId]) {
    if benches.is_empty() {
        return;
    }
    page.paragraph(&format!("{title}:"));
    page.long_bullets(benches.iter().map(name), limits::OPEN_ROWS, |folded| {
        format!("{folded} more")
    });
}
