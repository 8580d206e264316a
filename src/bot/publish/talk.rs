//! Answers to comments.

use super::{Told, Trouble, digest_of};
use crate::{
    bot::{Bot, at_lane},
    queue::Due,
    report::posted::answers,
};

impl Bot {
    pub(super) async fn tell_reply(
        &self,
        due: &Due,
        comment: u64,
        pull: u64,
        text: &str,
    ) -> Result<Told, Trouble> {
        if due.remote.is_some() {
            return Ok(Told::Same);
        }
        let at = at_lane(&due.lane);
        let marker = answers::reply_marker(comment);
        let known = match due.began {
            true => self.github.find_comment(&at, pull, &marker).await?,
            false => None,
        };
        let remote = match known {
            Some(id) => id,
            None => {
                self.store.begin(&due.lane, &due.target).await?;
                self.github.create_comment(&at, pull, text).await?
            }
        };
        Ok(Told::Sent { remote: Some(remote), digest: digest_of(&text) })
    }
}
