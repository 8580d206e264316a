//! Big bodies, as files beside the database: a transaction has not to wait for 24 MB.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::{
    open::{folder, sync_folder},
    value::{Fault, random},
};

/// What is bigger does not stand in its row.
pub(super) const ROW_BYTES: usize = 64 * 1024;
/// So much is handed to the disk at once: between two parts it can take the database's commits,
/// for which every other delivery waits.
const PART: usize = 512 * 1024;

/// The folder of the files.
#[derive(Clone, Debug)]
pub(super) struct Inbox {
    folder: PathBuf,
}

impl Inbox {
    /// The folder beside a database.
    pub(super) fn beside(database: &Path) -> Self {
        Self { folder: folder(database).join("inbox") }
    }

    /// Makes the folder, for this user alone.
    pub(super) fn make(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    /// Writes a body down so that it outlives a crash of the machine; its file's name.
    pub(super) fn write(&self, body: &[u8]) -> io::Result<String> {
        let name = format!("{}.body", random());
        let path = self.folder.join(&name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        for part in body.chunks(PART) {
            file.write_all(part)?;
            file.sync_data()?;
        }
        file.sync_all()?;
        sync_folder(&self.folder)?;
        Ok(name)
    }

    /// What was written.
    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.folder.join(name))
    }

    /// Takes files away that no row names any more. One that cannot be taken away now is swept
    /// at the next start.
    pub(super) fn remove(&self, names: &[String]) {
        for name in names {
            let path = self.folder.join(name);
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!("cannot remove {}: {error}", path.display());
            }
        }
    }

    /// The names of all files.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            names.extend(entry?.file_name().into_string());
        }
        names.retain(|name| name.ends_with(".body"));
        Ok(names)
    }
}

/// Runs what waits for a disk where it holds nobody up.
pub(super) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    Ok(tokio::task::spawn_blocking(work).await??)
}

/// Which of the files no row names: a crash came between the two.
pub(super) fn orphans(files: Vec<String>, rows: &[String]) -> Vec<String> {
    let rows: HashSet<&String> = rows.iter().collect();
    files.into_iter().filter(|file| !rows.contains(file)).collect()
}
