//! The one comment of a pull request: made once, then edited, never made again.

use super::{Told, Trouble, digest_of};
use crate::{
    bot::{Bot, at_lane},
    queue::{Due, Job},
    report::posted::{self, STICKY_MARKER},
};

impl Bot {
    pub(super) async fn tell_sticky(
        &self,
        due: &Due,
        pull: u64,
        job: Job,
    ) -> Result<Told, Trouble> {
        let facts = self.facts(job).await?;
        let body = posted::sticky(&facts.posted())?;
        let digest = digest_of(&body);
        if due.digest.as_ref() == Some(&digest) {
            return Ok(Told::Same);
        }
        let at = at_lane(&due.lane);
        let known = match due.remote {
            None if due.began => self.github.find_comment(&at, pull, STICKY_MARKER).await?,
            known => known,
        };
        let remote = match known {
            Some(id) => {
                // Whoever deleted it does not want it back: «gone» ends this target.
                self.github.update_comment(&at, id, &body).await?;
                id
            }
            None => {
                self.store.begin(&due.lane, &due.target).await?;
                self.github.create_comment(&at, pull, &body).await?
            }
        };
        Ok(Told::Sent { remote: Some(remote), digest })
    }
}
