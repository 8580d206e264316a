//! Whether what a side names may be fetched at all, known before anything is.
//!
//! Cargo asks every source that a lock file or a manifest names, before it builds or refuses
//! anything; so a change chooses whom this machine talks to, unless somebody looks first. Here the
//! files are read in-process, and each source is held against the rules commit's `[sources]`.
//!
//! What the base names already was merged by people who may merge, and is let through: cargo-deny
//! reports it as before. What an allowed git repository names in turn (its submodules, the
//! dependencies in its manifests) is as trusted as that repository.

mod address;
mod locked;
mod manifest;
mod policy;
mod tree;
mod wildcard;

use std::{collections::BTreeSet, fmt, path::Path};

use self::policy::{Answer, Origin, SourceRules};
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
    /// Only what the rules name. For changes of strangers.
    OnlyAllowed,
}

/// A source that is not fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedSource {
    /// What is refused.
    pub named: NamedSource,
    /// The rules refuse it; else they would let it through, but not for a stranger.
    pub denied: bool,
    /// The file that holds the rules.
    pub rules: String,
}

impl fmt::Display for RefusedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NamedSource { package, source, location } = &self.named;
        let version = if package.version.is_empty() { "" } else { " " };
        let source: String = one_line(source).chars().take(QUOTED).collect();
        let verb = if self.denied { "does not allow" } else { "does not name" };
        write!(
            f,
            "{}{version}{} ({}:{}) comes from «{source}», which {} {verb}",
            package.name, package.version, location.file, location.line, self.rules
        )
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
    format!(
        "take the package from an allowed source, or allow this one under [sources] in {rules} on \
         the target branch"
    )
}

/// Decides what may be fetched.
#[derive(Clone, Debug)]
pub struct Admission {
    rules: SourceRules,
    strictness: Strictness,
    known: BTreeSet<(Origin, String)>,
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
        Ok(Self { rules, strictness, known: BTreeSet::new() })
    }

    /// Lets through also what the base names.
    #[must_use]
    pub fn knowing(mut self, base: &[NamedSource]) -> Self {
        self.known.extend(base.iter().map(|named| place(&named.source)));
        self
    }

    /// Whether everything that a side names may be fetched.
    ///
    /// # Errors
    ///
    /// What may not.
    pub fn admitted(&self, named: &[NamedSource]) -> Result<(), Vec<RefusedSource>> {
        let refused = named.iter().filter_map(|named| {
            let place = place(&named.source);
            let denied = match (self.rules.answer(&place.0), self.strictness) {
                (Answer::Denied, _) => true,
                (Answer::Tolerated { .. }, Strictness::OnlyAllowed) => false,
                (Answer::Allowed, _) | (_, Strictness::AsPolicy) => return None,
            };
            let rules = self.rules.path.clone();
            let refused = RefusedSource { named: named.clone(), denied, rules };
            (!self.known.contains(&place) || place.0 == Origin::Other).then_some(refused)
        });
        let refused: Vec<_> = refused.collect();
        if refused.is_empty() { Ok(()) } else { Err(refused) }
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
    let locked: BTreeSet<(Origin, String)> =
        named.iter().map(|named| place(&named.source)).collect();
    let of_manifests = tree::sources(&checkout, repository, prefix)?;
    named.extend(of_manifests.into_iter().filter(|one| !locked.contains(&place(&one.source))));
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
