//! Somebody else's server, which hangs up on whoever calls.

use std::{
    io::Read as _,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A listener of the test's own on loopback that counts calls.
pub struct Elsewhere {
    pub at: SocketAddr,
    counted: Arc<AtomicUsize>,
    told: std::cell::Cell<usize>,
}

impl Elsewhere {
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let counted = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&counted);
        thread::spawn(move || {
            for call in listener.incoming() {
                counting.fetch_add(1, Ordering::SeqCst);
                drop(call);
            }
        });
        Self { at, counted, told: std::cell::Cell::new(0) }
    }

    /// How often it was called since this was asked last. One call of our own comes after all
    /// others, so that none is still waiting.
    pub fn calls(&self) -> usize {
        let _ = TcpStream::connect(self.at).unwrap().read(&mut [0]);
        let all = self.counted.load(Ordering::SeqCst);
        all - self.told.replace(all) - 1
    }
}
