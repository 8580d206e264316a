//! Whether what a side names may be fetched at all, known before anything is.
//!
//! Cargo asks every source that a lock file or a manifest names, before it builds or refuses
//! anything; so a change chooses whom this machine talks to, unless somebody looks first. Here the
//! files are read in-process, and each source is held against the rules commit's `[sources]`.
//!
//! What the base names already was merged by people who may merge, and is let through: cargo-deny
//! reports it as before.
//!
//! An allowed git repository is no promise about each of its commits. Many hosts hand out anybody's
//! commit under an allowed address (`refs/pull/…`, or the commit's own name), and cargo then follows
//! that commit's submodules and the git dependencies in its manifests to whatever address they name.
//! So a stranger's change may take from git only what the base names in the very same words: address,
//! branch, tag or revision, and in a lock file the commit. What such a commit names in turn is as
//! trusted as the members who merged it. A member's change may name another branch, tag or commit of
//! an allowed repository, but no `refs/…`; that it is a commit of that repository's owners, and what
//! it names in turn, is then the responsibility of that member.

mod address;
mod locked;
mod manifest;
mod policy;
mod reference;
mod tree;
mod wildcard;

use std::{collections::BTreeSet, fmt, path::Path};

use self::{
    policy::{Answer, Origin, SourceRules},
    reference::{leads_anywhere, written},
};
use super::{
    input::{SHIPPED_RULES, SHIPPED_RULES_PATH},
    lock::one_line,
    ndjson::DIAGNOSTICS,
    rules::{BrokenRules, RuleFile},
};
use crate::{
    policy::{Location, Package},
    runner::beneath::{Beneath, BeneathError},
};

/// The largest lock file that is read: room for more than ten thousand packages.
pub const LOCK_LIMIT: u64 = 4 << 20;
/// The largest manifest that is read; the largest ones known are a few hundred kilobytes.
pub const MANIFEST_LIMIT: u64 = 2 << 20;
/// Characters of a source that a message quotes.
const QUOTED: usize = 200;
/// Refused sources that one sentence names.
const NAMED: usize = 3;

/// A source that a lock file or a manifest names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedSource {
    /// The package that is to come from it; its version is empty where a manifest names it.
    pub package: Package,
    /// As in a lock file: `registry+https://…`, `git+https://…?branch=…#…`.
    pub source: String,
    /// Where it is named, relative to the repository's root.
    pub location: Location,
}

/// What is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// What the rules let through: with `unknown-git = "warn"` any git repository.
    #[default]
    AsPolicy,
    /// Only what the rules name, and from git only what the base names in the same words. For
    /// changes of strangers.
    OnlyAllowed,
}

/// Why a source is not fetched from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The rules refuse it.
    Denied,
    /// The rules do not name it: they would let it through, but not for a stranger.
    Unnamed,
    /// It is of git, and the base does not name it in the same words, which a stranger needs.
    NotInBase,
    /// It is a `refs/…` of a git repository, where hosts keep what anybody proposes.
    Proposal,
}

/// A source that is not fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedSource {
    /// What is refused.
    pub named: NamedSource,
    /// Why.
    pub why: Refusal,
    /// The file that holds the rules.
    pub rules: String,
}

impl fmt::Display for RefusedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NamedSource { package, source, location } = &self.named;
        let version = if package.version.is_empty() { "" } else { " " };
        let source: String = one_line(source).chars().take(QUOTED).collect();
        write!(
            f,
            "{}{version}{} ({}:{}) comes from «{source}», which ",
            package.name, package.version, location.file, location.line
        )?;
        match self.why {
            Refusal::Denied => write!(f, "{} does not allow", self.rules),
            Refusal::Unnamed => write!(f, "{} does not name", self.rules),
            Refusal::NotInBase => {
                f.write_str("the target branch does not name with this branch, tag or commit")
            }
            Refusal::Proposal => {
                f.write_str("is no branch, tag or commit but a refs/…, where anybody's commits are")
            }
        }
    }
}

/// Why nothing was fetched, in one sentence that names the first few sources.
pub fn reason(refused: &[RefusedSource]) -> String {
    let named: Vec<String> = refused.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match refused.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("nothing was fetched: {}{more}", named.join("; "))
}

/// What a person can do about refused sources.
pub fn next(refused: &[RefusedSource]) -> String {
    let rules = refused.first().map_or(SHIPPED_RULES_PATH, |refused| refused.rules.as_str());
    let rules = match rules {
        SHIPPED_RULES_PATH => format!("a deny.toml like {SHIPPED_RULES_PATH}"),
        rules => rules.to_owned(),
    };
    let any = |why: &[Refusal]| refused.iter().any(|refused| why.contains(&refused.why));
    let by_rules = any(&[Refusal::Denied, Refusal::Unnamed]).then(|| {
        format!(
            "take the package from an allowed source, or allow this one under [sources] in {rules} \
             on the target branch"
        )
    });
    let not_in_base = any(&[Refusal::NotInBase]).then(|| {
        "leave git dependencies as the target branch has them, or let somebody who may merge bring \
         the new one in first"
            .to_owned()
    });
    let proposal = any(&[Refusal::Proposal])
        .then(|| "name a branch, a tag or a commit instead of a refs/…".to_owned());
    let steps: Vec<String> = [by_rules, not_in_base, proposal].into_iter().flatten().collect();
    steps.join("; ")
}

