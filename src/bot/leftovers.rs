//! Folders of runs that never were: a runner was killed, or lost its job, while it gave files back.

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use super::Bot;
use crate::queue::StoreError;

/// A folder that was not touched for so long gets no more files.
const STILL: Duration = Duration::from_secs(3600);

impl Bot {
    /// Removes folders that no stored run is about.
    pub(super) async fn remove_leftovers(&self) -> Result<(), StoreError> {
        let (runs, now) = (self.runs.clone(), SystemTime::from(self.clock.now()));
        let still = tokio::task::spawn_blocking(move || still(&runs, now)).await;
        // What cannot be listed is tried again later, and costs space until then.
        for name in still.ok().and_then(Result::ok).unwrap_or_default() {
            if self.store.run(&name).await?.is_some() {
                continue;
            }
            let folder = self.runs.join(&name);
            let removed = tokio::task::spawn_blocking(move || fs::remove_dir_all(folder)).await;
            tracing::info!(name, gone = matches!(removed, Ok(Ok(()))), "a run that never was");
        }
        Ok(())
    }
}

/// The folders that nobody writes into any more, by name.
fn still(runs: &Path, now: SystemTime) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(runs)? {
        let entry = entry?;
        let age = now.duration_since(entry.metadata()?.modified()?);
        if age.is_ok_and(|age| age > STILL)
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    Ok(names)
}
