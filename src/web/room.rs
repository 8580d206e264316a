//! How many bytes of bodies may lie in memory at once.
//!
//! A delivery may be 25 MB, and anybody may send bytes that look like one: whatever comes beyond
//! the room is told to come again. Small bodies have a room of their own, so that large ones
//! cannot keep them out.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counted in pieces of so many bytes, as a semaphore counts no further than 32 bits.
const PIECE: usize = 1024;
/// Nearly every delivery is smaller.
const SMALL: usize = 256 * 1024;
/// For small ones, together.
const SMALL_ROOM: usize = 32 * 1024 * 1024;
/// For larger ones, together.
const LARGE_ROOM: usize = 256 * 1024 * 1024;

/// Room for bodies.
#[derive(Debug)]
pub(super) struct Room {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Default for Room {
    fn default() -> Self {
        let of = |bytes: usize| Arc::new(Semaphore::new(bytes / PIECE));
        Self { small: of(SMALL_ROOM), large: of(LARGE_ROOM) }
    }
}

impl Room {
    /// Takes room for so many bytes until the permit is dropped; none if there is not enough.
    pub(super) fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let room = if bytes <= SMALL { &self.small } else { &self.large };
        let pieces = u32::try_from(bytes.div_ceil(PIECE).max(1)).ok()?;
        Arc::clone(room).try_acquire_many_owned(pieces).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_keep_no_small_one_out() {
        let room = Room::default();
        let mut taken: Vec<_> = std::iter::from_fn(|| room.take(25 * 1024 * 1024)).collect();
        assert_eq!(taken.len(), 10);
        assert!(room.take(2 * SMALL).is_some(), "some is left over");
        assert!(room.take(25 * 1024 * 1024).is_none());
        assert!(room.take(SMALL).is_some());
        taken.pop();
        assert!(room.take(25 * 1024 * 1024).is_some(), "what is given back can be taken");
    }
}
