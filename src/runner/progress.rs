//! What a person sees while a run goes on. The runner reports; `cli` shows.

use std::{sync::Arc, time::Duration};

/// Something that happened during a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A phase began («checkout», «scan», «build», «measure»), with what it is about.
    Phase {
        /// One word.
        name: &'static str,
        /// The object of it.
        what: String,
    },
    /// Something in the current phase that takes time: an install, a wait, one benchmark.
    Step {
        /// For a person.
        what: String,
        /// How far, where that is known.
        done: u64,
        /// Out of how many; 0 where that is not known.
        total: u64,
        /// Time left, where it can be estimated.
        left: Option<Duration>,
    },
    /// Something that a person should be able to read afterwards.
    Note(String),
}

/// Where events go. Cheap to clone.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Event) + Send + Sync>);

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

impl Progress {
    /// Sends every event to `show`.
    pub fn new(show: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(show))
    }

    /// Shows nothing.
    pub fn silent() -> Self {
        Self::new(|_| ())
    }

    /// A phase begins.
    pub fn phase(&self, name: &'static str, what: impl Into<String>) {
        (self.0)(Event::Phase { name, what: what.into() });
    }

    /// Something that takes time goes on, and nobody knows how long.
    pub fn step(&self, what: impl Into<String>) {
        (self.0)(Event::Step { what: what.into(), done: 0, total: 0, left: None });
    }

    /// Something that takes time goes on, and this is how far it is.
    pub fn counted(&self, what: impl Into<String>, done: u64, total: u64, left: Option<Duration>) {
        (self.0)(Event::Step { what: what.into(), done, total, left });
    }

    /// Something to read afterwards.
    pub fn note(&self, text: impl Into<String>) {
        (self.0)(Event::Note(text.into()));
    }
}
