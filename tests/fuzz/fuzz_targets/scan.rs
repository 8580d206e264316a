//! Any bytes as what cargo-deny says, and any text as a lock file: read or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use t5_gate::runner::scan::{lock::Lock, ndjson};

fuzz_target!(|bytes: &[u8]| {
    let _ = ndjson::read(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Lock::parse(text);
    }
});
