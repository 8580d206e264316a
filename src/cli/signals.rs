//! Ctrl-C and its kin.

use tokio::signal::unix::{SignalKind, signal};

use crate::sandbox::Cancel;

/// Stops everything on the first signal.
///
/// # Errors
///
/// If the kernel refuses a handler.
pub(super) fn listen(cancel: &Cancel) -> std::io::Result<()> {
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut signals = signal(kind)?;
        let cancel = cancel.clone();
        tokio::spawn(async move {
            if signals.recv().await.is_some() {
                cancel.stop();
            }
        });
    }
    Ok(())
}
