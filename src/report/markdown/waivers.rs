//! Findings that are accepted for a time.

use crate::{
    policy::{Facts, Standing, WaiverState, waiver_states},
    receipt::{Receipt, judged_on},
    report::{
        escape::{code, text},
        limits,
        mark::Mark,
        page::Page,
        words,
    },
    verdict::Outcome,
};

pub(super) fn section(page: &mut Page, receipt: &Receipt, facts: &Facts) {
    page.heading(3, "Waivers");
    let states = waiver_states(facts, judged_on(receipt));
    if states.is_empty() {
        page.paragraph("None.");
        return;
    }
    page.table(["Finding", "Scope", "Reason", "Owner", "Expires", "State"], states.iter().map(row));
}

fn row(state: &WaiverState<'_>) -> [String; 6] {
    let waiver = state.waiver;
    [
        code(&waiver.id, limits::ID),
        code(&waiver.scope, limits::ID),
        text(&waiver.reason, limits::SENTENCE),
        text(&waiver.owner, limits::ID),
        waiver.expires.to_string(),
        format!("{}, {}", standing(state), covers(state)),
    ]
}

fn standing(state: &WaiverState<'_>) -> String {
    let days = |days: u32| words::counted(days as usize, "day", "days");
    let attention = Mark::against(Outcome::Attention);
    match state.standing {
        Standing::Active => "in force".to_owned(),
        Standing::Expiring { days: 0 } => format!("{attention} on its last day"),
        Standing::Expiring { days: left } => format!("{attention} expires in {}", days(left)),
        Standing::Expired { days: ago } if state.covers.is_empty() => {
            format!("{attention} expired {} ago", days(ago))
        }
        Standing::Expired { days: ago } => {
            format!("{} expired {} ago", Mark::against(Outcome::Fail), days(ago))
        }
    }
}

fn covers(state: &WaiverState<'_>) -> String {
    match state.covers.len() {
        0 => "names nothing in the head".to_owned(),
        some => format!("names {} in the head", words::counted(some, "finding", "findings")),
    }
}
