//! Links a side's bench executables anew, their functions in another order.
//!
//! Where a function lies in memory is chance, and chance can cost a tenth. An order that is drawn
//! is one more throw of that dice: what all of them agree on is the code's own.

use std::{fs, path::Path};

use super::{BuildError, Builder, Executable, executables, first_errors, kept};
use crate::{
    policy::Side,
    runner::{benches::BenchTarget, gate::patch::Patch, pairing::TargetPair, target::Target},
    sandbox::{Ended, Grant},
};

/// The largest executables of one order together, in bytes.
const LIMIT: u64 = 4 << 30;

/// Links both sides of a run.
#[derive(Debug)]
pub struct Relinker<'a> {
    /// What built them.
    pub builder: Builder<'a>,
    /// The base's commit.
    pub base: &'a str,
    /// The head's commit.
    pub head: &'a str,
    /// All bench targets of both sides.
    pub targets: &'a [BenchTarget],
    /// Folders of the base's and the head's executables, which measured processes may read.
    pub folders: [&'a Path; 2],
}

impl Relinker<'_> {
    /// These pairs in this order of functions; or why it is not to be had.
    ///
    /// # Errors
    ///
    /// If something of ours fails.
    pub async fn link(
        &self,
        pairs: &[&TargetPair],
        order: u32,
    ) -> Result<Result<Vec<TargetPair>, String>, BuildError> {
        let [base_folder, head_folder] = self.folders;
        let bases: Vec<&Executable> = pairs.iter().map(|pair| &pair.base).collect();
        let base = self.side(self.base, &bases, order, base_folder).await?;
        let heads: Vec<&Executable> = pairs.iter().map(|pair| &pair.head).collect();
        let head = self.side(self.head, &heads, order, head_folder).await?;
        Ok(base.and_then(|bases| {
            let both = bases.into_iter().zip(head?).zip(pairs);
            let pair = |((base, head), pair): ((Executable, Executable), &&TargetPair)| {
                let TargetPair { slices, harness, .. } = **pair;
                TargetPair { base, head, slices, harness }
            };
            Ok(both.map(pair).collect())
        }))
    }

    async fn side(
        &self,
        sha: &str,
        wanted: &[&Executable],
        order: u32,
        folder: &Path,
    ) -> Result<Result<Vec<Executable>, String>, BuildError> {
        let builder = &self.builder;
        builder.tree.put(sha).await?;
        let target = Target::of(builder.home, builder.lineage);
        let unwritten = |source| BuildError::Write { path: target.path().to_owned(), source };
        // Of either side a copy: what is linked here is nothing that later builds stand on.
        target.open(Side::Head).map_err(unwritten)?;
        builder.ctx.sandbox.give(target.path()).map_err(unwritten)?;
        let linked = self.here(&target, wanted, order, folder).await;
        target.close(Side::Head).map_err(unwritten)?;
        linked
    }

    async fn here(
        &self,
        target: &Target,
        wanted: &[&Executable],
        order: u32,
        folder: &Path,
    ) -> Result<Result<Vec<Executable>, String>, BuildError> {
        let builder = &self.builder;
        let (tree, dir) = (builder.tree.dir(), builder.dir());
        let unwritten = |source| BuildError::Write { path: dir.clone(), source };
        builder.cargo_config.put(tree).map_err(unwritten)?;
        let unpacked = |version: &str| builder.rooms.unpacked("criterion", version);
        let patch = Patch::prepare(&dir, &builder.home.join("gate"), unpacked);
        let mut grant = builder.rooms.building(tree, target.path(), builder.rules.build_seconds);
        if let Some(patch) = &patch {
            patch.put(&dir).map_err(unwritten)?;
            grant = grant.reading(patch.copies());
        }
        let patch = patch.as_ref().map_or(&[][..], Patch::args);
        fs::create_dir_all(folder).map_err(unwritten)?;
        let (mut linked, mut left) = (Vec::new(), LIMIT);
        for (index, executable) in wanted.iter().enumerate() {
            let made = match self.one(target, &grant, executable, patch, order).await? {
                Ok(made) => made,
                Err(reason) => return Ok(Err(reason)),
            };
            let to = folder.join(format!("{order}-{index}-{}", executable.target));
            match kept::take(&made, target.path(), &to, left) {
                Ok(bytes) => left -= bytes,
                Err(kept::KeepError::Taken(reason)) => return Ok(Err(reason)),
                Err(kept::KeepError::Write { path, source }) => {
                    return Err(BuildError::Write { path, source });
                }
            }
            linked.push(Executable { path: to, ..made });
        }
        Ok(Ok(linked))
    }

    async fn one(
        &self,
        target: &Target,
        grant: &Grant,
        executable: &Executable,
        patch: &[String],
        order: u32,
    ) -> Result<Result<Executable, String>, BuildError> {
        let builder = &self.builder;
        let job = builder
            .offline(target)
            .args(["rustc", "--locked", "--offline"])
            .args(["--message-format=json-render-diagnostics"])
            .args(patch)
            .args([format!("--profile={}", builder.rules.profile)])
            .args([format!("--package={}", executable.package)])
            .args([format!("--bench={}", executable.target)])
            .args(builder.rules.feature_args())
            .args(["--", &format!("-Clink-arg=-Wl,--shuffle-sections=.text*={order}")]);
        let finished = builder.run(job, grant).await?;
        if finished.ended == Ended::Cancelled {
            return Err(BuildError::Cancelled);
        }
        if !finished.success() {
            let said = first_errors(&finished.stderr_text());
            return Ok(Err(said.lines().next().unwrap_or("no message").to_owned()));
        }
        let named = |bench: &&BenchTarget| {
            bench.package == executable.package && bench.name == executable.target
        };
        let wanted: Vec<&BenchTarget> = self.targets.iter().filter(named).take(1).collect();
        let made = executables(&finished.stdout, &wanted).into_iter().next();
        Ok(made.ok_or_else(|| "cargo named no executable".to_owned()))
    }
}
