//! Gathers the policy facts: licences, sources, bans and advisories of base and head.
//!
//! Licences, sources, bans and advisories come from cargo-deny, as a program; advisories once more
//! from the `rustsec` library over the lock file. Both sides are judged by the rules commit's
//! configuration, and by one copy of the advisory database.

pub mod admission;
mod audit;
pub mod chain;
mod database;
mod deny;
pub mod edits;
mod error;
pub mod inclusion;
mod input;
mod kept;
pub mod locate;
pub mod lock;
mod metadata;
pub mod migration;
pub mod ndjson;
mod place;
pub mod rules;
mod seen;
mod side;
mod silence;
pub mod snapshot;

use std::{collections::BTreeSet, fs, path::Path};

use jiff::tz::TimeZone;

pub use self::{
    admission::Strictness,
    database::DatabaseChoice,
    error::ScanError,
    input::{MissingTool, SHIPPED_RULES, SHIPPED_RULES_PATH, ScanArtifact, ScanInput, ScanOutput},
    rules::RuleFile,
};
use self::{
    admission::{Admission, MANIFEST_LIMIT},
    audit::Advisories,
    database::Database,
    lock::Lock,
    side::{Checkout, Checks, Rules, Scanned},
    silence::Silence,
};
use super::{Context, beneath::Beneath, rooms::Rooms};
use crate::{
    policy::{
        Checked, DatabaseFact, Facts, Finding, PolicyFile, PolicyOrigin, RuleEdit, Scan, ScanState,
        Seen, Side, Source, compare,
    },
    receipt::{Tool, digest},
};

/// Every check, in the order in which a report names them.
const CHECKS: [Source; 5] = [
    Source::DenyLicenses,
    Source::DenySources,
    Source::DenyBans,
    Source::DenyAdvisories,
    Source::Audit,
];

/// Scans base and head; `rooms` says what its programs are granted, and whose cargo reads manifests.
///
/// What goes wrong on one side (a broken lock file, a configuration that cargo-deny refuses) is a
/// fact of the result.
///
/// # Errors
///
/// If there is no lock file or no database, if our own folders cannot be used, or if somebody
/// asked us to stop.
pub async fn scan(
    ctx: &Context,
    rooms: &Rooms<'_>,
    input: &ScanInput,
) -> Result<ScanOutput, ScanError> {
    for folder in [&ctx.cache, &input.artifacts, &input.scratch] {
        fs::create_dir_all(folder).map_err(ScanError::file(folder))?;
    }
    for side in [Side::Base, Side::Head] {
        // What an earlier run left must not pass for this one's.
        let _ = fs::remove_file(side::artifact(&input.artifacts, side));
    }
    let head = Checkout::read(Side::Head, &input.head, &input.prefix)?;
    let base = input.base.as_deref();
    let base = base.map(|base| Checkout::read(Side::Base, base, &input.prefix)).transpose()?;
    let rules = Rules::read(input);
    let admission = admission(input, base.as_ref());
    let checks = Checks { ctx, input, rules: &rules, rooms, admission };
    let answers = both_sides(&checks, &head, base.as_ref()).await?;
    let cargo_deny = answers.deny_version.clone();
    let cargo_deny = cargo_deny.map(|version| Tool { name: "cargo-deny".to_owned(), version });
    let rustsec = Tool { name: "rustsec".to_owned(), version: rustsec::VERSION.to_owned() };
    let tools = cargo_deny.into_iter().chain([rustsec]).collect();
    let facts = facts(input, &rules, &head, base.as_ref(), answers);
    Ok(ScanOutput { artifacts: artifacts(input), facts, tools })
}

/// What may be fetched: what the rules let through, and what the base names already.
fn admission(input: &ScanInput, base: Option<&Checkout>) -> Result<Admission, Silence> {
    let admission = Admission::new(input.deny.as_ref(), input.strictness);
    let known = base.and_then(|base| base.named.as_ref().ok());
    let admission = admission.map_err(|broken| Silence::rules(&broken))?;
    Ok(known.map_or(admission.clone(), |known| admission.knowing(known)))
}

/// What was asked of both sides, answered.
struct Answers {
    head: Scanned,
    base: Option<Scanned>,
    database: DatabaseFact,
    deny_version: Option<String>,
}

/// Everything that can run at the same time does: two sides, and the database beside them.
async fn both_sides(
    checks: &Checks<'_>,
    head: &Checkout,
    base: Option<&Checkout>,
) -> Result<Answers, ScanError> {
    let Checks { ctx, input, rules, .. } = checks;
    let same = base.is_some_and(|base| input.same_packages(base, head, rules.deny.as_ref().ok()));
    let other = base.filter(|_| !same);

    ctx.progress.step("reading manifests, lock files and the advisory database");
    let (database, head_metadata, base_metadata, deny_version) = tokio::try_join!(
        database(ctx, input),
        checks.metadata(head),
        maybe(other.map(|base| checks.metadata(base))),
        checks.deny_version(),
    )?;
    ctx.progress.step("checking licences, sources, bans and advisories");
    let base = other.zip(base_metadata);
    let (head, base) = tokio::try_join!(
        checks.scan(head, head_metadata, &database),
        maybe(base.map(|(base, metadata)| checks.scan(base, metadata, &database))),
    )?;
    let base = if same { Some(head.copied_for_base(&input.artifacts)?) } else { base };
    Ok(Answers { head, base, database: database.0.fact, deny_version })
}

