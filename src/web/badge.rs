//! Badges for a branch and for a pull request.
//!
//! `/badge/{owner}/{repo}/{branch}.svg` and `/badge/{owner}/{repo}/pull/{number}.svg`. A private
//! repository's needs a key; without it, it looks like a repository that does not exist.

use std::{fmt, fs, io, path::Path, sync::Arc};

use axum::{
    extract::{Path as Address, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::Sha256;

use super::{Web, answer::NoPage, credentials, random};
use crate::{
    github::event::Repo,
    queue::{Ended, Job, JobState, StoreError, Subject},
    receipt::digest,
    report::posted::{Badge, badge as drawn},
    verdict::Outcome,
};

/// Bytes of a key: enough that nobody guesses one.
const KEY: usize = 16;

/// Makes and checks the keys of private repositories' badges.
#[derive(Clone)]
pub struct BadgeKeys(SecretString);

impl fmt::Debug for BadgeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BadgeKeys")
    }
}

impl BadgeKeys {
    /// Keys made of a secret.
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// Reads the secret from a file, which is made if it does not exist.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or made, or is empty.
    pub fn load_or_make(path: &Path) -> io::Result<Self> {
        if !path.exists() {
            // Under its name once it is whole: whoever kills us leaves no empty one behind.
            let fresh = path.with_extension(format!("new-{}", random::hex::<8>()?));
            credentials::write(&fresh, &random::hex::<32>()?)?;
            fs::rename(&fresh, path)?;
        }
        let secret = fs::read_to_string(path)?;
        if secret.trim().is_empty() {
            let said = "the secret of badges is empty; remove the file, and another is made";
            return Err(io::Error::other(said));
        }
        Ok(Self(secret.into()))
    }

    /// The key of a repository's badges.
    pub fn key(&self, repo: u64) -> String {
        let whole = self.mac(repo).map(|mac| mac.finalize().into_bytes());
        HEXLOWER.encode(whole.as_deref().and_then(|bytes| bytes.get(..KEY)).unwrap_or_default())
    }

    /// Whether this is that key; takes the same time for every wrong one.
    fn opens(&self, repo: u64, key: &str) -> bool {
        let Ok(bytes) = HEXLOWER.decode(key.as_bytes()) else { return false };
        bytes.len() == KEY
            && self.mac(repo).is_some_and(|mac| mac.verify_truncated_left(&bytes).is_ok())
    }

    fn mac(&self, repo: u64) -> Option<Hmac<Sha256>> {
        // A key of any length does; there is no way for this to fail.
        let mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes()).ok()?;
        Some(mac.chain_update(format!("badge of repository {repo}")))
    }
}

/// Address of a badge, below the public address. Public repositories need no key.
pub(super) fn path(keys: &BadgeKeys, repo: &Repo, subject: &Subject) -> Option<String> {
    let of = match subject {
        Subject::Pull(number) => format!("pull/{number}"),
        Subject::Branch(name) => encoded(name),
        Subject::MergeGroup(_) => return None,
    };
    let key = if repo.private { format!("?key={}", keys.key(repo.id)) } else { String::new() };
    Some(format!("/badge/{}/{}/{of}.svg{key}", encoded(&repo.owner), encoded(&repo.name)))
}

/// A name as it stands in an address; slashes stay.
fn encoded(name: &str) -> String {
    let mut address = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

#[derive(Deserialize)]
pub(super) struct Asked {
    key: Option<String>,
}

/// `GET /badge/{owner}/{repo}/{*subject}`
pub(super) async fn badge(
    State(web): State<Arc<Web>>,
    Address((owner, repo, subject)): Address<(String, String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, NoPage> {
    let subject = subject_of(&subject).ok_or(NoPage::NotFound)?;
    let repo = web.store.repo_named(&owner, &repo).await?;
    let opened = |repo: &Repo| {
        let key = asked.key.as_deref().unwrap_or_default();
        !repo.private || web.badge_keys.opens(repo.id, key)
    };
    let shown = match repo.filter(opened) {
        Some(repo) => shown(&web, repo.id, &subject).await?,
        None => Badge::Unknown,
    };
    Ok(answer(&drawn(shown), &headers))
}

/// What a badge is about; none if it is no badge's address.
fn subject_of(rest: &str) -> Option<Subject> {
    let name = rest.strip_suffix(".svg").filter(|name| !name.is_empty())?;
    let number = name.strip_prefix("pull/").and_then(|number| number.parse().ok());
    Some(number.map_or_else(|| Subject::Branch(name.to_owned()), Subject::Pull))
}

async fn shown(web: &Web, repo: u64, subject: &Subject) -> Result<Badge, StoreError> {
    let Some(job) = web.store.newest_job(repo, subject).await? else { return Ok(Badge::Unknown) };
    if job.state == JobState::Over && job.ended == Some(Ended::Judged) {
        let runs = web.store.runs_of_job(&job.job.id).await?;
        return Ok(runs.last().map_or(Badge::Unknown, |run| run.outcome.into()));
    }
    Ok(unjudged(&job))
}

fn unjudged(job: &Job) -> Badge {
    match (job.state, job.ended) {
        (JobState::Queued | JobState::Leased, _) => Badge::Running,
        (JobState::Over, Some(Ended::Error | Ended::TimedOut)) => Outcome::CouldNotRun.into(),
        (JobState::Held | JobState::Over, _) => Badge::Unknown,
    }
}

/// Headers that GitHub's image proxy keeps to: it asks again each time, and is told that nothing
/// changed.
fn answer(svg: &str, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", digest(svg.as_bytes()).chars().take(32).collect::<String>());
    let known = asked.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let listed = value.to_str().unwrap_or_default().split(',');
        listed.map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
    });
    let headers = [(header::CACHE_CONTROL, "no-cache, max-age=0".to_owned()), (header::ETAG, tag)];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = [(header::CONTENT_TYPE, "image/svg+xml; charset=utf-8")];
    (headers, kind, svg.to_owned()).into_response()
}
