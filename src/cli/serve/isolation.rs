//! How far this server keeps the code of changes apart: the one place that decides it.

use std::{path::Path, sync::Arc};

use super::super::{environment, isolation};
use crate::{
    config::server::IsolationWish,
    sandbox::{Isolation, Sandbox, Wish},
};

/// The sandbox that everything runs in, by what the operator wishes and what this host has.
///
/// # Errors
///
/// If the host has less than the operator wants.
pub(super) async fn decide(wish: IsolationWish) -> Result<Arc<Sandbox>, String> {
    let found = isolation::found(asked(wish), &environment::passed_on()).await;
    found.map(Arc::new).map_err(|lacking| match wish {
        IsolationWish::Full => format!(
            "`isolation: full` is configured: {lacking}. `t5 doctor` says more. With `isolation: \
             best` the server starts, and runs no stranger's code"
        ),
        IsolationWish::Best | IsolationWish::None => lacking,
    })
}

fn asked(wish: IsolationWish) -> Wish {
    match wish {
        IsolationWish::Full => Wish::Only(Isolation::Full),
        IsolationWish::Best => Wish::Best,
        IsolationWish::None => Wish::Only(Isolation::None),
    }
}

/// Says in the log which level holds, and what a change's code can reach at it.
pub(super) fn announce(isolation: Isolation, data: &Path) {
    let (level, data) = (isolation.word(), data.display());
    match reach(isolation) {
        None => tracing::info!(isolation = level, "every job runs in the sandbox, strangers' too"),
        Some(reach) => tracing::warn!(isolation = level, %data, reach, "strangers' jobs wait"),
    }
}

/// What a change's code can reach, where it is not held in.
fn reach(isolation: Isolation) -> Option<&'static str> {
    match isolation {
        Isolation::Full => None,
        Isolation::Landlock => Some(
            "jobs may open few files, but share processes, unix sockets and part of the network with \
             this server; `t5 doctor` says what the full sandbox lacks",
        ),
        Isolation::None => Some(
            "jobs run without a sandbox, under this account: whoever may push to a repository \
             with this App can read the App's private key; install it only where everybody who \
             may write is trusted with that; `t5 doctor` says what the full sandbox lacks",
        ),
    }
}
