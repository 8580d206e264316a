//! The `state` that a person takes to GitHub and brings back: whoever brings one back was shown
//! the setup page by this process.

use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::{receipt::digest, web::random};

/// GitHub's own code is good for so long.
const GOOD_FOR: Duration = Duration::from_secs(3600);
/// More are forgotten, the oldest first.
const MOST: usize = 32;

/// States that have been given out, by their digests: so nothing here can give one away.
#[derive(Debug, Default)]
pub(super) struct States(Mutex<VecDeque<(String, Timestamp)>>);

impl States {
    /// Gives one out.
    pub(super) fn give(&self, now: Timestamp) -> io::Result<String> {
        let state = random::hex::<16>()?;
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if given.len() == MOST {
            given.pop_front();
        }
        given.push_back((digest(state.as_bytes()), now));
        Ok(state)
    }

    /// Takes one back; true once, and only within the hour.
    pub(super) fn take(&self, state: &str, now: Timestamp) -> bool {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = digest(state.as_bytes());
        let Some(at) = given.iter().position(|(known, _)| *known == state) else { return false };
        let good = GOOD_FOR.try_into().unwrap_or(jiff::SignedDuration::ZERO);
        given.remove(at).is_some_and(|(_, since)| now.duration_since(since) < good)
    }
}
