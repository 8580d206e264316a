//! A small world without network: stand-ins for crates.io, checkouts of base and head, a database.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use t5_gate::{
    policy::{Facts, Finding, FindingState, ScanState, Side, Source},
    runner::{
        Context,
        rooms::Rooms,
        scan::{DatabaseChoice, RuleFile, ScanError, ScanInput, ScanOutput, scan},
    },
};
use tempfile::TempDir;

use crate::support::tool;

/// Any checksum will do: a stand-in's manifest of files says the same.
const CHECKSUM: &str = "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Folders of one test.
pub struct World {
    keep: TempDir,
    pub input: ScanInput,
}

/// One package of a checkout's lock file that comes from crates.io.
#[derive(Clone, Copy)]
pub struct Registry {
    pub name: &'static str,
    pub version: &'static str,
    pub licence: &'static str,
    /// Names of other packages of the same checkout.
    pub needs: &'static [&'static str],
}

/// A package from crates.io under MIT that needs nothing.
pub const fn package(name: &'static str, version: &'static str) -> Registry {
    Registry { name, version, licence: "MIT", needs: &[] }
}

impl Registry {
    pub const fn licensed(self, licence: &'static str) -> Self {
        Self { licence, ..self }
    }

    pub const fn needs(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }
}

/// The committed advisories.
pub fn advisories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/policy/advisory-db")
}

impl World {
    /// Base and head are the same package without dependencies.
    pub fn new() -> Self {
        let keep = TempDir::with_prefix("t5 policy ").unwrap();
        let root = keep.path().to_owned();
        let input = ScanInput {
            base: Some(root.join("base")),
            head: root.join("head"),
            prefix: String::new(),
            base_committed: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            deny: None,
            exceptions: None,
            audit: None,
            rules: t5_gate::config::PolicyRules::default(),
            changed: vec!["Cargo.lock".to_owned(), "Cargo.toml".to_owned()],
            database: DatabaseChoice::Directory(advisories()),
            offline: true,
            artifacts: root.join("artifacts"),
            scratch: root.join("scratch"),
            cargo_deny: Ok(tool::cargo_deny().to_owned()),
            strictness: t5_gate::runner::scan::Strictness::AsPolicy,
        };
        let world = Self { keep, input };
        let home = world.path("cargo-home");
        write(
            &home.join("config.toml"),
            &format!(
                "[source.crates-io]\nreplace-with = \"stand-ins\"\n\n[source.stand-ins]\n\
                 directory = '{}'\n",
                world.path("stand-ins").display()
            ),
        );
        fs::create_dir_all(world.path("stand-ins")).unwrap();
        world.base(&[]);
        world.head(&[]);
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.keep.path().join(name)
    }

    /// Writes the base: a package that needs the first of `packages`, all of which are locked.
    pub fn base(&self, packages: &[Registry]) {
        self.side("base", packages);
    }

    /// Writes the head.
    pub fn head(&self, packages: &[Registry]) {
        self.side("head", packages);
    }

    /// Writes a file of the head's checkout.
    pub fn in_head(&self, name: &str, text: &str) {
        write(&self.path("head").join(name), text);
    }

    pub fn side(&self, side: &str, packages: &[Registry]) {
        let needed = |name: &str| packages.iter().any(|one| one.needs.contains(&name));
        let direct: Vec<&Registry> = packages.iter().filter(|one| !needed(one.name)).collect();
        let mut manifest = "[package]\nname = \"ours\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                            license = \"MIT\"\n\n[dependencies]\n"
            .to_owned();
        let mut lock = "version = 4\n".to_owned();
        let mut names = Vec::new();
        for one in &direct {
            manifest.push_str(&format!("{} = \"={}\"\n", one.name, one.version));
            names.push(one.name);
        }
        lock.push_str(&locked("ours", "0.1.0", false, &names));
        for one in packages {
            self.stand_in(one, packages);
            lock.push_str(&locked(one.name, one.version, true, one.needs));
        }
        let folder = self.path(side);
        write(&folder.join("Cargo.toml"), &manifest);
        write(&folder.join("Cargo.lock"), &lock);
        write(&folder.join("src/lib.rs"), "");
    }

