//! `t5 report` and `t5 verify`.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};

use super::{
    Exit,
    args::{FormatArg, ReportArgs, VerifyArgs},
    fail,
    keys::{self, KeyFileError},
    print, say,
    screen::terminal_width,
};
use crate::{
    receipt::{self, FileError, Files, PublicKeys, RECEIPT_FILE, RECEIPT_LIMIT, Receipt},
    report::{self, Contradictions, Screen},
    verdict::Verdict,
};

/// Renders a receipt again.
pub(super) fn report(args: &ReportArgs) -> Exit {
    let run = RunFolder::of(&args.receipt);
    let receipt = match run.receipt() {
        Ok(receipt) => receipt,
        Err(message) => return fail(&message, Exit::Usage),
    };
    let verdict = receipt::judge(&receipt);
    match rendered(&receipt, &verdict, args.format, &run.dir) {
        Ok(text) => {
            print(&text);
            Exit::Good
        }
        Err(contradictions) => fail(&contradictions, Exit::Fail),
    }
}

/// A run's result in the form that was asked for; `folder` is where the whole report lies.
pub(super) fn rendered(
    receipt: &Receipt,
    verdict: &Verdict,
    format: FormatArg,
    folder: &Path,
) -> Result<String, Contradictions> {
    match format {
        FormatArg::Human => {
            let (colour, folder) = (io::stdout().is_terminal(), folder.display().to_string());
            let screen = Screen { width: terminal_width(), colour, folder: Some(&folder) };
            report::human(receipt, verdict, &screen)
        }
        FormatArg::Markdown => report::markdown(receipt, verdict),
        FormatArg::Json => report::json(receipt, verdict).map(|value| format!("{value:#}\n")),
    }
}

/// Verifies a run's folder.
pub(super) fn verify(args: &VerifyArgs) -> Exit {
    let run = RunFolder::of(&args.receipt);
    let verified = match trusted(&args.key) {
        Ok(None) => report::verify(&run),
        Ok(Some(keys)) => report::verify_by(&run, &keys),
        Err(error) => return fail(&error, Exit::Usage),
    };
    match verified {
        Ok(verified) => {
            print(&format!("{verified}\n"));
            Exit::Good
        }
        Err(refusals) => {
            for refusal in &refusals {
                say(&format!("refused: {refusal}"));
            }
            Exit::Fail
        }
    }
}

/// The public keys of these files; none where no file was named.
fn trusted(files: &[PathBuf]) -> Result<Option<PublicKeys>, KeyFileError> {
    let mut trusted: Option<PublicKeys> = None;
    for path in files {
        trusted.get_or_insert_default().extend(keys::public(path)?);
    }
    Ok(trusted)
}

/// The folder of a run on disk.
struct RunFolder {
    dir: PathBuf,
    name: String,
}

impl RunFolder {
    fn of(path: &Path) -> Self {
        let named = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        if path.is_dir() {
            return Self { dir: path.to_owned(), name: RECEIPT_FILE.to_owned() };
        }
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        Self {
            dir: dir.unwrap_or(Path::new(".")).to_owned(),
            name: named(path).unwrap_or_else(|| RECEIPT_FILE.to_owned()),
        }
    }

    fn receipt(&self) -> Result<Receipt, String> {
        let path = self.dir.join(&self.name);
        let bytes = read(&path, RECEIPT_LIMIT)
            .map_err(|error| format!("{}: {error}; name a run's receipt.json", path.display()))?;
        receipt::decode(&bytes).map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl Files for RunFolder {
    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let name = if name == RECEIPT_FILE { self.name.as_str() } else { name };
        let path = self.dir.join(name);
        let outside = || FileError::Unreadable { reason: "it lies outside the folder".to_owned() };
        let unreadable = |error: &io::Error| FileError::Unreadable { reason: error.to_string() };
        match (self.dir.canonicalize(), path.canonicalize()) {
            (Ok(dir), Ok(path)) if path.starts_with(&dir) => read(&path, limit),
            (Ok(_), Ok(_)) => Err(outside()),
            (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => Err(FileError::Absent),
            (_, Err(error)) | (Err(error), _) => Err(unreadable(&error)),
        }
    }
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => FileError::Absent,
        _ => FileError::Unreadable { reason: error.to_string() },
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(refused)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > limit { Err(FileError::TooLarge { limit }) } else { Ok(bytes) }
}
