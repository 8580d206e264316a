//! What the change does, from git alone.

use super::header::short;
use crate::{
    receipt::{Area, DependencyChange, Receipt},
    report::{
        escape::{code, text},
        limits,
        page::Page,
        words,
    },
};

/// Commits that stand open before the rest is folded away.
const OPEN_COMMITS: usize = 10;

pub(super) fn section(page: &mut Page, receipt: &Receipt) {
    let changes = &receipt.changes;
    page.heading(2, "Key changes");
    if changes.documentation_only {
        page.paragraph("Only files that no build looks at are touched.");
    }
    let commits: Vec<String> = changes
        .commits
        .iter()
        .map(|commit| format!("{} {}", short(&commit.sha), text(&commit.subject, limits::SUBJECT)))
        .collect();
    let all = changes.commit_count as usize;
    page.paragraph(&match (&receipt.subject.base, all) {
        (None, _) => "There is no base, so nothing says what this commit changes.".to_owned(),
        (Some(_), 0) => "No commit lies between base and head.".to_owned(),
        (Some(_), all) => {
            let newest = if all > 1 { ", the newest first" } else { "" };
            format!("{}{newest}:", words::counted(all, "commit", "commits"))
        }
    });
    let listed = commits.len();
    page.long_bullets(commits, OPEN_COMMITS, |folded| {
        words::counted(folded, "more commit", "more commits")
    });
    if let Some(unlisted @ 1..) = all.checked_sub(listed) {
        page.paragraph(&format!("{unlisted} older commits are not listed."));
    }
    page.table(["Area", "Files", "Lines", "Among them"], changes.areas.iter().map(area));
    dependencies(page, &changes.dependencies);
}

fn area(area: &Area) -> [String; 4] {
    let examples: Vec<String> =
        area.examples.iter().take(10).map(|path| code(path, limits::PATH)).collect();
    let unnamed = (area.files as usize).saturating_sub(examples.len());
    let more = if unnamed > 0 { format!(" and {unnamed} more") } else { String::new() };
    [
        text(&area.name, limits::ID),
        area.files.to_string(),
        format!("+{} −{}", area.added, area.removed),
        examples.join(", ") + &more,
    ]
}

fn dependencies(page: &mut Page, changes: &[DependencyChange]) {
    if changes.is_empty() {
        return;
    }
    page.paragraph("Packages of the lock file that change:");
    let rows: Vec<[String; 3]> = changes
        .iter()
        .map(|change| {
            let versions = |versions: &[String]| match versions {
                [] => "—".to_owned(),
                some => code(&some.join(", "), limits::ID),
            };
            let name = code(&change.name, limits::ID);
            [name, versions(&change.before), versions(&change.after)]
        })
        .collect();
    page.long_table(["Package", "Before", "After"], rows, limits::OPEN_ROWS, |folded| {
        words::counted(folded, "more package", "more packages")
    });
}
