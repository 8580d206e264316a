//! The policy part of a run: cargo-deny, the scan of both sides, its artifacts.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{
    Context,
    folder::{Folder, FolderError},
    rooms::Rooms,
    rules::InForce,
    scan::{DatabaseChoice, MissingTool, ScanError, ScanInput, Strictness, scan},
    tools::{self, ToolError},
};
use crate::{
    policy::Facts,
    receipt::{Artifact, Tool},
};

/// What is scanned.
#[derive(Clone, Debug)]
pub struct Sides {
    /// The workspace in the base's checkout.
    pub base: Option<PathBuf>,
    /// The workspace in the head's checkout.
    pub head: PathBuf,
    /// Where in the repository the workspace lies.
    pub workspace: String,
    /// When the base was committed.
    pub base_committed: Option<Timestamp>,
    /// Paths that the head changes.
    pub changed: Vec<String>,
    /// May be thrown away.
    pub scratch: PathBuf,
    /// Which sources may be fetched from.
    pub strictness: Strictness,
}

/// Where advisories come from.
#[derive(Clone, Debug)]
pub struct Advisories {
    /// Which database.
    pub choice: DatabaseChoice,
    /// Whether it must not be fetched.
    pub offline: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// For the receipt.
    pub facts: Facts,
    /// What cargo-deny wrote.
    pub artifacts: Vec<Artifact>,
    /// Who took part.
    pub tools: Vec<Tool>,
}

/// The scan could not begin.
#[derive(Debug, thiserror::Error)]
pub enum PolicyPartError {
    /// cargo-deny is not there and cannot be installed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Something of ours failed.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// Its output could not be read back.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// Scans both sides by the rules in force.
///
/// # Errors
///
/// If the scan could not begin; what goes wrong on one side is a fact.
pub async fn scan_both(
    ctx: &Context,
    rooms: &Rooms<'_>,
    sides: Sides,
    rules: &InForce,
    advisories: Advisories,
    folder: &Folder,
) -> Result<Scanned, PolicyPartError> {
    let cargo_deny = match tools::cargo_deny(ctx).await {
        Ok(program) => Ok(program),
        // The rest of the run does not depend on it, and would be lost.
        Err(ToolError::Install { reason, by_hand }) => Err(MissingTool {
            reason: format!("cargo-deny could not be installed: {reason}"),
            next: format!("run `{by_hand}` and try again"),
        }),
        Err(error) => return Err(error.into()),
    };
    let input = ScanInput {
        base: sides.base,
        head: sides.head,
        prefix: sides.workspace,
        base_committed: sides.base_committed,
        deny: rules.deny.clone(),
        exceptions: rules.exceptions.clone(),
        audit: rules.audit.clone(),
        rules: rules.rules.config.policy.clone(),
        changed: sides.changed,
        strictness: sides.strictness,
        database: advisories.choice,
        offline: advisories.offline,
        artifacts: folder.dir().to_owned(),
        scratch: sides.scratch,
        cargo_deny,
    };
    let output = scan(ctx, rooms, &input).await?;
    let described = output.artifacts.iter().map(|left| folder.artifact(&left.name, &left.what));
    Ok(Scanned {
        artifacts: described.collect::<Result<_, _>>()?,
        facts: output.facts,
        tools: output.tools,
    })
}
