//! The keys of the server: the one that it signs with, and those that it shows.
//!
//! They lie in the folder `keys` of the data folder: `signing-key.pem`, which is made where there
//! is none; `ID.pub` for each key that ever signed here, by which it stays known after another
//! took its place; and `ID.leaked`, which a person makes to say that a key has become known.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{super::keys, private_folder};
use crate::{
    config::server::Server,
    receipt::{KeyId, ListedKeys, PublicKey, Signer},
};

const SIGNING_KEY: &str = "signing-key.pem";
const PUBLIC: &str = "pub";
const LEAKED: &str = "leaked";

/// What the server signs with, and what it tells of its keys.
pub(super) struct Keys {
    pub(super) signer: Signer,
    pub(super) listed: ListedKeys,
}

/// Reads the keys, and makes the signing key on the first start.
pub(super) fn load(config: &Server, data: &Path) -> Result<Keys, String> {
    let folder = data.join("keys");
    private_folder(&folder)?;
    let signer = signer(config, &folder)?;
    let current = signer.public();
    let shown = folder.join(format!("{}.{PUBLIC}", current.id()));
    if !shown.exists() {
        keys::write_new(&shown, &current.to_text())
            .map_err(|error| format!("cannot write {}: {error}", shown.display()))?;
    }
    let leaked = leaked(&folder)?;
    if leaked.contains(&current.id()) {
        return Err(format!(
            "the signing key {} is marked as leaked in {}; move {} away, and the next start makes \
             another",
            current.id(),
            folder.display(),
            config.signing_key.clone().unwrap_or_else(|| SIGNING_KEY.to_owned())
        ));
    }
    let retired = retired(&folder, &current, &leaked)?;
    tracing::info!(key = %current.id(), retired = retired.len(), "signs receipts");
    Ok(Keys { signer, listed: ListedKeys { current, retired, leaked } })
}

fn signer(config: &Server, folder: &Path) -> Result<Signer, String> {
    let own = folder.join(SIGNING_KEY);
    let signer = match &config.signing_key {
        Some(path) => keys::secret(Path::new(path)),
        None if own.exists() => keys::secret(&own),
        None => keys::make(&own),
    };
    signer.map_err(|error| error.to_string())
}

/// The ids of which somebody said that they have become known.
fn leaked(folder: &Path) -> Result<Vec<KeyId>, String> {
    let mut ids = Vec::new();
    for path in ending(folder, LEAKED)? {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let id = KeyId::try_from(stem);
        ids.push(id.map_err(|problem| {
            format!("{}: {problem}; name the file after the leaked key", path.display())
        })?);
    }
    Ok(ids)
}

fn retired(folder: &Path, current: &PublicKey, leaked: &[KeyId]) -> Result<Vec<PublicKey>, String> {
    let mut retired: Vec<PublicKey> = Vec::new();
    for path in ending(folder, PUBLIC)? {
        for key in keys::public(&path).map_err(|error| error.to_string())?.iter() {
            if key != current && !retired.contains(key) && !leaked.contains(&key.id()) {
                retired.push(key.clone());
            }
        }
    }
    Ok(retired)
}

/// The files of a folder with this ending, by name.
fn ending(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let listed = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()
    });
    let mut paths =
        listed.map_err(|error| format!("cannot look into {}: {error}", folder.display()))?;
    paths.retain(|path| path.extension().is_some_and(|end| end == ending));
    paths.sort();
    Ok(paths)
}
