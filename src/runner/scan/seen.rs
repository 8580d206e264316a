//! Diagnostics of cargo-deny, as what was seen on one side.

use super::{
    admission::NamedSource,
    audit::Advisories,
    lock::{Lock, one_line},
    ndjson::{self, Diagnostic, cut},
};
use crate::policy::{Package, Seen, Severity, Source};

/// Codes of `check advisories`.
const ADVISORIES: [&str; 12] = [
    "vulnerability",
    "notice",
    "unmaintained",
    "unsound",
    "yanked",
    "advisory-ignored",
    "yanked-ignored",
    "index-failure",
    "index-cache-load-failure",
    "advisory-not-detected",
    "yanked-not-detected",
    "unknown-advisory",
];

/// Codes of `check licenses`.
const LICENSES: [&str; 11] = [
    "accepted",
    "rejected",
    "unlicensed",
    "skipped-private-workspace-crate",
    "license-not-encountered",
    "license-exception-not-encountered",
    "missing-clarification-file",
    "parse-error",
    "empty-license-field",
    "no-license-field",
    "gather-failure",
];

/// Codes of `check sources`.
const SOURCES: [&str; 6] = [
    "git-source-underspecified",
    "allowed-source",
    "allowed-by-organization",
    NOT_ALLOWED,
    "unmatched-source",
    "unmatched-organization",
];

/// A package from a source that the rules do not name.
const NOT_ALLOWED: &str = "source-not-allowed";

/// Whether a package was yanked is not known.
pub(super) const NO_INDEX: &str = "index-failure";

/// Which check a code belongs to. cargo-deny does not say; its codes are unique.
fn check(code: &str) -> Source {
    if ADVISORIES.contains(&code) {
        Source::DenyAdvisories
    } else if LICENSES.contains(&code) {
        Source::DenyLicenses
    } else if SOURCES.contains(&code) {
        Source::DenySources
    } else {
        Source::DenyBans
    }
}

/// What a diagnostic says about one side; nothing if it only informs. The location is still empty.
pub(super) fn seen(diagnostic: &Diagnostic, lock: &Lock, advisories: &Advisories) -> Option<Seen> {
    let severity = severity(diagnostic)?;
    let source = check(&diagnostic.code);
    let graph = diagnostic.graphs.first();
    let about = graph.map(|graph| graph.package.clone()).unwrap_or_default();
    let chain = graph.and_then(|graph| graph.dependents.chain(&about, &lock.members));
    let chain = chain.or_else(|| lock.chain(&about)).unwrap_or_else(|| match graph {
        Some(_) => vec![about.clone()],
        None => Vec::new(),
    });
    let known = diagnostic.advisory.as_deref().and_then(|id| advisories.known(id));
    let (aliases, band, published) =
        known.map(|known| (known.aliases, known.band, known.published)).unwrap_or_default();
    let yanked = (diagnostic.code == "yanked").then(|| "yanked".to_owned());
    Some(Seen {
        source,
        id: diagnostic.advisory.clone().unwrap_or_else(|| diagnostic.code.clone()),
        detail: detail(diagnostic),
        aliases,
        severity,
        band: band.or(yanked),
        // Several versions of one package together are the finding, not one of them.
        package: match diagnostic.graphs.as_slice() {
            [_, _, ..] => Package { version: String::new(), ..about },
            _ => about,
        },
        why: why(diagnostic),
        chain,
        location: None,
        published,
    })
}

/// A source that the rules hold against a side, in the words of cargo-deny, which was not asked:
/// the base's answer may be its own.
pub(super) fn source(named: &NamedSource, error: bool, lock: &Lock) -> Seen {
    let NamedSource { package, source, location } = named;
    let kind = if source.starts_with("git+") { "git" } else { "registry" };
    let why = format!(
        "detected '{kind}' source not explicitly allowed: {}",
        one_line(&cut(source, ndjson::TEXT))
    );
    Seen {
        source: Source::DenySources,
        id: NOT_ALLOWED.to_owned(),
        detail: cut(source, ndjson::TEXT),
        aliases: Vec::new(),
        severity: if error { Severity::Error } else { Severity::Warning },
        band: None,
        package: package.clone(),
        why,
        chain: lock.chain(package).unwrap_or_else(|| vec![package.clone()]),
        location: Some(location.clone()),
        published: None,
    }
}

fn severity(diagnostic: &Diagnostic) -> Option<Severity> {
    match (diagnostic.severity, diagnostic.code.as_str()) {
        (Severity::Note, _) => None,
        // The registry's index is not there offline: nothing about the change.
        (_, NO_INDEX) => None,
        // A rule that matches nothing says something about the rules, not about the change.
        (Severity::Warning, _) if diagnostic.graphs.is_empty() => None,
        (severity, _) => Some(severity),
    }
}

/// What tells two findings about one package apart: the licence, the source, the configuration.
fn detail(diagnostic: &Diagnostic) -> String {
    let pointed = || diagnostic.labels.first().map(|label| label.span.clone()).unwrap_or_default();
    match check(&diagnostic.code) {
        Source::DenyLicenses | Source::DenySources => pointed(),
        _ if diagnostic.graphs.is_empty() => format!("{}: {}", diagnostic.message, pointed()),
        _ => String::new(),
    }
}

fn why(diagnostic: &Diagnostic) -> String {
    let message = one_line(&diagnostic.message);
    let span = diagnostic.labels.first().map(|label| one_line(&label.span)).unwrap_or_default();
    let versions: Vec<&str> =
        diagnostic.graphs.iter().map(|graph| graph.package.version.as_str()).collect();
    if diagnostic.advisory.is_some() {
        message
    } else if diagnostic.code == "rejected" {
        format!("licence {span} is not accepted")
    } else if versions.len() > 1 {
        format!("{message} ({})", versions.join(", "))
    } else if !span.is_empty()
        && (diagnostic.graphs.is_empty() || check(&diagnostic.code) == Source::DenySources)
    {
        format!("{message}: {span}")
    } else {
        message
    }
}
