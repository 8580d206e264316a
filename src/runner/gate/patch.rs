//! The build of a workspace against our copies of criterion.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{copy::copy, lock::unpinned};

/// How to build a workspace so that its benches can be asked for slices.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The lock file as it was.
    plain: String,
    /// The lock file to build with.
    patched: String,
    /// What cargo is told besides.
    args: Vec<String>,
    /// Our copies.
    copies: Vec<PathBuf>,
}

impl Patch {
    /// Makes copies, in `home`, of every criterion that the lock file in `workspace` names;
    /// `unpacked` finds the sources of a version. None where there is none that we know.
    pub fn prepare(
        workspace: &Path,
        home: &Path,
        unpacked: impl Fn(&str) -> Option<PathBuf>,
    ) -> Option<Self> {
        let plain = fs::read_to_string(workspace.join("Cargo.lock")).ok()?;
        let unpinned = unpinned(&plain)?;
        let copies = unpinned.versions.iter().map(|version| {
            let source = unpacked(version)?;
            let made = copy(&source, version, home);
            made.inspect_err(|error| tracing::info!(%error, "whole processes instead")).ok()
        });
        let copies: Vec<PathBuf> = copies.collect::<Option<_>>()?;
        let args = copies.iter().enumerate().flat_map(|(index, copy)| args(index, copy)).collect();
        Some(Self { plain, patched: unpinned.text, args, copies })
    }

    /// What cargo is told besides.
    pub fn args(&self) -> &[String] {
        &self.args
    }

    /// What a build has to be able to read.
    pub fn copies(&self) -> &[PathBuf] {
        &self.copies
    }

    /// Writes the lock file to build with.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn put(&self, workspace: &Path) -> io::Result<()> {
        fs::write(workspace.join("Cargo.lock"), &self.patched)
    }

    /// Writes the lock file as it was.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn take_back(&self, workspace: &Path) -> io::Result<()> {
        fs::write(workspace.join("Cargo.lock"), &self.plain)
    }
}

/// A second version needs a second name: a patch names a package once.
fn args(index: usize, copy: &Path) -> Vec<String> {
    let path = toml_edit::Value::from(copy.to_string_lossy().into_owned());
    let name = if index == 0 { "criterion".to_owned() } else { format!("criterion-{index}") };
    let mut args = vec!["--config".to_owned(), format!("patch.crates-io.{name}.path={path}")];
    if index > 0 {
        let package = format!("patch.crates-io.{name}.package=\"criterion\"");
        args.extend(["--config".to_owned(), package]);
    }
    args
}
