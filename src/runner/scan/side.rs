//! One side: its checkout, and what the checks say about it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    ScanError, ScanInput, Silence,
    admission::{self, Admission, LOCK_LIMIT, NamedSource, RefusedSource},
    audit::Advisories,
    database::Database,
    deny::{DenyCall, Said},
    error::side_name,
    input::{SHIPPED_RULES, SHIPPED_RULES_PATH},
    lock::{BrokenLock, Lock},
    metadata::{Metadata, Question},
    ndjson::Counts,
    place::Places,
    rules::{BrokenRules, DenyRules, Graph, RuleFile, audit_ignored},
    seen,
};
use crate::{
    policy::{Package, ScanState, Seen, Severity, Side, Source},
    runner::{
        Context,
        beneath::{Beneath, BeneathError},
        rooms::Rooms,
    },
    sandbox::Job,
};

/// A checkout and its lock file.
#[derive(Debug)]
pub(super) struct Checkout {
    pub(super) side: Side,
    /// The folder that holds the lock file.
    pub(super) folder: PathBuf,
    /// Of the lock file, relative to the repository's root.
    pub(super) lock_path: String,
    pub(super) lock_text: String,
    pub(super) lock: Result<Lock, BrokenLock>,
    /// Where its packages are to come from, or why nobody can tell.
    pub(super) named: Result<Vec<NamedSource>, BeneathError>,
}

impl Checkout {
    pub(super) fn read(side: Side, folder: &Path, prefix: &str) -> Result<Self, ScanError> {
        let missing = || ScanError::NoLockFile { side, path: folder.join("Cargo.lock") };
        // Cargo reports manifests by the path that it is given: ours have to compare to it.
        let folder = folder.canonicalize().map_err(|_| missing())?;
        let root = repository(&folder, prefix);
        let lock_path = Path::new(prefix).join("Cargo.lock");
        let bytes = match Beneath::new(&root).and_then(|root| root.read(&lock_path, LOCK_LIMIT)) {
            Err(BeneathError::Missing(_)) => return Err(missing()),
            bytes => bytes.map_err(|error| BrokenLock { line: None, message: error.to_string() }),
        };
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let lock = text.as_ref().map_err(Clone::clone).and_then(|text| Lock::parse(text));
        let named = admission::named_sources(&root, prefix);
        let lock_path = lock_path.display().to_string();
        Ok(Self { side, folder, lock_path, lock, lock_text: text.unwrap_or_default(), named })
    }
}

/// The repository's root, from the folder in it that `prefix` names.
pub(super) fn repository(folder: &Path, prefix: &str) -> PathBuf {
    let up = Path::new(prefix).components().count();
    folder.ancestors().nth(up).unwrap_or(folder).to_path_buf()
}

/// What the checks say about one side.
#[derive(Clone, Debug, Default)]
pub(super) struct Scanned {
    pub(super) states: BTreeMap<Source, ScanState>,
    pub(super) seen: Vec<Seen>,
}

impl Scanned {
    /// The same answers for a base that has the very same packages.
    pub(super) fn copied_for_base(&self, artifacts: &Path) -> Result<Self, ScanError> {
        let (from, to) = (artifact(artifacts, Side::Head), artifact(artifacts, Side::Base));
        if from.is_file() {
            fs::copy(&from, &to).map_err(ScanError::file(&to))?;
        }
        Ok(self.clone())
    }

    fn silent(&mut self, sources: &[Source], silence: &Silence) {
        let states = sources.iter().map(|source| (*source, ScanState::from(silence.clone())));
        self.states.extend(states);
    }
}

/// Where the raw output of cargo-deny about a side is kept.
pub(super) fn artifact(artifacts: &Path, side: Side) -> PathBuf {
    artifacts.join(format!("deny-{}.ndjson", side_name(side)))
}

const DENY: [Source; 4] =
    [Source::DenyLicenses, Source::DenySources, Source::DenyBans, Source::DenyAdvisories];

/// The rules in force, as far as they can be read.
pub(super) struct Rules {
    /// The cargo-deny configuration as it stands.
    pub(super) file: RuleFile,
    pub(super) deny: Result<DenyRules, Silence>,
    /// Advisories that an `audit.toml` ignores.
    ignored: Result<Vec<String>, Silence>,
}

impl Rules {
    pub(super) fn read(input: &ScanInput) -> Self {
        let shipped = || RuleFile { path: SHIPPED_RULES_PATH.into(), text: SHIPPED_RULES.into() };
        let file = input.deny.clone().unwrap_or_else(shipped);
        let silence = |broken: BrokenRules| Silence::rules(&broken);
        let ignored = input.audit.as_ref().map_or_else(|| Ok(Vec::new()), audit_ignored);
        Self {
            deny: DenyRules::parse(&file).map_err(silence),
            ignored: ignored.map_err(silence),
            file,
        }
    }
}

