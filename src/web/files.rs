//! The files of a run, as they lie in its folder.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    body::{Body, Bytes},
    extract::{Path as Address, State},
    http::header,
    response::{IntoResponse, Response},
};
use http_body_util::channel::Channel;
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt as _},
};

use super::{Web, answer::NoPage};
use crate::{
    queue::Run,
    receipt::{
        self, Artifact, DIGEST_FILE, ENVELOPE_FILE, KeyId, RECEIPT_FILE, RECEIPT_LIMIT,
        REPORT_FILE, ROUTE_FILE, Receipt, VERDICT_FILE, digest,
    },
    verdict::Verdict,
};

/// Read and sent at once.
const PIECE: usize = 64 * 1024;

/// What a page shows of a run's folder.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The verdict, if it is still there.
    pub verdict: Option<Verdict>,
    /// The report as Markdown.
    pub report: Option<String>,
    /// Every file that may be asked for.
    pub files: Vec<Artifact>,
    /// The keys that the envelope says it is signed by; none without an envelope.
    pub signed_by: Vec<KeyId>,
}

impl Web {
    /// A run, by an id that a stranger sent.
    pub(super) async fn run(&self, id: &str) -> Result<Run, NoPage> {
        if !is_plain(id) {
            return Err(NoPage::NotFound);
        }
        self.store.run(id).await?.ok_or(NoPage::NotFound)
    }

    /// The folder of a run that is known.
    fn folder(&self, run: &Run) -> Result<PathBuf, NoPage> {
        if is_plain(&run.id) { Ok(self.runs.join(&run.id)) } else { Err(NoPage::NotFound) }
    }

    /// What a page shows of a run's folder.
    pub(super) async fn shown(&self, run: &Run) -> Result<Shown, NoPage> {
        let folder = self.folder(run)?;
        Ok(tokio::task::spawn_blocking(move || look(&folder)).await??)
    }
}

/// Letters, digits, `-`, `_` and `.`, and no `.` at the start: it can leave no folder.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.bytes().all(plain)
}

fn look(folder: &Path) -> io::Result<Shown> {
    let Some(receipt_bytes) = read(&folder.join(RECEIPT_FILE))? else {
        return Ok(Shown::default());
    };
    let verdict = read(&folder.join(VERDICT_FILE))?;
    let report = read(&folder.join(REPORT_FILE))?;
    let route = read(&folder.join(ROUTE_FILE))?;
    let side = read(&folder.join(DIGEST_FILE))?;
    let envelope = read(&folder.join(ENVELOPE_FILE))?;
    let mut files: Vec<Artifact> = [
        (RECEIPT_FILE, "every figure of the report", Some(&receipt_bytes)),
        (DIGEST_FILE, "the receipt’s digest", side.as_ref()),
        (ENVELOPE_FILE, "the receipt’s signature", envelope.as_ref()),
        (VERDICT_FILE, "the verdict", verdict.as_ref()),
        (REPORT_FILE, "the report", report.as_ref()),
        (ROUTE_FILE, "the route, for a program", route.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, what, bytes)| Some(of_bytes(name, what, bytes?)))
    .collect();
    files.extend(
        listed(&receipt_bytes).into_iter().filter(|file| is_file(&folder.join(&file.path))),
    );
    Ok(Shown {
        verdict: verdict.and_then(|bytes| receipt::decode_verdict(&bytes).ok()),
        report: report.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        files,
        signed_by: envelope.map(|bytes| named(&bytes)).unwrap_or_default(),
    })
}

/// The keys that an envelope names; none if it is no envelope.
fn named(envelope: &[u8]) -> Vec<KeyId> {
    receipt::decode_envelope(envelope).map(|envelope| envelope.key_ids()).unwrap_or_default()
}

fn of_bytes(name: &str, what: &str, bytes: &[u8]) -> Artifact {
    Artifact {
        path: name.to_owned(),
        what: what.to_owned(),
        sha256: digest(bytes),
        bytes: bytes.len() as u64,
    }
}

/// The artifacts of a receipt whose names are plain.
fn listed(receipt: &[u8]) -> Vec<Artifact> {
    let artifacts = receipt::decode(receipt).map(|Receipt { artifacts, .. }| artifacts);
    artifacts.unwrap_or_default().into_iter().filter(|file| is_plain(&file.path)).collect()
}

/// A file that is read whole; none if it is not there, is no plain file, or is too large for what
/// it should be.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.len() <= RECEIPT_LIMIT => {
            std::fs::read(path).map(Some)
        }
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_file(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

/// `GET /runs/{run}/report`
pub(super) async fn report(
    State(web): State<Arc<Web>>,
    Address(run): Address<String>,
) -> Result<Response, NoPage> {
    let run = web.run(&run).await?;
    let path = web.folder(&run)?.join(REPORT_FILE);
    send(&path, "text/plain; charset=utf-8", "inline".to_owned()).await
}

/// `GET /runs/{run}/files/{name}`
pub(super) async fn file(
    State(web): State<Arc<Web>>,
    Address((run, name)): Address<(String, String)>,
) -> Result<Response, NoPage> {
    let run = web.run(&run).await?;
    let folder = web.folder(&run)?;
    if !is_plain(&name) {
        return Err(NoPage::NotFound);
    }
    let path = folder.join(&name);
    let asked = name.clone();
    if !tokio::task::spawn_blocking(move || belongs(&folder, &asked)).await?? {
        return Err(NoPage::NotFound);
    }
    let kind = match Path::new(&name).extension().and_then(|end| end.to_str()) {
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    send(&path, kind, format!("attachment; filename=\"{name}\"")).await
}

/// What every run has beside its artifacts, or may have.
const OWN: [&str; 6] =
    [RECEIPT_FILE, DIGEST_FILE, ENVELOPE_FILE, VERDICT_FILE, REPORT_FILE, ROUTE_FILE];

/// Whether a file belongs to a run: what else may lie in the folder is nobody's business.
fn belongs(folder: &Path, name: &str) -> io::Result<bool> {
    if OWN.contains(&name) {
        return Ok(is_file(&folder.join(name)));
    }
    let receipt = read(&folder.join(RECEIPT_FILE))?.unwrap_or_default();
    Ok(listed(&receipt).iter().any(|file| file.path == name) && is_file(&folder.join(name)))
}

async fn send(path: &Path, kind: &'static str, shown: String) -> Result<Response, NoPage> {
    let file = match File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(NoPage::NotFound),
        Err(error) => return Err(error.into()),
    };
    let length = file.metadata().await?.len();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, shown),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CACHE_CONTROL, "private, max-age=3600".to_owned()),
    ];
    Ok((headers, pieces(file.take(length))).into_response())
}

/// A file as a body, a piece at a time: however large it is, little of it is in memory.
fn pieces(mut file: impl AsyncRead + Send + Unpin + 'static) -> Body {
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(2);
    tokio::spawn(async move {
        loop {
            let mut piece = vec![0; PIECE];
            match file.read(&mut piece).await {
                Ok(0) => break,
                Ok(read) => {
                    piece.truncate(read);
                    // Whoever asked has gone.
                    if sender.send_data(Bytes::from(piece)).await.is_err() {
                        break;
                    }
                }
                // The client sees a body that ends too early.
                Err(error) => {
                    sender.abort(error);
                    break;
                }
            }
        }
    });
    Body::new(body)
}
