//! `t5 advisories`.

use super::{
    Exit,
    args::{AdvisoriesArgs, AdvisoriesCommand},
    fail, print,
};
use crate::runner::scan::snapshot;

/// Works with the advisory database.
pub(super) fn advisories(args: &AdvisoriesArgs) -> Exit {
    let AdvisoriesCommand::Snapshot { from, commit, committed, out } = &args.command;
    match snapshot::write(from, commit, *committed, out) {
        Ok(header) => {
            print(&format!("{}: {} advisories of {commit}\n", out.display(), header.advisories));
            Exit::Good
        }
        Err(error) => fail(&error, Exit::CouldNotRun),
    }
}
