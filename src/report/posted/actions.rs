//! The buttons of a check run.

use super::{APPROVE, Action, CANCEL, EndedWithout, Posted, RERUN, Stage};

const RERUN_BUTTON: Action =
    Action { label: "Re-run", description: "Run the gate on this commit again", identifier: RERUN };
const CANCEL_BUTTON: Action =
    Action { label: "Cancel", description: "Stop this job", identifier: CANCEL };
const APPROVE_BUTTON: Action =
    Action { label: "Approve", description: "Let this one commit run", identifier: APPROVE };

/// GitHub refuses a whole check run for one letter too many.
const fn fits(action: &Action) -> bool {
    // All three are ASCII, so bytes are characters.
    action.label.is_ascii()
        && action.description.is_ascii()
        && action.identifier.is_ascii()
        && action.label.len() <= 20
        && action.description.len() <= 40
        && action.identifier.len() <= 20
}

const _: () = assert!(fits(&RERUN_BUTTON) && fits(&CANCEL_BUTTON) && fits(&APPROVE_BUTTON));

/// The buttons that make sense where the job stands.
pub(super) fn actions(posted: &Posted<'_>) -> Vec<Action> {
    match posted.stage {
        Stage::Queued { .. } | Stage::Running { .. } => vec![CANCEL_BUTTON],
        Stage::AwaitsApproval { .. } => vec![APPROVE_BUTTON],
        // Nobody can make these run: a press would come to the same again.
        Stage::AwaitsSandbox { .. } | Stage::Ended { how: EndedWithout::Superseded, .. } => {
            Vec::new()
        }
        Stage::Judged { .. } | Stage::Ended { .. } => vec![RERUN_BUTTON],
    }
}
