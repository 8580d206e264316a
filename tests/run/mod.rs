//! `t5 run`, from a repository to an exit code, a receipt and a report.

mod bad_benches;
mod bad_input;
mod calibrate;
mod comfort;
mod commits;
mod harnesses;
mod judge;
mod kept_apart;
mod measuring;
mod outcomes;
mod rules;
mod signed;
mod slices;
mod surroundings;
mod workloads;
