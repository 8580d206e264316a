//! `t5`: gates a Rust change.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    t5_gate::cli::main()
}
