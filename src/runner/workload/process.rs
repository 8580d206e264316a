//! One process of one side.

use std::time::Duration;

use super::{Room, Rooms};
use crate::{
    config::{Threads, Workload},
    perf::Process,
    runner::{
        Context,
        build::Executable,
        criterion::{RunError, Trouble, finished},
    },
    sandbox::Job,
};

/// The most that a process may print: it is thrown away, and printing is work too.
const OUTPUT_LIMIT: usize = 16 << 20;

impl Room<'_> {
    /// Runs the program to its end.
    ///
    /// # Errors
    ///
    /// If it does not come to a good one.
    pub(in crate::runner) async fn run(
        &self,
        ctx: &Context,
        job: &Job,
    ) -> Result<Process, RunError> {
        let done = self.session.lock().await.run(job, None, &ctx.cancel).await;
        let finished = finished(done, job)?;
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let uncounted = || Trouble::Unreadable("its processor time was not counted".to_owned());
        let usage = finished.usage.filter(|usage| !usage.cpu.is_zero()).ok_or_else(uncounted)?;
        Ok(Process {
            wall_ns: nanoseconds(finished.wall).max(1),
            cpu_ns: nanoseconds(usage.cpu),
            peak_bytes: usage.peak_memory.filter(|peak| *peak > 0),
        })
    }

    /// The job of one process, its environment padded by as much as `draw` says.
    pub(super) fn job(
        &self,
        workload: &Workload,
        executable: &Executable,
        core: Option<usize>,
        draw: &mut fastrand::Rng,
    ) -> Job {
        let (env, core) = match workload.threads {
            Threads::One => (self.guard.environment(draw), core),
            Threads::Many => (self.guard.environment_of_many(draw), None),
        };
        let dir = self.workspace.join(&executable.folder);
        let mut job = Job::new(&executable.path, dir).envs(&env).args(&workload.args);
        job.wall = Duration::from_secs(workload.process_seconds);
        job.output = OUTPUT_LIMIT;
        job.core = core;
        job
    }
}

impl Rooms<'_> {
    /// What a person can do about a program that gave nothing.
    pub(super) fn next(&self, trouble: &Trouble, workload: &Workload) -> String {
        match trouble {
            Trouble::TooSlow(_) => {
                "raise its process-limit in t5.yml, or give it less to do".to_owned()
            }
            Trouble::TooLoud(_) => "have it print less".to_owned(),
            _ if self.head.workspace.join(".gitmodules").exists() => {
                "submodules are not checked out here".to_owned()
            }
            _ => format!("run it by hand in {}", workload.package),
        }
    }
}
