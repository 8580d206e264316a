//! The parts of a run: the scan beside the builds, then the measurement alone.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use tokio::sync::Mutex;

use super::{PipelineError, Request};
use crate::{
    config::Program,
    perf,
    receipt::{Changes, Subject},
    runner::{
        Context,
        bench_part::{Builds, build_both, measure_built, nothing_built},
        build::{Builder, Built, BuiltProgram, Relinker},
        cargo_config::CargoConfig,
        changes::ChangedFile,
        folder::Folder,
        gate::round::Door,
        guard::EnvGuard,
        measuring,
        pairing::Surroundings,
        place::Place,
        policy_part,
        rooms::Rooms,
        rules::InForce,
        scan::admission::Admission,
        select::Lineage,
        sources,
        toolchain::{Toolchain, ToolchainError},
    },
    sandbox::{Grant, clear},
    verdict::PartName,
};

/// Everything that the parts of a run have in common.
pub(super) struct RunJob<'a> {
    pub(super) ctx: &'a Context,
    pub(super) request: &'a Request,
    pub(super) place: &'a Place<'a>,
    pub(super) folder: &'a Folder,
    pub(super) rules: &'a InForce,
    pub(super) changed: &'a [ChangedFile],
    pub(super) lineage: Lineage,
}

pub(super) type PolicyPart = Option<policy_part::Scanned>;
pub(super) type PerfPart = Option<Measured>;

/// What the performance part found out, and the raw samples behind it.
pub(super) struct Measured {
    pub(super) facts: perf::Facts,
    pub(super) rounds: Vec<perf::Round>,
    pub(super) workloads: Vec<perf::WorkloadRound>,
}