/// Decides what may be fetched.
#[derive(Clone, Debug)]
pub struct Admission {
    rules: SourceRules,
    strictness: Strictness,
    /// Places that the base takes packages from.
    known: BTreeSet<(Origin, String)>,
    /// The base's sources, in its own words.
    written: BTreeSet<String>,
}

impl Admission {
    /// By the cargo-deny configuration of the rules commit, or by the shipped one.
    ///
    /// # Errors
    ///
    /// If the configuration is not TOML.
    pub fn new(deny: Option<&RuleFile>, strictness: Strictness) -> Result<Self, BrokenRules> {
        let shipped = || RuleFile { path: SHIPPED_RULES_PATH.into(), text: SHIPPED_RULES.into() };
        let rules = SourceRules::parse(&deny.cloned().unwrap_or_else(shipped))?;
        Ok(Self { rules, strictness, known: BTreeSet::new(), written: BTreeSet::new() })
    }

    /// Lets through also what the base names; to a stranger, from git, no more than that.
    #[must_use]
    pub fn knowing(mut self, base: &[NamedSource]) -> Self {
        self.known.extend(base.iter().map(|named| place(&named.source)));
        // The first is what a lock file says, the second what the manifest behind it does.
        self.written.extend(base.iter().map(|named| named.source.clone()));
        self.written.extend(base.iter().map(|named| written(&named.source)));
        self
    }

    /// Whether everything that a side names may be fetched.
    ///
    /// # Errors
    ///
    /// What may not.
    pub fn admitted(&self, named: &[NamedSource]) -> Result<(), Vec<RefusedSource>> {
        let refused = named.iter().filter_map(|named| {
            let (why, rules) = (self.refusal(&named.source)?, self.rules.path.clone());
            Some(RefusedSource { named: named.clone(), why, rules })
        });
        let refused: Vec<_> = refused.collect();
        if refused.is_empty() { Ok(()) } else { Err(refused) }
    }

    fn refusal(&self, source: &str) -> Option<Refusal> {
        let place = place(source);
        let known = self.known.contains(&place);
        let by_rules = match (self.rules.answer(&place.0), self.strictness) {
            (Answer::Denied, _) if !known || place.0 == Origin::Other => Some(Refusal::Denied),
            (Answer::Tolerated { .. }, Strictness::OnlyAllowed) if !known => Some(Refusal::Unnamed),
            _ => None,
        };
        let of_git = matches!(place.0, Origin::Git(_)) && !self.written.contains(source);
        let by_words = match self.strictness {
            Strictness::OnlyAllowed if of_git => Some(Refusal::NotInBase),
            Strictness::AsPolicy if of_git && leads_anywhere(source) => Some(Refusal::Proposal),
            _ => None,
        };
        by_rules.or(by_words)
    }

    /// What the rules hold against a side: each source with whether it is an error.
    /// The first few thousand are enough for anybody, as they are of cargo-deny's own diagnostics.
    pub(super) fn objections<'a>(
        &self,
        named: &'a [NamedSource],
    ) -> impl Iterator<Item = (&'a NamedSource, bool)> {
        named
            .iter()
            .filter_map(|named| match self.rules.answer(&Origin::of(&named.source)) {
                Answer::Denied => Some((named, true)),
                Answer::Tolerated { warned: true } => Some((named, false)),
                Answer::Tolerated { warned: false } | Answer::Allowed => None,
            })
            .take(DIAGNOSTICS)
    }
}

/// What two sources have in common that are fetched from one place; where that cannot be told,
/// their text.
fn place(source: &str) -> (Origin, String) {
    match Origin::of(source) {
        origin @ (Origin::Registry(None) | Origin::Git(None) | Origin::Other) => {
            (origin, source.to_owned())
        }
        origin => (origin, String::new()),
    }
}

/// Every source that cargo would ask for the workspace in the folder `prefix` of the checkout at
/// `repository`: those of its lock file, and those that only a manifest names.
///
/// # Errors
///
/// If a file that cargo would read cannot be read safely (a link, a pipe, too large).
pub fn named_sources(repository: &Path, prefix: &str) -> Result<Vec<NamedSource>, BeneathError> {
    let checkout = Beneath::new(repository)?;
    let lock = Path::new(prefix).join("Cargo.lock");
    let mut named = match checkout.read(&lock, LOCK_LIMIT) {
        Ok(bytes) => in_lock(&lock.display().to_string(), &String::from_utf8_lossy(&bytes)),
        Err(BeneathError::Missing(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    // Of git the words count too: a manifest may name another commit of a place that is locked.
    let said = |source: &str, written: String| match place(source) {
        (origin @ Origin::Git(_), _) => (origin, written),
        place => place,
    };
    let locked: BTreeSet<(Origin, String)> =
        named.iter().map(|one| said(&one.source, written(&one.source))).collect();
    let of_manifests = tree::sources(&checkout, repository, prefix)?;
    let new = |one: &NamedSource| !locked.contains(&said(&one.source, one.source.clone()));
    named.extend(of_manifests.into_iter().filter(new));
    Ok(named)
}

/// Every source that the text of the lock file `file` names.
pub fn in_lock(file: &str, text: &str) -> Vec<NamedSource> {
    locked::sources(file, text)
}

/// Every source that the text of the manifest `file` names.
pub fn in_manifest(file: &str, text: &str) -> Vec<NamedSource> {
    manifest::Leads::read(file, text).sources
}
