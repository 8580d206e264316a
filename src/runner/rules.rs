//! Reads the rules of a run from the commit that is entitled to give them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    git::{Git, GitError},
    rule_files::{AUDIT_FILES, DENY_FILES, EXCEPTION_FILES, GATE_FILES, TOOLCHAIN_FILES},
    scan::RuleFile,
};
use crate::{
    config::{self, BenchRules, Config, Mistakes, toolchain::ToolchainFile},
    receipt::{Rules, digest},
};

/// The rules in force, and the files that came with them.
#[derive(Clone, Debug)]
pub struct InForce {
    /// For the receipt.
    pub rules: Rules,
    /// The cargo-deny configuration, if the rules commit has one.
    pub deny: Option<RuleFile>,
    /// cargo-deny's file of licence exceptions beside it, if the rules commit has one.
    pub exceptions: Option<RuleFile>,
    /// The cargo-audit configuration, if the rules commit has one.
    pub audit: Option<RuleFile>,
    /// The toolchain that the rules commit asks for.
    pub toolchain: Option<String>,
}

/// The rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The file on disk cannot be read.
    #[error("cannot read the rules {path}: {source}; name another file with --config")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It can be read, and is wrong.
    #[error("{}", .mistakes.render(.path))]
    Mistakes {
        /// Which file.
        path: String,
        /// Each mistake.
        mistakes: Mistakes,
    },
    /// A file that the rules name is not there.
    #[error("{rules} names policy.deny: {path}, which {sha} does not have")]
    NoSuchFile {
        /// The rules file.
        rules: String,
        /// What it names.
        path: String,
        /// The rules commit.
        sha: String,
    },
    /// The toolchain file is wrong.
    #[error("{0}")]
    Toolchain(String),
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Reads the rules.
///
/// `operator` is a file that the person who starts the run names; it replaces the
/// repository's own. Nothing is ever read from the head.
///
/// # Errors
///
/// If a file cannot be read or is wrong.
pub async fn in_force(
    git: &Git<'_>,
    rules_commit: Option<&str>,
    workspace: &str,
    operator: Option<&Path>,
) -> Result<InForce, RulesError> {
    let rules = match operator {
        Some(path) => of_operator(path)?,
        None => of_commit(git, rules_commit).await?,
    };
    let Some(sha) = rules_commit else {
        return Ok(InForce { rules, deny: None, exceptions: None, audit: None, toolchain: None });
    };
    let deny = match &rules.config.policy.deny {
        Some(path) => {
            let file = first(git, sha, "", &[path.as_str()]).await?;
            Some(file.ok_or_else(|| RulesError::NoSuchFile {
                rules: rules.source.clone(),
                path: path.clone(),
                sha: sha.to_owned(),
            })?)
        }
        None => first(git, sha, workspace, &DENY_FILES).await?,
    };
    let exceptions = first(git, sha, workspace, &EXCEPTION_FILES).await?;
    let audit = first(git, sha, workspace, &AUDIT_FILES).await?;
    let toolchain = toolchain(git, sha, workspace).await?;
    Ok(InForce { rules, deny, exceptions, audit, toolchain })
}

fn of_operator(path: &Path) -> Result<Rules, RulesError> {
    let text = fs::read_to_string(path)
        .map_err(|source| RulesError::Read { path: path.to_owned(), source })?;
    let source = format!("--config {}", path.display());
    parsed(&RuleFile { path: path.display().to_string(), text }, source)
}

async fn of_commit(git: &Git<'_>, sha: Option<&str>) -> Result<Rules, RulesError> {
    let file = match sha {
        Some(sha) => first(git, sha, "", &GATE_FILES).await?,
        None => None,
    };
    match file {
        Some(file) => parsed(&file, file.path.clone()),
        None => {
            let (source, config) = ("built-in default".to_owned(), Config::default());
            Ok(Rules { source, sha256: None, config })
        }
    }
}

fn parsed(file: &RuleFile, source: String) -> Result<Rules, RulesError> {
    match config::parse(&file.text) {
        Ok(config) => Ok(Rules { source, sha256: Some(digest(file.text.as_bytes())), config }),
        Err(mistakes) => Err(RulesError::Mistakes { path: source, mistakes }),
    }
}

async fn first(
    git: &Git<'_>,
    sha: &str,
    folder: &str,
    names: &[&str],
) -> Result<Option<RuleFile>, GitError> {
    for name in names {
        let path = if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
        if let Some(bytes) = git.file(sha, &path).await? {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Ok(Some(RuleFile { path, text }));
        }
    }
    Ok(None)
}

/// The channel that the rules commit asks for, from the workspace's folder upwards as rustup looks.
async fn toolchain(
    git: &Git<'_>,
    sha: &str,
    workspace: &str,
) -> Result<Option<String>, RulesError> {
    let mut folder = workspace;
    loop {
        if let Some(file) = first(git, sha, folder, &TOOLCHAIN_FILES).await? {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            let parsed: ToolchainFile = config::toolchain::parse(name, &file.text)
                .map_err(|mistake| RulesError::Toolchain(format!("{}:{mistake}", file.path)))?;
            return Ok(parsed.channel);
        }
        match folder.rsplit_once('/') {
            Some((above, _)) => folder = above,
            None if !folder.is_empty() => folder = "",
            None => return Ok(None),
        }
    }
}

/// What the command line puts over the rules of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--budget`, in seconds.
    pub budget_seconds: Option<u64>,
    /// `--toolchain`.
    pub toolchain: Option<String>,
    /// `--bench`: only benchmarks whose id contains one of these.
    pub filter: Vec<String>,
}

impl Overrides {
    /// Puts these over the rules, and says so in their source.
    pub fn apply(&self, rules: &mut Rules) {
        if *self == Self::default() {
            return;
        }
        rules.source.push_str(", with options of the command line over it");
        self.apply_to_benches(&mut rules.config.bench);
    }

    fn apply_to_benches(&self, rules: &mut BenchRules) {
        if let Some(seconds) = self.budget_seconds {
            rules.budget_seconds = seconds;
        }
        if let Some(toolchain) = &self.toolchain {
            rules.toolchain = Some(toolchain.clone());
        }
        if !self.filter.is_empty() {
            rules.filter.clone_from(&self.filter);
        }
    }
}
