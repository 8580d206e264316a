//! The cargo home that sandboxed jobs see: sources of crates, and no credentials.
//!
//! It is a folder of ours. Where jobs run as this process's own user, its `registry` and `git`
//! are the operator's own, so that nothing is fetched twice; where they run as another, that user
//! has its own, filled from what is there. Of the operator's configuration it holds what says where
//! crates come from and how they are compiled, and neither tokens nor programs to run.

use std::{
    fs, io,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use toml_edit::{DocumentMut, Item};

use super::Context;
use crate::sandbox::{Isolation, clear};

/// Folders of a cargo home that hold sources.
const SOURCES: [&str; 2] = ["registry", "git"];
/// Tables of a configuration that say where crates come from and how they are compiled.
const HARMLESS: [&str; 9] =
    ["source", "registries", "registry", "net", "http", "patch", "profile", "target", "build"];
/// Tables that say where crates come from: all that counts while there is a network.
const WHERE_FROM: [&str; 5] = ["source", "registries", "registry", "net", "http"];
/// Keys, in whichever table, that name a secret or a program that is run in place of another.
const NEVER: [&str; 9] = [
    "token",
    "secret-key",
    "credential-provider",
    "global-credential-providers",
    "rustc",
    "rustc-wrapper",
    "rustc-workspace-wrapper",
    "rustdoc",
    "runner",
];

/// A cargo home, as jobs see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CargoHome {
    /// What `CARGO_HOME` is set to.
    pub path: PathBuf,
    /// What of it may be read in every phase.
    pub read: Vec<PathBuf>,
    /// What of it is changed while fetching.
    pub fetched: Vec<PathBuf>,
}

impl CargoHome {
    /// Makes it ready. Without a sandbox it is the operator's own.
    ///
    /// # Errors
    ///
    /// If our folder cannot be written.
    pub fn prepare(ctx: &Context) -> io::Result<Self> {
        let own = operators(ctx);
        if ctx.sandbox.level() == Isolation::None {
            let path = own.unwrap_or_else(|| ctx.cache.join("cargo"));
            return Ok(Self { path, read: Vec::new(), fetched: Vec::new() });
        }
        // Users of their own have homes of their own: what one links, another would write through.
        let name = ctx.sandbox.user().map_or_else(|| "jobs".to_owned(), |uid| uid.to_string());
        let path = ctx.cache.join(format!("cargo-of-{name}"));
        fs::create_dir_all(&path)?;
        if own.as_deref().is_some_and(|own| same(own, &path)) {
            return Err(io::Error::other("CARGO_HOME is the gate's own folder: name another"));
        }
        let text = own.as_deref().map(configuration).unwrap_or_default();
        let config = path.join("config.toml");
        write_fresh(&config, &filtered(&text, &HARMLESS))?;
        let vendored = local_sources(&text);
        let mut fetched = vec![path.clone()];
        match (ctx.sandbox.user(), &own) {
            (None, Some(own)) => {
                for name in SOURCES {
                    let theirs = own.join(name);
                    fs::create_dir_all(&theirs)?;
                    link(&path.join(name), &theirs)?;
                    fetched.push(theirs);
                }
            }
            (Some(_), Some(own)) => fill(own, &path)?,
            (_, None) => {}
        }
        ctx.sandbox.give(&path)?;
        let read = fetched.iter().cloned().chain([config]).chain(vendored).collect();
        Ok(Self { path, read, fetched })
    }
}

/// Whether two paths lead to one folder.
fn same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(one, other)| one == other)
}

/// Puts a file in the place of whatever is there, and writes through no link.
fn write_fresh(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut fresh = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    io::Write::write_all(&mut fresh, text.as_bytes())?;
    fresh.persist(path).map(drop).map_err(|error| error.error)
}

/// The cargo home of whoever runs us.
fn operators(ctx: &Context) -> Option<PathBuf> {
    let of = |name: &str| ctx.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    of("CARGO_HOME").or_else(|| Some(of("HOME")?.join(".cargo")))
}

fn configuration(home: &Path) -> String {
    let read = |name: &str| fs::read_to_string(home.join(name)).ok();
    read("config.toml").or_else(|| read("config")).unwrap_or_default()
}

/// Folders on this machine that the operator has crates in.
fn local_sources(text: &str) -> Vec<PathBuf> {
    let Ok(config) = text.parse::<DocumentMut>() else { return Vec::new() };
    let sources = config.get("source").and_then(Item::as_table_like);
    let named = sources.into_iter().flat_map(|sources| sources.iter()).flat_map(|(_, source)| {
        ["directory", "local-registry"].map(|name| source.get(name).and_then(Item::as_str))
    });
    let folders = named.flatten().map(PathBuf::from);
    folders.filter(|folder| folder.is_absolute() && folder.is_dir()).collect()
}

