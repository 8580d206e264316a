//! One wish to stop, heard by everything that runs.

use std::sync::Arc;

use tokio::sync::watch;

/// Can be cloned freely; once [`Cancel::stop`] was called on any clone, all of them know.
#[derive(Clone, Debug)]
pub struct Cancel(Arc<watch::Sender<bool>>);

impl Default for Cancel {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancel {
    /// Asks everything to stop. There is no way back.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody asked.
    pub fn stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub async fn wait(&self) {
        let mut heard = self.0.subscribe();
        // The sender lives in `self`, so the channel cannot close while this waits.
        let _ = heard.wait_for(|stop| *stop).await;
    }
}
