//! What a person reads.

mod contradictions;
mod hostile;
mod marks;
mod pages;
pub(crate) mod posted;
mod workloads;
