//! Receipts: bytes, digests, judgement, verification.

pub(crate) mod build;
mod bytes;
mod verify;