/// A link of ours to the operator's folder, whatever stood there before.
fn link(at: &Path, to: &Path) -> io::Result<()> {
    if fs::read_link(at).is_ok_and(|there| there == to) {
        return Ok(());
    }
    clear(at)?;
    symlink(to, at)
}

/// Copies what was downloaded before, where it is missing or older: packed crates and the index.
/// Their unpacked sources follow from them.
fn fill(own: &Path, ours: &Path) -> io::Result<()> {
    for name in ["git", "registry", "registry/cache", "registry/index"] {
        let to = ours.join(name);
        if fs::symlink_metadata(&to).is_ok_and(|about| about.is_symlink()) {
            fs::remove_file(&to)?;
        }
    }
    for name in ["registry/cache", "registry/index"] {
        copy_newer(&own.join(name), &ours.join(name))?;
    }
    Ok(())
}

fn copy_newer(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    fs::create_dir_all(to)?;
    for entry in entries {
        let entry = entry?;
        let (about, to) = (entry.metadata()?, to.join(entry.file_name()));
        if about.is_dir() {
            copy_newer(&entry.path(), &to)?;
        } else if about.is_file() {
            let there = fs::symlink_metadata(&to).ok();
            let since = there.filter(fs::Metadata::is_file).and_then(|there| there.modified().ok());
            if since < about.modified().ok() {
                clear(&to)?;
                fs::copy(entry.path(), &to)?;
            }
        }
    }
    Ok(())
}

/// What of a configuration counts while there is a network: where crates come from.
pub fn sources_only(text: &str) -> String {
    filtered(text, &WHERE_FROM)
}

/// The configuration without tables but these, and without secrets and programs. One that cannot
/// be read holds nothing.
fn filtered(text: &str, tables: &[&str]) -> String {
    let Ok(mut config) = text.parse::<DocumentMut>() else { return String::new() };
    config.retain(|name, _| tables.contains(&name));
    for (_, item) in config.iter_mut() {
        purge(item);
    }
    config.to_string()
}

fn purge(item: &mut Item) {
    if let Some(table) = item.as_table_like_mut() {
        for name in NEVER {
            table.remove(name);
        }
        // An address may carry a password; without one it is an address like any other.
        let secret = |(name, item): (&str, &Item)| {
            let text = item.as_str().unwrap_or_default();
            let authority = text.split_once("://").map_or("", |(_, rest)| rest);
            let user = authority.split('/').next().unwrap_or_default().contains('@');
            user.then(|| name.to_owned())
        };
        let secrets: Vec<String> = table.iter().filter_map(secret).collect();
        for name in secrets {
            table.remove(&name);
        }
        for (_, below) in table.iter_mut() {
            purge(below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
[build]
rustc-wrapper = "sccache"
rustflags = ["-C", "target-cpu=native"]

[source.crates-io]
replace-with = "near"
[source.near]
registry = "sparse+https://near.example/index/"

[registries.private]
index = "sparse+https://private.example/"
mirror = "https://name:planted@private.example/"
token = "planted"
[registries.other]
credential-provider = ["cargo:token-from-stdout", "cat", "/etc/shadow"]

[http]
proxy = "http://name:planted@proxy.example"

[target.'cfg(all())']
runner = "./run.sh"
rustflags = ["-Dwarnings"]

[env]
SECRET = "planted"
[alias]
b = "build"
"#;

    #[test]
    fn a_configuration_keeps_sources_and_flags_and_loses_secrets_and_programs() {
        let kept = filtered(CONFIG, &HARMLESS);
        for there in ["near.example", "private.example", "target-cpu=native", "-Dwarnings"] {
            assert!(kept.contains(there), "{there}: {kept}");
        }
        for gone in ["planted", "sccache", "shadow", "run.sh", "alias"] {
            assert!(!kept.contains(gone), "{gone}: {kept}");
        }
    }

    #[test]
    fn with_a_network_only_the_places_of_crates_count() {
        let kept = sources_only(CONFIG);
        assert!(kept.contains("near.example"), "{kept}");
        assert!(!kept.contains("rustflags"), "{kept}");
    }

    #[test]
    fn what_is_no_configuration_holds_nothing() {
        assert_eq!(sources_only("[build"), "");
    }
}
