//! The label of a pull request's route.

use super::{Told, Trouble, digest_of};
use crate::{
    bot::{Bot, at_lane},
    queue::{Due, Job},
    report::posted::{LABELS, label, routes},
};

impl Bot {
    /// Leaves exactly the labels of the standing verdict's routes, and other people's alone. None
    /// of ours stands on a head that no run has judged.
    ///
    /// A job that came to no receipt changes nothing of what an earlier run of its head found.
    pub(super) async fn tell_label(&self, due: &Due, pull: u64, job: Job) -> Result<Told, Trouble> {
        let facts = self.facts(job).await?;
        let wanted: Vec<&str> = match &facts.judged {
            Some(judged) => routes(&judged.standing.verdict).iter().map(|r| label(*r)).collect(),
            None if facts.ever_judged() => return Ok(Told::Nothing),
            None => Vec::new(),
        };
        let digest = digest_of(&wanted);
        if due.digest.as_ref() == Some(&digest) {
            return Ok(Told::Same);
        }
        let at = at_lane(&due.lane);
        let there = self.github.labels(&at, pull).await?;
        for old in LABELS.iter().filter(|name| !wanted.contains(name)) {
            if there.iter().any(|name| name == old) {
                self.github.remove_label(&at, pull, old).await?;
            }
        }
        for new in wanted {
            if !there.iter().any(|name| name == new) {
                self.github.add_label(&at, pull, new).await?;
            }
        }
        Ok(Told::Sent { remote: None, digest })
    }
}
