//! The parts of a run: the scan beside the builds, then the measurement alone.

use super::{PipelineError, Request};
use crate::{
    perf,
    receipt::{Changes, Subject},
    runner::{
        Context,
        bench_part::{Builds, build_both, nothing_built},
        build::Builder,
        cargo_config::CargoConfig,
        changes::ChangedFile,
        folder::Folder,
        place::Place,
        policy_part,
        rooms::Rooms,
        rules::InForce,
        scan::admission::Admission,
        select::Lineage,
        toolchain::{Toolchain, ToolchainError},
    },
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

    pub(super) async fn toolchain(&self) -> Result<Toolchain, ToolchainError> {
        let wanted = self.rules.rules.config.bench.toolchain.as_deref();
        Toolchain::find(self.ctx, wanted.or(self.rules.toolchain.as_deref())).await
    }

    /// What the phases are granted.
    pub(super) fn rooms<'a>(
        &'a self,
        toolchain: &'a Toolchain,
    ) -> Result<Rooms<'a>, PipelineError> {
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
    pub(super) async fn cargo_config(
        &self,
        subject: &Subject,
    ) -> Result<CargoConfig, PipelineError> {
        let giver = subject.rules.as_ref().unwrap_or(&subject.head);
        let git = self.place.head.git();
        Ok(CargoConfig::of(&git, &giver.sha, &self.place.workspace).await?)
    }

    pub(super) fn builder<'b>(
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
    pub(super) fn admission(&self) -> Result<Admission, String> {
        let rules = self.rules.deny.as_ref();
        let admission = Admission::new(rules, self.request.strictness);
        let admission = admission.map_err(|broken| broken.to_string())?;
        let base = self.place.base_named();
        Ok(base.map_or(admission.clone(), |known| admission.knowing(&known)))
    }
}

enum Ready {
    Nothing(Box<perf::Facts>),
    Built(Box<Builds>),
}
