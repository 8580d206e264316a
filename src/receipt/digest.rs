//! Digests, and the side file that holds the receipt's.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// SHA-256 of some bytes, in lowercase hex.
pub fn digest(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The line that `sha256sum receipt.json` prints for these bytes: the content of the side file.
pub fn side_file(receipt: &[u8]) -> String {
    format!("{}  {}\n", digest(receipt), super::RECEIPT_FILE)
}
