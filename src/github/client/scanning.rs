//! Findings for GitHub's code scanning.

use std::io::{self, Write as _};

use data_encoding::BASE64;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use super::{At, CallError, Client, call::Call};

impl Client {
    /// Hands a SARIF document to code scanning. `git_ref` is whole: `refs/pull/7/head`,
    /// `refs/heads/main`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload_sarif(
        &self,
        at: &At,
        commit: &str,
        git_ref: &str,
        sarif: &serde_json::Value,
    ) -> Result<(), CallError> {
        let packed = pack(sarif).map_err(|error| CallError::Refused {
            status: 0,
            message: format!("the findings cannot be written as SARIF: {error}"),
        })?;
        let body = json!({ "commit_sha": commit, "ref": git_ref, "sarif": packed });
        let path = at.path(&["code-scanning", "sarifs"]);
        let what = format!("code scanning for {}/{}", at.owner, at.name);
        self.call(&Call::post(at, path, body, "security_events: write", what)).await?;
        Ok(())
    }
}

/// Compressed by gzip, and in base 64, as GitHub wants it.
fn pack(sarif: &serde_json::Value) -> io::Result<String> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&serde_json::to_vec(sarif)?)?;
    Ok(BASE64.encode(&gzip.finish()?))
}
