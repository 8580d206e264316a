//! The App's credentials, from the files that the configuration names, else from the data folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use crate::{
    config::server::Server,
    github::webhook::Secrets,
    web::{App, credentials},
};

/// Credentials of the App.
#[derive(Clone, Debug)]
pub(super) struct AppOnDisk {
    pub(super) id: u64,
    pub(super) private_key: SecretString,
    secrets: Secrets,
    slug: Option<String>,
}

impl AppOnDisk {
    /// The part of it that the HTTP side needs.
    pub(super) fn for_web(&self) -> App {
        App { secrets: self.secrets.clone(), slug: self.slug.clone() }
    }
}

/// Where the setup page stores them.
pub(super) fn folder(data: &Path) -> PathBuf {
    data.join("app")
}

/// Reads them; none where there is no App yet.
pub(super) fn load(config: &Server, data: &Path) -> Result<Option<AppOnDisk>, String> {
    let stored = credentials::load(&folder(data)).map_err(|error| error.to_string())?;
    let github = &config.github;
    if github.app_id.is_none() && stored.is_none() {
        return Ok(None);
    }
    let missing = |key: &str| {
        format!("github.app-id is configured, and github.{key} is not; an App needs both")
    };
    let (stored_id, slug, stored_key, stored_secret) = match stored {
        Some(app) if github.app_id.is_none_or(|id| id == app.id) => {
            (Some(app.id), Some(app.slug), Some(app.private_key), Some(app.webhook_secret))
        }
        _ => (None, None, None, None),
    };
    let Some(id) = github.app_id.or(stored_id) else { return Ok(None) };
    let private_key = match &github.private_key_file {
        Some(path) => secret(path)?,
        None => stored_key.ok_or_else(|| missing("private-key-file"))?,
    };
    let mut secrets = Vec::new();
    for path in &github.webhook_secret_files {
        secrets.push(secret(path)?);
    }
    if secrets.is_empty() {
        secrets.push(stored_secret.ok_or_else(|| missing("webhook-secret-files"))?);
    }
    let secrets = Secrets::new(secrets).map_err(|error| error.to_string())?;
    Ok(Some(AppOnDisk { id, private_key, secrets, slug }))
}

/// A secret from a file; editors end a file with a line break that is no part of it.
fn secret(path: &str) -> Result<SecretString, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read the secret in {path}: {error}"))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}
