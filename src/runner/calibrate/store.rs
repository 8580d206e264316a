//! Where calibrations are kept: a folder for each repository and host, in it one for each time.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::{
    perf::Rule,
    receipt::{
        CALIBRATION_FILE, CALIBRATION_LIMIT, Calibration, Host, LastCalibration, ReceiptError,
        SAMPLES_FILE, Subject, decode_calibration, digest, encode_calibration,
    },
    runner::{
        Context,
        bench_part::short,
        folder::{Folder, FolderError},
    },
};

/// A calibration that was written.
#[derive(Clone, Debug)]
pub struct Stored {
    /// As it stands there.
    pub calibration: Calibration,
    /// Where it lies, with its samples.
    pub folder: PathBuf,
}

/// A calibration could not be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A figure that no file can hold.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// Writing.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// Writes the samples' bytes and the calibration that names them into a folder of their own, in
/// that order. What was kept before stays.
///
/// # Errors
///
/// If something cannot be written.
pub fn store(
    ctx: &Context,
    top: &Path,
    subject: &Subject,
    calibration: Calibration,
    samples: &[u8],
) -> Result<Stored, StoreError> {
    let home = home(ctx, top, subject, &calibration.host);
    let time = calibration.started.strftime("%Y%m%dT%H%M%SZ");
    let folder = Folder::make(&home.join(format!("{time}-{}", short(&subject.head.sha))))?;
    folder.write(SAMPLES_FILE, samples)?;
    folder.write(CALIBRATION_FILE, &encode_calibration(&calibration)?)?;
    Ok(Stored { calibration, folder: folder.dir().to_owned() })
}

/// The last calibration of this repository on this host, as a run by this rule sees it.
pub fn last(
    ctx: &Context,
    top: &Path,
    subject: &Subject,
    host: &Host,
    rule: &Rule,
) -> LastCalibration {
    let unusable = |reason: String| LastCalibration::NotUsed { reason };
    match newest(&home(ctx, top, subject, host)) {
        Ok(None) => LastCalibration::Never,
        // The path is this machine's own business, and a receipt is not.
        Err(error) => unusable(format!("it cannot be read: {error}")),
        Ok(Some(bytes)) => match decode_calibration(&bytes) {
            Err(error) => unusable(format!("{CALIBRATION_FILE} cannot be used: {error}")),
            Ok(calibration) => match calibration.speaks_of(host, rule) {
                Err(reason) => unusable(reason),
                Ok(()) => LastCalibration::Of { calibration: Box::new(calibration) },
            },
        },
    }
}

/// One for each repository, by the name that its remote knows it by, else by its place, and host.
fn home(ctx: &Context, top: &Path, subject: &Subject, host: &Host) -> PathBuf {
    let repository = &subject.repository;
    let place = top.to_string_lossy();
    let named = if repository.contains('/') { repository.as_str() } else { &place };
    let key = digest(format!("{named}\n{}\n{}", subject.subfolder, host.fingerprint).as_bytes());
    ctx.cache.join("calibrations").join(short(&key))
}

/// The bytes of the newest one; a folder without one is none, as when writing it was broken off.
fn newest(home: &Path) -> io::Result<Option<Vec<u8>>> {
    let entries = match fs::read_dir(home) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries?,
    };
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    folders.sort();
    let files = folders.iter().rev().map(|folder| folder.join(CALIBRATION_FILE));
    match files.into_iter().find(|file| file.exists()) {
        None => Ok(None),
        Some(file) => {
            let mut bytes = Vec::new();
            // One byte more than may be there, so that the reader can tell that there is too much.
            File::open(file)?.take(CALIBRATION_LIMIT + 1).read_to_end(&mut bytes)?;
            Ok(Some(bytes))
        }
    }
}
