//! The App's own credentials, as the setup page got them from GitHub: one folder, readable by
//! this process's account alone.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};

use super::random;

const ID: &str = "id";
const SLUG: &str = "slug";
const PRIVATE_KEY: &str = "private-key.pem";
const WEBHOOK_SECRET: &str = "webhook-secret";

/// What makes this server the App.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The App's id.
    pub id: u64,
    /// Its name in addresses.
    pub slug: String,
    /// Its private key, as PEM.
    pub private_key: SecretString,
    /// Signs deliveries.
    pub webhook_secret: SecretString,
}

/// The credentials could not be read or stored.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file system refused.
    #[error("cannot {what} the App's credentials at {path}: {source}")]
    File {
        /// `read` or `store`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no such thing.
    #[error("{path} does not hold an App's id; restore the folder, or remove it to set up anew")]
    NoId {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the credentials from a folder; none if there is no such folder.
///
/// # Errors
///
/// If the folder is there and something in it is missing or cannot be read.
pub fn load(folder: &Path) -> Result<Option<Credentials>, CredentialsError> {
    if !folder.exists() {
        return Ok(None);
    }
    let read = |name: &str| {
        let path = folder.join(name);
        let failed = |source| CredentialsError::File { what: "read", path: path.clone(), source };
        fs::read_to_string(&path).map_err(failed)
    };
    let id = read(ID)?.trim().parse();
    Ok(Some(Credentials {
        id: id.map_err(|_| CredentialsError::NoId { path: folder.join(ID) })?,
        slug: read(SLUG)?.trim().to_owned(),
        private_key: read(PRIVATE_KEY)?.into(),
        webhook_secret: read(WEBHOOK_SECRET)?.into(),
    }))
}

/// Stores the credentials as a folder that did not exist before: all of them or none.
///
/// # Errors
///
/// If that folder exists already, or cannot be written.
pub fn store(folder: &Path, credentials: &Credentials) -> Result<(), CredentialsError> {
    let failed = |source| CredentialsError::File { what: "store", path: folder.to_owned(), source };
    let parent = folder.parent().unwrap_or(Path::new("."));
    let scratch = parent.join(format!(".app-{}", random::hex::<8>().map_err(failed)?));
    let written = write_all(&scratch, credentials).and_then(|()| {
        // A folder that is not empty is not replaced: an App that exists is never lost.
        fs::rename(&scratch, folder)?;
        File::open(parent)?.sync_all()
    });
    if written.is_err() {
        // Nothing of a key is left behind; that it could not be stored is what is told.
        let _ = fs::remove_dir_all(&scratch);
    }
    written.map_err(failed)
}

fn write_all(scratch: &Path, credentials: &Credentials) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(scratch)?;
    for (name, text) in [
        (ID, credentials.id.to_string().as_str()),
        (SLUG, credentials.slug.as_str()),
        (PRIVATE_KEY, credentials.private_key.expose_secret()),
        (WEBHOOK_SECRET, credentials.webhook_secret.expose_secret()),
    ] {
        write(&scratch.join(name), text)?;
    }
    File::open(scratch)?.sync_all()
}

/// A new file that nobody else may read.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
