//! Every workload: how it was compared, its absolute figures, what became of it.

use crate::{
    perf::{
        Again, MemoryState, Together, Undisturbed, WorkloadPair, WorkloadRule, WorkloadState,
        Workloads,
    },
    receipt::Receipt,
    report::{
        escape::{code, text},
        limits,
        mark::Mark,
        page::Page,
        tally::{workload_gravity, workloads_in_words},
        units, words,
    },
};

pub(super) fn section(page: &mut Page, receipt: &Receipt) {
    let Some(perf) = &receipt.perf else { return };
    let Some(facts) = &perf.workloads else { return };
    page.heading(2, "Workloads");
    let counted = workloads_in_words(&facts.pairs);
    page.paragraph(&format!("{counted}. They are whole programs, built as the benches are."));
    let mut pairs: Vec<&WorkloadPair> = facts.pairs.iter().collect();
    pairs.sort_by_key(|pair| workload_gravity(pair));
    page.table(WORKLOADS, pairs.iter().map(|pair| workload_row(pair)));
    how(page, facts);
    absolute(page, &pairs);
    if let Some(by) = perf.seen_by.as_ref().filter(|_| pairs.iter().any(|pair| pair.head.is_some()))
    {
        let by = text(by, limits::SENTENCE);
        page.paragraph(&format!("Processor time and memory were counted by: {by}."));
    }
    open(page, &pairs);
}

/// The columns of a workload.
pub(in crate::report) const WORKLOADS: [&str; 5] =
    ["Workload", "Change of throughput", "Change of peak memory", "Rounds", "Status"];

/// A row of [`WORKLOADS`].
pub(in crate::report) fn workload_row(pair: &WorkloadPair) -> [String; 5] {
    let none = || "—".to_owned();
    let throughput = pair.throughput.as_ref();
    let memory = match &pair.memory {
        Some(memory) => {
            let mark = match memory.state {
                MemoryState::Held => String::new(),
                state => format!("{} ", Mark::memory(state)),
            };
            format!("{mark}{}", units::bounds(&memory.bounds))
        }
        None if throughput.is_some() => "not counted".to_owned(),
        None => none(),
    };
    let rounds = throughput.map(|bounds| bounds.rounds);
    let rounds = rounds.max(pair.memory.as_ref().map(|memory| memory.bounds.rounds));
    [
        code(&pair.name, limits::ID),
        throughput.map_or_else(none, units::bounds),
        memory,
        rounds.map_or_else(none, |rounds| rounds.to_string()),
        status(pair),
    ]
}

fn status(pair: &WorkloadPair) -> String {
    let mark = Mark::workload(pair);
    let memory = pair.memory.as_ref().map_or("", |memory| match memory.state {
        MemoryState::Held => "",
        MemoryState::Grown => ", takes more memory",
        MemoryState::Inconclusive => ", memory inconclusive",
    });
    let note = pair.note.as_deref().map(|note| format!(": {}", text(note, limits::SENTENCE)));
    format!("{mark} {}{memory}{}", words::workload_state(pair.state), note.unwrap_or_default())
}

fn how(page: &mut Page, facts: &Workloads) {
    let rule = &facts.rule;
    let is = |together| facts.pairs.iter().any(|pair| pair.together == Some(together));
    let (duet, alternation) = (is(Together::Duet), is(Together::Alternation));
    let mut lines = Vec::new();
    if duet {
        lines.push(
            "On one core: a process of each side a round, both at once on the same core, which \
             first drawn anew each round; compared by processor time. What disturbs one disturbs \
             the other."
                .to_owned(),
        );
    }
    if alternation {
        lines.push(
            "On many cores: a process of each side a round, one after the other on all cores, in \
             drawn order; compared by wall time. Every disturbance is in the figures, so this \
             resolves less than a comparison on one core."
                .to_owned(),
        );
    }
    if duet || alternation {
        lines.push(criteria(rule));
        lines.extend(facts.pairs.iter().filter_map(|pair| line_of(pair, rule)));
        lines.extend(facts.pairs.iter().flat_map(again));
    }
    page.bullets(lines);
}

