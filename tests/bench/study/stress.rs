//! Another program that wants both the processor and the memory.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// Works until it is dropped.
pub struct Stress {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Stress {
    pub fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut memory = vec![1_u64; 1 << 20];
            while !seen.load(Ordering::Relaxed) {
                for one in &mut memory {
                    *one = one.wrapping_mul(31);
                }
                black_box(&memory);
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Stress {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
