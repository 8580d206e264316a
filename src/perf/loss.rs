//! The reasons that the pairs give, with what confirms a loss and what would resolve a doubt.

use super::{
    canary::{Sings, sings},
    facts::{Confirmation, Estimate, Estimator, Facts, Pair, PairState, Rule},
    resolve::{resolution, rounds_needed, time_needed},
};
use crate::verdict::{Outcome, Reason};

fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}

fn figure(estimate: &Estimate) -> String {
    format!(
        "{:+.1} % throughput ({:+.1} to {:+.1}, {} rounds)",
        percent(estimate.ratio),
        percent(estimate.lower),
        percent(estimate.upper),
        estimate.rounds
    )
}

/// What the state of a pair says for or against the change.
pub(super) fn of_pair(pair: &Pair, facts: &Facts) -> Option<Reason> {
    let bench = &pair.bench;
    let note = pair.note.as_deref();
    let measured = pair.estimate.as_ref().map(figure);
    let said = measured.or_else(|| note.map(str::to_owned)).unwrap_or_default();
    let line = percent(facts.rule.line());
    match pair.state {
        PairState::Unchanged | PairState::Held => None,
        // Its clock is the reason, and that is said by itself.
        PairState::Inconclusive if pair.clock.is_some() => None,
        PairState::Inconclusive => {
            let (code, text) = unresolved(pair, &facts.rule);
            Some(Reason::new(Outcome::Inconclusive, code, format!("{bench}: {said}{text}")))
        }
        PairState::Regressed => {
            let (confirmed, machine) = (confirmed(pair), machine(facts));
            let text = format!(
                "{bench}: {said}, proved below the line of {line:+.1} %{}; {confirmed}; {machine}",
                undisturbed(pair)
            );
            Some(Reason::new(Outcome::Fail, "regressed", text))
        }
        PairState::Layout => {
            let mean = pair.confirmation.as_ref().and_then(|one| one.over_layouts);
            let mean = mean.map(|mean| format!(" ({:+.1} % over them)", percent(mean)));
            let text = format!(
                "{bench}: {said}; with its functions linked in other orders it is not below the \
                 line{}: slower by code layout alone, which the next change may turn around",
                mean.unwrap_or_default()
            );
            Some(Reason::new(Outcome::Attention, "code-layout", text))
        }
        PairState::Improved => Some(Reason::new(
            Outcome::Attention,
            "improved",
            format!(
                "{bench}: {said}; so much faster that somebody should know why{}",
                repeated(pair, &facts.rule)
            ),
        )),
        PairState::CouldNotRun => Some(Reason::new(
            Outcome::CouldNotRun,
            "benchmark-could-not-run",
            format!("{bench}: {}", note.unwrap_or("gave no samples")),
        )),
    }
}

/// A pair that held undisturbed, and not beside other load.
pub(super) fn of_contention(pair: &Pair, facts: &Facts) -> Option<Reason> {
    let paired = pair.contention.as_ref()?;
    let text = format!(
        "{}: as fast as the base undisturbed, and {} beside what else ran on this machine, below \
         the line of {:+.1} %: slower only under contention (layout); look whether it needs more \
         cache or memory than before",
        pair.bench,
        figure(paired),
        percent(facts.rule.line())
    );
    Some(Reason::new(Outcome::Attention, "slower-under-contention", text))
}

/// Whether it is slower beside other load alone.
fn undisturbed(pair: &Pair) -> &'static str {
    match pair.estimate.as_ref().map(|estimate| estimate.estimator) {
        Some(Estimator::Floor) => ", undisturbed too, so not under contention alone",
        Some(Estimator::Paired) => {
            ", its undisturbed speed not being reached often enough to tell whether under \
             contention alone"
        }
        None => "",
    }
}

