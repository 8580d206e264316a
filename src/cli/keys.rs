//! Files of keys: a secret one that only its owner may read, and public ones for everybody.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};

use crate::receipt::{KeyError, PublicKeys, Signer};

/// The largest file that is read, in bytes.
const LIMIT: usize = 64 * 1024;

/// A file of keys could not be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyFileError {
    /// The file system refused.
    #[error("cannot {what} the key file {path}: {source}{}", hint(.source))]
    File { what: &'static str, path: PathBuf, source: io::Error },
    /// Others may have read it.
    #[error(
        "{path}: others on this machine may read this secret key (mode {mode:03o}); run \
         `chmod 600 {path}`, and make another key if somebody may have read it"
    )]
    Open { path: PathBuf, mode: u32 },
    /// Something else than a file.
    #[error("{path}: no plain file; name the file that `t5 key new --out FILE` wrote")]
    NoFile { path: PathBuf },
    /// Not the key that is meant.
    #[error("{path}: {problem}")]
    Key { path: PathBuf, problem: KeyError },
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AlreadyExists => "; a key is never overwritten, name another file",
        io::ErrorKind::NotFound => "; `t5 key new --out FILE` makes one",
        _ => "",
    }
}

/// Makes a secret key and its file, which is there whole or not at all, and never in place of
/// another.
pub(super) fn make(path: &Path) -> Result<Signer, KeyFileError> {
    let failed = |source| KeyFileError::File { what: "make", path: path.to_owned(), source };
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|error| failed(io::Error::other(error.to_string())))?;
    let signer = Signer::from_seed(&seed);
    write_new(path, signer.to_pem().expose_secret()).map_err(failed)?;
    Ok(signer)
}

/// A new file that its owner alone may read.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Made with mode 0600, and named when it is whole.
    let mut file = tempfile::Builder::new().prefix(".key-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Reads a secret key.
pub(super) fn secret(path: &Path) -> Result<Signer, KeyFileError> {
    let text = read(path, private)?;
    Signer::parse(&text).map_err(|problem| KeyFileError::Key { path: path.to_owned(), problem })
}

/// Reads all public keys of a file.
pub(super) fn public(path: &Path) -> Result<PublicKeys, KeyFileError> {
    let text = read(path, |_, _| Ok(()))?;
    let keys = PublicKeys::parse(text.expose_secret());
    keys.map_err(|problem| KeyFileError::Key { path: path.to_owned(), problem })
}

/// Refuses a secret that others may read. A service manager hands a secret over in a file of
/// root's that our group or an access list opens to us: that one is not ours to close.
fn private(path: &Path, about: &std::fs::Metadata) -> Result<(), KeyFileError> {
    let mode = about.mode() & 0o777;
    let ours = rustix::process::geteuid().as_raw() == about.uid();
    let open = if about.uid() == 0 && !ours { mode & 0o027 } else { mode & 0o077 };
    if open == 0 { Ok(()) } else { Err(KeyFileError::Open { path: path.to_owned(), mode }) }
}

/// The text of a file. Nobody knows yet whether it is secret, so all of it is handled as if it were.
fn read(
    path: &Path,
    check: impl Fn(&Path, &std::fs::Metadata) -> Result<(), KeyFileError>,
) -> Result<SecretString, KeyFileError> {
    let failed = |source| KeyFileError::File { what: "read", path: path.to_owned(), source };
    // Before it is opened: opening a pipe would wait for whoever writes into it.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(KeyFileError::NoFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(failed)?;
    check(path, &file.metadata().map_err(failed)?)?;
    // Large enough from the start: a buffer that grows leaves its old bytes behind.
    let mut text = Zeroizing::new(String::with_capacity(LIMIT + 2));
    file.take(LIMIT as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    Ok(SecretString::from(text.as_str()))
}
