//! Licences, sources, bans and advisories: scanned, matched, waived, judged.

mod admission;
mod compare;
mod database;
mod edits;
mod judge;
mod lock;
mod ndjson;
mod rules;
mod scan;
mod silence;
mod sources;
mod tools;
mod world;

use t5_gate::policy::Waiver;

/// A waiver by Ada.
fn waiver(id: &str, scope: &str, expires: &str) -> Waiver {
    Waiver {
        id: id.to_owned(),
        scope: scope.to_owned(),
        reason: "not reachable here".to_owned(),
        owner: "ada".to_owned(),
        expires: expires.parse().unwrap(),
    }
}
