//! Shows a run's progress on a terminal, and keeps quiet on a pipe.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::say;
use crate::{
    report::printable,
    runner::progress::{Event, Progress},
};

/// A progress for this standard error.
pub(super) fn shown() -> (Progress, ProgressBar) {
    if !io::stderr().is_terminal() {
        let quiet = Progress::new(|event| {
            if let Event::Note(text) = event {
                say(&format!("t5: {text}"));
            }
        });
        return (quiet, ProgressBar::hidden());
    }
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {prefix:>9} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(120));
    let (ours, started) = (bar.clone(), Instant::now());
    let progress = Progress::new(move |event| show(&ours, started, event));
    (progress, bar)
}

fn show(bar: &ProgressBar, started: Instant, event: Event) {
    // Names and lines come from the change and its tools.
    match event {
        Event::Phase { name, what } => {
            let what = printable(&what);
            let seconds = started.elapsed().as_secs();
            bar.println(format!("{seconds:>4} s {name:>9} {what}"));
            bar.set_prefix(name);
            bar.set_message(what);
        }
        Event::Step { what, done, total, left } => {
            let count = if total > 0 { format!("{done} of {total}  ") } else { String::new() };
            let left = left
                .map(|left| format!("  (at most {} s left)", left.as_secs()))
                .unwrap_or_default();
            bar.set_message(format!("{count}{}{left}", printable(&what)));
        }
        Event::Note(text) => bar.println(format!("       {}", printable(&text))),
    }
}
