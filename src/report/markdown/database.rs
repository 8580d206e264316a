//! The advisory database: which one, how old, and what it could not say.

use jiff::tz::TimeZone;

use crate::{
    policy::{DatabaseFact, DatabaseOrigin, Facts},
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
    page.heading(3, "Advisory database");
    let database = &facts.database;
    let mut lines = vec![origin(database), commit(receipt, facts)];
    if let Some(why) = &database.fallback {
        let attention = Mark::against(Outcome::Attention);
        lines.push(format!(
            "{attention} The first choice did not serve: {}",
            text(why, limits::SENTENCE)
        ));
    }
    lines.extend(database.refused.iter().map(|refused| {
        format!(
            "{} Left out: {}: {}",
            Mark::against(Outcome::Attention),
            code(&refused.file, limits::PATH),
            text(&refused.reason, limits::SENTENCE)
        )
    }));
    page.bullets(lines);
}

fn origin(database: &DatabaseFact) -> String {
    let origin = match &database.origin {
        DatabaseOrigin::Fetched { url } => format!("Fetched from {}", code(url, limits::PATH)),
        DatabaseOrigin::Directory => "A directory that the operator named".to_owned(),
        DatabaseOrigin::Snapshot => "The snapshot of facts that t5 carries".to_owned(),
    };
    let count = words::counted(database.advisories as usize, "advisory", "advisories");
    format!("{origin}: {count}")
}

fn commit(receipt: &Receipt, facts: &Facts) -> String {
    let commit = match &facts.database.commit {
        Some(commit) => code(commit, 64),
        None => "unknown".to_owned(),
    };
    let Some(committed) = facts.database.committed else {
        let attention = Mark::against(Outcome::Attention);
        return format!("{attention} Commit {commit}, of an unknown age");
    };
    let day = committed.to_zoned(TimeZone::UTC).date();
    let days = (judged_on(receipt) - day).get_days();
    let age = words::counted(usize::try_from(days).unwrap_or(0), "day", "days");
    let limit = facts.database_max_age_days;
    let old = if i64::from(days) > i64::from(limit) {
        format!(
            ", older than the {limit} days that the rules allow {}",
            Mark::against(Outcome::Attention)
        )
    } else {
        String::new()
    };
    format!("Commit {commit} of {day}, {age} old when the run finished{old}")
}
