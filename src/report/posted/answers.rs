//! What the gate answers to a comment.
//!
//! Each answer begins with a hidden marker that names the comment, so that an answer that may or
//! may not have arrived can be looked for. Nobody is mentioned: whoever asked reads the thread.

use super::{Posted, Stage, budget::link, headline, judged::Judged, sections::approval};
use crate::report::{
    escape::{code, text},
    limits,
    markdown::short,
    page::Page,
};

/// Every command: how it is written, and what it does.
const COMMANDS: [(&str, &str); 8] = [
    ("/rerun-t5", "run the gate on the head again"),
    ("/rerun-t5 policy", "licences, sources, bans and advisories alone"),
    ("/rerun-t5 bench", "the benchmarks alone"),
    ("/rerun-t5 bench <filter>", "benchmarks whose id contains the filter"),
    ("/t5 approve <sha>", "let a stranger's commit run, this one commit alone"),
    ("/t5 cancel", "stop the job of this pull request"),
    ("/t5 status", "say where the job stands"),
    ("/t5 help", "this list"),
];

/// What the answer to this comment begins with.
pub fn reply_marker(comment: u64) -> String {
    format!("<!-- t5-gate:reply {comment} -->")
}

fn answer(comment: u64, line: &str) -> String {
    format!("{}\n{line}\n", reply_marker(comment))
}

/// Whoever asked may not write to the repository.
pub fn refused(comment: u64, login: &str) -> String {
    let login = code(login, limits::ID);
    let line = format!(
        "{login} has no write permission here, so nothing was done. Whoever may write to this \
         repository may give this command."
    );
    answer(comment, &line)
}

/// It speaks to the gate and is no command; `line` says what may have been meant.
pub fn typo(comment: u64, line: &str) -> String {
    answer(comment, &text(line, limits::SENTENCE))
}

/// Every command.
pub fn help(comment: u64) -> String {
    let mut page = Page::default();
    page.paragraph(&reply_marker(comment));
    page.table(
        ["Command", "What it does"],
        COMMANDS.map(|(command, what)| [format!("`{command}`"), what.to_owned()]),
    );
    page.paragraph(
        "A command stands on a line of its own in a new comment, and counts if its author may \
         write to this repository.",
    );
    page.finish()
}

/// Where the job stands, in a few lines.
///
/// `isolation` is the level that this server keeps the code of changes apart at.
pub fn status(comment: u64, posted: &Posted<'_>, isolation: &str) -> String {
    let mut page = Page::default();
    page.paragraph(&reply_marker(comment));
    let Ok(judged) = Judged::of(&posted.stage) else {
        page.paragraph("The receipt contradicts itself, so nothing of it is shown.");
        return page.finish();
    };
    let title = headline::title(posted, judged.as_ref());
    let mut lines = vec![
        format!("**{}**", text(&title, limits::SENTENCE)),
        format!("Commit {}; it runs {}", short(posted.head), text(posted.scope, limits::SENTENCE)),
    ];
    if let Stage::Running { what, started, .. } = &posted.stage {
        lines.push(format!("Began at {started}; now: {}", text(what, limits::SENTENCE)));
    }
    if let Stage::Ended { note: Some(note), .. } = &posted.stage {
        lines.push(text(note, limits::REASON));
    }
    lines.push(format!(
        "Isolation of changes' code on this server: {}",
        code(isolation, limits::ID)
    ));
    lines.push(link("Its page", posted.links.page));
    page.bullets(lines);
    page.finish()
}

/// This commit may run now.
pub fn approved(comment: u64, head: &str) -> String {
    let line = format!(
        "{} is approved and queued. The approval is for this one commit: a push takes it back.",
        short(head)
    );
    answer(comment, &line)
}

/// The approval names a commit that is not the head.
pub fn not_the_head(comment: u64, said: &str, head: &str) -> String {
    let line = format!(
        "{} is not the head of this pull request, so nothing was approved. The head is {}: read \
         it, then approve that one.",
        code(said, 40),
        short(head)
    );
    answer(comment, &line)
}

/// The approval names the head by some of its digits alone.
pub fn sha_too_short(comment: u64, said: &str, head: &str) -> String {
    let line = format!(
        "{} is only the beginning of a commit's name, and other commits can be made to begin with \
         it, so nothing was approved. Once you have read the head as it is now: {}.",
        code(said, 40),
        code(&approval(head), 64)
    );
    answer(comment, &line)
}

/// No job of this pull request waits for an approval.
pub fn nothing_to_approve(comment: u64) -> String {
    answer(comment, "Nothing here waits for an approval.")
}

/// The job is stopped, or will be at its next sign of life.
pub fn cancelled(comment: u64) -> String {
    answer(comment, "Cancelled. `/rerun-t5` runs the gate again.")
}

/// No job of this pull request is queued or runs.
pub fn nothing_to_cancel(comment: u64) -> String {
    answer(comment, "Nothing to cancel: no job of this pull request is queued or runs.")
}

/// No job of this pull request is known.
pub fn no_job(comment: u64) -> String {
    answer(comment, "No job of this pull request is known yet. `/rerun-t5` starts one.")
}

/// The pull request is closed.
pub fn closed(comment: u64) -> String {
    answer(comment, "This pull request is closed, so there is nothing to gate.")
}

/// The head is a stranger's and waits for an approval.
pub fn awaits_approval(comment: u64, head: &str) -> String {
    let line = format!(
        "This is a stranger's change and nothing of it runs before somebody with write \
         permission has read and approved it: {}.",
        code(&approval(head), 64)
    );
    answer(comment, &line)
}

/// The head is a stranger's, and this server can hold none.
pub fn stranger(comment: u64) -> String {
    answer(
        comment,
        "This is a stranger's change, and this server runs no stranger's code, whatever anyone \
         approves: its host lacks the sandbox that could hold it.",
    )
}
