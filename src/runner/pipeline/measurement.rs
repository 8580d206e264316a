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
    sandbox::{Grant, UsageSource, clear},
};

impl RunJob<'_> {
    /// Measures what was built, with nothing else going on.
    pub(super) async fn measure(
        &self,
        plain_rooms: &Rooms<'_>,
        subject: &Subject,
        builds: Builds,
    ) -> Result<Measured, PipelineError> {
        let ground = self.ground(plain_rooms)?;
        let rooms = &ground.rooms;
        let around = self.around(&ground, &builds)?;
        let measures = WhatMeasures::of(&builds);
        let workloads = self.workloads(rooms, &builds, &around.base, &around.head)?;
        let cargo_config = self.cargo_config(subject).await?;
        let admission = self.admission();
        let relinker = subject.base.as_ref().map(|commit| Relinker {
            builder: self.builder(plain_rooms, &cargo_config, &admission),
            base: &commit.sha,
            head: &subject.head.sha,
            targets: &measures.benches,
            folders: [&ground.base_linked, &ground.head_linked],
        });
        let (toolchain, seed) = (rooms.toolchain(), self.request.seed);
        let beside = workloads.decisions();
        let (mut facts, rounds) =
            measure_built(&around, toolchain, builds, beside, seed, relinker.as_ref()).await?;
        let (measured, raw) = workloads.measure(&facts.rule, seed).await?;
        facts.workloads = measured;
        let counted = |round: &Round| round.seen.is_some() || round.harness == Harness::Program;
        if rounds.iter().any(counted) || !raw.is_empty() {
            facts.seen_by = Some(seen_by(self.ctx.sandbox.usage_source(), &rounds));
        }
        self.read_sources(subject, &measures, &mut facts).await?;
        Ok(Measured { facts, rounds, workloads: raw })
    }

    /// Makes the folders ready that both sides are measured in.
    pub(super) fn ground<'r>(&self, rooms: &Rooms<'r>) -> Result<Ground<'r>, PipelineError> {
        let scratch = self.place.home.join("measure");
        let unusable = |source| PipelineError::Scratch { path: scratch.clone(), source };
        Ok(Ground {
            guard: EnvGuard::new(&scratch).map_err(unusable)?,
            rooms: rooms.with_scratch(&scratch).map_err(unusable)?,
            base_linked: self.linked(Side::Base)?,
            head_linked: self.linked(Side::Head)?,
        })
    }

    /// A room and a door for each side.
    pub(super) fn around<'g>(
        &'g self,
        ground: &'g Ground<'_>,
        builds: &Builds,
    ) -> Result<Surroundings<'g>, PipelineError> {
        let door = || {
            let folder = PathBuf::from("the folder of temporary files");
            Door::new(self.ctx).map_err(|source| PipelineError::Scratch { path: folder, source })
        };
        let (base_door, head_door) = (door()?, door()?);
        let rules = &self.rules.rules.config.bench;
        let room = |built: &Built, checkout: &Path, door: &Door, linked: &Path| {
            let grant = self.measuring(&ground.rooms, built, checkout, rules.process_seconds);
            let grant = grant.reading([door.folder(), linked, self.ctx.sandbox.helper()]);
            Mutex::new(self.ctx.sandbox.session(grant))
        };
        let (head_tree, base_tree) = (self.place.head.dir(), self.place.base_dir());
        let base_tree = base_tree.unwrap_or(head_tree);
        let head = head_tree.join(&self.place.workspace);
        let base = self.place.base_side().unwrap_or_else(|| head.clone());
        let (base_linked, head_linked) = (&ground.base_linked, &ground.head_linked);
        let apart =
            |of, scratch, linked: &Path| self.room(&ground.rooms, of, scratch, Some(linked));
        Ok(Surroundings {
            ctx: self.ctx,
            guard: &ground.guard,
            base_room: room(&builds.base, base_tree, &base_door, base_linked),
            head_room: room(&builds.head, head_tree, &head_door, head_linked),
            base_apart: apart((&builds.base, base_tree, &base), "apart-base", base_linked)?,
            head_apart: apart((&builds.head, head_tree, &head), "apart-head", head_linked)?,
            base_door,
            head_door,
            rules,
            base,
            head,
        })
    }

    /// An empty folder for a side's executables that are linked anew.
    fn linked(&self, side: Side) -> Result<PathBuf, PipelineError> {
        let name = if side == Side::Base { "base" } else { "head" };
        let linked = self.place.home.join("relinked").join(name);
        let unusable = |source| PipelineError::Scratch { path: linked.clone(), source };
        clear(&linked).and_then(|()| fs::create_dir_all(&linked)).map_err(unusable)?;
        Ok(linked)
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

/// Who counted, and what was not watched.
fn seen_by(source: UsageSource, rounds: &[Round]) -> String {
    let mut turns = rounds.iter().filter(|round| !round.turns.is_empty()).peekable();
    let unwatched = turns.peek().is_some() && turns.all(|round| round.seen.is_none());
    let unwatched = if unwatched { "; sides that took turns were not watched" } else { "" };
    format!("{}{unwatched}", source.word())
}

/// What both sides are measured in.
pub(super) struct Ground<'a> {
    guard: EnvGuard,
    rooms: Rooms<'a>,
    /// Executables of the base that are linked anew.
    base_linked: PathBuf,
    /// Executables of the head that are.
    head_linked: PathBuf,
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
