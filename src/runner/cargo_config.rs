//! The cargo configuration that both sides are built with: the rules commit's.
//!
//! A `.cargo/config.toml` chooses flags, linkers and wrapper programs, and cargo obeys the one of
//! the tree that it works in, even to read a manifest. So the tree gets the files of the rules
//! commit, for both sides alike; and while there is a network, what of them names sources.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    cargo_home::sources_only,
    git::{Git, GitError},
};
use crate::sandbox::clear;

/// Names that cargo looks for, in a folder `.cargo`.
const NAMES: [&str; 2] = ["config.toml", "config"];

/// The configuration files of one commit that matter to a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoConfig {
    /// Folders from the workspace upwards, relative to the tree, with the text of their file.
    folders: Vec<(PathBuf, Option<String>)>,
}

impl CargoConfig {
    /// Those of `sha`, from the folder `workspace` upwards.
    ///
    /// # Errors
    ///
    /// If git cannot be started, or was cancelled.
    pub async fn of(git: &Git<'_>, sha: &str, workspace: &Path) -> Result<Self, GitError> {
        let mut folders = Vec::new();
        for folder in workspace.ancestors() {
            let mut text = None;
            for name in NAMES.iter().rev() {
                let path = folder.join(".cargo").join(name);
                if let Some(bytes) = git.file(sha, &path.to_string_lossy()).await? {
                    text = Some(String::from_utf8_lossy(&bytes).into_owned());
                }
            }
            folders.push((folder.to_owned(), text));
        }
        Ok(Self { folders })
    }

    /// Makes these the configuration of a checkout of ours, in place of its own.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn put(&self, tree: &Path) -> io::Result<()> {
        self.write(tree, str::to_owned)
    }

    /// The same with nothing in them but where crates come from.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn put_sources(&self, tree: &Path) -> io::Result<()> {
        self.write(tree, sources_only)
    }

    fn write(&self, tree: &Path, of: impl Fn(&str) -> String) -> io::Result<()> {
        for (folder, text) in &self.folders {
            let folder = tree.join(folder).join(".cargo");
            // In a stranger's tree it may be a link, and is never followed.
            match fs::symlink_metadata(&folder) {
                Ok(about) if about.is_dir() => {}
                Ok(_) => fs::remove_file(&folder)?,
                Err(_) if text.is_none() => continue,
                Err(_) => {}
            }
            fs::create_dir_all(&folder)?;
            for name in NAMES {
                clear(&folder.join(name))?;
            }
            if let Some(text) = text {
                fs::write(folder.join("config.toml"), of(text))?;
            }
        }
        Ok(())
    }
}