fn criteria(rule: &WorkloadRule) -> String {
    format!(
        "The mean log ratio without the {} of the rounds at either end, with bounds; a loss of \
         throughput or a growth of memory is proved with a chance of error of {} in the whole run, \
         shared with the benchmarks, and before round {} with a tenth of that. Growth of memory by \
         less than {} is none.{}",
        units::share(rule.trimmed),
        units::share(rule.alpha),
        rule.fails_from,
        units::size(rule.memory_grain),
        rule.confirm.map(confirmation).unwrap_or_default()
    )
}

fn confirmation(alpha: f64) -> String {
    format!(
        " Either is measured again: rounds that had no part in finding it have to prove it too (one \
         on the line is confirmed with a chance of {}).",
        units::share(alpha)
    )
}

/// What became of a loss when it was measured again.
fn again(pair: &WorkloadPair) -> impl Iterator<Item = String> {
    let memory = pair.memory.as_ref().and_then(|memory| memory.again.as_ref());
    let all = [(pair.again.as_ref(), "throughput"), (memory, "peak memory")];
    all.into_iter().filter_map(move |(again, of)| {
        let Again { bounds, confirmed } = again?;
        Some(format!(
            "{}: {of} measured again {}, by {}: {}.",
            code(&pair.name, limits::ID),
            units::bounds(bounds),
            words::counted(bounds.rounds as usize, "round", "rounds"),
            if *confirmed { "confirmed" } else { "not confirmed" }
        ))
    })
}

fn line_of(pair: &WorkloadPair, rule: &WorkloadRule) -> Option<String> {
    pair.together?;
    let memory = pair.memory.as_ref().map(|memory| {
        format!(", and up to {} of the base's peak memory", units::share(memory.line))
    });
    Some(format!(
        "{}: held from {} of the base's throughput{}.",
        code(&pair.name, limits::ID),
        units::share(pair.line(rule)),
        memory.unwrap_or_default()
    ))
}

/// What each took with the machine for itself.
fn absolute(page: &mut Page, pairs: &[&WorkloadPair]) {
    let row = |pair: &WorkloadPair, side: &str, figures: &Undisturbed| {
        [
            code(&pair.name, limits::ID),
            side.to_owned(),
            units::time(figures.wall_ns),
            units::time(figures.cpu_ns),
            figures.peak_bytes.map_or_else(|| "not counted".to_owned(), units::bytes),
            figures.runs.to_string(),
        ]
    };
    let mut rows = Vec::new();
    for pair in pairs {
        let sides = [("base", &pair.base), ("head", &pair.head)];
        rows.extend(
            sides.iter().filter_map(|(side, figures)| Some(row(pair, side, figures.as_ref()?))),
        );
    }
    if rows.is_empty() {
        return;
    }
    page.paragraph("Undisturbed, each with the machine for itself; medians, and no comparison:");
    page.table(["Workload", "Side", "Wall time", "CPU time", "Peak memory", "Runs"], rows);
}

/// The command of each that needs a person.
fn open(page: &mut Page, pairs: &[&WorkloadPair]) {
    let quiet = |pair: &&&WorkloadPair| {
        let time = matches!(
            pair.state,
            WorkloadState::Held | WorkloadState::Unchanged | WorkloadState::Added
        );
        time && pair.memory.as_ref().is_none_or(|memory| memory.state == MemoryState::Held)
    };
    let needing: Vec<&&WorkloadPair> = pairs.iter().filter(|pair| !quiet(pair)).collect();
    if needing.is_empty() {
        return;
    }
    page.paragraph("To run one by hand, in a checkout of either side:");
    page.bullets(needing.into_iter().map(|pair| {
        format!("{}: {}", code(&pair.name, limits::ID), code(&pair.command, limits::COMMAND))
    }));
}
