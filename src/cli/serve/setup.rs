//! Plugs the setup page into GitHub.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{
    github::client::convert_manifest,
    web::{Conversion, Credentials, NewApp, NotConverted},
};

/// The manifest flow of one GitHub.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) api_url: String,
}

#[async_trait]
impl Conversion for Manifest {
    async fn convert(&self, code: &SecretString) -> Result<NewApp, NotConverted> {
        let made = convert_manifest(&self.api_url, code).await;
        let app = made.map_err(|error| NotConverted(error.to_string()))?;
        Ok(NewApp {
            credentials: Credentials {
                id: app.id,
                slug: app.slug,
                private_key: app.pem,
                webhook_secret: app.webhook_secret,
            },
            html_url: app.html_url,
        })
    }
}