/// Everything that both sides are checked with.
pub(super) struct Checks<'a> {
    pub(super) ctx: &'a Context,
    pub(super) input: &'a ScanInput,
    pub(super) rules: &'a Rules,
    pub(super) rooms: &'a Rooms<'a>,
    /// What may be fetched; why that is not known, where the rules are broken.
    pub(super) admission: Result<Admission, Silence>,
}

impl Checks<'_> {
    /// What this side names and may not be fetched.
    fn refused(&self, checkout: &Checkout) -> Vec<RefusedSource> {
        let (Ok(admission), Ok(named)) = (&self.admission, &checkout.named) else {
            return Vec::new();
        };
        admission.admitted(named).err().unwrap_or_default()
    }

    /// Why nothing may be fetched for this side, if so.
    fn held_back(&self, checkout: &Checkout) -> Option<Silence> {
        if let Err(silence) = &self.admission {
            return Some(silence.clone());
        }
        if let Err(error) = &checkout.named {
            return Some(Silence::unread(error));
        }
        let refused = self.refused(checkout);
        (!refused.is_empty()).then(|| Silence {
            reason: admission::reason(&refused),
            next: admission::next(&refused),
        })
    }

    /// What cargo-deny says that it is, if there is one.
    pub(super) async fn deny_version(&self) -> Result<Option<String>, ScanError> {
        let Ok(cargo_deny) = &self.input.cargo_deny else { return Ok(None) };
        let mut job = Job::new(cargo_deny, &self.ctx.cache).envs(&self.ctx.env);
        job.wall = Duration::from_secs(60);
        let done = job.args(["--version"]).run(&self.ctx.cancel).await?;
        let said = done.stdout_text();
        Ok(Some(said.split_whitespace().last().unwrap_or("unknown").to_owned()))
    }

    /// Temporary files of a call that runs beside others go to a folder of its own.
    fn own_rooms(&self, what: &str, side: Side) -> Result<Rooms<'_>, ScanError> {
        let scratch = self.input.scratch.join(format!("{what}-{}", side_name(side)));
        self.rooms.with_scratch(&scratch).map_err(ScanError::file(&scratch))
    }

    /// `cargo metadata` of a side whose lock file can be read.
    pub(super) async fn metadata(
        &self,
        checkout: &Checkout,
    ) -> Result<Result<Metadata, Silence>, ScanError> {
        if let Err(broken) = &checkout.lock {
            return Ok(Err(Silence::lock(&checkout.lock_path, broken)));
        }
        if let Some(silence) = self.held_back(checkout) {
            return Ok(Err(silence));
        }
        let everything = Graph::default();
        let graph = self.rules.deny.as_ref().map_or(&everything, |rules| &rules.graph);
        let rooms = self.own_rooms("metadata", checkout.side)?;
        let question = Question {
            rooms: &rooms,
            repository: &repository(&checkout.folder, &self.input.prefix),
            workspace: &checkout.folder,
            graph,
            offline: self.input.offline,
        };
        question.ask(self.ctx).await
    }

    /// All checks on one side.
    pub(super) async fn scan(
        &self,
        checkout: &Checkout,
        metadata: Result<Metadata, Silence>,
        (database, advisories): &(Database, Advisories),
    ) -> Result<Scanned, ScanError> {
        let mut scanned = Scanned::default();
        let lock = match &checkout.lock {
            Ok(lock) => lock,
            Err(broken) => {
                let silence = Silence::lock(&checkout.lock_path, broken);
                scanned.silent(&DENY, &silence);
                scanned.silent(&[Source::Audit], &silence);
                return Ok(scanned);
            }
        };
        self.audit(lock, advisories, &mut scanned);
        self.note_outside(checkout, metadata.as_ref().ok());
        match self.deny(checkout, metadata.as_ref(), database).await? {
            Err(silence) => {
                scanned.silent(&DENY, &silence);
                self.object(checkout, lock, &mut scanned);
            }
            Ok(said) => {
                self.note_unknown_yanks(checkout.side, &said);
                scanned.states.extend(finished(&said));
                let diagnostics = said.output.diagnostics.iter();
                scanned.seen.extend(
                    diagnostics.filter_map(|diagnostic| seen::seen(diagnostic, lock, advisories)),
                );
            }
        }
        let places = Places::new(checkout, &self.input.prefix, lock, metadata.as_ref().ok());
        for seen in &mut scanned.seen {
            let own = seen.location.take();
            seen.location = own.or_else(|| places.of(&seen.package, &seen.chain));
        }
        Ok(scanned)
    }

    /// Where a source was refused before anything was fetched, the check of sources has its answer,
    /// though cargo-deny was never asked.
    fn object(&self, checkout: &Checkout, lock: &Lock, scanned: &mut Scanned) {
        let (Ok(admission), Ok(named)) = (&self.admission, &checkout.named) else { return };
        if self.refused(checkout).is_empty() {
            return;
        }
        let objections = admission.objections(named);
        let seen: Vec<Seen> =
            objections.map(|(named, error)| seen::source(named, error, lock)).collect();
        scanned.states.insert(Source::DenySources, counted(&seen));
        scanned.seen.extend(seen);
    }

    /// Without an index nobody can tell whether a release was yanked; it is said, not held against
    /// the change.
    fn note_unknown_yanks(&self, side: Side, said: &Said) {
        let unknown = said.output.diagnostics.iter().filter(|found| found.code == seen::NO_INDEX);
        let unknown = unknown.count();
        if unknown > 0 {
            let side = side_name(side);
            self.ctx.progress.note(format!(
                "whether {unknown} packages of the {side} were yanked is not known: their registry's \
                 index is not on this machine"
            ));
        }
    }

    /// A path that leaves the repository means something else on every machine.
    fn note_outside(&self, checkout: &Checkout, metadata: Option<&Metadata>) {
        let root = repository(&checkout.folder, &self.input.prefix);
        let manifests = metadata.into_iter().flat_map(|metadata| &metadata.manifests);
        for (package, manifest) in manifests.filter(|(_, path)| !path.starts_with(&root)) {
            self.ctx.progress.note(format!(
                "{} {} of the {} lies outside of the repository, at {}",
                package.name,
                package.version,
                side_name(checkout.side),
                manifest.display()
            ));
        }
    }

    fn audit(&self, lock: &Lock, advisories: &Advisories, scanned: &mut Scanned) {
        let ignored = match (&self.rules.ignored, &self.rules.deny) {
            (Err(silence), _) => return scanned.silent(&[Source::Audit], silence),
            (Ok(audit), Ok(deny)) => [audit.as_slice(), deny.ignored.as_slice()].concat(),
            // The rules of cargo-deny being broken says nothing about the audit's own.
            (Ok(audit), Err(_)) => audit.clone(),
        };
        let mut seen = advisories.audit(lock, &ignored);
        for one in &mut seen {
            let package: &Package = &one.package;
            one.chain = lock.chain(package).unwrap_or_else(|| vec![package.clone()]);
        }
        scanned.states.insert(Source::Audit, counted(&seen));
        scanned.seen.extend(seen);
    }

    async fn deny(
        &self,
        checkout: &Checkout,
        metadata: Result<&Metadata, &Silence>,
        database: &Database,
    ) -> Result<Result<Said, Silence>, ScanError> {
        let (rules, metadata) = match (&self.rules.deny, metadata) {
            (Ok(rules), Ok(metadata)) => (rules, metadata),
            (Err(silence), _) | (_, Err(silence)) => return Ok(Err(silence.clone())),
        };
        let deny = match &self.input.cargo_deny {
            Ok(deny) => deny,
            Err(missing) => return Ok(Err(Silence::tool(missing))),
        };
        let rooms = self.own_rooms("deny-files", checkout.side)?;
        let call = DenyCall {
            deny,
            rooms: &rooms,
            repository: &repository(&checkout.folder, &self.input.prefix),
            scratch: self.input.scratch.join(format!("deny-{}", side_name(checkout.side))),
            artifact: artifact(&self.input.artifacts, checkout.side),
            database: &database.folder,
            rules,
            file: &self.rules.file,
            exceptions: self.input.exceptions.as_ref(),
            metadata: &metadata.path,
        };
        call.run(self.ctx).await
    }
}

fn counted(seen: &[Seen]) -> ScanState {
    let count = |severity| {
        let number = seen.iter().filter(|one| one.severity == severity).count();
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    ScanState::Finished { errors: count(Severity::Error), warnings: count(Severity::Warning) }
}

fn finished(said: &Said) -> [(Source, ScanState); 4] {
    let summary = said.summary;
    let state = |source, counts: Option<Counts>| {
        let state = match counts {
            Some(Counts { errors, warnings }) => ScanState::Finished { errors, warnings },
            None => ScanState::CouldNotRun {
                reason: "cargo-deny's summary leaves this check out".to_owned(),
                next: "run `cargo deny check` there and look at what it prints".to_owned(),
            },
        };
        (source, state)
    };
    [
        state(Source::DenyLicenses, summary.licenses),
        state(Source::DenySources, summary.sources),
        state(Source::DenyBans, summary.bans),
        state(Source::DenyAdvisories, summary.advisories),
    ]
}
