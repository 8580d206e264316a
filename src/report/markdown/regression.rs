//! The rule, and how far the measurement could see.

use std::collections::BTreeSet;

use crate::{
    perf::{Facts, Method, Pair, PairState, Rule, canary, resolution, rounds_needed, time_needed},
    receipt::Receipt,
    report::{
        escape::{code, text},
        limits,
        mark::Mark,
        page::Page,
        repeat,
        tally::{Pairs, gravity},
        units, words,
    },
};

pub(super) fn section(page: &mut Page, receipt: &Receipt) {
    page.heading(2, "Regression detection");
    let Some(facts) = &receipt.perf else {
        page.paragraph("Not measured: this run was not asked for the performance part.");
        return;
    };
    if Pairs::of(facts).measured == 0 {
        let workloads = facts
            .workloads
            .as_ref()
            .is_some_and(|workloads| workloads.pairs.iter().any(|pair| pair.throughput.is_some()));
        page.paragraph(match workloads {
            true => "No benchmark was compared in this run; workloads were.",
            false => "Not measured: nothing was compared in this run.",
        });
        return;
    }
    page.heading(3, "Baseline");
    page.paragraph(&baseline(facts));
    page.heading(3, "Criteria");
    criteria(page, facts);
    page.heading(3, "Result");
    result(page, receipt, facts);
}

fn baseline(facts: &Facts) -> String {
    let core = match facts.core {
        Some(core) => format!("Pinned to core {core}"),
        None => "Not pinned to a core".to_owned(),
    };
    let methods: BTreeSet<Method> = facts.pairs.iter().filter_map(|pair| pair.method).collect();
    let methods: Vec<&str> = methods.into_iter().map(words::method).collect();
    format!(
        "The base commit, built and run beside the head on this machine{}{}. {core}; seed {}. No \
         stored figure takes part.",
        if methods.is_empty() { "" } else { ": " },
        methods.join("; or "),
        facts.seed
    )
}

fn criteria(page: &mut Page, facts: &Facts) {
    let rule = &facts.rule;
    let line = units::share(rule.line());
    let lines = [
        format!(
            "The line is {line} of the base's throughput: the rule's {} and a guard of {}.",
            units::share(rule.min_throughput),
            units::share(rule.guard)
        ),
        format!("held: the lower bound is at or above {line}."),
        format!("regressed: the upper bound is below {line}."),
        format!(
            "improved, worth a look: the estimate is at or above {}.",
            units::share(rule.improved_at)
        ),
        "inconclusive: neither is proved.".to_owned(),
        format!(
            "Chance of one false «regressed» in the whole run: {}, shared among {} and {}; of a \
             false «held» of one benchmark: {}.",
            units::share(rule.alpha),
            shared_among(facts),
            words::counted(rule.looks.len(), "look", "looks"),
            units::share(rule.beta)
        ),
        format!(
            "Samples are looked at after these rounds, in brackets the share of the chance of a \
             false «regressed» that a look may spend: {}.",
            looks(rule)
        ),
        format!(
            "A loss is measured again: rounds that had no part in finding it have to prove it at \
             the same looks (one on the line is confirmed with a chance of {}).",
            units::share(rule.confirm.alpha)
        ),
        format!(
            "Then both sides are linked anew («relinks») in {} of their functions, drawn by chance, \
             with {} each: a loss whose mean over them is at or above {line} is one of code layout, \
             and fails nothing.",
            words::counted(rule.confirm.relinks as usize, "order", "orders"),
            words::counted(rule.confirm.relink_rounds as usize, "round", "rounds"),
        ),
    ];
    page.bullets(lines.into_iter().chain(rule.confirm.improved.then(|| {
        "An improvement is measured again too, and is none if those rounds do not show it."
            .to_owned()
    })));
}

/// The looks, each with its share of the chance of a false «regressed».
fn looks(rule: &Rule) -> String {
    let look = |(index, rounds)| format!("{rounds} ({})", units::share(rule.spent_at(index)));
    let looks: Vec<String> = rule.looks.iter().enumerate().map(look).collect();
    looks.join(", ")
}

/// Workloads share the chance of error with the benchmarks.
fn shared_among(facts: &Facts) -> String {
    let family = facts.rule.family as usize;
    match &facts.workloads {
        None => words::counted(family, "benchmark", "benchmarks"),
        Some(_) => words::counted(
            family,
            "decision (of a benchmark or workload)",
            "decisions (of benchmarks and workloads)",
        ),
    }
}

fn result(page: &mut Page, receipt: &Receipt, facts: &Facts) {
    let tally = Pairs::of(facts);
    page.paragraph(&format!("{}.", tally.words()));
    page.bullets(facts.pairs.iter().filter_map(noted));
    if let Some(machine) = machine(receipt, facts) {
        page.paragraph(&machine);
    }
    again(page, receipt, facts);
    if let Some(canaries) = canaries(facts) {
        page.paragraph(&canaries);
    }
    if let Some((best, worst)) = resolutions(facts) {
        let reached = if (worst - best).abs() < 0.05 {
            format!("±{worst:.1} %")
        } else {
            format!("±{best:.1} % to ±{worst:.1} %")
        };
        page.paragraph(&format!("Resolution reached: {reached} of throughput."));
    }
    let open = |pair: &&Pair| pair.state == PairState::Inconclusive;
    page.bullets(facts.pairs.iter().filter(open).map(|pair| {
        let name = code(&pair.bench.to_string(), limits::ID);
        let note = pair.note.as_deref().map(|note| format!(" ({})", text(note, limits::SENTENCE)));
        format!("{} {name}{}: {}", Mark::pair(pair), note.unwrap_or_default(), resolve(facts, pair))
    }));
}