impl RunJob<'_> {
    /// The scan beside the builds, then the measurement alone.
    pub(super) async fn parts(
        &self,
        subject: &Subject,
        changes: &Changes,
    ) -> Result<(PolicyPart, PerfPart), PipelineError> {
        let wanted = |part| self.request.only.is_none_or(|only| only == part);
        let toolchain = self.toolchain().await;
        let building = toolchain.as_ref().map(|toolchain| self.rooms(toolchain));
        let building = building.map_or_else(|error| Ok(Err(error)), |rooms| rooms.map(Ok))?;
        // Reading manifests asks for no particular one.
        let any = match &building {
            Err(_) if wanted(PartName::Policy) => Some(Toolchain::find(self.ctx, None).await?),
            _ => None,
        };
        let scanning = match (&building, &any) {
            (Ok(rooms), _) => Some(rooms.clone()),
            (Err(_), any) => any.as_ref().map(|any| self.rooms(any)).transpose()?,
        };
        let scan = async {
            match scanning.as_ref().filter(|_| wanted(PartName::Policy)) {
                Some(rooms) => self.scan(subject, rooms).await.map(Some),
                None => Ok(None),
            }
        };
        let build = async {
            if wanted(PartName::Perf) {
                self.build(&building, subject, changes).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let (policy, built) = tokio::try_join!(scan, build)?;
        let perf = match (built, &building) {
            (Some(Ready::Nothing(facts)), _) => {
                Some(Measured { facts: *facts, rounds: Vec::new(), workloads: Vec::new() })
            }
            (Some(Ready::Built(builds)), Ok(rooms)) => {
                Some(self.measure(rooms, subject, *builds).await?)
            }
            // Nothing is built without a toolchain.
            (Some(Ready::Built(_)), Err(_)) | (None, _) => None,
        };
        Ok((policy, perf))
    }

    async fn toolchain(&self) -> Result<Toolchain, ToolchainError> {
        let wanted = self.rules.rules.config.bench.toolchain.as_deref();
        Toolchain::find(self.ctx, wanted.or(self.rules.toolchain.as_deref())).await
    }

    /// What the phases are granted.
    fn rooms<'a>(&'a self, toolchain: &'a Toolchain) -> Result<Rooms<'a>, PipelineError> {
        let scratch = self.place.home.join("scratch");
        let unusable = |source| PipelineError::Scratch { path: scratch.clone(), source };
        Rooms::new(self.ctx, toolchain, &scratch).map_err(unusable)
    }

    async fn scan(
        &self,
        subject: &Subject,
        rooms: &Rooms<'_>,
    ) -> Result<policy_part::Scanned, PipelineError> {
        let place = self.place;
        let sides = policy_part::Sides {
            base: place.base_side(),
            head: place.head.dir().join(&place.workspace),
            workspace: place.workspace.to_string_lossy().into_owned(),
            base_committed: subject.base.as_ref().map(|commit| commit.committed),
            changed: self.changed.iter().map(|file| file.path.clone()).collect(),
            scratch: place.home.join("scan"),
            strictness: self.request.strictness,
        };
        let from = policy_part::Advisories {
            choice: self.request.database.clone(),
            offline: self.request.offline,
        };
        let scanned = policy_part::scan_both(self.ctx, rooms, sides, self.rules, from, self.folder);
        Ok(scanned.await?)
    }

    async fn build(
        &self,
        rooms: &Result<Rooms<'_>, &ToolchainError>,
        subject: &Subject,
        changes: &Changes,
    ) -> Result<Ready, PipelineError> {
        let (rules, seed) = (&self.rules.rules.config.bench, self.request.seed);
        if changes.documentation_only {
            return Ok(Ready::Nothing(Box::new(nothing_built(rules, seed, None))));
        }
        let rooms = match rooms {
            Ok(rooms) => rooms,
            Err(error) => {
                let facts = nothing_built(rules, seed, Some(error));
                return Ok(Ready::Nothing(Box::new(facts)));
            }
        };
        let cargo_config = self.cargo_config(subject).await?;
        let admission = self.admission();
        let builder = self.builder(rooms, &cargo_config, &admission);
        let base = self.place.base_to_build(subject);
        let builds = build_both(self.ctx, &builder, &base, &subject.head.sha).await?;
        Ok(Ready::Built(Box::new(builds)))
    }

    /// Flags come with the rules; a first commit has but its own.
    async fn cargo_config(&self, subject: &Subject) -> Result<CargoConfig, PipelineError> {
        let giver = subject.rules.as_ref().unwrap_or(&subject.head);
        let git = self.place.head.git();
        Ok(CargoConfig::of(&git, &giver.sha, &self.place.workspace).await?)
    }

    fn builder<'b>(
        &'b self,
        rooms: &'b Rooms<'b>,
        cargo_config: &'b CargoConfig,
        admission: &'b Result<Admission, String>,
    ) -> Builder<'b> {
        Builder {
            ctx: self.ctx,
            rooms,
            admission,
            cargo_config,
            rules: &self.rules.rules.config.bench,
            workloads: &self.rules.rules.config.workloads,
            tree: self.place.build.clone(),
            workspace: &self.place.workspace,
            home: &self.place.home,
            lineage: &self.lineage,
        }
    }

    /// What may be fetched: what the rules let through, and what the base names already.
    fn admission(&self) -> Result<Admission, String> {
        let rules = self.rules.deny.as_ref();
        let admission = Admission::new(rules, self.request.strictness);
        let admission = admission.map_err(|broken| broken.to_string())?;
        let base = self.place.base_named();
        Ok(base.map_or(admission.clone(), |known| admission.knowing(&known)))
    }

    async fn measure(
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
        let doors = Door::new(self.ctx).and_then(|base| Ok((base, Door::new(self.ctx)?)));
        let (base_door, head_door) = doors.map_err(|source| PipelineError::Scratch {
            path: "the folder of temporary files".into(),
            source,
        })?;
        let [base_linked, head_linked] =
            ["base", "head"].map(|side| self.place.home.join("relinked").join(side));
        for folder in [&base_linked, &head_linked] {
            clear(folder).and_then(|()| std::fs::create_dir_all(folder)).map_err(unusable)?;
        }
        let room = |built: &Built, checkout: &Path, door: &Door, linked: &Path| {
            let grant = self.measuring(&rooms, built, checkout, rules.process_seconds);
            let grant = grant.reading([door.folder(), linked, self.ctx.sandbox.helper()]);
            Mutex::new(self.ctx.sandbox.session(grant))
        };
        let base_tree = self.place.base_dir().unwrap_or_else(|| self.place.head.dir());
        let around = Surroundings {
            ctx: self.ctx,
            guard: &guard,
            base_room: room(&builds.base, base_tree, &base_door, &base_linked),
            head_room: room(&builds.head, self.place.head.dir(), &head_door, &head_linked),
            base_door,
            head_door,
            rules,
            base,
            head,
        };
        let targets = builds.head.targets.clone();
        let benches = [builds.base.targets.clone(), targets.clone()].concat();
        let examples = examples(&builds);
        let sources_of_benches = &builds.base.sources | &builds.head.sources;
        let workloads = self.workloads(&rooms, &builds, &around.base, &around.head)?;
        let cargo_config = self.cargo_config(subject).await?;
        let admission = self.admission();
        let relinker = subject.base.as_ref().map(|commit| Relinker {
            builder: self.builder(plain_rooms, &cargo_config, &admission),
            base: &commit.sha,
            head: &subject.head.sha,
            targets: &benches,
            folders: [&base_linked, &head_linked],
        });
        let (toolchain, seed) = (rooms.toolchain(), self.request.seed);
        let beside = workloads.decisions();
        let (mut facts, rounds) =
            measure_built(&around, toolchain, builds, beside, seed, relinker.as_ref()).await?;
        let (measured, raw) = workloads.measure(&facts.rule, seed).await?;
        facts.workloads = measured;
        if rounds.iter().any(|round| round.seen.is_some()) || !raw.is_empty() {
            facts.seen_by = Some(self.ctx.sandbox.usage_source().word().to_owned());
        }
        let (git, workspace) = (self.place.head.git(), &self.place.workspace);
        if let Some(base) = &subject.base {
            facts.edits = measuring::edits(&measuring::Change {
                git: &git,
                base: &base.sha,
                head: &subject.head.sha,
                files: self.changed,
                workspace,
                benches: &benches,
                examples: &examples,
                sources: &sources_of_benches,
            })
            .await?;
        }
        sources::fill(&mut facts.pairs, &targets, &git, &subject.head.sha, workspace).await?;
        Ok(Measured { facts, rounds, workloads: raw })
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

/// Root source files of the examples that workloads run.
fn examples(builds: &Builds) -> BTreeSet<PathBuf> {
    let is_example = |built: &&BuiltProgram| matches!(built.program, Program::Example(_));
    let programs = builds.base.programs.iter().chain(&builds.head.programs);
    programs.filter(is_example).filter_map(|built| built.source.clone()).collect()
}

enum Ready {
    Nothing(Box<perf::Facts>),
    Built(Box<Builds>),
}
