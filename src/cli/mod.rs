//! The command line: reads arguments and the environment, shows progress and results.
//!
//! This is the only module that reads the environment.

mod advisories;
mod args;
mod calibrate;
mod check;
mod deliveries;
mod doctor;
mod environment;
mod exit;
mod isolation;
mod judge;
mod key;
mod keys;
mod progress;
mod render;
mod run;
mod screen;
mod serve;
mod server;
mod signals;
mod size;
mod started;

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::{runner::gate::canary, sandbox};
use args::{Args, Command};
pub use exit::Exit;

use crate::report::printable;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    if let Some(exit) = sandbox::helper(std::env::args_os().skip(1)) {
        return exit;
    }
    if let Some(exit) = canary::process(std::env::args_os().skip(1)) {
        return exit;
    }
    let args = Args::parse();
    log(args.verbose, matches!(args.command, Command::Serve(_)));
    let exit = match args.command {
        Command::Run(args) => run::run(&args),
        Command::Report(args) => render::report(&args),
        Command::Verify(args) => render::verify(&args),
        Command::Calibrate(args) => calibrate::calibrate(&args),
        Command::Judge(args) => judge::judge(&args),
        Command::Key(args) => key::key(&args),
        Command::Config(args) => check::config(&args),
        Command::Advisories(args) => advisories::advisories(&args),
        Command::Doctor => doctor::doctor(),
        Command::Serve(args) => serve::serve(&args),
        Command::Deliveries(args) => deliveries::deliveries(&args),
    };
    exit.into()
}

/// A server says what it does; a command that a person waits for says what went wrong. `RUST_LOG`
/// asks for more or less.
fn log(verbose: bool, server: bool) {
    let level = match (verbose, server) {
        (true, _) => tracing::Level::DEBUG,
        (false, true) => tracing::Level::INFO,
        (false, false) => tracing::Level::WARN,
    };
    let filter = EnvFilter::builder().with_default_directive(level.into()).from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

/// Writes a result to standard output. A reader that has gone away is no error of ours.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a message for a person to standard error.
fn say(text: &str) {
    // It may repeat what a change or its tools wrote.
    let _ = writeln!(io::stderr().lock(), "{}", printable(text));
}

/// Says what went wrong, and ends with `exit`.
fn fail(error: &dyn std::fmt::Display, exit: Exit) -> Exit {
    say(&format!("t5: {error}"));
    exit
}
