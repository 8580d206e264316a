//! How far this server keeps the code of changes apart: the one place that decides it.

use std::path::Path;

use crate::{
    config::server::IsolationWish,
    sandbox::{self, Isolation},
};

/// The level that everything runs at, by what the operator wishes and what this host has.
///
/// # Errors
///
/// If the operator wants no less than this host has.
pub(super) fn decide(wish: IsolationWish) -> Result<Isolation, String> {
    of(wish, sandbox::strongest())
}

fn of(wish: IsolationWish, strongest: Isolation) -> Result<Isolation, String> {
    match wish {
        IsolationWish::Best => Ok(strongest),
        IsolationWish::None => Ok(Isolation::None),
        IsolationWish::Full if strongest == Isolation::Full => Ok(Isolation::Full),
        IsolationWish::Full => Err(format!(
            "`isolation: full` is configured, and this host has {} at best; `t5 doctor` says what \
             is missing and the command that adds it. With `isolation: best` the server starts, \
             and runs no stranger's code",
            strongest.word()
        )),
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
            "jobs may open few files, but share processes and part of the network with this \
             server; `t5 doctor` says what the full sandbox lacks",
        ),
        Isolation::None => Some(
            "jobs run without a sandbox, under this account: whoever may push to a repository \
             with this App can read the App's private key; install it only where everybody who \
             may write is trusted with that; `t5 doctor` says what the full sandbox lacks",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wished_for_is_never_silently_less() {
        use Isolation::{Full, Landlock, None};
        for strongest in [None, Landlock, Full] {
            assert_eq!(of(IsolationWish::Best, strongest), Ok(strongest));
            assert_eq!(of(IsolationWish::None, strongest), Ok(None));
        }
        assert_eq!(of(IsolationWish::Full, Full), Ok(Full));
        for less in [None, Landlock] {
            let said = of(IsolationWish::Full, less).unwrap_err();
            assert!(said.contains("t5 doctor") && said.contains(less.word()), "{said}");
        }
    }
}
