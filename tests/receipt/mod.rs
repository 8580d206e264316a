//! Receipts: bytes, digests, judgement, verification.

pub(crate) mod build;
mod bytes;
mod calibration;
mod envelope;
mod keys;
mod signed;
mod verify;
mod workloads;
