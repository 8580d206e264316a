//! The few words about a job that no report knows.

use crate::{command::Rerun, queue::Scope};

/// What a job runs.
pub(super) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::All => "everything".to_owned(),
        Scope::Policy => "policy".to_owned(),
        Scope::Bench(filters) if filters.is_empty() => "benchmarks".to_owned(),
        Scope::Bench(filters) => format!("benchmarks with «{}»", filters.join("», «")),
    }
}

/// A command as its author would type it again.
pub(super) fn rerun(rerun: &Rerun) -> String {
    match rerun {
        Rerun::All => "/rerun-t5".to_owned(),
        Rerun::Policy => "/rerun-t5 policy".to_owned(),
        Rerun::Bench(None) => "/rerun-t5 bench".to_owned(),
        Rerun::Bench(Some(filter)) => format!("/rerun-t5 bench {filter}"),
    }
}

/// How much of the gate a command asks for.
pub(super) fn scope_of(rerun: &Rerun) -> Scope {
    match rerun {
        Rerun::All => Scope::All,
        Rerun::Policy => Scope::Policy,
        Rerun::Bench(filter) => Scope::Bench(filter.iter().cloned().collect()),
    }
}
