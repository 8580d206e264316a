//! The second wall: a Landlock ruleset.

use std::io;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, LandlockStatus, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
};

use crate::sandbox::protocol::Walls;

/// The newest rules that are asked for; an older kernel enforces what it knows.
const ASKED: ABI = ABI::V6;

/// Puts it up for this process and everything that it starts; says how far the kernel enforces it.
pub(super) fn put_up(walls: &Walls) -> io::Result<String> {
    let enforced = restrict(walls).map_err(io::Error::other)?;
    match enforced.ruleset {
        RulesetStatus::NotEnforced => Err(io::Error::other("the kernel has no Landlock")),
        RulesetStatus::PartiallyEnforced => Ok(abi(&enforced.landlock, ", in part")),
        RulesetStatus::FullyEnforced => Ok(abi(&enforced.landlock, "")),
    }
}

fn abi(status: &LandlockStatus, part: &str) -> String {
    match status {
        LandlockStatus::Available { effective_abi, .. } => {
            format!("ABI {}{part}", *effective_abi as i32)
        }
        _ => format!("unknown ABI{part}"),
    }
}

fn restrict(walls: &Walls) -> Result<landlock::RestrictionStatus, landlock::RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ASKED))?
        .scope(Scope::from_all(ASKED))?;
    if !walls.network {
        rules = rules.handle_access(AccessNet::from_all(ASKED))?;
    }
    rules
        .create()?
        .add_rules(path_beneath_rules(&walls.read, AccessFs::from_read(ASKED)))?
        .add_rules(path_beneath_rules(&walls.write, AccessFs::from_all(ASKED)))?
        .restrict_self()
}
