//! The supervisor's side of the protocol: what a helper answers, read under limits.
//!
//! Code that has broken out of its walls but not out of its namespace may speak in the helper's
//! place. It can lie about itself; it cannot make the supervisor hold more than was asked for.

use std::{io, path::Path};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{
    Returned,
    protocol::{self, Collect, FileHead, Outcome},
};

/// What came of one program, and the files that it handed back.
///
/// # Errors
///
/// If the stream ends early, a message is not one or too long, or there are more or larger files
/// than `collect` asks for.
pub async fn answer(
    from: &mut (impl AsyncRead + Unpin),
    collect: Option<&Collect>,
) -> io::Result<(Outcome, Vec<Returned>)> {
    let outcome: Outcome = read_message(from).await?;
    let files = read_files(from, &outcome.files, collect).await?;
    Ok((outcome, files))
}

pub(super) async fn read_message<T: serde::de::DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let mut json = vec![0; protocol::length_of(length)?];
    from.read_exact(&mut json).await?;
    serde_json::from_slice(&json).map_err(io::Error::other)
}

async fn read_files(
    from: &mut (impl AsyncRead + Unpin),
    heads: &[FileHead],
    collect: Option<&Collect>,
) -> io::Result<Vec<Returned>> {
    let (most, limit) = collect.map_or((0, 0), |collect| (collect.files, collect.file));
    let total = collect.map_or(0, |collect| collect.total);
    let sizes = || heads.iter().filter_map(|head| head.bytes);
    let all = sizes().fold(0, u64::saturating_add);
    if heads.len() > most || all > total || sizes().any(|size| size > limit) {
        return Err(io::Error::other("more files than were asked for"));
    }
    let mut files = Vec::new();
    for head in heads {
        let bytes = match head.bytes {
            None => None,
            Some(size) => {
                let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
                from.read_exact(&mut bytes).await?;
                Some(bytes)
            }
        };
        files.push(Returned { path: Path::new(&head.path).to_owned(), bytes });
    }
    Ok(files)
}
