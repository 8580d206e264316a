//! Stands in for the drawing in `report` until that is here.

use crate::verdict::Outcome;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Badge {
    Outcome(Outcome),
    Running,
    Unknown,
}

pub(super) fn badge(badge: Badge) -> String {
    let word = match badge {
        Badge::Outcome(Outcome::Pass | Outcome::Attention) => "passing",
        Badge::Outcome(Outcome::Fail) => "failing",
        Badge::Outcome(Outcome::Inconclusive) => "inconclusive",
        Badge::Outcome(Outcome::CouldNotRun) => "could not run",
        Badge::Running => "running",
        Badge::Unknown => "unknown",
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"T5: {word}\" width=\"120\" height=\"20\"><rect width=\"120\" height=\"20\" fill=\"#555\"/><text x=\"6\" y=\"14\" fill=\"#fff\" font-size=\"11\">T5: {word}</text></svg>"
    )
}
