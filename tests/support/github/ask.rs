//! A request as the double reads it, and who sends it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use octocrab::jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

use super::{
    answer::Answer,
    state::{State, Token},
};

const PUBLIC_KEY: &[u8] = include_bytes!("../../fixtures/github/app.pub.pem");
/// GitHub takes no JWT that lasts longer, in seconds.
const JWT: i64 = 600;

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: String,
    /// Without the query, unescaped.
    pub path: String,
    pub parts: Vec<String>,
    pub query: BTreeMap<String, String>,
    /// Null where there is none.
    pub body: Value,
    pub auth: Auth,
    /// The token or JWT, as it was sent.
    pub bearer: Option<String>,
    pub at: Timestamp,
    /// The address of the API, as this caller writes it.
    pub base: String,
}

/// Who sends it.
#[derive(Clone, Debug)]
pub enum Auth {
    Anybody,
    App,
    Installation(Token),
    /// With a proof that does not count, and why not.
    Bad(String),
}

impl Ask {
    pub fn text(&self, key: &str) -> Option<&str> {
        self.body.get(key).and_then(Value::as_str)
    }

    pub fn address(&self) -> String {
        format!("{}{}", self.base, self.path)
    }
}

impl Auth {
    /// Reads an `Authorization` header as GitHub would at that time.
    pub fn of(header: Option<&str>, state: &State, now: Timestamp) -> Self {
        let Some(header) = header else { return Self::Anybody };
        let Some(bearer) = header.strip_prefix("Bearer ") else {
            return Self::Bad("Bad credentials".to_owned());
        };
        if bearer.split('.').count() == 3 {
            return match jwt(bearer, state.app_id, now) {
                Ok(()) => Self::App,
                Err(why) => Self::Bad(why),
            };
        }
        match state.tokens.get(bearer).filter(|token| token.expires > now) {
            Some(token) => Self::Installation(token.clone()),
            None => Self::Bad("Bad credentials".to_owned()),
        }
    }

    /// The token that may do this in a repository, else the answer that GitHub gives.
    pub fn may(&self, repo: (u64, bool), permission: &str, level: &str) -> Result<(), Answer> {
        let (id, private) = repo;
        let token = match self {
            Self::Installation(token) => token,
            Self::Bad(why) => return Err(Answer::refused(401, why)),
            Self::App => return Err(Answer::refused(401, "A JSON web token is of no use here")),
            Self::Anybody => return Err(Answer::refused(401, "Requires authentication")),
        };
        if !token.repos.contains(&id) {
            return Err(match private || level == "write" {
                true => Answer::not_found(),
                false => Answer::refused(403, "Resource not accessible by integration"),
            });
        }
        let has = token.permissions.get(permission).map(String::as_str);
        if has == Some("write") || (level == "read" && has == Some("read")) {
            return Ok(());
        }
        Err(Answer::refused(403, "Resource not accessible by integration")
            .with("x-accepted-github-permissions", format!("{permission}={level}")))
    }
}

fn jwt(text: &str, app_id: u64, now: Timestamp) -> Result<(), String> {
    let key = DecodingKey::from_rsa_pem(PUBLIC_KEY).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    // The double's clock is not this machine's.
    (rules.validate_exp, rules.required_spec_claims) = (false, Default::default());
    let claims = decode::<Value>(text, &key, &rules)
        .map_err(|_| "A JSON web token could not be decoded".to_owned())?
        .claims;
    let number = |name: &str| claims[name].as_i64().ok_or_else(|| format!("'{name}' is no number"));
    let (iat, exp, now) = (number("iat")?, number("exp")?, now.as_second());
    if claims["iss"].as_u64() != Some(app_id) {
        return Err("Integration not found".to_owned());
    }
    if iat > now {
        return Err("'Issued at' claim ('iat') must be an Integer representing the time that the \
                    assertion was issued"
            .to_owned());
    }
    if exp <= now {
        return Err("'Expiration time' claim ('exp') must be a numeric value representing the \
                    future time at which the assertion expires"
            .to_owned());
    }
    if exp - now > JWT {
        return Err("'Expiration time' claim ('exp') is too far in the future".to_owned());
    }
    Ok(())
}
