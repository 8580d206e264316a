//! Which isolation somebody wants, and whether this host has it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use super::args::IsolationArg;
use crate::sandbox::{Isolation, Sandbox, Wish};

impl From<IsolationArg> for Wish {
    fn from(arg: IsolationArg) -> Self {
        match arg {
            IsolationArg::Best => Self::Best,
            IsolationArg::Full => Self::Only(Isolation::Full),
            IsolationArg::Landlock => Self::Only(Isolation::Landlock),
            IsolationArg::None => Self::Only(Isolation::None),
        }
    }
}

/// The isolation that is wished for; `env` is what programs of ours may see.
///
/// # Errors
///
/// If this host does not have it, with what to do about that.
pub(super) async fn found(
    wish: impl Into<Wish>,
    env: &BTreeMap<OsString, OsString>,
) -> Result<Sandbox, String> {
    let path = env.get(OsStr::new("PATH")).map(AsRef::as_ref);
    let found = Sandbox::find(wish.into(), &own_executable()?, path).await;
    found.map_err(|lacking| lacking.to_string())
}

/// This very program, which is started again inside.
pub(super) fn own_executable() -> Result<PathBuf, String> {
    std::env::current_exe()
        .map_err(|error| format!("where this program lies is not known: {error}"))
}
