//! A clock that a test moves, shared with the code under test.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use t5_gate::host::Clock;

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub struct Time(Arc<Mutex<Timestamp>>);

impl Time {
    pub fn at(start: &str) -> Self {
        Self(Arc::new(Mutex::new(start.parse().unwrap())))
    }

    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }

    pub fn advance_to(&self, then: Timestamp) {
        *self.0.lock().unwrap() = then;
    }

    /// For the code under test.
    pub fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::showing(move || time.now())
    }
}
