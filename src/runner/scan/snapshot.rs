//! The advisory snapshot that this program carries: facts alone, one a line.

use std::{fs, io, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::database::{Fact, Prepared, facts, from_snapshot};

/// The snapshot, as `t5 advisories snapshot` wrote it.
pub(super) const EMBEDDED: &str = include_str!("../../../config/advisories.jsonl");

/// What a snapshot says about its licence.
const LICENCE: &str = "facts alone, no text of any advisory; the database is CC0-1.0, and those of \
                       its entries that come from GitHub's are CC-BY-4.0";

/// The first line of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Which database.
    pub source: String,
    /// Under which licence its facts are given.
    pub licence: String,
    /// The database's commit.
    pub commit: String,
    /// The date of that commit.
    pub committed: Timestamp,
    /// How many advisories follow.
    pub advisories: u32,
}

/// A snapshot could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The directory holds no advisories, or the file cannot be written.
    #[error("cannot write a snapshot of {directory} to {out}: {source}")]
    Write {
        /// The database.
        directory: String,
        /// The file.
        out: String,
        /// Why.
        source: io::Error,
    },
    /// A line is not what it should be.
    #[error(
        "line {line} of the advisory snapshot cannot be read: {message}. Next: write it anew with `t5 advisories snapshot`"
    )]
    Read {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

/// Writes the facts of the database in `directory` to `out`, and returns the header.
///
/// Files that cannot be read are left out, as they are in a scan.
///
/// # Errors
///
/// If the directory cannot be read or the file cannot be written.
pub fn write(
    directory: &Path,
    commit: &str,
    committed: Timestamp,
    out: &Path,
) -> Result<Header, SnapshotError> {
    let failed = |source: io::Error| SnapshotError::Write {
        directory: directory.display().to_string(),
        out: out.display().to_string(),
        source,
    };
    let mut facts = facts(directory).map_err(failed)?;
    facts.sort_by(|a, b| a.id.cmp(&b.id));
    let header = Header {
        source: "https://github.com/RustSec/advisory-db".to_owned(),
        licence: LICENCE.to_owned(),
        commit: commit.to_owned(),
        committed,
        advisories: u32::try_from(facts.len()).unwrap_or(u32::MAX),
    };
    let mut text = serde_json::to_string(&header).map_err(io::Error::from).map_err(failed)?;
    for fact in facts {
        // The title is somebody's words; the rest are facts.
        let fact = Fact { title: None, ..fact };
        text.push('\n');
        text.push_str(&serde_json::to_string(&fact).map_err(io::Error::from).map_err(failed)?);
    }
    text.push('\n');
    fs::write(out, text).map_err(failed)?;
    Ok(header)
}

/// The header of a snapshot's text.
///
/// # Errors
///
/// If its first line is not a header.
pub fn header(text: &str) -> Result<Header, SnapshotError> {
    let first = text.lines().next().unwrap_or_default();
    serde_json::from_str(first)
        .map_err(|error| SnapshotError::Read { line: 1, message: error.to_string() })
}

/// A directory with one small file for each advisory of a snapshot, which both tools open.
pub(super) fn expand(text: &str, cache: &Path) -> io::Result<Prepared> {
    let fact = |(at, line): (usize, &str)| {
        serde_json::from_str::<Fact>(line).map_err(|error| {
            io::Error::other(SnapshotError::Read { line: at + 1, message: error.to_string() })
        })
    };
    from_snapshot(text, cache, || text.lines().enumerate().skip(1).map(fact).collect())
}
