//! The `rustsec` library over a lock file, in-process.

use std::{path::Path, str::FromStr as _};

use jiff::civil::Date;
use rustsec::{
    Database, Report,
    advisory::{Id, Informational, Metadata},
    report::Settings,
};

use super::lock::Lock;
use crate::policy::{Package, Seen, Severity, Source};

/// What is known of an advisory beyond what a tool prints.
pub(super) struct Known {
    pub(super) aliases: Vec<String>,
    pub(super) band: Option<String>,
    pub(super) published: Option<Date>,
}

/// The advisories that both tools are given.
#[derive(Debug)]
pub(super) struct Advisories(Database);

impl Advisories {
    /// Opens a prepared database.
    pub(super) fn open(folder: &Path) -> Result<Self, String> {
        Database::open(folder).map(Self).map_err(|error| error.to_string())
    }

    /// Looks an advisory up.
    pub(super) fn known(&self, id: &str) -> Option<Known> {
        let advisory = self.0.get(&Id::from_str(id).ok()?)?;
        Some(known(&advisory.metadata))
    }

    /// Every advisory for a package of the lock file that is not `ignored`. Chains and locations
    /// are still empty.
    pub(super) fn audit(&self, lock: &Lock, ignored: &[String]) -> Vec<Seen> {
        let settings = Settings {
            ignore: ignored.iter().filter_map(|id| Id::from_str(id).ok()).collect(),
            // Without this, none of these are reported.
            informational_warnings: vec![
                Informational::Unmaintained,
                Informational::Unsound,
                Informational::Notice,
            ],
            ..Settings::default()
        };
        let report = Report::generate(&self.0, &lock.file, &settings);
        let vulnerabilities = report
            .vulnerabilities
            .list
            .iter()
            .map(|found| seen(&found.advisory, &found.package, Severity::Error));
        let warnings = report.warnings.values().flatten().filter_map(|found| {
            Some(seen(found.advisory.as_ref()?, &found.package, Severity::Warning))
        });
        vulnerabilities.chain(warnings).collect()
    }
}

fn seen(advisory: &Metadata, package: &rustsec::package::Package, severity: Severity) -> Seen {
    let Known { aliases, band, published } = known(advisory);
    Seen {
        source: Source::Audit,
        id: advisory.id.to_string(),
        detail: String::new(),
        aliases,
        severity,
        band,
        package: Package { name: package.name.to_string(), version: package.version.to_string() },
        why: advisory.title.clone(),
        chain: Vec::new(),
        location: None,
        published,
    }
}

fn known(advisory: &Metadata) -> Known {
    let kind = advisory.informational.as_ref().map(ToString::to_string);
    let severity = || advisory.cvss.as_ref().map(|cvss| cvss.severity().to_string());
    Known {
        aliases: advisory.aliases.iter().map(ToString::to_string).collect(),
        band: kind.or_else(severity),
        published: advisory.date.as_str().parse().ok(),
    }
}
