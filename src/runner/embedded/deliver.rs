//! Gives the result of a job back.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Embedded, Newest, Worked, attempt::Attempted};
use crate::{
    queue::{CoordinatorError, Finish, Work},
    sandbox::Cancel,
};

/// The largest file of a run that is given back, in bytes.
const FILE_LIMIT: u64 = 64 << 20;
/// How often one thing is tried before the runner gives up on it.
const TRIES: u32 = 5;

/// The files of a run cannot be given back.
#[derive(Debug, thiserror::Error)]
enum DeliverError {
    #[error("{name} of the run has {bytes} bytes, more than the {FILE_LIMIT} that are stored")]
    TooLarge { name: String, bytes: u64 },
    #[error("the run's folder cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error(transparent)]
    Coordinator(#[from] CoordinatorError),
    #[error("cancelled")]
    Cancelled,
}

impl Embedded {
    /// Gates a job and gives the result back, unless somebody asks to stop first.
    pub(super) async fn gate_and_deliver(
        &self,
        work: &Work,
        cancel: &Cancel,
        newest: &Newest,
    ) -> Result<Worked, CoordinatorError> {
        let id = work.job.job.id.clone();
        let attempted = self.attempt(work, cancel, newest).await;
        if cancel.stopped() {
            return Ok(Worked::Stopped(id));
        }
        let finish = match attempted {
            Err(said) => Finish::Error(said),
            Ok(Attempted { run, folder }) => {
                match self.upload(work, cancel, &run.id, folder.path()).await {
                    Ok(()) => Finish::Judged(run),
                    Err(DeliverError::Cancelled) => return Ok(Worked::Stopped(id)),
                    Err(error) => Finish::Error(format!("{error}; ask for another run")),
                }
            }
        };
        match self.finish(work, cancel, finish).await {
            Ok(true) => Ok(Worked::Finished(id)),
            Ok(false) | Err(DeliverError::Cancelled) => Ok(Worked::Stopped(id)),
            Err(DeliverError::Coordinator(error)) => Err(error),
            Err(error) => Err(CoordinatorError { what: "end the job", why: error.to_string() }),
        }
    }

    async fn upload(
        &self,
        work: &Work,
        cancel: &Cancel,
        run: &str,
        folder: &Path,
    ) -> Result<(), DeliverError> {
        for (name, path) in files(folder)? {
            let bytes = fs::read(path)?;
            let mut tries = 0;
            loop {
                if cancel.stopped() {
                    return Err(DeliverError::Cancelled);
                }
                match self.coordinator.upload(work, run, &name, bytes.clone()).await {
                    Ok(()) => break,
                    Err(error) => self.pause(cancel, &mut tries, error).await?,
                }
            }
        }
        Ok(())
    }

    async fn finish(
        &self,
        work: &Work,
        cancel: &Cancel,
        finish: Finish,
    ) -> Result<bool, DeliverError> {
        let mut tries = 0;
        loop {
            if cancel.stopped() {
                return Err(DeliverError::Cancelled);
            }
            match self.coordinator.finish(work, finish.clone()).await {
                Ok(counted) => return Ok(counted),
                Err(error) => self.pause(cancel, &mut tries, error).await?,
            }
        }
    }

    /// Waits before another try, or gives up.
    async fn pause(
        &self,
        cancel: &Cancel,
        tries: &mut u32,
        error: CoordinatorError,
    ) -> Result<(), DeliverError> {
        *tries += 1;
        if *tries >= TRIES {
            return Err(error.into());
        }
        tracing::warn!(%error, "the server is asked again");
        tokio::select! {
            () = cancel.wait() => Err(DeliverError::Cancelled),
            () = tokio::time::sleep(self.heartbeat) => Ok(()),
        }
    }
}

/// The regular files of the run's folder, by name. What is hidden is half written; a link is
/// nothing that we made.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, DeliverError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let about = fs::symlink_metadata(entry.path())?;
        if !about.is_file() || name.starts_with('.') {
            continue;
        }
        if about.len() > FILE_LIMIT {
            return Err(DeliverError::TooLarge { name, bytes: about.len() });
        }
        files.push((name, entry.path()));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_files_of_the_folder_itself_are_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("receipt.json"), "{}").unwrap();
        fs::write(at(".samples.jsonl.part"), "half").unwrap();
        fs::create_dir(at("inner")).unwrap();
        fs::write(at("inner/file"), "deep").unwrap();
        std::os::unix::fs::symlink("/etc/hostname", at("link")).unwrap();
        assert_eq!(files(folder.path()).unwrap(), [("receipt.json".into(), at("receipt.json"))]);

        fs::File::create(at("samples.jsonl")).unwrap().set_len(FILE_LIMIT + 1).unwrap();
        let error = files(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("samples.jsonl of the run has 67108865 bytes"), "{error}");
    }
}
