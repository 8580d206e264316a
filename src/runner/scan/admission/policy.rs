//! What the rules say about a source: the `[sources]` table of the cargo-deny configuration.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::address::Address;
use crate::runner::{
    registry::CRATES_IO,
    scan::rules::{BrokenRules, RuleFile, document, table},
};

/// Organizations that `allow-org` can name, by the host that they are on.
const HOSTS: [(&str, &str); 3] =
    [("github", "github.com"), ("gitlab", "gitlab.com"), ("bitbucket", "bitbucket.org")];

/// Where a package comes from, as the `source` of a lock file tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    CratesIo,
    /// None for a URL that programs may read in different ways.
    Registry(Option<Address>),
    Git(Option<Address>),
    /// Of no kind that is fetched.
    Other,
}

impl Origin {
    pub(super) fn of(source: &str) -> Self {
        if CRATES_IO.contains(&source) {
            return Self::CratesIo;
        }
        match source.split_once('+') {
            Some(("registry" | "sparse", url)) => Self::Registry(Address::parse(url)),
            Some(("git", url)) => Self::Git(Address::of_git(url)),
            _ => Self::Other,
        }
    }
}

/// What the rules say about one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is named.
    Allowed,
    /// It is not named, and what is not named is let through.
    Tolerated { warned: bool },
    /// It is not named, and what is not named is refused.
    Denied,
}

/// The sources that a cargo-deny configuration allows, read as cargo-deny reads it, but that a
/// scheme, a user or a port of its own makes another source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceRules {
    /// Of the configuration.
    pub(super) path: String,
    unknown_registry: Answer,
    unknown_git: Answer,
    crates_io: bool,
    exact: Vec<Address>,
    /// Whatever lies below one of these.
    above: Vec<Address>,
    organizations: Vec<(&'static str, String)>,
}

impl SourceRules {
    pub(super) fn parse(file: &RuleFile) -> Result<Self, BrokenRules> {
        let document: DocumentMut = document(file)?;
        let sources = table(document.as_table(), "sources");
        let list = |name: &str| strings(sources.and_then(|sources| sources.get(name)));
        let registries = list("allow-registry");
        let crates_io = registries.as_ref().is_none_or(|listed| {
            listed.iter().any(|url| CRATES_IO.iter().any(|known| bare(known) == bare(url)))
        });
        let registries = registries.unwrap_or_default();
        let registries = registries.iter().filter_map(|url| Address::parse(bare(url)));
        let git = list("allow-git").unwrap_or_default();
        let git = git.iter().filter_map(|url| Address::of_git(bare(url)));
        let private = list("private").unwrap_or_default();
        Ok(Self {
            path: file.path.clone(),
            unknown_registry: unknown(sources, "unknown-registry"),
            unknown_git: unknown(sources, "unknown-git"),
            crates_io,
            exact: registries.chain(git).collect(),
            above: private.iter().filter_map(|url| Address::parse(bare(url))).collect(),
            organizations: organizations(sources),
        })
    }

    pub(super) fn answer(&self, origin: &Origin) -> Answer {
        match origin {
            Origin::CratesIo if self.crates_io => Answer::Allowed,
            Origin::Registry(Some(address)) if self.names(address) => Answer::Allowed,
            Origin::Git(Some(address)) if self.names(address) || self.knows_owner(address) => {
                Answer::Allowed
            }
            Origin::CratesIo | Origin::Registry(_) => self.unknown_registry,
            Origin::Git(_) => self.unknown_git,
            Origin::Other => Answer::Denied,
        }
    }

    fn names(&self, address: &Address) -> bool {
        self.exact.contains(address) || self.above.iter().any(|above| address.is_below(above))
    }

    fn knows_owner(&self, address: &Address) -> bool {
        let Some((host, owner)) = address.organization() else { return false };
        let matches = |(there, name): &(&str, String)| {
            *there == host && !name.is_empty() && name.eq_ignore_ascii_case(owner)
        };
        self.organizations.iter().any(matches)
    }
}

/// A URL without the kind that may stand before it.
fn bare(url: &str) -> &str {
    match url.split_once("://") {
        Some((scheme, _)) => scheme.find('+').and_then(|at| url.get(at + 1..)).unwrap_or(url),
        None => url,
    }
}

fn unknown(sources: Option<&dyn TableLike>, key: &str) -> Answer {
    match sources.and_then(|sources| sources.get(key)).map(Item::as_str) {
        // cargo-deny's own default.
        None | Some(Some("warn")) => Answer::Tolerated { warned: true },
        Some(Some("allow")) => Answer::Tolerated { warned: false },
        // A word that cargo-deny does not take is no permission.
        Some(_) => Answer::Denied,
    }
}

fn organizations(sources: Option<&dyn TableLike>) -> Vec<(&'static str, String)> {
    let allowed = sources.and_then(|sources| sources.get("allow-org")?.as_table_like());
    let of_host = |(key, host): (&str, &'static str)| {
        let names = strings(allowed.and_then(|allowed| allowed.get(key))).unwrap_or_default();
        names.into_iter().map(move |name| (host, name))
    };
    HOSTS.into_iter().flat_map(of_host).collect()
}

fn strings(item: Option<&Item>) -> Option<Vec<String>> {
    let listed = item?.as_array().into_iter().flatten();
    Some(listed.filter_map(Value::as_str).map(str::to_owned).collect())
}
