//! What a command has that builds and measures: a sandbox, progress, and an ear for signals.

use std::sync::Arc;

use indicatif::ProgressBar;
use tokio::runtime::Runtime;

use super::{
    Exit, args::IsolationArg, environment, fail, isolation, progress::shown, say, signals,
};
use crate::{
    runner::Context,
    sandbox::{Cancel, sweep_orphans},
};

/// What its arguments say of that.
pub(super) struct Wanted {
    pub(super) offline: bool,
    pub(super) isolation: IsolationArg,
    /// Most memory of a job, in bytes.
    pub(super) memory_limit: Option<u64>,
}

/// A command that is ready to do its work.
pub(super) struct Started {
    pub(super) ctx: Context,
    runtime: Runtime,
    bar: ProgressBar,
}

impl Started {
    /// Makes it ready; says what is lacking, and returns the exit that follows.
    pub(super) fn new(wanted: &Wanted) -> Result<Self, Exit> {
        let cache = environment::cache().map_err(|message| fail(&message, Exit::Usage))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| fail(&error, Exit::CouldNotRun))?;
        let orphans = sweep_orphans();
        if orphans > 0 {
            tracing::info!(orphans, "ended what a t5 that was killed had left running");
        }
        let (progress, bar) = shown();
        let mut env = environment::passed_on();
        if wanted.offline {
            env.insert("CARGO_NET_OFFLINE".into(), "true".into());
        }
        let sandbox = runtime.block_on(isolation::found(wanted.isolation, &env));
        let sandbox = sandbox.map_err(|message| fail(&message, Exit::CouldNotRun))?;
        let sandbox = Arc::new(sandbox.with_memory(wanted.memory_limit));
        let ctx = Context { cache, env, sandbox, cancel: Cancel::default(), progress };
        Ok(Self { ctx, runtime, bar })
    }

    /// Does the work; a signal asks it to stop.
    pub(super) fn to_its_end<T>(&self, work: impl AsyncFnOnce(&Context) -> T) -> T {
        let done = self.runtime.block_on(async {
            if let Err(error) = signals::listen(&self.ctx.cancel) {
                say(&format!(
                    "t5: signals cannot be heard, so Ctrl-C ends this the hard way: {error}"
                ));
            }
            work(&self.ctx).await
        });
        self.bar.finish_and_clear();
        done
    }
}
