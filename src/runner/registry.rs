//! The one registry that everybody knows.

/// The two ways in which lock files write it.
pub(super) const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];
