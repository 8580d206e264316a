//! The keys of a server, as it shows them to everybody.

use std::fmt;

use super::key::{KeyId, PublicKey};

/// The public keys that a server stands by, and those that it no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKeys {
    /// Signs receipts now.
    pub current: PublicKey,
    /// Signed receipts once; what they signed still counts.
    pub retired: Vec<PublicKey>,
    /// Somebody else may have them: nothing that they signed proves anything, whenever it was.
    pub leaked: Vec<KeyId>,
}

impl ListedKeys {
    /// How the server stands to a key.
    pub fn standing(&self, id: &KeyId) -> Standing {
        if self.leaked.contains(id) {
            Standing::Leaked
        } else if self.current.id() == *id {
            Standing::Current
        } else if self.retired.iter().any(|key| key.id() == *id) {
            Standing::Retired
        } else {
            Standing::Unlisted
        }
    }
}

/// How a server stands to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It signs with it.
    Current,
    /// It signed with it.
    Retired,
    /// Others may sign with it.
    Leaked,
    /// It says nothing of it.
    Unlisted,
}

/// A file of public keys, for `t5 verify --key`. A leaked key is named and not given, so that
/// nobody trusts it by taking the file.
impl fmt::Display for ListedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |f: &mut fmt::Formatter<'_>, what: &str, key: &PublicKey| {
            write!(f, "\n# {what}: key {}\n{}", key.id(), key.to_pem())
        };
        writeln!(f, "# Public keys (ed25519) that this gate signs receipts with.")?;
        writeln!(f, "# Keep this file, and check a receipt: t5 verify --key FILE receipt.json")?;
        key(f, "signs now", &self.current)?;
        for retired in &self.retired {
            key(f, "retired, and what it signed still counts", retired)?;
        }
        for leaked in &self.leaked {
            write!(f, "\n# leaked: key {leaked}\n# Nothing that it signed proves anything.\n")?;
        }
        Ok(())
    }
}
