//! A clock that a test moves, shared with the code under test.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use t5_gate::host::Clock;

/// A clock that stands still until a test moves it, or this machine's.
#[derive(Clone)]
pub struct Time(Option<Arc<Mutex<Timestamp>>>);

impl Time {
    pub fn at(start: &str) -> Self {
        Self(Some(Arc::new(Mutex::new(start.parse().unwrap()))))
    }

    /// This machine's clock, which no test moves: for a server in a process of its own.
    pub fn real() -> Self {
        Self(None)
    }

    pub fn now(&self) -> Timestamp {
        self.0.as_ref().map_or_else(Timestamp::now, |time| *time.lock().unwrap())
    }

    fn moved(&self) -> &Mutex<Timestamp> {
        self.0.as_ref().expect("a clock that a test may move")
    }

    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.moved().lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }

    pub fn advance_to(&self, then: Timestamp) {
        *self.moved().lock().unwrap() = then;
    }

    /// For the code under test.
    pub fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::showing(move || time.now())
    }
}
