//! Any bytes as the stored samples of a run: read or refused, and what is read is written again as
//! the same samples.

#![no_main]

use libfuzzer_sys::fuzz_target;
use t5_gate::receipt;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(rounds) = receipt::decode_rounds(bytes) {
        let again = receipt::decode_rounds(&receipt::encode_rounds(&rounds).unwrap()).unwrap();
        assert_eq!(again, rounds);
    }
});
