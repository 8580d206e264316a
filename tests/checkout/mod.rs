//! Mirrors, tokens, and what a runner does with a job.
