//! One process at a time on a folder that several share.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
    time::Duration,
};

use super::Context;

/// How often a waiting process looks again.
const LOOK: Duration = Duration::from_millis(100);

/// Holds what it was made for until it is dropped; the operating system lets go if we die.
#[derive(Debug)]
pub(crate) struct Hold {
    _file: File,
}

/// Waits until nobody else holds `path`, and says once that it waits for `what`. None if somebody
/// asked us to stop while we waited.
///
/// # Errors
///
/// If the file cannot be made or locked.
pub(crate) async fn hold(ctx: &Context, path: &Path, what: &str) -> io::Result<Option<Hold>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = open(path)?;
    let mut said = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Hold { _file: file })),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        if !said {
            ctx.progress.note(format!("waiting for another t5 that holds {what}"));
            said = true;
        }
        tokio::select! {
            () = ctx.cancel.wait() => return Ok(None),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Another user may have made the file: reading it is enough to lock it.
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
        .or_else(|_| File::options().read(true).write(true).create(true).truncate(false).open(path))
}
