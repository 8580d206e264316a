//! Measures workloads: whole programs of base and head, one workload after the other.

mod plan;
mod process;
mod rounds;

use tokio::sync::Mutex;

pub use self::plan::{Planned, plan};
use super::{Context, criterion::RunError, guard::EnvGuard};
use crate::{
    perf::{Rule, WorkloadPair, WorkloadRound, WorkloadRule, Workloads, recompute_workloads},
    sandbox::Session,
};

/// Where the processes of one side run.
#[derive(Debug)]
pub struct Room<'a> {
    /// Its environment: with a scratch folder of its own, as both sides run at once.
    pub guard: EnvGuard,
    /// Entered once, and again after a process that had to be stopped.
    pub session: Mutex<Session<'a>>,
    /// The workspace in the checkout of its side.
    pub workspace: std::path::PathBuf,
}

/// The rooms of both sides.
#[derive(Debug)]
pub struct Rooms<'a> {
    /// What every step is given.
    pub ctx: &'a Context,
    /// The base's.
    pub base: Room<'a>,
    /// The head's.
    pub head: Room<'a>,
    /// The core that both share where a workload works on one.
    pub core: Option<usize>,
}

/// Measures every workload that the plan says can be measured, and judges all.
///
/// # Errors
///
/// If something of ours fails; a program that gives nothing is a workload that could not run.
pub async fn measure(
    rooms: &Rooms<'_>,
    planned: Vec<Planned>,
    rule: &Rule,
    seed: u64,
) -> Result<(Workloads, Vec<WorkloadRound>), RunError> {
    let rule = WorkloadRule::beside(rule);
    let mut draw = fastrand::Rng::with_seed(seed);
    let (mut pairs, mut all): (Vec<WorkloadPair>, Vec<WorkloadRound>) = (Vec::new(), Vec::new());
    for one in planned {
        let (pair, rounds) = rounds::measure(rooms, one, &rule, &mut draw).await?;
        pairs.push(pair);
        all.extend(rounds);
    }
    let mut facts = Workloads { rule, pairs };
    facts.pairs = recompute_workloads(&facts, &all);
    Ok((facts, all))
}
