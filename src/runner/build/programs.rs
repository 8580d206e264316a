//! Builds the programs of workloads, one by one: so one that does not compile takes no other with it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{BuildError, Builder, Executable, messages::program};
use crate::{
    config::{Program, Workload},
    perf::BuildState,
    runner::{
        benches::{BenchesError, ProgramTarget, program_targets},
        target::Target,
    },
    sandbox::{Grant, Job},
};

/// What a side's build gave for the program of a workload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BuiltProgram {
    /// The package that holds it.
    pub package: String,
    /// Which of its programs.
    pub program: Program,
    /// Its root source file, relative to the checkout's root, where that is known.
    pub source: Option<PathBuf>,
    /// What came of it.
    pub state: ProgramState,
}

/// What came of building one program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ProgramState {
    /// It is there.
    Built(Executable),
    /// This side has no such program.
    Absent,
    /// The compiler, or cargo, refused: the last lines of what it said.
    Failed(String),
    /// It could not be tried, or was cut off: what happened.
    CouldNotRun(String),
}

impl BuiltProgram {
    /// Whether the same build would come to the same end again.
    pub(super) fn is_kept(&self) -> bool {
        match &self.state {
            ProgramState::Built(executable) => executable.path.exists(),
            ProgramState::Absent => true,
            ProgramState::Failed(_) | ProgramState::CouldNotRun(_) => false,
        }
    }

    /// Its executable, if it has one.
    pub fn executable(&self) -> Option<&Executable> {
        match &self.state {
            ProgramState::Built(executable) => Some(executable),
            ProgramState::Absent | ProgramState::Failed(_) | ProgramState::CouldNotRun(_) => None,
        }
    }

    pub(super) fn executable_mut(&mut self) -> Option<&mut Executable> {
        match &mut self.state {
            ProgramState::Built(executable) => Some(executable),
            ProgramState::Absent | ProgramState::Failed(_) | ProgramState::CouldNotRun(_) => None,
        }
    }
}

impl Builder<'_> {
    /// Builds what the workloads name, each program once.
    pub(super) async fn programs(
        &self,
        target: &Target,
        grant: &Grant,
    ) -> Result<Vec<BuiltProgram>, BuildError> {
        let mut built: Vec<BuiltProgram> = Vec::new();
        if self.workloads.is_empty() {
            return Ok(built);
        }
        let known = match program_targets(self.ctx, self.offline(target), grant, self.rules).await {
            Ok(known) => Ok(known),
            Err(BenchesError::Cancelled) => return Err(BuildError::Cancelled),
            Err(BenchesError::Sandbox(error)) => return Err(error.into()),
            Err(error) => Err(error.to_string()),
        };
        for Workload { package, program, .. } in self.workloads {
            if built.iter().any(|other| other.package == *package && other.program == *program) {
                continue;
            }
            let is_it =
                |known: &&ProgramTarget| known.package == *package && known.program == *program;
            let found = known.as_ref().map(|known| known.iter().find(is_it));
            let source = found.as_ref().ok().and_then(|found| found.as_ref()?.source.clone());
            let state = match found {
                Err(reason) => ProgramState::Failed(reason.clone()),
                Ok(found) => match found {
                    None => ProgramState::Absent,
                    Some(found) if !found.lacks.is_empty() => ProgramState::CouldNotRun(format!(
                        "it needs features that are off: {}; turn them on with bench.features in \
                         t5.yml",
                        found.lacks.join(", ")
                    )),
                    Some(found) => self.program(target, grant, found).await?,
                },
            };
            let (package, program) = (package.clone(), program.clone());
            built.push(BuiltProgram { package, program, source, state });
        }
        Ok(built)
    }

    async fn program(
        &self,
        target: &Target,
        grant: &Grant,
        wanted: &ProgramTarget,
    ) -> Result<ProgramState, BuildError> {
        let job = self.program_job(target, wanted);
        Ok(match self.compiled(job, grant).await? {
            Ok(messages) => match program(&messages, wanted) {
                Some(executable) => ProgramState::Built(executable),
                None => ProgramState::Failed("cargo built no such program".to_owned()),
            },
            Err(BuildState::Failed { reason }) => ProgramState::Failed(reason),
            Err(BuildState::CouldNotRun { reason, next }) => {
                ProgramState::CouldNotRun(format!("{reason}; {next}"))
            }
            Err(BuildState::Built { .. } | BuildState::Absent) => ProgramState::Absent,
        })
    }

    /// With the packages, features and profile of the benches, so that what both are made of is
    /// built once.
    fn program_job(&self, target: &Target, wanted: &ProgramTarget) -> Job {
        let progress = self.ctx.progress.clone();
        let mut rules = self.rules.clone();
        if !rules.packages.is_empty() && !rules.packages.contains(&wanted.package) {
            rules.packages.push(wanted.package.clone());
        }
        self.offline(target)
            .args(["build", "--locked", "--offline"])
            .args(["--message-format=json-render-diagnostics"])
            .args(rules.cargo_args())
            .args([format!("--profile={}", rules.profile)])
            .args([format!("--{}={}", wanted.program.kind(), wanted.program.name())])
            .on_line(move |line| {
                if line.trim_start().starts_with("Compiling") {
                    progress.step(line.trim().to_owned());
                }
            })
    }
}
