//! What the benchmarks' own clocks said, held against the runner's.

use crate::{
    perf::{Disagreement, Facts, Pair, Told},
    receipt::Receipt,
    report::{
        escape::{code, text},
        limits,
        mark::Mark,
        page::Page,
        tally::Pairs,
        units, words,
    },
};

pub(super) fn section(page: &mut Page, receipt: &Receipt) {
    let Some(facts) = receipt.perf.as_ref().filter(|facts| Pairs::of(facts).measured > 0) else {
        return;
    };
    page.heading(3, "Clocks");
    let disagreeing: Vec<&Pair> = facts.pairs.iter().filter(|pair| pair.clock.is_some()).collect();
    page.paragraph(&seen(facts, disagreeing.len()));
    if disagreeing.is_empty() {
        return;
    }
    let rows: Vec<[String; 5]> = disagreeing.into_iter().filter_map(row).collect();
    page.long_table(
        ["Benchmark", "Reported by its clock", "Seen by the runner", "What disagrees", "Status"],
        rows,
        limits::OPEN_ROWS,
        |folded| words::counted(folded, "more benchmark", "more benchmarks"),
    );
    page.paragraph(
        "Either the untimed work of the head grew (set-up, dropping, a benchmark's own warm-up), \
         or its times are not what it spent. No such benchmark is called held or improved. A \
         benchmark that counts more iterations than it runs cannot be seen from outside: that is \
         why edits of what measures are named above.",
    );
}

fn seen(facts: &Facts, disagreeing: usize) -> String {
    let Some(by) = &facts.seen_by else {
        return "Times are the benchmarks' own: no process was timed from outside in this run, nor \
                was any watched while it waits."
            .to_owned();
    };
    let by = text(by, limits::SENTENCE);
    let found = match disagreeing {
        0 => "nothing disagrees beyond noise".to_owned(),
        1 => "1 benchmark disagrees".to_owned(),
        some => format!("{some} benchmarks disagree"),
    };
    let clock = &facts.rule.clock;
    format!(
        "The runner timed every process itself, from its start to its end (processor time: {by}), \
         and held that against what the process reported: {found}. The head may leave {} of its \
         measuring time more unaccounted for than the base, and {} of the base's untimed rest; \
         chance of one false alarm in the whole run: {}.",
        units::share(clock.share),
        units::share(clock.rest),
        units::share(clock.alpha)
    )
}

fn row(pair: &Pair) -> Option<[String; 5]> {
    let (reported, seen, what) = match pair.clock.as_ref()? {
        Disagreement::Impossible { side, processes, reported_ns, wall_ns } => {
            let side = words::side(*side);
            let processes = words::counted(*processes as usize, "process", "processes");
            (
                format!("{side} {}", units::time(*reported_ns)),
                format!("{side} {}", units::time(*wall_ns)),
                format!("more timed work than the process lived ({processes})"),
            )
        }
        Disagreement::Unlike { by, base, head, share, beyond, rounds } => (
            sides(base, head, |told| units::time(told.reported_ns)),
            sides(base, head, |told| {
                format!("{} (CPU {})", units::time(told.wall_ns), units::time(told.cpu_ns))
            }),
            format!(
                "the head leaves {} of its measuring time more unaccounted for, {} beyond what is \
                 allowed for sure (by {}, {})",
                rounded(*share),
                rounded(*beyond),
                words::measure(*by),
                words::counted(*rounds as usize, "round", "rounds")
            ),
        ),
    };
    let status = format!("{} {}", Mark::pair(pair), words::pair_state(pair.state));
    Some([code(&pair.bench.to_string(), limits::ID), reported, seen, what, status])
}

fn sides(base: &Told, head: &Told, show: impl Fn(&Told) -> String) -> String {
    format!("base {}, head {}", show(base), show(head))
}

/// A share to a tenth of a per cent: more would be noise.
fn rounded(share: f64) -> String {
    units::share((share * 1000.0).round() / 1000.0)
}
