//! What cargo says about the executables that it made.

use std::path::PathBuf;

use serde::Deserialize;

use super::Executable;
use crate::runner::benches::{BenchTarget, ProgramTarget};

/// The longest line of cargo's messages that is read, in bytes, and the most lines: a message about
/// one artifact has some hundred, and a build of a thousand packages some thousand messages.
const MESSAGE_LIMIT: usize = 1 << 20;
const MESSAGES: usize = 100_000;

#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<MessageTarget>,
    executable: Option<PathBuf>,
    #[serde(default)]
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct MessageTarget {
    name: String,
    kind: Vec<String>,
}

/// The bench executables of the `wanted` targets among cargo's messages, one JSON value a line. What
/// is no such message is passed over; a path is what the message says, wherever it leads.
pub fn executables(messages: &[u8], wanted: &[&BenchTarget]) -> Vec<Executable> {
    let mut found: Vec<Executable> = artifacts(messages)
        .filter_map(|message| {
            let made = message.target.filter(|target| target.kind.iter().any(|k| k == "bench"))?;
            let target = wanted.iter().find(|target| {
                target.name == made.name
                    && message
                        .manifest_path
                        .parent()
                        .is_some_and(|dir| dir.ends_with(&target.folder))
            })?;
            Some(Executable {
                package: target.package.clone(),
                target: target.name.clone(),
                folder: target.folder.clone(),
                path: message.executable?,
            })
        })
        .collect();
    found.sort_by(|one, other| (&one.package, &one.target).cmp(&(&other.package, &other.target)));
    // Cargo says everything once; a build script that writes to its output may repeat itself.
    found.dedup_by(|one, other| (&one.package, &one.target) == (&other.package, &other.target));
    found
}

/// The executable of one program among cargo's messages, as [`executables`] finds those of benches.
pub(super) fn program(messages: &[u8], wanted: &ProgramTarget) -> Option<Executable> {
    artifacts(messages).find_map(|message| {
        let made = message.target?;
        let (kind, name) = (wanted.program.kind(), wanted.program.name());
        let is_it = made.name == name
            && made.kind.iter().any(|other| other == kind)
            && message.manifest_path.parent().is_some_and(|dir| dir.ends_with(&wanted.folder));
        let path = message.executable.filter(|_| is_it)?;
        Some(Executable {
            package: wanted.package.clone(),
            target: name.to_owned(),
            folder: wanted.folder.clone(),
            path,
        })
    })
}

/// What cargo says it made.
fn artifacts(messages: &[u8]) -> impl Iterator<Item = Message> {
    messages
        .split(|byte| *byte == b'\n')
        .take(MESSAGES)
        .filter(|line| line.len() <= MESSAGE_LIMIT)
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-artifact")
}
