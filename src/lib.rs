//! T5 Gate.
