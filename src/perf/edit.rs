//! An edit of what measures, rather than of what is measured.

use serde::{Deserialize, Serialize};

/// Something that measures, and that the head edits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Edit {
    /// The file, relative to the repository's root.
    pub path: String,
    /// What is edited in it, in a few words; empty in a receipt that names files alone.
    pub what: String,
}

impl Edit {
    /// Puts an edit together.
    pub fn new(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), what: what.into() }
    }
}

impl std::fmt::Display for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.what.as_str() {
            "" => f.write_str(&self.path),
            what => write!(f, "{} ({what})", self.path),
        }
    }
}

/// How an edit may stand in a receipt: the first ones named files alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Path(String),
    Edit { path: String, what: String },
}

impl From<Written> for Edit {
    fn from(written: Written) -> Self {
        match written {
            Written::Path(path) => Self { path, what: String::new() },
            Written::Edit { path, what } => Self { path, what },
        }
    }
}
