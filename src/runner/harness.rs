//! Finds out what a bench target measures with, and which benchmarks are in it.
//!
//! Nothing but the executable itself can say it: a manifest may rename a harness, and a fork of
//! criterion is criterion. So it is asked for its list, as its harness would be. One that lists no
//! benchmark is a program of its own, if it comes to a good end within the time that a list may
//! take: it is one benchmark, and the whole of it is compared.

use std::{collections::BTreeSet, time::Duration};

use super::{
    criterion::{Bench, RunError, Trouble, listed},
    divan,
};
use crate::perf::Harness;

/// A bench executable that lists nothing within this long is taken to hang.
const LIST_LIMIT: Duration = Duration::from_secs(20);
/// The one benchmark of a target that is a program of its own.
pub const WHOLE: &str = "whole process";

/// What a bench executable says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What it measures with.
    pub harness: Harness,
    /// The ids of its benchmarks, in the order it lists them.
    pub ids: Vec<String>,
}

impl Bench<'_, '_> {
    /// Its harness and its benchmarks.
    ///
    /// # Errors
    ///
    /// If it hangs, crashes, or is libtest's.
    pub async fn list(&self) -> Result<Listed, RunError> {
        let said = match self.said(&["--bench", "--list"], None).await {
            Ok(said) => said,
            // A program of its own may not know the word.
            Err(RunError::Trouble(crashed @ Trouble::Crashed { .. })) => {
                let alone = self.said(&["--bench"], None).await;
                return match alone {
                    Ok(_) => Ok(Listed::program()),
                    Err(RunError::Trouble(_)) => Err(crashed.into()),
                    Err(error) => Err(error),
                };
            }
            Err(error) => return Err(error),
        };
        match listed(&said) {
            Ok(ids) => Ok(Listed { harness: Harness::Criterion, ids }),
            Err(Trouble::NoHarness) if divan::is_tree(&said) => self.list_divan(&said).await,
            Err(Trouble::NoHarness) => Ok(Listed::program()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// Divan lists the arguments of a benchmark to nobody but cargo-nextest, and before 0.1.19 not
    /// even there: older ones show them where they run each benchmark once.
    async fn list_divan(&self, tree: &str) -> Result<Listed, RunError> {
        let args = ["--bench", "--list", "--format", "terse"];
        let ids = match self.said(&args, Some(("NEXTEST", "1"))).await {
            Ok(said) => listed(&said).unwrap_or_default(),
            Err(RunError::Trouble(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let ids = if divan::covers(&ids, &divan::leaves(tree)) {
            ids
        } else {
            let once = self.said(&["--bench", "--test", "--threads", "1"], None).await?;
            divan::leaves(&once)
        };
        let mut known = BTreeSet::new();
        let ids: Vec<String> = ids.into_iter().filter(|id| known.insert(id.clone())).collect();
        if ids.is_empty() {
            return Err(Trouble::NoHarness.into());
        }
        Ok(Listed { harness: Harness::Divan, ids })
    }

    async fn said(&self, args: &[&str], env: Option<(&str, &str)>) -> Result<String, RunError> {
        let mut job = self.job().args(args);
        if let Some((name, value)) = env {
            job = job.env(name, value);
        }
        job.wall = LIST_LIMIT;
        Ok(self.finish(job, None).await?.stdout_text())
    }
}

impl Listed {
    fn program() -> Self {
        Self { harness: Harness::Program, ids: vec![WHOLE.to_owned()] }
    }
}

/// A harness, in the words of a sentence.
pub(super) fn word(harness: Harness) -> &'static str {
    match harness {
        Harness::Criterion => "criterion",
        Harness::Divan => "divan",
        Harness::Program => "a `main` of its own",
    }
}
