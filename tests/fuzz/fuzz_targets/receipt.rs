//! Any bytes as a receipt, as samples, as a verdict: read or refused, and what is read can be
//! judged and rendered.

#![no_main]

use libfuzzer_sys::fuzz_target;
use t5_gate::{receipt, report};

fuzz_target!(|bytes: &[u8]| {
    let _ = receipt::decode_rounds(bytes);
    let _ = receipt::decode_verdict(bytes);
    if let Ok(read) = receipt::decode(bytes) {
        let verdict = receipt::judge(&read);
        let _ = report::markdown(&read, &verdict);
        assert_eq!(receipt::decode(&receipt::encode(&read).unwrap()).unwrap(), read);
    }
});
