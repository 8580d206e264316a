//! Mirrors, tokens, and what a runner does with a job.

mod embedded;
mod fake;
mod mend;
mod mirror;
mod orphans;
mod place;
mod secrets;
mod select;
