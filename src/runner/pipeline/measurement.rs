//! The measurement of a run: rooms, doors and folders for both sides, and what the facts say of them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use tokio::sync::Mutex;

use super::{
    PipelineError,
    parts::{Measured, RunJob},
};
use crate::{
    config::Program,
    perf::{self, Harness, Round},
    policy::Side,
    receipt::Subject,
    runner::{
        bench_part::{Builds, measure_built},
        benches::BenchTarget,
        build::{Built, BuiltProgram, Relinker},
        gate::round::Door,
        guard::EnvGuard,
        measuring,
        pairing::Surroundings,
        rooms::Rooms,
        sources,
    },
    sandbox::{Grant, clear},
};

impl RunJob<'_> {
    /// Measures what was built, with nothing else going on.
    pub(super) async fn measure(
        &self,
        plain_rooms: &Rooms<'_>,
        subject: &Subject,
        builds: Builds,
    ) -> Result<Measured, PipelineError> {
        let scratch = self.place.home.join("measure");
        let unusable = |source| PipelineError::Scratch { path: scratch.clone(), source };
        let guard = EnvGuard::new(&scratch).map_err(unusable)?;
        let rooms = plain_rooms.with_scratch(&scratch).map_err(unusable)?;
        let head = self.place.head.dir().join(&self.place.workspace);
        let base = self.place.base_side().unwrap_or_else(|| head.clone());
        let rules = &self.rules.rules.config.bench;
        let (base_door, base_linked) = self.beside(Side::Base)?;
        let (head_door, head_linked) = self.beside(Side::Head)?;
        let room = |built: &Built, checkout: &Path, door: &Door, linked: &Path| {
            let grant = self.measuring(&rooms, built, checkout, rules.process_seconds);
            let grant = grant.reading([door.folder(), linked, self.ctx.sandbox.helper()]);
            Mutex::new(self.ctx.sandbox.session(grant))
        };
        let base_tree = self.place.base_dir().unwrap_or_else(|| self.place.head.dir());
        let head_tree = self.place.head.dir();
        let of_base = (&builds.base, base_tree, base.as_path());
        let of_head = (&builds.head, head_tree, head.as_path());
        let around = Surroundings {
            ctx: self.ctx,
            guard: &guard,
            base_room: room(&builds.base, base_tree, &base_door, &base_linked),
            head_room: room(&builds.head, head_tree, &head_door, &head_linked),
            base_apart: self.room(&rooms, of_base, "apart-base", Some(&base_linked))?,
            head_apart: self.room(&rooms, of_head, "apart-head", Some(&head_linked))?,
            base_door,
            head_door,
            rules,
            base,
            head,
        };
        let measures = WhatMeasures::of(&builds);
        let workloads = self.workloads(&rooms, &builds, &around.base, &around.head)?;
        let cargo_config = self.cargo_config(subject).await?;
        let admission = self.admission();
        let relinker = subject.base.as_ref().map(|commit| Relinker {
            builder: self.builder(plain_rooms, &cargo_config, &admission),
            base: &commit.sha,
            head: &subject.head.sha,
            targets: &measures.benches,
            folders: [&base_linked, &head_linked],
        });
        let (toolchain, seed) = (rooms.toolchain(), self.request.seed);
        let beside = workloads.decisions();
        let (mut facts, rounds) =
            measure_built(&around, toolchain, builds, beside, seed, relinker.as_ref()).await?;
        let (measured, raw) = workloads.measure(&facts.rule, seed).await?;
        facts.workloads = measured;
        let counted = |round: &Round| round.seen.is_some() || round.harness == Harness::Program;
        if rounds.iter().any(counted) || !raw.is_empty() {
            facts.seen_by = Some(self.ctx.sandbox.usage_source().word().to_owned());
        }
        self.read_sources(subject, &measures, &mut facts).await?;
        Ok(Measured { facts, rounds, workloads: raw })
    }

    /// The door of a side's processes, and an empty folder for executables that are linked anew.
    fn beside(&self, side: Side) -> Result<(Door, PathBuf), PipelineError> {
        let name = if side == Side::Base { "base" } else { "head" };
        let linked = self.place.home.join("relinked").join(name);
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| PipelineError::Scratch { path, source }
        };
        clear(&linked).and_then(|()| fs::create_dir_all(&linked)).map_err(unusable(&linked))?;
        let door = Door::new(self.ctx);
        Ok((door.map_err(unusable(Path::new("the folder of temporary files")))?, linked))
    }

    /// What the change edits of what measures it, and where each benchmark is defined.
    async fn read_sources(
        &self,
        subject: &Subject,
        measures: &WhatMeasures,
        facts: &mut perf::Facts,
    ) -> Result<(), PipelineError> {
        let (git, workspace) = (self.place.head.git(), &self.place.workspace);
        if let Some(base) = &subject.base {
            facts.edits = measuring::edits(&measuring::Change {
                git: &git,
                base: &base.sha,
                head: &subject.head.sha,
                files: self.changed,
                workspace,
                benches: &measures.benches,
                examples: &measures.examples,
                sources: &measures.sources,
            })
            .await?;
        }
        let (targets, head) = (&measures.targets, &subject.head.sha);
        sources::fill(&mut facts.pairs, targets, &git, head, workspace).await?;
        Ok(())
    }

    /// A side's executables see their own side's files, also where they were built.
    pub(super) fn measuring(
        &self,
        rooms: &Rooms<'_>,
        built: &Built,
        checkout: &Path,
        seconds: u64,
    ) -> Grant {
        let programs = built.programs.iter().filter_map(BuiltProgram::executable);
        let executables = built.executables.iter().chain(programs);
        let executables = executables.map(|executable| executable.path.clone());
        let where_built = self.place.build.dir();
        rooms.measuring(checkout, where_built, seconds).reading(executables)
    }
}

/// What of both sides measures.
struct WhatMeasures {
    /// Bench targets of the head.
    targets: Vec<BenchTarget>,
    /// Bench targets of both sides.
    benches: Vec<BenchTarget>,
    examples: BTreeSet<PathBuf>,
    /// Files that bench targets are built from.
    sources: BTreeSet<String>,
}

impl WhatMeasures {
    fn of(builds: &Builds) -> Self {
        let targets = builds.head.targets.clone();
        Self {
            benches: [builds.base.targets.clone(), targets.clone()].concat(),
            targets,
            examples: examples(builds),
            sources: &builds.base.sources | &builds.head.sources,
        }
    }
}

/// Root source files of the examples that workloads run.
fn examples(builds: &Builds) -> BTreeSet<PathBuf> {
    let is_example = |built: &&BuiltProgram| matches!(built.program, Program::Example(_));
    let programs = builds.base.programs.iter().chain(&builds.head.programs);
    programs.filter(is_example).filter_map(|built| built.source.clone()).collect()
}
