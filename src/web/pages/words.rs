//! Words for what is stored, and the colour that goes with them.

use jiff::Timestamp;

use crate::{
    queue::{Ended, Job, JobState, Phase, Run, Scope, Subject, Waiting},
    report::{units, words},
    sandbox::Isolation,
    verdict::Outcome,
};

/// A state: a word in a colour, and a sentence for who has not seen the word before.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub class: &'static str,
    pub word: &'static str,
    pub sentence: String,
}

impl State {
    fn new(class: &'static str, word: &'static str, sentence: impl Into<String>) -> Self {
        Self { class, word, sentence: sentence.into() }
    }
}

/// The class of an outcome. Colour never stands alone: the word is beside it.
pub(super) fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "good",
        Outcome::Attention | Outcome::Inconclusive | Outcome::CouldNotRun => "open",
        Outcome::Fail => "bad",
    }
}

/// An outcome.
pub(super) fn outcome(outcome: Outcome) -> State {
    let meaning = words::meaning(outcome);
    let mut letters = meaning.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let sentence: String = first.chain(letters).chain(['.']).collect();
    State::new(class(outcome), words::outcome(outcome), sentence)
}

/// A job; `run` is its last run, `ahead` how many jobs come first.
pub(super) fn job(job: &Job, run: Option<&Run>, ahead: Option<u32>) -> State {
    match job.state {
        JobState::Held => State::new("open", "waiting", held(job.waiting())),
        JobState::Queued => State::new("busy", "queued", queued(ahead)),
        JobState::Leased => State::new("busy", "running", "A runner has it."),
        JobState::Over => over(job.ended, run),
    }
}

/// What a change's code can do at this level, for who looks at the first page.
pub(super) fn holds(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::Full => "Every job runs in the sandbox. A stranger’s waits for an approval.",
        Isolation::Landlock => {
            "Members’ code runs with few files within reach. A stranger’s does not run here."
        }
        Isolation::None => "Members’ code runs without a sandbox. A stranger’s does not run here.",
    }
}

fn held(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Nothing => "It waits.",
        Waiting::Approval => {
            "Somebody with write permission has to approve this very commit before any of it runs."
        }
        Waiting::Sandbox => {
            "This server has no sandbox that could hold a stranger’s code, whatever anyone approves."
        }
    }
}

fn queued(ahead: Option<u32>) -> String {
    match ahead {
        None => "It waits for a runner.".to_owned(),
        Some(0) => "It is the next.".to_owned(),
        Some(1) => "One job comes first.".to_owned(),
        Some(more) => format!("{more} jobs come first."),
    }
}

fn over(ended: Option<Ended>, run: Option<&Run>) -> State {
    match ended {
        Some(Ended::Judged) => match run {
            Some(run) => outcome(run.outcome),
            None => State::new("", "over", "Its run is no longer kept."),
        },
        Some(Ended::Error) => State::new("open", "could not run", "It came to no receipt."),
        Some(Ended::Superseded) => State::new("", "superseded", "A newer job took its place."),
        Some(Ended::Cancelled) => State::new("", "cancelled", "It was stopped."),
        Some(Ended::TimedOut) => {
            State::new("open", "timed out", "It came to no result in its time.")
        }
        None => State::new("", "over", ""),
    }
}

/// `owner/name #7`, `owner/name main`.
pub(super) fn title(full_name: &str, subject: &Subject) -> String {
    match subject {
        Subject::Pull(number) => format!("{full_name} #{number}"),
        Subject::MergeGroup(head) => format!("{full_name} merge group {}", short(head)),
        Subject::Branch(name) => format!("{full_name} {name}"),
    }
}

/// What a job runs.
pub(super) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::All => "policy and benchmarks".to_owned(),
        Scope::Policy => "policy".to_owned(),
        Scope::Bench(filters) if filters.is_empty() => "benchmarks".to_owned(),
        Scope::Bench(filters) => format!("benchmarks with {}", filters.join(", ")),
    }
}

pub(super) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Checkout => "Checkout",
        Phase::Build => "Build and policy",
        Phase::Measure => "Measuring",
    }
}

/// The beginning of a commit's name.
pub(super) fn short(sha: &str) -> String {
    sha.chars().take(12).collect()
}

/// A time, as HTML: harmless whatever it is.
pub(super) fn time(at: Timestamp) -> String {
    format!("<time datetime=\"{at}\">{}</time>", at.strftime("%Y-%m-%d %H:%M UTC"))
}

/// How long a run took.
pub(super) fn took(run: &Run) -> String {
    units::duration(run.finished.duration_since(run.started).as_secs_f64().max(0.0))
}
