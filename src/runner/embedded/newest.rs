//! The newest progress of a run, for the next heartbeat.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    queue::{Phase, Progress},
    runner::progress::{self, Event},
};

/// Written by the run, read by the heartbeat. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Newest(Arc<Mutex<Option<Progress>>>);

impl Newest {
    pub(super) fn get(&self) -> Option<Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where a run sends its events; `harmless` takes this machine's paths out of a text.
    pub(super) fn listener(
        &self,
        harmless: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> progress::Progress {
        let newest = self.clone();
        progress::Progress::new(move |event| {
            let mut slot = newest.0.lock().unwrap_or_else(PoisonError::into_inner);
            let phase = slot.as_ref().map_or(Phase::Checkout, |before| before.phase);
            let mut next = after(phase, event);
            next.what = harmless(&next.what);
            *slot = Some(next);
        })
    }
}

fn after(before: Phase, event: Event) -> Progress {
    match event {
        Event::Phase { name, what } => {
            let phase = match name {
                "checkout" => Phase::Checkout,
                "scan" | "build" => Phase::Build,
                "measure" => Phase::Measure,
                _ => before,
            };
            Progress { phase, what, done: 0, total: 0 }
        }
        Event::Step { what, done, total, .. } => Progress { phase: before, what, done, total },
        Event::Note(what) => Progress { phase: before, what, done: 0, total: 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_event_counts_and_a_step_stays_in_its_phase() {
        let newest = Newest::default();
        let listener = newest.listener(|text| text.replace("/home/ada/cache", "<cache>"));
        assert_eq!(newest.get(), None);

        listener.phase("build", "head abc");
        listener.step("Compiling quick v0.1.0 (/home/ada/cache/build)");
        let what = "Compiling quick v0.1.0 (<cache>/build)".to_owned();
        assert_eq!(newest.get(), Some(Progress { phase: Phase::Build, what, done: 0, total: 0 }));

        listener.phase("measure", "2 benchmarks");
        listener.counted("add", 3, 10, None);
        let what = "add".to_owned();
        assert_eq!(
            newest.get(),
            Some(Progress { phase: Phase::Measure, what, done: 3, total: 10 })
        );
    }
}
