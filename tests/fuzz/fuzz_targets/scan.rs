//! Any bytes as what cargo-deny says: read under limits, and what is beyond one is never left out in
//! silence. Any text as a lock file: read or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use t5_gate::runner::scan::{lock::Lock, ndjson};

fuzz_target!(|bytes: &[u8]| {
    let output = ndjson::read(bytes);
    assert!(output.diagnostics.len() <= ndjson::DIAGNOSTICS);
    let lines = String::from_utf8_lossy(bytes);
    let lines = lines.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(output.diagnostics.len() + output.complaints.len() <= lines);
    assert!(output.complaints.iter().all(|complaint| complaint.chars().count() <= 4_000));
    assert!(
        output.summary.is_some()
            || lines == 0
            || !output.complaints.is_empty()
            || !output.diagnostics.is_empty()
            || bytes.windows(5).any(|window| window == b"\"log\""),
        "something was said and nothing is left of it"
    );
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Lock::parse(text);
    }
});
