//! The workloads of a run: what there is of them, and where they are measured.

use std::path::{Path, PathBuf};

use tokio::sync::Mutex;

use super::{PipelineError, parts::RunJob};
use crate::{
    perf,
    runner::{
        bench_part::Builds,
        build::Built,
        guard::EnvGuard,
        measure::MeasureError,
        pairing::PlanError,
        rooms::Rooms,
        workload::{self, Planned, Room},
    },
};

/// Most per workload: its time and its memory.
const DECISIONS: usize = 2;

/// Workloads that are ready to be measured.
pub(super) struct Ready<'a> {
    planned: Vec<Planned>,
    rooms: workload::Rooms<'a>,
}

impl RunJob<'_> {
    /// Plans the workloads, and makes their rooms ready.
    pub(super) fn workloads(
        &self,
        rooms: &Rooms<'_>,
        builds: &Builds,
        base: &Path,
        head: &Path,
    ) -> Result<Ready<'_>, PipelineError> {
        let config = &self.rules.rules.config;
        let profile = &config.bench.profile;
        let planned = workload::plan(&config.workloads, profile, &builds.base, &builds.head)
            .map_err(|(path, source)| {
                let target = path.display().to_string();
                PipelineError::Bench(PlanError::Compare { target, source }.into())
            })?;
        let base_tree = self.place.base_dir().unwrap_or_else(|| self.place.head.dir());
        let head_tree = self.place.head.dir();
        let base = self.room(rooms, (&builds.base, base_tree, base), "measure-base", None)?;
        let head = self.room(rooms, (&builds.head, head_tree, head), "measure-head", None)?;
        let core = head.guard.core;
        Ok(Ready { planned, rooms: workload::Rooms { ctx: self.ctx, base, head, core } })
    }

    /// Both sides run at once, so each has a scratch folder of its own; their paths are equally
    /// long, as the size of an environment moves the stack. A side is what was built of it, its
    /// checkout, and the workspace in there; `linked` holds what is linked anew of it.
    pub(super) fn room(
        &self,
        rooms: &Rooms<'_>,
        (built, checkout, workspace): (&Built, &Path, &Path),
        scratch: &str,
        linked: Option<&Path>,
    ) -> Result<Room<'_>, PipelineError> {
        let scratch = self.place.home.join(scratch);
        let unusable = |source| PipelineError::Scratch { path: scratch.clone(), source };
        let guard = EnvGuard::new(&scratch).map_err(unusable)?;
        let rooms = rooms.with_scratch(&scratch).map_err(unusable)?;
        let config = &self.rules.rules.config;
        let seconds = config.workloads.iter().map(|one| one.process_seconds);
        let seconds = seconds.max().unwrap_or(0).max(config.bench.process_seconds);
        let grant = self.measuring(&rooms, built, checkout, seconds).reading(linked);
        let session = Mutex::new(self.ctx.sandbox.session(grant));
        Ok(Room { guard, session, workspace: PathBuf::from(workspace) })
    }
}

impl Ready<'_> {
    /// How many decisions share the run's chance of error with the benchmarks'.
    pub(super) fn decisions(&self) -> usize {
        self.planned.iter().filter(|planned| planned.is_compared()).count() * DECISIONS
    }

    /// Measures them; none where the rules name none.
    pub(super) async fn measure(
        self,
        rule: &perf::Rule,
        seed: u64,
    ) -> Result<(Option<perf::Workloads>, Vec<perf::WorkloadRound>), PipelineError> {
        if self.planned.is_empty() {
            return Ok((None, Vec::new()));
        }
        let measured = workload::measure(&self.rooms, self.planned, rule, seed).await;
        let (facts, rounds) =
            measured.map_err(|error| PipelineError::Bench(MeasureError::from(error).into()))?;
        Ok((Some(facts), rounds))
    }
}
