//! What all decisions so far come to.

use std::{collections::BTreeMap, path::Path};

use crate::decisions::{self, Decision};

/// Prints a table a part, with a line for each truth, and one for each benchmark of it.
pub fn print(folder: &Path) {
    let (usual, decisions): (Vec<_>, Vec<_>) =
        decisions::all(folder).into_iter().partition(|one| one.part == "usual");
    let (canaries, benches): (Vec<_>, Vec<_>) =
        decisions.into_iter().partition(|one| one.bench.starts_with("canary"));
    header("part | by | loss");
    let key = |one: &Decision| (one.part.clone(), one.by.clone(), one.loss);
    for ((part, by, loss), group) in grouped(&benches, key) {
        println!("| {part} | {by} | {} % {}", f64::from(loss) / 10.0, counts(&group));
    }
    header("loss | benchmark");
    let ours: Vec<Decision> = benches.into_iter().filter(|one| one.by == "t5").collect();
    let alike: Vec<Decision> = ours.iter().filter(|one| one.part != "family").cloned().collect();
    for ((loss, bench), group) in grouped(&alike, |one| (one.loss, one.bench.clone())) {
        println!("| {} % | {bench} {}", f64::from(loss) / 10.0, counts(&group));
    }
    header("canary");
    for (bench, group) in grouped(&canaries, |one| one.bench.clone()) {
        println!("| {bench} {}", counts(&group));
    }
    println!("\nUnchanged code, by t5: {}", false_alarms(&ours));
    println!("\n| pull request | by | times | seconds to the verdict | t5 ÷ the usual tools |");
    println!("|---|---|---|---|---|");
    for ((variant, by), group) in grouped(&usual, |one| (one.variant.clone(), one.by.clone())) {
        let ratio = median_ratio(&group);
        println!("| {variant} | {by} | {} | {} | {ratio} |", group.len(), seconds(&group));
    }
}

fn header(first: &str) {
    println!(
        "\n| {first} | decisions | held | regressed | layout | inconclusive | other | seconds a \
         benchmark | median ratio |"
    );
    println!("{}|", "|---".repeat(first.split('|').count() + 8));
}

fn grouped<K: Ord>(
    decisions: &[Decision],
    key: impl Fn(&Decision) -> K,
) -> BTreeMap<K, Vec<Decision>> {
    let mut groups: BTreeMap<K, Vec<Decision>> = BTreeMap::new();
    for one in decisions {
        groups.entry(key(one)).or_default().push(one.clone());
    }
    groups
}

fn counts(group: &[Decision]) -> String {
    let of = |state: &str| group.iter().filter(|one| one.state == state).count();
    let named = ["held", "regressed", "layout", "inconclusive"].map(of);
    let other = group.len() - named.iter().sum::<usize>();
    let [held, regressed, layout, inconclusive] = named;
    format!(
        "| {} | {held} | {regressed} | {layout} | {inconclusive} | {other} | {} | {} |",
        group.len(),
        seconds(group),
        median_ratio(group)
    )
}

/// What the truth looks like to those who measured it.
fn median_ratio(group: &[Decision]) -> String {
    let mut ratios: Vec<f64> = group.iter().filter_map(|one| one.ratio).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).map_or("–".to_owned(), |ratio| format!("{ratio:.3}"))
}

/// Median, and the longest, of those that had nothing to build.
fn seconds(group: &[Decision]) -> String {
    let mut all: Vec<f64> = group.iter().filter(|one| !one.built).map(|one| one.seconds).collect();
    all.sort_by(f64::total_cmp);
    match (all.get(all.len() / 2), all.last()) {
        (Some(median), Some(longest)) => format!("{median:.2}, at most {longest:.2}"),
        _ => "–".to_owned(),
    }
}

/// With the bound of 95 % where there are none: below it, as many decisions would have shown one.
fn false_alarms(ours: &[Decision]) -> String {
    let of_none: Vec<&Decision> = ours.iter().filter(|one| one.loss == 0).collect();
    let wrong = of_none.iter().filter(|one| one.state == "regressed").count();
    let told = format!("{wrong} of {} called regressed", of_none.len());
    if wrong == 0 && !of_none.is_empty() {
        let bound = 1.0 - 0.05_f64.powf(1.0 / of_none.len() as f64);
        return format!("{told} (95 %: below {:.2} %)", bound * 100.0);
    }
    told
}
