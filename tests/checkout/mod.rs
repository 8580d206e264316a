//! Mirrors, tokens, and what a runner does with a job.

mod beneath;
mod embedded;
mod fake;
mod hostile;
mod mend;
mod mirror;
mod orphans;
mod place;
mod secrets;
mod select;
mod size;
