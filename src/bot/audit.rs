//! Looks for deliveries that never arrived: GitHub does not send them again by itself.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Bot;
use crate::{
    github::client::{CallError, HookDelivery},
    queue::StoreError,
};

/// How far back GitHub keeps deliveries.
const KEPT: SignedDuration = SignedDuration::from_hours(72);
/// Deliveries on their way are not lost yet.
const UNDERWAY: SignedDuration = SignedDuration::from_secs(60);
/// The last audit's end is looked at again: its list may not have been complete.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// At most so many are asked for in one audit.
const AT_ONCE: usize = 50;
/// A delivery that fails so often is not asked for again.
const TRIES: u32 = 3;
/// Where the last audit ended.
const CURSOR: &str = "audit";

/// An audit could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// GitHub was not to be asked.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Bot {
    /// Asks GitHub which deliveries it made, and to make those again that are not stored; gives
    /// their guids.
    ///
    /// # Errors
    ///
    /// If GitHub or the database cannot answer.
    pub async fn step_audit(&self) -> Result<Vec<String>, AuditError> {
        let now = self.clock.now();
        let since = self.audited_until().await?.unwrap_or(Timestamp::MIN);
        let since = since.max(now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN));
        let made = self.deliveries_since(since).await?;
        let settled = now.saturating_sub(UNDERWAY).unwrap_or(now);
        // A redelivery keeps its guid, and the failed row stays: the newest of each counts.
        let mut newest: BTreeMap<&str, &HookDelivery> = BTreeMap::new();
        for delivery in &made {
            let known = newest.entry(&delivery.guid).or_insert(delivery);
            if known.id < delivery.id {
                *known = delivery;
            }
        }
        newest.retain(|_, delivery| delivery.delivered_at <= settled);
        let guids: Vec<String> = newest.keys().map(|guid| (*guid).to_owned()).collect();
        let lost = self.store.unknown_guids(&guids).await?;
        let mut wanted = Vec::new();
        for guid in lost {
            wanted.push((self.tries(&guid).await?, guid));
        }
        wanted.retain(|(tries, _)| *tries < TRIES);
        // What was asked for least comes first, so that nothing keeps the others out.
        wanted.sort();
        let left = wanted.len() > AT_ONCE;
        let mut asked = Vec::new();
        for (tries, guid) in wanted.into_iter().take(AT_ONCE) {
            let Some(delivery) = newest.get(guid.as_str()) else { continue };
            if self.ask_again(delivery).await? {
                asked.push(guid.clone());
            }
            // And when: so it can be forgotten.
            let note = format!("{} {}", tries + 1, now.as_microsecond());
            self.store.set_note(&tries_key(&guid), &note).await?;
        }
        // What there was no room for is looked at again.
        if !left {
            let end = settled.saturating_sub(OVERLAP).unwrap_or(settled);
            self.store.set_note(CURSOR, &end.to_string()).await?;
        }
        Ok(asked)
    }

    /// Asks for one delivery; false if GitHub will never make it again.
    async fn ask_again(&self, delivery: &HookDelivery) -> Result<bool, CallError> {
        let (guid, event) = (&delivery.guid, &delivery.event);
        match self.github.redeliver(delivery.id).await {
            Ok(()) => {
                tracing::warn!(guid, event, "asked for a lost delivery again");
                Ok(true)
            }
            Err(error) if error.is_for_good() => {
                tracing::error!(guid, event, %error, "a delivery is lost");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn audited_until(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.store.note(CURSOR).await?.and_then(|text| text.parse().ok()))
    }

    async fn deliveries_since(&self, since: Timestamp) -> Result<Vec<HookDelivery>, CallError> {
        let (mut made, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.github.hook_deliveries(cursor.as_deref()).await?;
            let reached = page.deliveries.iter().any(|delivery| delivery.delivered_at < since);
            made.extend(page.deliveries.into_iter().filter(|d| d.delivered_at >= since));
            match page.next {
                Some(next) if !reached => cursor = Some(next),
                _ => return Ok(made),
            }
        }
    }

    /// How often this delivery was asked for.
    async fn tries(&self, guid: &str) -> Result<u32, StoreError> {
        let tries = self.store.note(&tries_key(guid)).await?;
        let count = tries.as_deref().and_then(|text| text.split(' ').next());
        Ok(count.and_then(|text| text.parse().ok()).unwrap_or(0))
    }
}

fn tries_key(guid: &str) -> String {
    format!("{CURSOR}/{guid}")
}