async fn maybe<T>(
    work: Option<impl Future<Output = Result<T, ScanError>>>,
) -> Result<Option<T>, ScanError> {
    match work {
        Some(work) => work.await.map(Some),
        None => Ok(None),
    }
}

/// The database, and its advisories in memory.
async fn database(ctx: &Context, input: &ScanInput) -> Result<(Database, Advisories), ScanError> {
    let database = database::open(ctx, &input.database, input.offline).await?;
    let folder = database.folder.clone();
    let opened = tokio::task::spawn_blocking(move || Advisories::open(&folder)).await;
    let opened = opened.map_err(|error| error.to_string()).and_then(|opened| opened);
    let path = database.folder.clone();
    let advisories = opened.map_err(|reason| ScanError::Database { path, reason })?;
    Ok((database, advisories))
}

fn facts(
    input: &ScanInput,
    rules: &Rules,
    head: &Checkout,
    base: Option<&Checkout>,
    answers: Answers,
) -> Facts {
    let origin = match input.deny {
        None => PolicyOrigin::Shipped,
        Some(_) => PolicyOrigin::Repository,
    };
    let sha256 = digest(rules.file.text.as_bytes());
    Facts {
        policy_file: PolicyFile { origin, path: rules.file.path.clone(), sha256 },
        database_max_age_days: input.rules.advisory_max_age_days,
        checked: Checked {
            base_packages: base.and_then(|base| base.lock.as_ref().ok()).map(Lock::len),
            head_packages: head.lock.as_ref().map_or(0, Lock::len),
        },
        scans: scans(&answers.head, answers.base.as_ref()),
        findings: findings(input, base, answers.head, answers.base),
        database: answers.database,
        waivers: input.rules.waivers.clone(),
        edits: edits(input),
    }
}

fn scans(head: &Scanned, base: Option<&Scanned>) -> Vec<Scan> {
    let side = |side: Side, scanned: Option<&Scanned>| {
        let state = |source| {
            scanned.map_or(ScanState::Absent, |scanned| {
                scanned.states.get(&source).cloned().unwrap_or(ScanState::Absent)
            })
        };
        CHECKS.map(|source| Scan { source, side, state: state(source) })
    };
    let mut scans = Vec::from(side(Side::Base, base));
    scans.extend(side(Side::Head, Some(head)));
    scans
}

/// What one side could not be asked is not held against the other: nothing counts as fixed if the
/// head gave no answer, and a package that the base is known to have was there before.
fn findings(
    input: &ScanInput,
    base: Option<&Checkout>,
    scanned_head: Scanned,
    scanned_base: Option<Scanned>,
) -> Vec<Finding> {
    let answered = |scanned: &Scanned| -> BTreeSet<Source> {
        let finished = |state: &ScanState| matches!(state, ScanState::Finished { .. });
        let states = scanned.states.iter();
        states.filter(|(_, state)| finished(state)).map(|(source, _)| *source).collect()
    };
    let by_head = answered(&scanned_head);
    let by_base = scanned_base.as_ref().map(answered).unwrap_or_default();
    let before = scanned_base.map(|scanned| scanned.seen).unwrap_or_default();
    let before = before.into_iter().filter(|seen| by_head.contains(&seen.source)).collect();
    let base_lock = base.and_then(|base| base.lock.as_ref().ok());
    let in_base = |seen: &Seen| {
        !by_base.contains(&seen.source)
            && base_lock.is_some_and(|lock| lock.contains(&seen.package))
    };
    let base_day = input.base_committed.map(|at| at.to_zoned(TimeZone::UTC).date());
    compare(before, scanned_head.seen, base_day, in_base)
}

fn edits(input: &ScanInput) -> Vec<RuleEdit> {
    let root = |folder: &Path| side::repository(folder, &input.prefix);
    let read = |side: Side, path: &str| {
        let folder = match side {
            Side::Base => input.base.as_deref()?,
            Side::Head => input.head.as_path(),
        };
        let root = Beneath::new(&root(folder)).ok()?;
        root.read_to_string(Path::new(path), MANIFEST_LIMIT).ok()
    };
    let rules = &input.rules;
    edits::rule_edits(&input.changed, &input.prefix, rules.deny.as_deref(), &rules.waivers, read)
}

fn artifacts(input: &ScanInput) -> Vec<ScanArtifact> {
    [Side::Base, Side::Head]
        .into_iter()
        .map(|side| (side, side::artifact(&input.artifacts, side)))
        .filter(|(_, path)| path.is_file())
        .map(|(side, path)| ScanArtifact {
            name: path.file_name().unwrap_or_default().display().to_string(),
            what: format!(
                "what cargo-deny said about the {}, line by line",
                error::side_name(side)
            ),
        })
        .collect()
}
