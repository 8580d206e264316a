//! The commit status of a job, for those who want one beside the check run.

use super::{CheckStatus, Conclusion, Posted, budget::STATUS_LIMIT, headline, judged::Judged};
use crate::report::escape::terminal;

/// State as GitHub spells it (`success`, `failure`, `pending`, `error`), and a description of at
/// most 140 characters.
///
/// A commit status knows nothing between good and bad, so what asks for somebody's action is an
/// `error`: like the check run it never satisfies a rule by itself. What contradicts itself is
/// an `error` too, and shows nothing of what it says.
pub fn status(posted: &Posted<'_>) -> (&'static str, String) {
    let Ok(judged) = Judged::of(&posted.stage) else {
        return ("error", "The receipt contradicts itself, so nothing is shown".to_owned());
    };
    let judged = judged.as_ref();
    let state = match headline::status(posted, judged) {
        CheckStatus::Queued | CheckStatus::InProgress => "pending",
        CheckStatus::Completed(Conclusion::Success | Conclusion::Neutral) => "success",
        CheckStatus::Completed(Conclusion::Failure) => "failure",
        CheckStatus::Completed(
            Conclusion::Cancelled | Conclusion::TimedOut | Conclusion::ActionRequired,
        ) => "error",
    };
    (state, terminal(&headline::title(posted, judged), STATUS_LIMIT))
}
