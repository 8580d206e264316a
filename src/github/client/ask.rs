//! Calls as the App and as its installations, with the tokens that they take.

use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    CallError, Client,
    call::{Call, Who, route},
    caller::{Outcome, read, read_secret},
    token::{Minted, Token},
    transport::Answer,
};

impl Client {
    /// Makes a call, and again with a new token where the old one no longer counts.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, CallError> {
        let Who::Installation(installation) = call.who else {
            return self.call_as_app(call).await;
        };
        // A token is not worth asking for while GitHub would take no call with it.
        self.0.caller.open(call.who)?;
        let token = self.token(installation, None).await?;
        let refused = match self.0.caller.make(call, Some(&token)).await? {
            Outcome::Done(answer) => return Ok(answer),
            Outcome::Unauthorised(_) => token,
        };
        let token = self.token(installation, Some(&refused)).await?;
        match self.0.caller.make(call, Some(&token)).await? {
            Outcome::Done(answer) => Ok(answer),
            Outcome::Unauthorised(error) => Err(error),
        }
    }

    /// Makes a call, and reads what came.
    pub(super) async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<T, CallError> {
        read(call, &self.call(call).await?)
    }

    /// Makes a call for something that may not exist.
    pub(super) async fn look<T: DeserializeOwned>(
        &self,
        call: &Call,
    ) -> Result<Option<T>, CallError> {
        match self.ask(call).await {
            Ok(found) => Ok(Some(found)),
            Err(CallError::Gone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn call_as_app(&self, call: &Call) -> Result<Answer, CallError> {
        let jwt = self.0.key.jwt(self.0.clock.now()).map_err(|why| CallError::Down { why })?;
        match self.0.caller.make(call, Some(&jwt)).await? {
            Outcome::Done(answer) => Ok(answer),
            Outcome::Unauthorised(error) => Err(error),
        }
    }

    /// The installation's token, a new one where there is none, or it ends soon, or is `refused`.
    async fn token(
        &self,
        installation: u64,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, CallError> {
        let slot = self.0.tokens.slot(installation).await;
        let mut slot = slot.lock().await;
        let stale = |token: &Token| {
            refused.is_some_and(|old| old.expose_secret() == token.token.expose_secret())
        };
        let now = self.0.clock.now();
        if let Some(token) = slot.as_ref().filter(|token| token.lasts(now) && !stale(token)) {
            return Ok(token.token.clone());
        }
        *slot = None;
        let token = self.mint(installation, Value::Object(Map::new())).await?;
        let secret = token.token.clone();
        *slot = Some(token);
        Ok(secret)
    }

    /// A new token, as narrow as `wish` says. Nothing else was sent yet, so nothing is unsure.
    pub(super) async fn mint(&self, installation: u64, wish: Value) -> Result<Token, CallError> {
        let id = installation.to_string();
        let path = route(&["app", "installations", &id, "access_tokens"]);
        let what = format!("installation {id} of the App");
        let call = Call::new(Who::App, Method::POST, path, "the permissions asked for", what)
            .sending(wish);
        let minted = match self.call_as_app(&call).await {
            Ok(answer) => read_secret::<Minted>(&call, &answer),
            Err(error) => Err(error),
        };
        match minted {
            Ok(minted) => Ok(minted.into()),
            Err(CallError::Unsure { why }) => Err(CallError::Down { why }),
            Err(error) => Err(error),
        }
    }
}
