//! Letting a stranger's head run: who may, which head, and what follows.

use super::{Scene, Trouble};
use crate::{
    github::event::Pull,
    queue::{Effect, JobState, Subject, Trust, Waiting},
};

/// The digits of a whole commit name.
const WHOLE: usize = 40;

/// What came of an approval.
pub(super) enum Approval {
    /// It names a commit that is not the head now.
    NotTheHead,
    /// No job of this head waits for one.
    Nothing,
    /// It names the head by some of its digits: others can make a commit that begins with them.
    InPart,
    /// The head may run.
    Given(Effect),
    /// It is noted, and the head does not run all the same: there is no sandbox.
    InVain(Effect),
}

impl Scene<'_> {
    /// An approval names one commit, by all of its digits, and that commit must be the head now.
    pub(super) async fn approve(
        &self,
        pull: &Pull,
        digits: &str,
        by: &str,
    ) -> Result<Approval, Trouble> {
        if !pull.head.starts_with(digits) {
            return Ok(Approval::NotTheHead);
        }
        let subject = Subject::Pull(pull.number);
        let held = self.bot.live_job(self.repo.id, &subject).await?.filter(|job| {
            job.state == JobState::Held
                && job.job.head == pull.head
                && matches!(job.job.trust, Trust::Stranger { .. })
        });
        if held.is_none() {
            return Ok(Approval::Nothing);
        }
        if digits.len() < WHOLE {
            return Ok(Approval::InPart);
        }
        let effect = |then| Effect::Approve {
            repo: self.repo.id,
            pull: pull.number,
            head: pull.head.clone(),
            by: by.to_owned(),
            then,
        };
        Ok(if self.bot.sandboxed() {
            Approval::Given(effect(Waiting::Nothing))
        } else {
            Approval::InVain(effect(Waiting::Sandbox))
        })
    }
}