    fn stand_in(&self, one: &Registry, all: &[Registry]) {
        let folder = self.path("stand-ins").join(format!("{}-{}", one.name, one.version));
        let mut manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"{}\"\nedition = \"2021\"\nlicense = \"{}\"\n\n\
             [dependencies]\n",
            one.name, one.version, one.licence
        );
        for name in one.needs {
            let needed = all.iter().find(|other| other.name == *name).unwrap();
            manifest.push_str(&format!("{} = \"={}\"\n", needed.name, needed.version));
        }
        write(&folder.join("Cargo.toml"), &manifest);
        write(&folder.join("src/lib.rs"), "");
        let files = format!("{{\"files\":{{}},\"package\":\"{CHECKSUM}\"}}");
        write(&folder.join(".cargo-checksum.json"), &files);
    }

    /// Rules of the rules commit instead of the shipped ones.
    pub fn deny(&mut self, text: &str) {
        self.input.deny = Some(RuleFile { path: "deny.toml".to_owned(), text: text.to_owned() });
    }

    pub fn waive(&mut self, id: &str, scope: &str, expires: &str) {
        self.input.rules.waivers.push(super::waiver(id, scope, expires));
    }

    /// A database of its own, that the test may spoil.
    pub fn own_database(&mut self) -> PathBuf {
        let copy = self.path("own-database");
        copy_folder(&advisories(), &copy);
        self.input.database = DatabaseChoice::Directory(copy.clone());
        copy
    }

    pub fn context(&self) -> Context {
        let mut ctx = tool::context();
        ctx.cache = self.path("cache");
        // Rustup finds its toolchains beside the cargo home that it was installed with.
        let home = ctx.env.get(&OsString::from("HOME")).map(PathBuf::from).unwrap_or_default();
        ctx.env.entry("RUSTUP_HOME".into()).or_insert_with(|| home.join(".rustup").into());
        ctx.env.insert("CARGO_HOME".into(), self.path("cargo-home").into());
        ctx
    }

    pub fn try_scan(&self) -> Result<ScanOutput, ScanError> {
        self.try_scan_in(&self.context())
    }

    pub fn try_scan_in(&self, ctx: &Context) -> Result<ScanOutput, ScanError> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let toolchain = tool::toolchain();
        let rooms = Rooms::new(ctx, &toolchain, &self.path("files")).unwrap();
        runtime.block_on(scan(ctx, &rooms, &self.input))
    }

    #[track_caller]
    pub fn scan(&self) -> Facts {
        self.try_scan().unwrap().facts
    }
}

fn locked(name: &str, version: &str, registry: bool, needs: &[&str]) -> String {
    let mut entry = format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
    if registry {
        entry.push_str(&format!("source = \"{CRATES_IO}\"\nchecksum = \"{CHECKSUM}\"\n"));
    }
    if !needs.is_empty() {
        let list: Vec<String> = needs.iter().map(|name| format!(" \"{name}\",\n")).collect();
        entry.push_str(&format!("dependencies = [\n{}]\n", list.concat()));
    }
    entry
}

pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &there);
        } else {
            fs::copy(&path, &there).unwrap();
        }
    }
}

/// The finding of this source and id.
#[track_caller]
pub fn finding<'a>(facts: &'a Facts, source: Source, id: &str) -> &'a Finding {
    let found = facts.findings.iter().find(|one| one.source == source && one.id == id);
    found.unwrap_or_else(|| panic!("no {source:?} {id} in {:#?}", facts.findings))
}

/// The state of each source that reports this id.
pub fn states(facts: &Facts, id: &str) -> Vec<(Source, FindingState)> {
    let found = facts.findings.iter().filter(|one| one.id == id);
    found.map(|one| (one.source, one.state)).collect()
}

#[track_caller]
pub fn state(facts: &Facts, source: Source, side: Side) -> &ScanState {
    let scan = facts.scans.iter().find(|scan| scan.source == source && scan.side == side);
    &scan.unwrap_or_else(|| panic!("no scan of {source:?} on {side:?}")).state
}

/// Why a check could not run, and what to do.
#[track_caller]
pub fn silence(facts: &Facts, source: Source, side: Side) -> (&str, &str) {
    match state(facts, source, side) {
        ScanState::CouldNotRun { reason, next } => (reason, next),
        other => panic!("{source:?} on {side:?} is {other:?}"),
    }
}