/// What the gate's own benchmarks came to, beside what they have to.
fn canaries(facts: &Facts) -> Option<String> {
    let each = facts.canaries.iter().map(|canary| {
        let figures = canary.estimate.as_ref().map(units::change).unwrap_or_default();
        let state = words::pair_state(canary.state);
        format!("{} {state} {figures}", code(&canary.bench.id, limits::ID))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| {
        format!(
            "The gate's own benchmarks, measured in the same rounds («same» has to hold, «slower», \
             which does {} % more work, to be found): {}.",
            canary::MORE_PERCENT,
            each.join(", ")
        )
    })
}

/// What the machine was like while it was measured.
fn machine(receipt: &Receipt, facts: &Facts) -> Option<String> {
    let load = facts.load.as_ref()?;
    let stolen = match load.stolen {
        none if none < 0.0005 => "no time stolen by the machine below".to_owned(),
        some => format!("{} of all time stolen by the machine below", units::share(some)),
    };
    let notes = receipt.host.notes.iter();
    let notes: String = notes.map(|note| format!("; {}", text(note, limits::SENTENCE))).collect();
    Some(format!(
        "The machine meanwhile: {:.1} of {} busy (the measurement itself keeps about one), load \
         {:.1} in the minute before, {stolen}{notes}.",
        load.busy,
        words::counted(receipt.host.cpus as usize, "core", "cores"),
        load.before
    ))
}

/// The command that measures each loss once more, alone.
fn again(page: &mut Page, receipt: &Receipt, facts: &Facts) {
    let lost = |pair: &&Pair| {
        matches!(pair.state, PairState::Regressed | PairState::Layout) || pair.contention.is_some()
    };
    let mut lost: Vec<&Pair> = facts.pairs.iter().filter(lost).collect();
    lost.sort_by_key(|pair| gravity(pair));
    if lost.is_empty() {
        return;
    }
    page.paragraph("To measure it again, alone (and what has its id in its own):");
    for pair in lost.iter().take(limits::COMMANDS) {
        page.command(&repeat::bench(receipt, &pair.bench));
    }
    if let Some(more @ 1..) = lost.len().checked_sub(limits::COMMANDS) {
        page.paragraph(&format!("And {more} more, alike."));
    }
}

/// A benchmark of which more is proved than that it held.
fn noted(pair: &Pair) -> Option<String> {
    let estimate = match pair.state {
        PairState::Regressed | PairState::Layout | PairState::Improved => pair.estimate.as_ref()?,
        PairState::Held => {
            let unrepeated = pair.confirmation.as_ref().and(pair.estimate.as_ref());
            pair.contention.as_ref().or(unrepeated)?
        }
        _ => return None,
    };
    let state = match pair.state {
        PairState::Layout | PairState::Improved => {
            format!(", {}", words::pair_state(pair.state))
        }
        PairState::Held if pair.contention.is_some() => format!(", {}", words::CONTENTION),
        _ => String::new(),
    };
    let confirmation = words::confirmation(pair).map(|words| format!("; {words}"));
    Some(format!(
        "{} {}: {}, by the {} estimate after {}{state}{}",
        Mark::pair(pair),
        code(&pair.bench.to_string(), limits::ID),
        units::change(estimate),
        words::estimator(estimate.estimator),
        words::counted(estimate.rounds as usize, "round", "rounds"),
        confirmation.unwrap_or_default()
    ))
}

/// The finest and the coarsest resolution, in per cent.
fn resolutions(facts: &Facts) -> Option<(f64, f64)> {
    let each = || facts.pairs.iter().filter_map(|p| p.estimate.as_ref()).map(resolution);
    Some((each().min_by(f64::total_cmp)?, each().max_by(f64::total_cmp)?))
}

/// What would let an open question be answered.
fn resolve(facts: &Facts, pair: &Pair) -> String {
    if let Some(clock) = &pair.clock {
        let clock = words::disagreement(clock);
        return format!("{clock}, so its figures prove nothing; see «Clocks»");
    }
    if let Some(again) = pair.confirmation.as_ref().and_then(|_| words::confirmation(pair)) {
        let first = pair.estimate.as_ref().map(units::change).unwrap_or_default();
        return format!("{first} at first; {again}; it takes a quieter machine");
    }
    let Some(estimate) = &pair.estimate else {
        return "too few rounds for an estimate; a larger budget (`--budget`) gives more"
            .to_owned();
    };
    let reached = format!("{} at ±{:.1} %", units::change(estimate), resolution(estimate));
    let last = facts.rule.looks.last().copied().unwrap_or(0);
    let needed = rounds_needed(estimate, &facts.rule);
    let takes = needed.map(|rounds| match time_needed(pair, rounds) {
        Some(time) => {
            format!("about {rounds} ({} of measuring)", units::duration(time.as_secs_f64()))
        }
        None => format!("about {rounds}"),
    });
    if estimate.rounds < last {
        let takes = takes.map(|takes| format!("at this spread it takes {takes}; "));
        return format!(
            "{reached} after {} of {last} rounds; {}a larger budget (`--budget`) gives more",
            estimate.rounds,
            takes.unwrap_or_default()
        );
    }
    match takes {
        Some(takes) => format!(
            "{reached} after all {last} rounds; at this spread it takes {takes}: a quieter \
             machine, or fewer benchmarks at once (`bench.filter`)"
        ),
        None => format!(
            "{reached} after all {last} rounds; the estimate lies on the line, so no number of \
             rounds is sure to settle it"
        ),
    }
}
