//! Brings the programs of both sides together: what is to be measured.

use std::{io, path::PathBuf};

use crate::{
    config::Workload,
    perf::{BuildState, WorkloadPair, WorkloadState},
    runner::{
        build::{Built, BuiltProgram, Executable, ProgramState},
        identity::identical,
    },
};

/// A workload, and what there is of it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// As the rules say it.
    pub workload: Workload,
    /// What is known before anything ran.
    pub pair: WorkloadPair,
    /// Whether anything is to be run: the executables of base and head, the same twice where they
    /// are identical.
    pub executables: Option<(Executable, Executable)>,
}

impl Planned {
    /// Whether the sides are to be compared.
    pub fn is_compared(&self) -> bool {
        self.executables.is_some() && self.pair.state != WorkloadState::Unchanged
    }
}

/// Finds out what there is to measure of each workload.
///
/// # Errors
///
/// With the program whose executables cannot be compared, and why.
pub fn plan(
    workloads: &[Workload],
    profile: &str,
    base: &Built,
    head: &Built,
) -> Result<Vec<Planned>, (PathBuf, io::Error)> {
    let of = |built: &Built, workload: &Workload| {
        let is_it = |one: &&BuiltProgram| {
            one.package == workload.package && one.program == workload.program
        };
        let found = built.programs.iter().find(is_it).map(|one| one.state.clone());
        // Before a first commit there was no program either.
        found.or(matches!(built.state, BuildState::Absent).then_some(ProgramState::Absent))
    };
    workloads
        .iter()
        .map(|workload| one(workload, profile, of(base, workload), of(head, workload)))
        .collect()
}

fn one(
    workload: &Workload,
    profile: &str,
    base: Option<ProgramState>,
    head: Option<ProgramState>,
) -> Result<Planned, (PathBuf, io::Error)> {
    use ProgramState::{Absent, Built, CouldNotRun, Failed};
    let (kind, program) = (workload.program.kind(), workload.program.name());
    let in_package = format!("package {}", workload.package);
    let (state, note, executables) = match (base, head) {
        (Some(Built(base)), Some(Built(head))) => {
            let same =
                identical(&base.path, &head.path).map_err(|error| (head.path.clone(), error))?;
            let state = if same { WorkloadState::Unchanged } else { WorkloadState::Inconclusive };
            (state, None, Some((base, head)))
        }
        (_, Some(Failed(reason))) => (WorkloadState::DoesNotBuild, Some(reason), None),
        (_, Some(CouldNotRun(reason))) => could_not_run(format!("head: {reason}")),
        (Some(Failed(reason)), _) => could_not_run(format!(
            "the base's program does not build, so there is nothing to compare with: {reason}"
        )),
        (Some(CouldNotRun(reason)), _) => could_not_run(format!("base: {reason}")),
        (Some(Absent), Some(Absent)) => could_not_run(format!(
            "neither side has the {kind} {program} in the {in_package}; mend workloads in t5.yml \
             on the target branch"
        )),
        (Some(Absent), Some(Built(_))) => (WorkloadState::Added, None, None),
        (Some(Built(_)), Some(Absent)) => {
            let note = format!("the head has no {kind} {program} in the {in_package}");
            (WorkloadState::Missing, Some(note), None)
        }
        (None, _) | (_, None) => {
            could_not_run("one side was not built, so nothing was run".to_owned())
        }
    };
    let mut pair = WorkloadPair::unmeasured(workload, profile, state);
    pair.note = note.map(|note| first_lines(&note));
    Ok(Planned { workload: workload.clone(), pair, executables })
}

fn could_not_run(
    note: String,
) -> (WorkloadState, Option<String>, Option<(Executable, Executable)>) {
    (WorkloadState::CouldNotRun, Some(note), None)
}

/// What a compiler says first is what a person has to see.
fn first_lines(said: &str) -> String {
    const LINES: usize = 8;
    let mut lines = said.lines().filter(|line| !line.trim().is_empty());
    let shown: Vec<&str> = lines.by_ref().take(LINES).collect();
    shown.join("\n")
}