/// What the machine was like meanwhile.
fn machine(facts: &Facts) -> String {
    let mut said = Vec::new();
    if let Some(load) = &facts.load {
        said.push(format!(
            "{:.1} cores busy, load {:.1} before, {:.1} % of the time stolen",
            load.busy,
            load.before,
            load.stolen * 100.0
        ));
    }
    if !facts.canaries.is_empty() {
        said.push(format!(
            "canaries {}",
            match sings(&facts.canaries) {
                Sings::True => "right",
                Sings::Unsure => "unsure",
                Sings::False => "wrong",
            }
        ));
    }
    match said.as_slice() {
        [] => "nothing is known of the machine meanwhile".to_owned(),
        some => format!("machine meanwhile: {}", some.join(", ")),
    }
}

/// How an improvement was repeated, or why not; goes on after a sentence.
fn repeated(pair: &Pair, rule: &Rule) -> String {
    match &pair.confirmation {
        None if !rule.confirm.improved => String::new(),
        None => "; not measured again".to_owned(),
        Some(Confirmation { again, confirmed: true, .. }) => {
            format!("; confirmed by fresh rounds, {}", figure(again))
        }
        Some(Confirmation { again, .. }) => format!(
            "; not confirmed: the rounds that repeat it ended before they could, {}",
            figure(again)
        ),
    }
}

/// How a loss was confirmed, or why not.
fn confirmed(pair: &Pair) -> String {
    match &pair.confirmation {
        None => "not confirmed: it was not measured again".to_owned(),
        Some(Confirmation { again, confirmed: false, .. }) => {
            format!(
                "not confirmed: the rounds that repeat it ended before they could, {}",
                figure(again)
            )
        }
        Some(Confirmation { again, over_layouts: None, .. }) => {
            let again = figure(again);
            format!(
                "confirmed by fresh rounds, {again}; whether code layout alone does it was not tried"
            )
        }
        Some(Confirmation { over_layouts: Some(mean), .. }) => format!(
            "confirmed by fresh rounds, and with functions linked in other orders ({:+.1} %)",
            percent(*mean)
        ),
    }
}

/// Why a pair is inconclusive, and what would resolve it: a code, and the rest of a sentence.
fn unresolved(pair: &Pair, rule: &Rule) -> (&'static str, String) {
    let line = percent(rule.line());
    if let Some(Confirmation { again, .. }) = &pair.confirmation {
        let again_held = again.lower >= rule.line();
        let why =
            if again_held { "the two contradict each other" } else { "that does not confirm it" };
        let text = format!(
            ", below the line of {line:+.1} %; measured again {}: {why}; run it again on a quieter \
             machine",
            figure(again)
        );
        return ("not-confirmed", text);
    }
    let Some(estimate) = &pair.estimate else {
        let text = format!("; this does not tell on which side of {line:+.1} % it lies");
        return ("inconclusive", text);
    };
    let takes = takes(pair, estimate, rule);
    if estimate.upper < rule.slower_sure {
        let text = format!(
            "; it is slower, but that it lies below the line of {line:+.1} % is not proved yet; {takes}"
        );
        return ("slower-extent-unresolved", text);
    }
    let text = format!("; this does not tell on which side of {line:+.1} % it lies; {takes}");
    ("inconclusive", text)
}

/// What an estimate resolves, and how many rounds would resolve more.
fn takes(pair: &Pair, estimate: &Estimate, rule: &Rule) -> String {
    let reached = format!("{} rounds resolve ±{:.1} %", estimate.rounds, resolution(estimate));
    let last = rule.looks.last().copied().unwrap_or(0);
    let time = |rounds| match time_needed(pair, rounds) {
        Some(time) => format!(" ({:.1} s of measuring)", time.as_secs_f64()),
        None => String::new(),
    };
    match rounds_needed(estimate, rule) {
        None => format!("{reached}, and it lies too near to the line for any number of them"),
        Some(needed) if needed <= last => {
            let time = time(needed);
            format!("{reached}, about {needed}{time} would do: a larger --budget gives more")
        }
        Some(needed) => format!(
            "{reached}, about {needed}{} would do, and at most {last} are run: it takes a quieter \
             machine",
            time(needed)
        ),
    }
}
